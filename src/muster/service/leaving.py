"""Muster out: a person loses every account at once, in all apps side by side, with a receipt from each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from muster import work
from muster.db import Transaction
from muster.directory import intents, links, people, sources
from muster.intake import person as intake
from muster.intake.inbound import Bindings, Inbound, bindings
from muster.model import (
    ACCOUNT,
    AppName,
    Identity,
    Key,
    Link,
    LinkState,
    NotFound,
    PersonId,
    Priority,
    Problem,
    RemoteId,
    Removal,
)
from muster.service import finding
from muster.service.converging import Outcome, mark_and_see_through, see_through
from muster.service.desk import Actor, Desk
from muster.work import Waiting


class Proof(StrEnum):
    """How far the end of one account is proven."""

    DONE = "done"  # the application was asked afterwards and showed it disabled or gone
    KEPT = "kept"  # the app is configured to keep accounts
    REFUSED = "refused"  # the application refuses, or a person must decide
    UNKNOWN = "unknown"  # not reached, or no trustworthy answer yet; Muster goes on trying


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one account. ``took`` runs from the decision to the proof."""

    app: AppName
    proof: Proof
    account: RemoteId | None
    state: str
    why: str = ""
    took: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One person mustered out: the receipts of every app they had, or may have had, an account in."""

    person: Identity
    decided_at: datetime
    receipts: tuple[Receipt, ...]

    @property
    def proven(self) -> bool:
        """Whether nothing is open any more."""
        return all(receipt.proof in {Proof.DONE, Proof.KEPT} for receipt in self.receipts)


async def muster_out(desk: Desk, actor: Actor, who: str, *, reason: str, patience: float = 60.0) -> Departure:
    """The person has left for good, and every account of theirs is being ended, with the highest priority.

    No source brings them back, however often it calls them active; ``let_back`` does. Returns when each app
    has answered or ``patience`` seconds are over; what is not proven then goes on wherever a worker runs.

    Raises:
        NotFound: nobody, or more than one person, is meant.
    """
    at = desk.clock()
    cause = f"muster out by {actor.name}: {reason}"

    async def decide(tx: Transaction) -> tuple[Identity, frozenset[Key]]:
        now, inbound, bound = await _in_hand(tx, desk, actor, person.id, cause)
        now = await intake.muster_out(tx, inbound, bound, now)
        keys = await _concerned(tx, desk, now)
        await work.mark(tx, keys, priority=Priority.LEAVER, cause=cause, at=at, approved_by=actor.name)
        return now, frozenset(keys)

    person = await finding.person(desk, who)
    left, keys = await desk.db.write(decide)
    waiting = await see_through(desk, keys, patience=patience)
    return Departure(person=left, decided_at=at, receipts=await _receipts(desk, keys, waiting, at))


async def let_back(desk: Desk, actor: Actor, who: str, *, reason: str, patience: float = 60.0) -> Outcome:
    """The person is active again, and gets back what the rules grant.

    Raises:
        NotFound: nobody, or more than one person, is meant.
    """
    cause = f"let back by {actor.name}: {reason}"

    async def decide(tx: Transaction) -> frozenset[Key]:
        now, inbound, bound = await _in_hand(tx, desk, actor, person.id, cause)
        await intake.let_back(tx, inbound, bound, now)
        return frozenset(
            Key(tenant=desk.tenant, app=app.name, kind=ACCOUNT, subject=person.id) for app in bound.apps
        )

    person = await finding.person(desk, who)
    keys = await desk.db.write(decide)
    return await mark_and_see_through(desk, keys, priority=Priority.ON_DEMAND, cause=cause, patience=patience)


async def _in_hand(
    tx: Transaction, desk: Desk, actor: Actor, id: PersonId, cause: str
) -> tuple[Identity, Inbound, Bindings]:
    """The person as they are now, locked, and what a change of theirs needs."""
    now = await people.person(tx, desk.tenant, id, lock=True)
    source = None if now is None else await sources.by_id(tx, desk.tenant, now.source)
    if now is None or source is None:
        raise NotFound(Problem(code="MUSTER-PERSON-UNKNOWN", what="This person is no longer known", where=id))
    inbound = Inbound(source=source, actor=actor.name, cause=cause, at=desk.clock(), new_id=desk.new_id)
    return now, inbound, await bindings(tx, desk.tenant)


async def _concerned(tx: Transaction, desk: Desk, person: Identity) -> set[Key]:
    """Every key under which the person has an account, or may have one."""
    known = {
        link.key
        for link in await links.of_person(tx, desk.tenant, person.id)
        if link.state is not LinkState.TOMBSTONE
    }
    bound = await bindings(tx, desk.tenant)
    every = {Key(tenant=desk.tenant, app=app.name, kind=ACCOUNT, subject=person.id) for app in bound.apps}
    unfinished = {key for key in every if await intents.open_of(tx, key)}
    return known | unfinished


async def _receipts(
    desk: Desk, keys: frozenset[Key], waiting: Sequence[Waiting], decided_at: datetime
) -> tuple[Receipt, ...]:
    open_keys = {one.key: one for one in waiting}
    removals = {app.name: app.removal for app in await finding.all_apps(desk)}

    async def read(tx: Transaction) -> dict[Key, Link | None]:
        return {key: await links.link(tx, key) for key in keys}

    remembered = await desk.db.read(read)
    return tuple(
        _receipt(key, remembered[key], open_keys.get(key), removals.get(key.app, Removal.KEEP), decided_at)
        for key in sorted(keys)
    )


def _receipt(
    key: Key, link: Link | None, waiting: Waiting | None, removal: Removal, decided_at: datetime
) -> Receipt:
    account = None if link is None else link.remote_id
    state = "none" if link is None else link.state.value
    verified = None if link is None else link.verified_at
    ended = link is None or link.state in {LinkState.DISABLED, LinkState.TOMBSTONE}
    if waiting is not None and not (ended and verified is not None and verified >= decided_at):
        stuck = waiting.state in {"parked", "held"}
        proof = Proof.REFUSED if stuck else Proof.UNKNOWN
        return Receipt(app=key.app, proof=proof, account=account, state=state, why=waiting.reason)
    if link is not None and link.state is LinkState.AMBIGUOUS:
        why = "it was never decided which account is theirs; look for it in the application"
        return Receipt(app=key.app, proof=Proof.REFUSED, account=account, state=state, why=why)
    if not ended:
        kept = removal is Removal.KEEP
        why = "the app is configured to keep accounts" if kept else "the account is still in use"
        return Receipt(
            app=key.app, proof=Proof.KEPT if kept else Proof.UNKNOWN, account=account, state=state, why=why
        )
    took = None if verified is None or verified < decided_at else verified - decided_at
    return Receipt(app=key.app, proof=Proof.DONE, account=account, state=state, took=took)
