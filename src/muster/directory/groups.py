"""Groups, and who is in them: one row per membership, so that changing one never touches the others."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from muster.db import Row, Statement, Transaction, decode, encode, micros
from muster.model import Group, GroupId, Members, PersonId, SourceId, Tenant
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
_DELETE_NESTED: Final = Statement("DELETE FROM nestings WHERE tenant = :tenant AND group_id = :group_id")
_BY_ID: Final = "SELECT * FROM groups WHERE tenant = :tenant AND id = :id"
_GROUP: Final = Statement(_BY_ID)
_GROUP_LOCKED: Final = Statement(_BY_ID, postgresql=_BY_ID + " FOR UPDATE")
_BY_NAME: Final = Statement(
    "SELECT * FROM groups WHERE tenant = :tenant AND name_key = :name_key AND (CAST(:source AS TEXT) IS "
    "NULL OR source = :source) ORDER BY id"
)
_ADD: Final = Statement(
    "INSERT INTO memberships (tenant, group_id, person, since) VALUES (:tenant, :group_id, :person, :at)"
    " ON CONFLICT (tenant, group_id, person) DO NOTHING"
)
_REMOVE: Final = Statement(
    "DELETE FROM memberships WHERE tenant = :tenant AND group_id = :group_id AND person = :person"
)
_NEST: Final = Statement(
    "INSERT INTO nestings (tenant, group_id, member, since) VALUES (:tenant, :group_id, :member, :at)"
    " ON CONFLICT (tenant, group_id, member) DO NOTHING"
)
_TAKE_OUT: Final = Statement(
    "DELETE FROM nestings WHERE tenant = :tenant AND group_id = :group_id AND member = :member"
)
_IDS: Final = "(SELECT value FROM json_each(:ids))"
_IDS_POSTGRESQL: Final = "(SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))"
_PEOPLE: Final = (
    "SELECT person FROM memberships WHERE tenant = :tenant AND group_id = :group_id ORDER BY person"
)
_GROUPS: Final = "SELECT member FROM nestings WHERE tenant = :tenant AND group_id = :group_id ORDER BY member"
_MEMBERS: Final = Statement(_PEOPLE)
_NESTED: Final = Statement(_GROUPS)


def _among(text: str, column: str) -> Statement:
    """The statement, asked of certain ids only."""
    return Statement(
        text.replace(" ORDER BY", f" AND {column} IN {_IDS} ORDER BY"),
        postgresql=text.replace(" ORDER BY", f" AND {column} IN {_IDS_POSTGRESQL} ORDER BY"),
    )


_MEMBERS_AMONG: Final = _among(_PEOPLE, "person")
_NESTED_AMONG: Final = _among(_GROUPS, "member")
_KNOWN_PEOPLE: Final = _among(
    "SELECT id FROM people WHERE tenant = :tenant AND source = :source AND deleted_at IS NULL ORDER BY id",
    "id",
)
_KNOWN_GROUPS: Final = _among(
    "SELECT id FROM groups WHERE tenant = :tenant AND source = :source ORDER BY id", "id"
)
_PARENTS: Final = Statement(
    "SELECT group_id FROM nestings WHERE tenant = :tenant AND member = :id ORDER BY group_id"
)
_OF_PERSON: Final = Statement(
    "SELECT group_id FROM memberships WHERE tenant = :tenant AND person = :person ORDER BY group_id"
)
_INSIDE: Final = """
    WITH RECURSIVE inside(id) AS (
        SELECT value FROM json_each(:ids)
        UNION
        SELECT n.member FROM inside i JOIN nestings n ON n.tenant = :tenant AND n.group_id = i.id
    )
    """
_INSIDE_POSTGRESQL: Final = _INSIDE.replace(
    "SELECT value FROM json_each(:ids)", "SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))"
)
_GROUPS_INSIDE: Final = Statement(
    _INSIDE + "SELECT id FROM inside", postgresql=_INSIDE_POSTGRESQL + "SELECT id FROM inside"
)
_SELECT_INSIDE: Final = """
    SELECT DISTINCT m.person AS person FROM memberships m JOIN inside i ON m.group_id = i.id
    WHERE m.tenant = :tenant
    """
_PEOPLE_INSIDE: Final = Statement(_INSIDE + _SELECT_INSIDE, postgresql=_INSIDE_POSTGRESQL + _SELECT_INSIDE)


async def insert(tx: Transaction, group: Group, *, at: datetime) -> None:
    """The group is there, without members yet.

    Raises:
        Duplicate: the source has another group of this name.
    """
    await tx.run(_INSERT, **_columns(group, at), source=group.source)


async def update(tx: Transaction, group: Group, *, at: datetime) -> bool:
    """The group is as given, one version on.

    False when somebody else changed it since. Members are changed on their own.
    """
    return await tx.run(_UPDATE, **_columns(group, at)) == 1


async def delete(tx: Transaction, tenant: Tenant, id: GroupId) -> None:
    """The group is no more, and nobody is in it; take it out of other groups before."""
    await tx.run(_DELETE_MEMBERS, tenant=tenant, group_id=id)
    await tx.run(_DELETE_NESTED, tenant=tenant, group_id=id)
    await tx.run(_DELETE, tenant=tenant, id=id)


async def group(tx: Transaction, tenant: Tenant, id: GroupId, *, lock: bool = False) -> Group | None:
    """The group; ``lock`` keeps others from changing it until the transaction ends."""
    row = await tx.one(_GROUP_LOCKED if lock else _GROUP, tenant=tenant, id=id)
    return None if row is None else as_group(row)


async def by_name(tx: Transaction, tenant: Tenant, name: str, source: SourceId | None = None) -> list[Group]:
    """Every group of this name (as names are compared), of one source or of all."""
    rows = await tx.all(_BY_NAME, tenant=tenant, name_key=normalised(name), source=source)
    return [as_group(row) for row in rows]


async def members(
    tx: Transaction, tenant: Tenant, id: GroupId, *, among: Collection[str] | None = None
) -> Members:
    """Who is directly in the group; of those with the ids ``among``, where they are given."""
    asked: dict[str, Any] = {"tenant": tenant, "group_id": id}
    if among is not None:
        asked["ids"] = encode(sorted(among))
    people = await tx.all(_MEMBERS if among is None else _MEMBERS_AMONG, **asked)
    nested = await tx.all(_NESTED if among is None else _NESTED_AMONG, **asked)
    return Members(
        people=frozenset(PersonId(row["person"]) for row in people),
        groups=frozenset(GroupId(row["member"]) for row in nested),
    )


async def known(tx: Transaction, tenant: Tenant, source: SourceId, ids: Collection[str]) -> Members:
    """What the source has of these ids, told apart: people it did not delete, and groups."""
    asked = {"tenant": tenant, "source": source, "ids": encode(sorted(ids))}
    people = frozenset(PersonId(row["id"]) for row in await tx.all(_KNOWN_PEOPLE, **asked))
    if len(people) == len(ids):
        return Members(people=people)
    groups = frozenset(GroupId(row["id"]) for row in await tx.all(_KNOWN_GROUPS, **asked))
    return Members(people=people, groups=groups)


async def change_members(
    tx: Transaction, tenant: Tenant, id: GroupId, *, add: Members, remove: Members, at: datetime
) -> None:
    """The first are members and the others are not, whatever they were before."""
    place = {"tenant": tenant, "group_id": id}
    since = {**place, "at": micros(at)}
    await tx.run_many(_REMOVE, [{**place, "person": person} for person in sorted(remove.people)])
    await tx.run_many(_TAKE_OUT, [{**place, "member": member} for member in sorted(remove.groups)])
    await tx.run_many(_ADD, [{**since, "person": person} for person in sorted(add.people)])
    await tx.run_many(_NEST, [{**since, "member": member} for member in sorted(add.groups)])


async def inside(tx: Transaction, tenant: Tenant, ids: Iterable[GroupId]) -> frozenset[GroupId]:
    """These groups and every group in them, however deep."""
    rows = await tx.all(_GROUPS_INSIDE, tenant=tenant, ids=encode(sorted(ids)))
    return frozenset(GroupId(row["id"]) for row in rows)


async def people_inside(tx: Transaction, tenant: Tenant, ids: Iterable[GroupId]) -> frozenset[PersonId]:
    """Everybody in these groups, however deep."""
    rows = await tx.all(_PEOPLE_INSIDE, tenant=tenant, ids=encode(sorted(ids)))
    return frozenset(PersonId(row["person"]) for row in rows)


async def parents(tx: Transaction, tenant: Tenant, id: GroupId) -> list[GroupId]:
    """The groups that this group is directly in."""
    return [GroupId(row["group_id"]) for row in await tx.all(_PARENTS, tenant=tenant, id=id)]


async def of_person(tx: Transaction, tenant: Tenant, person: PersonId) -> list[GroupId]:
    """The groups that a person is directly in."""
    return [GroupId(row["group_id"]) for row in await tx.all(_OF_PERSON, tenant=tenant, person=person)]


def as_group(row: Row) -> Group:
    """The group of a row of the table."""
    return Group(
        tenant=Tenant(row["tenant"]),
        id=GroupId(row["id"]),
        source=SourceId(row["source"]),
        name=row["name"],
        version=row["version"],
        external_id=row["external_id"],
        attributes=decode(row["resource"]),
    )


def _columns(group: Group, at: datetime) -> dict[str, Any]:
    return {
        "tenant": group.tenant,
        "id": group.id,
        "external_id": group.external_id,
        "name": group.name,
        "name_key": normalised(group.name),
        "resource": encode(dict(group.attributes)),
        "version": group.version,
        "at": micros(at),
    }
