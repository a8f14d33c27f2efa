"""Sources: the places that know people."""

from datetime import datetime
from typing import Final

from muster.db import Row, Statement, Transaction, decode, encode, micros
from muster.model import Source, SourceId, Tenant

_INSERT: Final = Statement(
    "INSERT INTO sources (tenant, id, name, type, dialect, created_at)"
    " VALUES (:tenant, :id, :name, :type, :dialect, :at)"
)
_SET_DIALECT: Final = Statement("UPDATE sources SET dialect = :dialect WHERE tenant = :tenant AND id = :id")
_BY_NAME: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant AND name = :name")
_BY_ID: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant AND id = :id")
_ALL: Final = Statement("SELECT * FROM sources WHERE tenant = :tenant ORDER BY name")


async def insert(tx: Transaction, source: Source, *, at: datetime) -> None:
    """The source is there.

    Raises:
        Duplicate: there is one of this name.
    """
    await tx.run(
        _INSERT,
        tenant=source.tenant,
        id=source.id,
        name=source.name,
        type=source.type,
        dialect=_encoded(source),
        at=micros(at),
    )


async def set_dialect(tx: Transaction, source: Source) -> None:
    """The source has the dialect it is given with."""
    await tx.run(_SET_DIALECT, tenant=source.tenant, id=source.id, dialect=_encoded(source))


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


def _encoded(source: Source) -> str | None:
    return encode(dict(source.dialect)) if source.dialect else None


def _source(row: Row) -> Source:
    return Source(
        tenant=Tenant(row["tenant"]),
        id=SourceId(row["id"]),
        name=row["name"],
        type=row["type"],
        dialect=decode(row["dialect"]) or {},
    )
