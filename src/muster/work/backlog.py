"""What waits, why, and until when, for people who ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.db import FOREVER, Row, Statement, Transaction, from_micros
from muster.model import AppName, Key, Kind, PersonId, Priority, Tenant

_BACKLOG: Final = Statement(
    "SELECT app, state, COUNT(*) AS keys, MIN(marked_at) AS oldest FROM work WHERE tenant = :tenant "
    "GROUP BY app, state ORDER BY app, state"
)
_COUNT: Final = Statement("SELECT COUNT(*) AS keys FROM work WHERE tenant = :tenant AND app = :app")
_WAITING: Final = Statement(
    """
    SELECT * FROM work WHERE tenant = :tenant
      AND (CAST(:app AS TEXT) IS NULL OR app = :app) AND (CAST(:subject AS TEXT) IS NULL OR subject =
          :subject)
    ORDER BY priority, marked_at LIMIT :most
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many keys of one app are in one state (due, retry, held, parked).

    And since when the oldest waits.
    """

    app: AppName
    state: str
    keys: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One key that is not converged yet. ``due`` is None when only a change or a person will wake it."""

    key: Key
    state: str
    reason: str
    cause: str
    attempts: int
    priority: Priority
    due: datetime | None
    in_hand: bool
    marked_at: datetime


async def backlog(tx: Transaction, tenant: Tenant) -> list[Backlog]:
    """The count of keys by app and state."""
    return [
        Backlog(
            app=AppName(row["app"]), state=row["state"], keys=row["keys"], oldest=from_micros(row["oldest"])
        )
        for row in await tx.all(_BACKLOG, tenant=tenant)
    ]


async def count(tx: Transaction, tenant: Tenant, app: AppName) -> int:
    """How many keys of an app are not converged."""
    row = await tx.one(_COUNT, tenant=tenant, app=app)
    return 0 if row is None else int(row["keys"])


async def waiting_for(
    tx: Transaction,
    tenant: Tenant,
    *,
    app: AppName | None = None,
    person: PersonId | None = None,
    most: int = 100_000,
) -> Sequence[Waiting]:
    """Every key that is not converged, of an app, of a person, or all."""
    return [
        _waiting(row) for row in await tx.all(_WAITING, tenant=tenant, app=app, subject=person, most=most)
    ]


def _waiting(row: Row) -> Waiting:
    return Waiting(
        key=Key(
            tenant=Tenant(row["tenant"]),
            app=AppName(row["app"]),
            kind=Kind(row["kind"]),
            subject=PersonId(row["subject"]),
        ),
        state=row["state"],
        reason=row["reason"],
        cause=row["cause"],
        attempts=row["attempts"],
        priority=Priority(row["priority"]),
        due=None if row["due"] >= FOREVER else from_micros(row["due"]),
        in_hand=row["owner"] is not None,
        marked_at=from_micros(row["marked_at"]),
    )
