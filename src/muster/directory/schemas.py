"""Schemas of the operator's own as stored, and who holds values of one.

A process keeps compiled what is stored here; the version of a tenant moves with every change, so that asking
for one number tells whether what it keeps is still so.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.db import Row, Statement, Transaction, decode, encode, micros
from muster.model import SourceId, Tenant
from muster.scim import GROUP, USER, CustomSchema, Resource, custom_document, custom_schema

_PAGE: Final = 1_000
_VERSION: Final = Statement("SELECT version FROM schema_versions WHERE tenant = :tenant")
_MOVE_ON: Final = Statement(
    "INSERT INTO schema_versions (tenant, version) VALUES (:tenant, 1)"
    " ON CONFLICT (tenant) DO UPDATE SET version = schema_versions.version + 1"
)
_ALL: Final = Statement("SELECT document FROM schemas WHERE tenant = :tenant ORDER BY created_at, urn_key")
_PUT: Final = Statement(
    "INSERT INTO schemas (tenant, urn_key, document, created_at, changed_at)"
    " VALUES (:tenant, :urn_key, :document, :at, :at)"
    " ON CONFLICT (tenant, urn_key)"
    " DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at"
)
_REMOVE: Final = Statement("DELETE FROM schemas WHERE tenant = :tenant AND urn_key = :urn_key")
_HOLD_STILL: Final = Statement("SELECT 1", postgresql="LOCK TABLE people, groups IN SHARE ROW EXCLUSIVE MODE")
# LIKE ignores letter case on SQLite. It finds the URN anywhere; whose key it is, is seen afterwards.
_PEOPLE: Final = (
    "SELECT id, source, resource FROM people WHERE tenant = :tenant AND deleted_at IS NULL AND id > :after"
    " AND {resource} :holding ORDER BY id LIMIT :most"
)
_GROUPS: Final = (
    "SELECT id, source, resource FROM groups WHERE tenant = :tenant AND id > :after"
    " AND {resource} :holding ORDER BY id LIMIT :most"
)
_HOLDERS: Final = {
    kind: Statement(
        text.format(resource="resource LIKE"), postgresql=text.format(resource="CAST(resource AS TEXT) ILIKE")
    )
    for kind, text in ((USER.name, _PEOPLE), (GROUP.name, _GROUPS))
}
_COUNT: Final = {
    USER.name: Statement(
        "SELECT COUNT(*) AS found FROM people WHERE tenant = :tenant AND deleted_at IS NULL"
    ),
    GROUP.name: Statement("SELECT COUNT(*) AS found FROM groups WHERE tenant = :tenant"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A person or group that holds something of an extension; ``key`` is the URN as it is spelled there."""

    id: str
    source: SourceId
    key: str
    resource: Resource


async def version(tx: Transaction, tenant: Tenant) -> int:
    """How often the tenant's schemas changed."""
    row = await tx.one(_VERSION, tenant=tenant)
    return 0 if row is None else int(row["version"])


async def all_schemas(tx: Transaction, tenant: Tenant) -> list[CustomSchema]:
    """Every schema of the operator's own, the oldest first."""
    return [custom_schema(decode(row["document"])) for row in await tx.all(_ALL, tenant=tenant)]


async def hold_still(tx: Transaction) -> None:
    """Nobody else changes people, groups or schemas before the transaction ends.

    On SQLite a transaction that writes is alone anyway.
    """
    await tx.run(_HOLD_STILL)


async def put(tx: Transaction, tenant: Tenant, custom: CustomSchema, *, at: datetime) -> None:
    """The schema stands so, in the next version."""
    await tx.run(
        _PUT,
        tenant=tenant,
        urn_key=custom.schema.urn.lower(),
        document=encode(custom_document(custom)),
        at=micros(at),
    )
    await tx.run(_MOVE_ON, tenant=tenant)
    tx.announce()


async def remove(tx: Transaction, tenant: Tenant, urn: str) -> None:
    """There is no such schema, in the next version."""
    await tx.run(_REMOVE, tenant=tenant, urn_key=urn.lower())
    await tx.run(_MOVE_ON, tenant=tenant)
    tx.announce()


async def holders(tx: Transaction, tenant: Tenant, kind: str, urn: str) -> AsyncIterator[Holder]:
    """Every person (``User``) or group (``Group``) with an extension of this URN, by id.

    Those their source deleted are left out: they come back with what it says then.
    """
    after = ""
    while rows := await tx.all(_HOLDERS[kind], tenant=tenant, after=after, holding=f'%"{urn}"%', most=_PAGE):
        for row in rows:
            for holder in _holding(row, urn.lower()):
                yield holder
        after = rows[-1]["id"]


async def count(tx: Transaction, tenant: Tenant, kind: str) -> int:
    """How many people or groups there are, without those their source deleted."""
    row = await tx.one(_COUNT[kind], tenant=tenant)
    return 0 if row is None else int(row["found"])


def _holding(row: Row, urn_key: str) -> list[Holder]:
    resource: Resource = decode(row["resource"])
    return [
        Holder(id=row["id"], source=SourceId(row["source"]), key=key, resource=resource)
        for key in resource
        if key.lower() == urn_key
    ]
