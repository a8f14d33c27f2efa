"""Intents: what was about to be sent, stored before it was sent. An open one means: look before acting."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from muster.db import Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.directory.links import attributes_from_json
from muster.model import AppName, Attributes, Key, Kind, OperationId, PersonId, RemoteId, Tenant, Verb

_OPEN: Final = Statement(
    """
    INSERT INTO intents (tenant, id, app, kind, subject, verb, remote_id, before, after, because, cause,
        state, code, detail, opened_at)
    VALUES (:tenant, :id, :app, :kind, :subject, :verb, :remote_id, :before, :after, :because, :cause,
        'open', '', '', :at)
    """
)
_CLOSE: Final = Statement(
    """
    UPDATE intents SET state = :state, code = :code, detail = :detail, closed_at = :at, remote_id =
        COALESCE(:remote_id, remote_id)
    WHERE tenant = :tenant AND id = :id AND closed_at IS NULL
    """
)
_UNKNOWN: Final = Statement(
    """
    UPDATE intents SET state = 'unknown', code = :code, detail = :detail, unknown_since =
        COALESCE(unknown_since, CAST(:at AS BIGINT))
    WHERE tenant = :tenant AND id = :id AND closed_at IS NULL
    """
)
_OPEN_OF_KEY: Final = Statement(
    """
    SELECT * FROM intents WHERE tenant = :tenant AND app = :app AND kind = :kind AND subject = :subject AND
        closed_at IS NULL
    ORDER BY opened_at, id
    """
)
_DESTROYED: Final = Statement(
    """
    SELECT COUNT(*) AS intents FROM intents
    WHERE tenant = :tenant AND app = :app AND verb IN ('disable', 'delete')
      AND ((closed_at >= :since AND state = 'done') OR closed_at IS NULL)
    """
)


class IntentEnd(StrEnum):
    """How an intent ended."""

    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write that was about to be sent; ``unknown_since`` is set once we know that we do not know."""

    id: OperationId
    key: Key
    verb: Verb
    remote_id: RemoteId | None
    before: Attributes
    after: Attributes
    because: tuple[str, ...]
    cause: str
    opened_at: datetime
    unknown_since: datetime | None = None


async def open_intent(tx: Transaction, intent: Intent) -> None:
    """The intent is stored; once this commits, the call may be sent."""
    await tx.run(
        _OPEN,
        **_key(intent.key),
        id=intent.id,
        verb=intent.verb.value,
        remote_id=intent.remote_id,
        before=encode(dict(intent.before)),
        after=encode(dict(intent.after)),
        because=encode(list(intent.because)),
        cause=intent.cause,
        at=micros(intent.opened_at),
    )


async def close(
    tx: Transaction,
    intent: Intent,
    end: IntentEnd,
    *,
    at: datetime,
    code: str = "",
    detail: str = "",
    remote_id: RemoteId | None = None,
) -> None:
    """How it went is known."""
    await tx.run(
        _CLOSE,
        tenant=intent.key.tenant,
        id=intent.id,
        state=end.value,
        code=code,
        detail=detail,
        at=micros(at),
        remote_id=remote_id,
    )


async def leave_unknown(tx: Transaction, intent: Intent, *, at: datetime, code: str, detail: str) -> None:
    """It was sent and nobody knows whether it happened; it stays open."""
    await tx.run(_UNKNOWN, tenant=intent.key.tenant, id=intent.id, code=code, detail=detail, at=micros(at))


async def open_of(tx: Transaction, key: Key) -> list[Intent]:
    """Every open intent of a key, the oldest first."""
    return [_intent(row) for row in await tx.all(_OPEN_OF_KEY, **_key(key))]


async def count_destroyed(tx: Transaction, tenant: Tenant, app: AppName, *, since: datetime) -> int:
    """How many removals were carried out in an app since a time, or are under way."""
    row = await tx.one(_DESTROYED, tenant=tenant, app=app, since=micros(since))
    return 0 if row is None else int(row["intents"])


def _key(key: Key) -> dict[str, str]:
    return {"tenant": key.tenant, "app": key.app, "kind": key.kind, "subject": key.subject}


def _intent(row: Row) -> Intent:
    unknown = row["unknown_since"]
    return Intent(
        id=OperationId(row["id"]),
        key=Key(
            tenant=Tenant(row["tenant"]),
            app=AppName(row["app"]),
            kind=Kind(row["kind"]),
            subject=PersonId(row["subject"]),
        ),
        verb=Verb(row["verb"]),
        remote_id=row["remote_id"],
        before=attributes_from_json(decode(row["before"])),
        after=attributes_from_json(decode(row["after"])),
        because=tuple(decode(row["because"])),
        cause=row["cause"],
        opened_at=from_micros(row["opened_at"]),
        unknown_since=None if unknown is None else from_micros(unknown),
    )
