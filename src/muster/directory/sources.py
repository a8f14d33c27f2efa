"""Sources and the tokens that speak for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.db import Row, Statement, Transaction, from_micros, micros
from muster.model import Source, SourceId, Tenant

_INSERT: Final = Statement(
    "INSERT INTO sources (tenant, id, name, type, created_at) VALUES (:tenant, :id, :name, :type, :at)"
)
_BY_NAME: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant AND name = :name")
_BY_ID: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant AND id = :id")
_ALL: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant ORDER BY name")
_ADD_TOKEN: Final = Statement(
    """
    INSERT INTO tokens (tenant, id, source, hash, prefix, created_at, expires_at)
    VALUES (:tenant, :id, :source, :hash, :prefix, :at, :expires_at)
    """
)
_TOKEN: Final = Statement(
    """
    SELECT t.id AS token_id, t.last_used_at AS last_used_at, s.* FROM tokens t JOIN sources s ON s.tenant =
        t.tenant AND s.id = t.source
    WHERE t.hash = :hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > :at)
    """
)
_USED: Final = Statement("UPDATE tokens SET last_used_at = :at WHERE tenant = :tenant AND id = :id")
_TOKENS: Final = Statement(
    "SELECT * FROM tokens WHERE tenant = :tenant AND source = :source ORDER BY created_at, id"
)
_REVOKE: Final = Statement(
    "UPDATE tokens SET revoked_at = :at WHERE tenant = :tenant AND id = :id AND revoked_at IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; the token itself was shown once and is kept nowhere."""

    id: str
    source: SourceId
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who speaks: a source, by one of its tokens."""

    source: Source
    token_id: str
    last_used_at: datetime | None


async def insert(tx: Transaction, source: Source, *, at: datetime) -> None:
    """The source is there.

    Raises:
        Duplicate: there is one of this name.
    """
    await tx.run(
        _INSERT, tenant=source.tenant, id=source.id, name=source.name, type=source.type, at=micros(at)
    )


async def by_name(tx: Transaction, tenant: Tenant, name: str) -> Source | None:
    """The source of this name."""
    row = await tx.one(_BY_NAME, tenant=tenant, name=name)
    return None if row is None else _source(row)


async def by_id(tx: Transaction, tenant: Tenant, id: SourceId) -> Source | None:
    """The source of this id."""
    row = await tx.one(_BY_ID, tenant=tenant, id=id)
    return None if row is None else _source(row)


async def all_sources(tx: Transaction, tenant: Tenant) -> list[Source]:
    """Every source, by name."""
    return [_source(row) for row in await tx.all(_ALL, tenant=tenant)]


async def add_token(
    tx: Transaction,
    source: Source,
    *,
    id: str,
    hash: str,
    prefix: str,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    """The token whose hash this is speaks for the source from now on."""
    expires = None if expires_at is None else micros(expires_at)
    await tx.run(
        _ADD_TOKEN,
        tenant=source.tenant,
        id=id,
        source=source.id,
        hash=hash,
        prefix=prefix,
        at=micros(at),
        expires_at=expires,
    )


async def bearer(tx: Transaction, hash: str, *, at: datetime) -> Bearer | None:
    """The source a valid token speaks for; None for an unknown, expired or revoked one."""
    row = await tx.one(_TOKEN, hash=hash, at=micros(at))
    if row is None:
        return None
    used = row["last_used_at"]
    return Bearer(
        source=_source(row),
        token_id=row["token_id"],
        last_used_at=None if used is None else from_micros(used),
    )


async def note_use(tx: Transaction, tenant: Tenant, token_id: str, *, at: datetime) -> None:
    """The token was used at this time."""
    await tx.run(_USED, tenant=tenant, id=token_id, at=micros(at))


async def tokens(tx: Transaction, source: Source) -> list[Token]:
    """Every token of a source, the oldest first."""
    return [_token(row) for row in await tx.all(_TOKENS, tenant=source.tenant, source=source.id)]


async def revoke(tx: Transaction, tenant: Tenant, token_id: str, *, at: datetime) -> bool:
    """The token speaks for nobody any more; false when there was no such valid token."""
    return await tx.run(_REVOKE, tenant=tenant, id=token_id, at=micros(at)) == 1


def _source(row: Row) -> Source:
    return Source(tenant=Tenant(row["tenant"]), id=SourceId(row["id"]), name=row["name"], type=row["type"])


def _token(row: Row) -> Token:
    def time(column: str) -> datetime | None:
        return None if row[column] is None else from_micros(row[column])

    return Token(
        id=row["id"],
        source=SourceId(row["source"]),
        prefix=row["prefix"],
        created_at=from_micros(row["created_at"]),
        expires_at=time("expires_at"),
        revoked_at=time("revoked_at"),
        last_used_at=time("last_used_at"),
    )
