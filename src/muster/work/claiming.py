"""Taking due keys, and finishing them under the fence of ownership."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from muster.db import FOREVER, Row, Statement, Transaction, micros
from muster.model import AppName, Fenced, Key, Kind, PersonId, Priority, Problem, Tenant
from muster.work.ownership import Owned

# One look for each priority: a look over all of them would read every key that waits in back-off.
_DUE_OF_ONE: Final = """
    SELECT tenant, app, kind, subject, priority, due FROM work
    WHERE tenant = :tenant AND app = :app AND owner IS NULL AND priority = {priority} AND due <= :at
    ORDER BY due LIMIT :room
"""
_DUE_ON_SQLITE: Final = (
    "SELECT tenant, app, kind, subject FROM ("
    + " UNION ALL ".join(
        f"SELECT * FROM ({_DUE_OF_ONE.format(priority=f'{each:d} AND {each:d} <= :least')})"
        for each in Priority
    )
    + ") ORDER BY priority, due LIMIT :room"
)
_DUE_ON_POSTGRESQL: Final = f"""
    SELECT one.tenant, one.app, one.kind, one.subject
    FROM generate_series(0, CAST(:least AS INTEGER)) AS urgency
    CROSS JOIN LATERAL ({_DUE_OF_ONE.format(priority="urgency")} FOR UPDATE SKIP LOCKED) AS one
    ORDER BY one.priority, one.due LIMIT :room
"""
_CLAIM: Final = """
    UPDATE work SET owner = :owner, claim_gen = gen, epoch = :epoch
    WHERE (tenant, app, kind, subject) IN ({due})
    RETURNING tenant, app, kind, subject, gen, due, attempts, priority, cause, approved_by
"""
_CLAIM_DUE: Final = Statement(
    _CLAIM.format(due=_DUE_ON_SQLITE),
    postgresql=f"WITH due AS MATERIALIZED ({_DUE_ON_POSTGRESQL}){_CLAIM.format(due='SELECT * FROM due')}",
)

_OWNED: Final = """
    SELECT epoch FROM ownership WHERE tenant = :tenant AND app = :app AND owner = :owner AND epoch = :epoch
"""
_FENCE: Final = Statement(_OWNED, postgresql=_OWNED + " FOR SHARE")
_FENCE_ALONE: Final = Statement(_OWNED, postgresql=_OWNED + " FOR NO KEY UPDATE")

_OURS: Final = """
    tenant = :tenant AND app = :app AND kind = :kind AND subject = :subject
    AND owner = :owner AND epoch = :epoch AND claim_gen = :gen
"""
_SETTLE: Final = Statement("DELETE FROM work WHERE" + _OURS + "AND gen = :gen")
_LATER: Final = Statement(
    """
    UPDATE work SET owner = NULL, claim_gen = NULL, epoch = NULL, attempts = :attempts, state = :state,
        reason = :reason, due = :due
    WHERE"""
    + _OURS
    + "AND gen = :gen"
)
# A change came while we worked: due again at once, whatever this attempt found.
_AGAIN: Final = Statement(
    "UPDATE work SET owner = NULL, claim_gen = NULL, epoch = NULL, due = :at WHERE" + _OURS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One key in our hands, until finished or until we lose the app."""

    key: Key
    gen: int
    attempts: int
    priority: Priority
    cause: str
    approved_by: str | None
    owned: Owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Converged, or there is nothing more to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """To be looked at again by itself."""

    due: datetime
    reason: str
    counts: bool = True  # whether it is a failed attempt, which makes the next wait longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The guard holds what destroys; looked at again by itself as the window slides."""

    due: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """Nothing will change until a person or a change of data does something; a new mark re-arms it."""

    reason: str


Finish: TypeAlias = Settled | Retry | Held | Parked


async def claim(
    tx: Transaction, owned: Owned, *, at: datetime, room: int, least_urgent: Priority = Priority.DRIFT_SCAN
) -> list[Claim]:
    """At most ``room`` due keys of an app we own are ours, the most urgent first.

    Args:
        tx: the transaction.
        owned: the lease they are claimed under.
        at: now.
        room: how many.
        least_urgent: leave everything less urgent than this alone.

    Raises:
        Fenced: another process took the app over. What it releases it releases once; a claim made after that
            would hold its keys for ever.
    """
    await fence(tx, owned)
    rows = await tx.all(
        _CLAIM_DUE,
        tenant=owned.tenant,
        app=owned.app,
        owner=owned.owner,
        epoch=owned.epoch,
        least=int(least_urgent),
        at=micros(at),
        room=room,
    )
    return [_claim(row, owned) for row in sorted(rows, key=lambda row: (row["priority"], row["due"]))]


async def fence(tx: Transaction, owned: Owned, *, alone: bool = False) -> None:
    """The app is still ours, and stays so until this transaction ends.

    Args:
        tx: the transaction.
        owned: the lease.
        alone: no other transaction is behind this fence at the same time; what is counted now stays so.

    Raises:
        Fenced: another process took it over.
    """
    statement = _FENCE_ALONE if alone else _FENCE
    if (
        await tx.one(statement, tenant=owned.tenant, app=owned.app, owner=owned.owner, epoch=owned.epoch)
        is None
    ):
        raise _fenced(owned)


async def finish(tx: Transaction, claimed: Claim, how: Finish, *, at: datetime) -> None:
    """The key is out of our hands, in the way the outcome says; due again at once if it was marked meanwhile.

    Raises:
        Fenced: the claim is no longer ours; the transaction must not commit.
    """
    ours = {
        "tenant": claimed.key.tenant,
        "app": claimed.key.app,
        "kind": claimed.key.kind,
        "subject": claimed.key.subject,
        "owner": claimed.owned.owner,
        "epoch": claimed.owned.epoch,
        "gen": claimed.gen,
    }
    match how:
        case Settled():
            touched = await tx.run(_SETTLE, **ours)
        case Retry(due=due, reason=reason, counts=counts):
            later = {"due": micros(due), "state": "retry", "attempts": claimed.attempts + counts}
            touched = await tx.run(_LATER, **ours, **later, reason=reason)
        case Held(due=due, reason=reason):
            later = {"due": micros(due), "state": "held", "attempts": claimed.attempts}
            touched = await tx.run(_LATER, **ours, **later, reason=reason)
        case Parked(reason=reason):
            later = {"due": FOREVER, "state": "parked", "attempts": claimed.attempts}
            touched = await tx.run(_LATER, **ours, **later, reason=reason)
        case _:
            assert_never(how)
    if not touched and not await tx.run(_AGAIN, **ours, at=micros(at)):
        raise _fenced(claimed.owned)


def _claim(row: Row, owned: Owned) -> Claim:
    return Claim(
        key=Key(
            tenant=Tenant(row["tenant"]),
            app=AppName(row["app"]),
            kind=Kind(row["kind"]),
            subject=PersonId(row["subject"]),
        ),
        gen=row["gen"],
        attempts=row["attempts"],
        priority=Priority(row["priority"]),
        cause=row["cause"],
        approved_by=row["approved_by"],
        owned=owned,
    )


def _fenced(owned: Owned) -> Fenced:
    return Fenced(
        Problem(
            code="MUSTER-FENCED",
            what="Another process has taken over this application",
            where=owned.app,
            why="This process did not renew its lease in time",
            next_step="nothing: the other process goes on",
        )
    )
