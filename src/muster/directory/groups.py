"""Groups, and who is in them: one row per membership, so that changing one never touches the others."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from muster.db import Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.model import Group, PersonId, SourceId, Tenant
from muster.model.text import normalised

_INSERT: Final = Statement(
    """
    INSERT INTO groups (tenant, id, source, external_id, name, name_key, resource, version, created_at,
        changed_at)
    VALUES (:tenant, :id, :source, :external_id, :name, :name_key, :resource, :version, :at, :at)
    """
)
_UPDATE: Final = Statement(
    """
    UPDATE groups SET external_id = :external_id, name = :name, name_key = :name_key, resource = :resource,
        version = :version, changed_at = :at
    WHERE tenant = :tenant AND id = :id AND version = :version - 1
    """
)
_DELETE: Final = Statement("DELETE FROM groups WHERE tenant = :tenant AND id = :id")
_DELETE_MEMBERS: Final = Statement("DELETE FROM memberships WHERE tenant = :tenant AND group_id = :group_id")
_BY_ID: Final = "SELECT * FROM groups WHERE tenant = :tenant AND id = :id"
_GROUP: Final = Statement(_BY_ID)
_GROUP_LOCKED: Final = Statement(_BY_ID, postgresql=_BY_ID + " FOR UPDATE")
_BY_NAME: Final = Statement(
    "SELECT * FROM groups WHERE tenant = :tenant AND name_key = :name_key AND (CAST(:source AS TEXT) IS "
    "NULL OR source = :source) ORDER BY id"
)
_PAGE: Final = Statement(
    "SELECT * FROM groups WHERE tenant = :tenant AND source = :source ORDER BY id LIMIT :most OFFSET :skip"
)
_COUNT: Final = Statement("SELECT COUNT(*) AS groups FROM groups WHERE tenant = :tenant AND source = :source")
_ADD: Final = Statement(
    "INSERT INTO memberships (tenant, group_id, person, since) VALUES (:tenant, :group_id, :person, :at)"
    " ON CONFLICT (tenant, group_id, person) DO NOTHING"
)
_REMOVE: Final = Statement(
    "DELETE FROM memberships WHERE tenant = :tenant AND group_id = :group_id AND person = :person"
)
_MEMBERS: Final = Statement(
    "SELECT person FROM memberships WHERE tenant = :tenant AND group_id = :group_id ORDER BY person"
)
_OF_PERSON: Final = Statement(
    "SELECT g.id AS id, g.name AS name, g.source AS source FROM memberships m JOIN groups g ON g.tenant "
    "= m.tenant AND g.id = m.group_id"
    " WHERE m.tenant = :tenant AND m.person = :person ORDER BY g.name_key"
)


async def insert(tx: Transaction, group: Group, resource: dict[str, Any], *, at: datetime) -> None:
    """The group is there, without members yet.

    Raises:
        Duplicate: the source has another group of this name.
    """
    await tx.run(_INSERT, **_columns(group, resource, at), source=group.source)


async def update(tx: Transaction, group: Group, resource: dict[str, Any], *, at: datetime) -> bool:
    """The group is as given, one version on.

    False when somebody else changed it since. Members are changed on their own.
    """
    return await tx.run(_UPDATE, **_columns(group, resource, at)) == 1


async def delete(tx: Transaction, tenant: Tenant, id: str) -> None:
    """The group and its memberships are no more."""
    await tx.run(_DELETE_MEMBERS, tenant=tenant, group_id=id)
    await tx.run(_DELETE, tenant=tenant, id=id)


async def group(tx: Transaction, tenant: Tenant, id: str, *, lock: bool = False) -> Group | None:
    """The group with its members."""
    row = await tx.one(_GROUP_LOCKED if lock else _GROUP, tenant=tenant, id=id)
    return None if row is None else await _group(tx, row)


async def by_name(tx: Transaction, tenant: Tenant, name: str, source: SourceId | None = None) -> list[Group]:
    """Every group of this name (as names are compared), of one source or of all."""
    rows = await tx.all(_BY_NAME, tenant=tenant, name_key=normalised(name), source=source)
    return [await _group(tx, row) for row in rows]


async def page_of_source(
    tx: Transaction, tenant: Tenant, source: SourceId, *, skip: int, most: int
) -> tuple[list[Group], int]:
    """A slice of a source's groups in a fixed order, and how many there are in all."""
    rows = await tx.all(_PAGE, tenant=tenant, source=source, skip=skip, most=most)
    total = await tx.one(_COUNT, tenant=tenant, source=source)
    return [await _group(tx, row) for row in rows], 0 if total is None else int(total["groups"])


async def resource(tx: Transaction, tenant: Tenant, id: str) -> tuple[dict[str, Any], datetime, datetime]:
    """The stored SCIM resource of a group, when it was first stored and when last changed."""
    row = await tx.one(_GROUP, tenant=tenant, id=id)
    if row is None:
        raise LookupError(id)
    return decode(row["resource"]), from_micros(row["created_at"]), from_micros(row["changed_at"])


async def change_members(
    tx: Transaction,
    tenant: Tenant,
    id: str,
    *,
    add: Iterable[PersonId] = (),
    remove: Iterable[PersonId] = (),
    at: datetime,
) -> None:
    """The first are members and the others are not, whatever they were before."""
    await tx.run_many(
        _REMOVE, [{"tenant": tenant, "group_id": id, "person": person} for person in sorted(remove)]
    )
    await tx.run_many(
        _ADD,
        [{"tenant": tenant, "group_id": id, "person": person, "at": micros(at)} for person in sorted(add)],
    )


async def of_person(tx: Transaction, tenant: Tenant, person: PersonId) -> list[tuple[str, str]]:
    """Id and name of every group a person is in."""
    return [(row["id"], row["name"]) for row in await tx.all(_OF_PERSON, tenant=tenant, person=person)]


def _columns(group: Group, resource: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "tenant": group.tenant,
        "id": group.id,
        "external_id": group.external_id,
        "name": group.name,
        "name_key": normalised(group.name),
        "resource": encode(resource),
        "version": group.version,
        "at": micros(at),
    }


async def _group(tx: Transaction, row: Row) -> Group:
    members = await tx.all(_MEMBERS, tenant=row["tenant"], group_id=row["id"])
    return Group(
        tenant=Tenant(row["tenant"]),
        id=row["id"],
        source=SourceId(row["source"]),
        name=row["name"],
        version=row["version"],
        external_id=row["external_id"],
        members=frozenset(PersonId(member["person"]) for member in members),
    )
