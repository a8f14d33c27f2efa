"""Taking due keys, and finishing them under the fence of ownership."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from muster.db import FOREVER, Row, Statement, Transaction, micros
from muster.model import AppName, Fenced, Key, Kind, PersonId, Priority, Problem, Tenant
from muster.work.ownership import Owned

_DUE: Final = """
    SELECT tenant, app, kind, subject FROM work
    WHERE tenant = :tenant AND app = :app AND owner IS NULL AND priority <= :least AND due <= :at
    ORDER BY priority, due LIMIT :room
"""
_CLAIM: Final = """
    UPDATE work SET owner = :owner, claim_gen = gen, epoch = :epoch
    WHERE (tenant, app, kind, subject) IN ({due})
    RETURNING tenant, app, kind, subject, gen, attempts, priority, cause, approved_by
"""
_CLAIM_DUE: Final = Statement(
    _CLAIM.format(due=_DUE),
    postgresql="WITH due AS MATERIALIZED ("
    + _DUE
    + " FOR UPDATE SKIP LOCKED)"
    + _CLAIM.format(due="SELECT * FROM due"),
)

_OWNED: Final = """
    SELECT epoch FROM ownership WHERE tenant = :tenant AND app = :app AND owner = :owner AND epoch = :epoch
"""
_FENCE: Final = Statement(_OWNED, postgresql=_OWNED + " FOR SHARE")

_OURS: Final = """
    tenant = :tenant AND app = :app AND kind = :kind AND subject = :subject AND owner = :owner AND epoch =
        :epoch
"""
_SETTLE: Final = Statement("DELETE FROM work WHERE " + _OURS + " AND gen = :gen")
# A change came while we worked: due again at once, whatever this attempt found.
_AGAIN: Final = Statement(
    "UPDATE work SET owner = NULL, claim_gen = NULL, epoch = NULL, due = :at, attempts = 0 WHERE " + _OURS
)
_LATER: Final = Statement(
    """
    UPDATE work SET owner = NULL, claim_gen = NULL, epoch = NULL, attempts = :attempts, state = :state,
        reason = :reason,
        due = CASE WHEN gen = :gen THEN CAST(:due AS BIGINT) ELSE :at END
    WHERE """
    + _OURS
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
    """
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
    return sorted((_claim(row, owned) for row in rows), key=lambda claimed: (claimed.priority, claimed.key))


async def fence(tx: Transaction, owned: Owned) -> None:
    """The app is still ours, and stays so until this transaction ends.

    Raises:
        Fenced: another process took it over.
    """
    if await tx.one(_FENCE, tenant=owned.tenant, app=owned.app, owner=owned.owner, epoch=owned.epoch) is None:
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
    }
    now = micros(at)
    match how:
        case Settled():
            touched = await tx.run(_SETTLE, **ours, gen=claimed.gen) or await tx.run(_AGAIN, **ours, at=now)
        case Retry(due=due, reason=reason, counts=counts):
            later = {
                "due": micros(due),
                "state": "retry",
                "reason": reason,
                "attempts": claimed.attempts + counts,
            }
            touched = await tx.run(_LATER, **ours, **later, gen=claimed.gen, at=now)
        case Held(due=due, reason=reason):
            later = {"due": micros(due), "state": "held", "reason": reason, "attempts": claimed.attempts}
            touched = await tx.run(_LATER, **ours, **later, gen=claimed.gen, at=now)
        case Parked(reason=reason):
            later = {"due": FOREVER, "state": "parked", "reason": reason, "attempts": claimed.attempts}
            touched = await tx.run(_LATER, **ours, **later, gen=claimed.gen, at=now)
        case _:
            assert_never(how)
    if not touched:
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
