"""One pass over one key: read everything, and converge.

The only way anything in an application is ever changed.

Without a claim a pass stops after the plan: that is the dry run, the preview and ``muster plan``. With one
it goes on: guard, intent, call, record, until the key is converged or its next step is known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from muster.audit import Action
from muster.db import Duplicate
from muster.directory.intents import Intent, IntentEnd
from muster.kit.contract import Delta, New
from muster.model import (
    App,
    AppName,
    Attributes,
    Conflict,
    Fenced,
    Gone,
    Key,
    Link,
    LinkState,
    Operation,
    OperationId,
    OutcomeUnknown,
    Plan,
    Problem,
    Rejected,
    RemoteObject,
    Stale,
    TargetError,
    Unsupported,
    Verb,
)
from muster.plan import Hold, differences, make, same
from muster.sync.engine import Engine
from muster.sync.facts import Facts, facts_of
from muster.sync.failures import backoff, finish_after
from muster.sync.observing import HELD, Sighting, get, observe
from muster.sync.recording import Book
from muster.sync.targets import Target
from muster.work import Claim, Finish, Parked, Retry, Settled

_ROUNDS: Final = 4  # how often one pass looks again when the application moved under it
_FIRST_LOOK: Final = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What one pass saw, planned, did, and what becomes of the key (None: a dry run)."""

    key: Key
    plan: Plan
    applied: tuple[Operation, ...] = ()
    finish: Finish | None = None
    error: TargetError | None = None
    because: tuple[str, ...] = ()


def _always() -> bool:
    return True


async def reconcile(
    engine: Engine, key: Key, claim: Claim | None = None, *, in_time: Callable[[], bool] = _always
) -> Reconciliation:
    """Converge one key, or without a claim say what it would take.

    Args:
        engine: what a pass needs.
        key: what is to be converged.
        claim: our hold on the key; without one nothing is sent and nothing recorded.
        in_time: whether the lease behind the claim holds for certain; asked before anything is sent.

    Raises:
        TargetError: in a dry run, the application could not be looked at.
        Fenced: another process took the app over; nothing was recorded since.
    """
    applied: list[Operation] = []
    for round_ in range(1, _ROUNDS + 1):
        facts = await facts_of(engine.db, key)
        if facts.app is None:
            return await _removed(engine, facts, claim)
        try:
            target = await engine.targets.open(facts.app)
            sighting = await observe(engine, target, facts, afresh=round_ > 1)
            plan = _plan(target, facts, sighting)
        except TargetError as error:
            return await _not_seen(engine, facts, facts.app, claim, error)
        if claim is None:
            return Reconciliation(key=key, plan=plan, because=facts.desired.because)
        one_pass = _Pass(
            engine=engine, target=target, facts=facts, claim=claim, applied=applied, in_time=in_time
        )
        try:
            finish = await one_pass.carry_out(plan, sighting)
        except Stale as error:
            if round_ == _ROUNDS:
                return await _not_seen(engine, facts, facts.app, claim, error)
            continue
        except _Recorded as recorded:
            return Reconciliation(
                key=key, plan=plan, applied=tuple(applied), finish=recorded.finish, error=recorded.error
            )
        return Reconciliation(
            key=key, plan=plan, applied=tuple(applied), finish=finish, because=facts.desired.because
        )
    raise AssertionError  # the last round returns


def _plan(target: Target, facts: Facts, sighting: Sighting) -> Plan:
    return make(
        facts.desired,
        facts.link,
        sighting.observed,
        removal=target.app.removal,
        can_disable=target.disables is not None,
        case_ignored=target.case_ignored,
        match=sighting.match,
        sent=None if facts.unfinished_creation is None else facts.unfinished_creation.after,
    )


async def _removed(engine: Engine, facts: Facts, claim: Claim | None) -> Reconciliation:
    """The app is no longer configured: there is nothing to converge to."""
    plan = Plan(key=facts.key)
    if claim is None:
        return Reconciliation(key=facts.key, plan=plan)
    book = Book(
        engine=engine,
        claim=claim,
        facts=facts,
        app=App(tenant=facts.key.tenant, name=facts.key.app, connector=""),
    )
    await book.converged(Settled(), seen=None, calls=0)
    return Reconciliation(key=facts.key, plan=plan, finish=Settled())


async def _not_seen(
    engine: Engine, facts: Facts, app: App, claim: Claim | None, error: TargetError
) -> Reconciliation:
    if claim is None:
        raise error
    finish = finish_after(error, attempts=claim.attempts, chance=engine.chance(), at=engine.clock())
    await Book(engine=engine, claim=claim, facts=facts, app=app).not_seen(error, finish)
    return Reconciliation(key=facts.key, plan=Plan(key=facts.key), finish=finish, error=error)


class _Recorded(Exception):
    """A call failed in a way that ends the pass, and that is recorded already."""

    def __init__(self, finish: Finish, error: TargetError) -> None:
        super().__init__(str(error))
        self.finish = finish
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """Carries one plan out."""

    engine: Engine
    target: Target
    facts: Facts
    claim: Claim
    applied: list[Operation]
    in_time: Callable[[], bool]

    @property
    def _book(self) -> Book:
        # The app as read for this pass: the opened target remembers the health it was opened in.
        app = self.facts.app or self.target.app
        return Book(engine=self.engine, claim=self.claim, facts=self.facts, app=app)

    async def carry_out(self, plan: Plan, sighting: Sighting) -> Finish:
        """Do every operation of the plan, in order, each with its intent and its record."""
        if (wait := self._still_unknown(plan, sighting)) is not None:
            await self._book.converged(wait, seen=None, calls=sighting.calls)
            return wait
        looked_again = await self._resolve(sighting)
        last = self._last_look() if looked_again else Settled()
        if not plan.operations:
            await self._book.converged(last, seen=sighting.observed, calls=sighting.calls)
            return last
        link, seen = self.facts.link, plan.observed
        for position, operation in enumerate(plan.operations, start=1):
            finish = last if position == len(plan.operations) else None
            match operation.verb:
                case Verb.ASK:
                    return await self._ask(operation)
                case Verb.LINK:
                    link = await self._link(operation, seen, finish)
                case Verb.UNLINK:
                    link = await self._unlink(operation, finish)
                case Verb.CREATE | Verb.UPDATE | Verb.ENABLE | Verb.DISABLE | Verb.DELETE:
                    outcome = await self._write(plan, operation, link, seen, finish)
                    if isinstance(outcome, Hold):
                        return await self._book.hold(outcome)
                    link, seen = outcome
                case _:
                    assert_never(operation.verb)
            self.applied.append(operation)
        return last

    # -- outcomes that were unknown
    # ------------------------------------------------------------------------------

    def _still_unknown(self, plan: Plan, sighting: Sighting) -> Retry | None:
        """A creation that is not seen yet may still appear: until the application has settled, only look."""
        intent = self.facts.unfinished_creation
        if intent is None or (
            sighting.match is not None and (sighting.match.found or sighting.match.withheld)
        ):
            return None
        at = self.engine.clock()
        if at >= self._settled_at(intent):
            return None
        due = min(
            self._settled_at(intent), at + backoff(self.claim.attempts, _FIRST_LOOK, self.engine.chance())
        )
        return Retry(
            due=due,
            reason=f"whether account creation {intent.id} arrived in {plan.key.app} is not known; "
            "looking again",
        )

    def _settled_at(self, intent: Intent) -> datetime:
        # Of an intent nobody followed up: its call may have gone out until the lease of that process ended.
        sent_by = intent.unknown_since or intent.opened_at + self.claim.owned.lease
        return sent_by + timedelta(seconds=self.target.app.limits.settle_seconds)

    async def _resolve(self, sighting: Sighting) -> bool:
        """Close open intents with what was seen; says whether there were any that may still take effect."""
        if not self.facts.open_intents:
            return False
        ended = [
            (intent, IntentEnd.DONE if self._took_effect(intent, sighting) else IntentEnd.FAILED)
            for intent in self.facts.open_intents
        ]
        await self._book.resolved(ended, "looked at the application after an unknown outcome")
        self.engine.reached("after-resolve")
        return any(self.engine.clock() < self._settled_at(intent) for intent in self.facts.open_intents)

    def _took_effect(self, intent: Intent, sighting: Sighting) -> bool:
        """Whether the application shows what the intent was to bring about."""
        seen = sighting.observed
        match intent.verb:
            case Verb.CREATE:
                return sighting.match is not None and bool(sighting.match.found)
            case Verb.UPDATE:
                ignored = self.target.case_ignored
                return seen is not None and not differences(
                    intent.after, {}, seen.attributes, case_ignored=ignored
                )
            case Verb.ENABLE:
                return seen is not None and seen.active is not False
            case Verb.DISABLE:
                return seen is None or seen.active is False
            case Verb.DELETE:
                return seen is None
            case Verb.LINK | Verb.UNLINK | Verb.ASK:
                raise AssertionError(intent.verb)  # nothing is sent, so there is no intent
            case _:
                assert_never(intent.verb)

    def _last_look(self) -> Retry:
        """A write of unknown outcome may still land after what we do now.

        Look once more when it no longer can.
        """
        settled = max(self._settled_at(intent) for intent in self.facts.open_intents)
        return Retry(due=settled, reason="looking once more after an unknown outcome", counts=False)

    # -- operations that send nothing
    # ----------------------------------------------------------------------------

    async def _ask(self, operation: Operation) -> Finish:
        why = "; ".join(operation.because)
        problem = Problem(
            code="MUSTER-MATCH-UNSURE",
            what="It is not sure which account is this person's",
            where=f"app {operation.key.app}, person {operation.key.subject}",
            why=why,
            next_step="resolve it in the application (one account with this person's attributes), then run "
            f"`muster provision {operation.key.subject} --app {operation.key.app}`",
        )
        held = self.facts.link if self.facts.link is not None and self.facts.link.state in HELD else None
        link = held or Link(key=operation.key, state=LinkState.AMBIGUOUS)
        finish = Parked(reason=str(problem))
        await self._book.stopped(Action.ACCOUNT_ASK, problem, finish, link=link)
        return finish

    async def _link(self, operation: Operation, seen: RemoteObject | None, finish: Finish | None) -> Link:
        if seen is None:
            raise AssertionError  # a plan links only what it observed
        at = self.engine.clock()
        link = Link(
            key=operation.key,
            state=LinkState.DISABLED if seen.active is False else LinkState.LINKED,
            remote_id=seen.id,
            etag=seen.etag,
            last_applied=self._managed(seen),
            verified_at=at,
        )
        try:
            await self._book.done(operation, None, link, finish=finish, started=at)
        except Duplicate as error:
            raise Conflict("somebody else was linked to this account meanwhile") from error
        self.engine.reached("after-link")
        return link

    async def _unlink(self, operation: Operation, finish: Finish | None) -> Link:
        at = self.engine.clock()
        link = replace(self._remembered(operation), state=LinkState.TOMBSTONE, verified_at=at)
        await self._book.done(operation, None, link, finish=finish, started=at)
        return link

    # -- operations that write
    # -----------------------------------------------------------------------------------

    async def _write(
        self,
        plan: Plan,
        operation: Operation,
        link: Link | None,
        seen: RemoteObject | None,
        finish: Finish | None,
    ) -> tuple[Link, RemoteObject | None] | Hold:
        """Intent, call, proof, record."""
        intent = await self._book.intend(plan, operation)
        if isinstance(intent, Hold):
            return intent
        self.engine.reached("after-intent")
        if not self.in_time():
            raise Fenced(_too_late(plan.key.app))  # we were paused: another process may be at work already
        started = self.engine.clock()
        try:
            answered = await self._call(operation, seen, intent.id)
        except TargetError as error:
            raise await self._failed(operation, intent, error, started) from error
        self.engine.reached("after-call")
        try:
            proven = await self._read_back(operation, answered) if operation.verb.destroys else answered
        except TargetError as error:
            raise await self._unproven(operation, intent, error, started) from error
        now = self._link_after(operation, link, proven)
        try:
            await self._book.done(operation, intent, now, finish=finish, started=started)
        except Duplicate as error:
            raise await self._somebody_elses(operation, intent, started) from error
        self.engine.reached("after-record")
        return now, proven

    async def _call(
        self, operation: Operation, seen: RemoteObject | None, id: OperationId
    ) -> RemoteObject | None:
        connector = self.target.connector
        if operation.verb is Verb.CREATE:
            new = New(
                kind=operation.key.kind, external_id=operation.key.subject, attributes=_set_only(operation)
            )
            created = await connector.create(new, id)
            if not self._is_asked_for(new, created):
                raise OutcomeUnknown(
                    f"it answered the creation with the account of somebody else ({created.id})"
                )
            return created
        if seen is None:
            raise AssertionError  # every other write is of an object the plan observed
        match operation.verb:
            case Verb.UPDATE:
                return _same_object(seen, await connector.update(seen, Delta(set=operation.after), id))
            case Verb.ENABLE | Verb.DISABLE:
                disables = self.target.disables
                if disables is None:
                    raise Unsupported("its connector cannot take accounts out of use and back")
                return _same_object(seen, await disables.set_active(seen, operation.verb is Verb.ENABLE, id))
            case Verb.DELETE:
                await connector.delete(seen, id)
                return seen
            case _:
                raise AssertionError(operation.verb)

    def _is_asked_for(self, new: New, created: RemoteObject) -> bool:
        """Whether the answer to a creation is about the account asked for: by our id, else by its names."""
        if created.external_id:
            return created.external_id == new.external_id
        told = [
            (new.attributes[name], created.attributes[name])
            for name in self.target.app.match_on
            if new.attributes.get(name) is not None and created.attributes.get(name) is not None
        ]
        return not told or any(same(asked, answered, case_ignored=True) for asked, answered in told)

    async def _read_back(self, operation: Operation, answered: RemoteObject | None) -> RemoteObject | None:
        """What the application shows after access was taken away; its word alone is not proof."""
        if answered is None:
            raise AssertionError  # only creations have nothing to read back
        probe = Link(key=operation.key, state=LinkState.LINKED, remote_id=answered.id)
        shown = await get(self.target, probe, answered.id)
        self.engine.reached("after-read-back")
        if operation.verb is Verb.DELETE and shown is not None:
            raise OutcomeUnknown("it said the account is deleted, and still shows it")
        if operation.verb is Verb.DISABLE and shown is not None and shown.active:
            raise OutcomeUnknown("it said the account is out of use, and still shows it in use")
        return shown

    async def _failed(
        self, operation: Operation, intent: Intent, error: TargetError, started: datetime
    ) -> Exception:
        """Record the failure; give the exception that ends or repeats the pass."""
        if isinstance(error, Gone) and operation.verb is Verb.CREATE:
            error = Unsupported("it answers the creation of an account with “not found”", status=error.status)
        if isinstance(error, Stale):
            await self._book.failed(operation, intent, error, None, started=started)
            return error
        at = self.engine.clock()
        finish = finish_after(error, attempts=self.claim.attempts, chance=self.engine.chance(), at=at)
        await self._book.failed(operation, intent, error, finish, started=started)
        self.engine.reached("after-failure")
        return _Recorded(finish, error)

    async def _unproven(
        self, operation: Operation, intent: Intent, error: TargetError, started: datetime
    ) -> Exception:
        """The call went through, but looking afterwards did not: whether it took effect is not known."""
        if isinstance(error, Rejected | Stale):
            error = OutcomeUnknown(f"it did the removal and would not show the account: {error.why}")
        at = self.engine.clock()
        finish = finish_after(error, attempts=self.claim.attempts, chance=self.engine.chance(), at=at)
        await self._book.failed(operation, intent, error, finish, started=started, unknown=True)
        self.engine.reached("after-failure")
        return _Recorded(finish, error)

    async def _somebody_elses(self, operation: Operation, intent: Intent, started: datetime) -> Exception:
        error = Unsupported("it answered with an account that is linked to somebody else; nothing was linked")
        finish = Parked(reason=str(error))
        await self._book.failed(operation, intent, error, finish, started=started)
        return _Recorded(finish, error)

    # -- what we remember afterwards
    # -----------------------------------------------------------------------------

    def _link_after(self, operation: Operation, link: Link | None, seen: RemoteObject | None) -> Link:
        at = self.engine.clock()
        remembered = link or self._remembered(operation)
        if operation.verb is Verb.DELETE or seen is None:
            return replace(remembered, state=LinkState.TOMBSTONE, etag=None, verified_at=at)
        sends = operation.verb in {Verb.CREATE, Verb.UPDATE}
        sent: Attributes = operation.after if sends else {}
        disabled = operation.verb is Verb.DISABLE or (
            seen.active is False and operation.verb is not Verb.ENABLE
        )
        return replace(
            remembered,
            state=LinkState.DISABLED if disabled else LinkState.LINKED,
            remote_id=seen.id,
            etag=seen.etag,
            last_applied={**remembered.last_applied, **self._managed(seen), **sent},
            verified_at=at
            if operation.verb.destroys or operation.verb is Verb.CREATE
            else remembered.verified_at,
        )

    def _remembered(self, operation: Operation) -> Link:
        return self.facts.link or Link(
            key=operation.key, state=LinkState.LINKED, remote_id=operation.remote_id
        )

    def _managed(self, seen: RemoteObject) -> dict[str, str | bool | int | float | tuple[str, ...] | None]:
        """The part of an object that we look after."""
        return {name: seen.attributes.get(name) for name in self.facts.desired.attributes}


def _set_only(operation: Operation) -> dict[str, str | bool | int | float | tuple[str, ...] | None]:
    return {name: value for name, value in operation.after.items() if value is not None}


def _same_object(asked: RemoteObject, answered: RemoteObject) -> RemoteObject:
    if answered.id != asked.id:
        raise OutcomeUnknown(f"it was asked to change object {asked.id} and answered with {answered.id}")
    return answered


def _too_late(app: AppName) -> Problem:
    return Problem(
        code="MUSTER-FENCED",
        what="The lease on this application could not be renewed in time",
        where=app,
        why="Another process may have taken it over",
        next_step="nothing: whoever owns the application goes on",
    )
