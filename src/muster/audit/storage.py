"""Appending to the log and searching it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from muster.audit.record import Action, Record, Result
from muster.db import FOREVER, Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.model import AppName, OperationId, PersonId, Tenant

_APPEND: Final = Statement(
    """
    INSERT INTO audit (tenant, id, at, action, actor, cause, person, app, operation, result, code, before,
        after, detail, duration)
    VALUES (:tenant, :id, :at, :action, :actor, :cause, :person, :app, :operation, :result, :code, :before,
        :after, :detail, :duration)
    """
)

_SEARCH: Final = Statement(
    """
    SELECT * FROM audit
    WHERE tenant = :tenant AND at >= :since AND at < :until
      AND (CAST(:person AS TEXT) IS NULL OR person = :person)
      AND (CAST(:app AS TEXT) IS NULL OR app = :app)
      AND (CAST(:action AS TEXT) IS NULL OR action = :action OR action LIKE :action_prefix)
      AND (CAST(:operation AS TEXT) IS NULL OR operation = :operation)
    ORDER BY at DESC, id DESC
    LIMIT :most
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which records are asked for.

    ``action`` may be a subject alone (``account``). The newest ``most`` are given, oldest first.
    """

    tenant: Tenant
    person: PersonId | None = None
    app: AppName | None = None
    action: str | None = None
    operation: OperationId | None = None
    since: datetime | None = None
    until: datetime | None = None
    most: int = 1_000


async def append(tx: Transaction, record: Record) -> None:
    """The record is part of the transaction."""
    await tx.run(_APPEND, **_columns(record))


async def append_all(tx: Transaction, records: Iterable[Record]) -> None:
    """The records are part of the transaction."""
    await tx.run_many(_APPEND, [_columns(record) for record in records])


async def search(tx: Transaction, wanted: Search) -> list[Record]:
    """The newest records that fit, oldest first."""
    rows = await tx.all(
        _SEARCH,
        tenant=wanted.tenant,
        since=0 if wanted.since is None else micros(wanted.since),
        until=FOREVER if wanted.until is None else micros(wanted.until),
        person=wanted.person,
        app=wanted.app,
        action=wanted.action,
        action_prefix=f"{wanted.action}:%",
        operation=wanted.operation,
        most=wanted.most,
    )
    return [_record(row) for row in reversed(rows)]


def _columns(record: Record) -> dict[str, Any]:
    return {
        "tenant": record.tenant,
        "id": record.id,
        "at": micros(record.at),
        "action": record.action.value,
        "actor": record.actor,
        "cause": record.cause,
        "person": record.person,
        "app": record.app,
        "operation": record.operation,
        "result": record.result.value,
        "code": record.code,
        "before": encode(record.before),
        "after": encode(record.after),
        "detail": encode(record.detail),
        "duration": None if record.duration is None else record.duration // timedelta(microseconds=1),
    }


def _record(row: Row) -> Record:
    duration = row["duration"]
    return Record(
        id=row["id"],
        tenant=Tenant(row["tenant"]),
        at=from_micros(row["at"]),
        action=Action(row["action"]),
        actor=row["actor"],
        cause=row["cause"],
        result=Result(row["result"]),
        person=row["person"],
        app=row["app"],
        operation=row["operation"],
        code=row["code"],
        before=decode(row["before"]),
        after=decode(row["after"]),
        detail=decode(row["detail"]),
        duration=None if duration is None else timedelta(microseconds=duration),
    )
