"""Making keys due."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from muster.db import Statement, Transaction, micros
from muster.model import Key, Priority

# ``gen`` begins with the time, so that a row made anew never has the ``gen`` of an old claim.
# A mark re-arms a row that waits in back-off or is parked, on purpose: the world it failed in has changed.
_MARK: Final = Statement(
    """
    INSERT INTO work (tenant, app, kind, subject, gen, due, priority, attempts, state, reason, cause,
        approved_by, marked_at)
    VALUES (:tenant, :app, :kind, :subject, :at, :due, :priority, 0, 'due', '', :cause, :approved_by, :at)
    ON CONFLICT (tenant, app, kind, subject) DO UPDATE SET
        gen = work.gen + 1,
        due = CASE WHEN work.due < excluded.due THEN work.due ELSE excluded.due END,
        priority = CASE WHEN work.priority < excluded.priority THEN work.priority ELSE excluded.priority END,
        attempts = 0,
        state = 'due',
        reason = '',
        cause = excluded.cause,
        approved_by = COALESCE(excluded.approved_by, work.approved_by),
        marked_at = excluded.marked_at
    """
)


async def mark(
    tx: Transaction,
    keys: Iterable[Key],
    *,
    priority: Priority,
    cause: str,
    at: datetime,
    approved_by: str | None = None,
) -> None:
    """The keys are due once the transaction commits; make it the transaction's last statement.

    Args:
        tx: the transaction of the change that made the keys dirty.
        keys: in any order; they are written in key order so that no two transactions wait for each other in
            a ring.
        priority: a row keeps the more urgent of its own and this one.
        cause: what happened, for the log.
        at: now.
        approved_by: who lets what destroys past the guard, this one time.
    """
    ordered = sorted(set(keys))
    if not ordered:
        return
    now = micros(at)
    await tx.run_many(
        _MARK,
        [
            {
                "tenant": key.tenant,
                "app": key.app,
                "kind": key.kind,
                "subject": key.subject,
                "due": now,
                "priority": int(priority),
                "cause": cause,
                "approved_by": approved_by,
                "at": now,
            }
            for key in ordered
        ],
    )
    tx.announce()
