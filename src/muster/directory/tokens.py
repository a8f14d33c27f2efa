"""The tokens that speak for sources, and what each may do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.db import Row, Statement, Transaction, decode, from_micros, micros
from muster.model import PersonId, Scope, Source, SourceId, Tenant

_INSERT: Final = Statement(
    """
    INSERT INTO tokens (tenant, id, source, hash, prefix, scopes, person, requests_per_second, created_at,
        expires_at)
    VALUES (:tenant, :id, :source, :hash, :prefix, :scopes, :person, :requests_per_second, :at, :expires_at)
    """
)
# The token of a person who left, or whom their source removed, speaks for nobody.
_BEARER: Final = Statement(
    """
    SELECT t.*, s.name AS source_name, s.type AS source_type, s.dialect AS source_dialect
    FROM tokens t
        JOIN sources s ON s.tenant = t.tenant AND s.id = t.source
        LEFT JOIN people p ON p.tenant = t.tenant AND p.id = t.person
    WHERE t.hash = :hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > :at)
        AND (t.person IS NULL OR (p.stage = 'active' AND p.deleted_at IS NULL AND p.source = t.source))
    """
)
_BY_ID: Final = Statement("SELECT * FROM tokens WHERE tenant = :tenant AND id = :id")
_OF_SOURCE: Final = Statement(
    "SELECT * FROM tokens WHERE tenant = :tenant AND source = :source ORDER BY created_at, id"
)
_USED: Final = Statement("UPDATE tokens SET last_used_at = :at WHERE tenant = :tenant AND id = :id")
_REVOKE: Final = Statement(
    "UPDATE tokens SET revoked_at = :at WHERE tenant = :tenant AND id = :id AND revoked_at IS NULL"
)
_EXPIRE: Final = Statement("UPDATE tokens SET expires_at = :at WHERE tenant = :tenant AND id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; the token itself was shown once and is kept nowhere."""

    id: str
    source: SourceId
    prefix: str
    scopes: tuple[Scope, ...]
    person: PersonId | None  # whose own token it is
    requests_per_second: int | None  # None: as many as any token may make; 0: any number
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        """Whether it speaks for its source at this time."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who speaks: a source, by one of its tokens."""

    source: Source
    token: Token


async def insert(tx: Transaction, tenant: Tenant, token: Token, *, hash: str) -> None:
    """The token whose hash this is speaks for its source from now on."""
    await tx.run(
        _INSERT,
        tenant=tenant,
        id=token.id,
        source=token.source,
        hash=hash,
        prefix=token.prefix,
        scopes=" ".join(token.scopes),
        person=token.person,
        requests_per_second=token.requests_per_second,
        at=micros(token.created_at),
        expires_at=None if token.expires_at is None else micros(token.expires_at),
    )


async def bearer(tx: Transaction, hash: str, *, at: datetime) -> Bearer | None:
    """The source a valid token speaks for; None for an unknown, expired or revoked one."""
    row = await tx.one(_BEARER, hash=hash, at=micros(at))
    if row is None:
        return None
    source = Source(
        tenant=Tenant(row["tenant"]),
        id=SourceId(row["source"]),
        name=row["source_name"],
        type=row["source_type"],
        dialect=decode(row["source_dialect"]) or {},
    )
    return Bearer(source=source, token=_token(row))


async def by_id(tx: Transaction, tenant: Tenant, id: str) -> Token | None:
    """The token of this id, valid or not."""
    row = await tx.one(_BY_ID, tenant=tenant, id=id)
    return None if row is None else _token(row)


async def of_source(tx: Transaction, source: Source) -> list[Token]:
    """Every token the source ever had, the oldest first."""
    return [_token(row) for row in await tx.all(_OF_SOURCE, tenant=source.tenant, source=source.id)]


async def note_use(tx: Transaction, tenant: Tenant, id: str, *, at: datetime) -> None:
    """The token was used at this time."""
    await tx.run(_USED, tenant=tenant, id=id, at=micros(at))


async def revoke(tx: Transaction, tenant: Tenant, id: str, *, at: datetime) -> bool:
    """The token speaks for nobody any more; false when there was no such valid token."""
    return await tx.run(_REVOKE, tenant=tenant, id=id, at=micros(at)) == 1


async def expire(tx: Transaction, tenant: Tenant, id: str, *, at: datetime) -> None:
    """The token speaks for nobody from this time on."""
    await tx.run(_EXPIRE, tenant=tenant, id=id, at=micros(at))


def _token(row: Row) -> Token:
    def time(column: str) -> datetime | None:
        return None if row[column] is None else from_micros(row[column])

    return Token(
        id=row["id"],
        source=SourceId(row["source"]),
        prefix=row["prefix"],
        scopes=tuple(Scope(name) for name in row["scopes"].split()),
        person=None if row["person"] is None else PersonId(row["person"]),
        requests_per_second=row["requests_per_second"],
        created_at=from_micros(row["created_at"]),
        expires_at=time("expires_at"),
        revoked_at=time("revoked_at"),
        last_used_at=time("last_used_at"),
    )
