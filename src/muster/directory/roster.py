"""What one source has, as it is shown it: people and groups with their times, without whom it deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from muster.db import Row, Statement, Transaction, decode, from_micros
from muster.model import Group, Identity, PersonId, Source, SourceId, Stage, Tenant
from muster.model.text import normalised

Listed = TypeVar("Listed")

_PEOPLE: Final = "SELECT * FROM people WHERE tenant = :tenant AND source = :source AND deleted_at IS NULL"
_PERSON: Final = Statement(_PEOPLE + " AND id = :id")
_NAMED: Final = Statement(_PEOPLE + " AND user_key = :user_key")
_CALLED: Final = Statement(_PEOPLE + " AND external_id = :external_id")
_PEOPLE_PAGE: Final = Statement(_PEOPLE + " ORDER BY id LIMIT :most OFFSET :skip")
_COUNT_PEOPLE: Final = Statement(
    "SELECT COUNT(*) AS found FROM people WHERE tenant = :tenant AND source = :source AND deleted_at IS NULL"
)
# People come in the order of their ids, so one range of the index holds every membership of a page.
_GROUPS_BETWEEN: Final = Statement(
    """
    SELECT m.person AS person, g.id AS id, g.name AS name
    FROM memberships m JOIN groups g ON g.tenant = m.tenant AND g.id = m.group_id
    WHERE m.tenant = :tenant AND m.person >= :first AND m.person <= :last AND g.source = :source
    ORDER BY m.person, g.id
    """
)

_GROUPS: Final = "SELECT * FROM groups WHERE tenant = :tenant AND source = :source"
_GROUP: Final = Statement(_GROUPS + " AND id = :id")
_GROUP_NAMED: Final = Statement(_GROUPS + " AND name_key = :name_key")
_GROUP_CALLED: Final = Statement(_GROUPS + " AND external_id = :external_id ORDER BY id")
_GROUPS_PAGE: Final = Statement(_GROUPS + " ORDER BY id LIMIT :most OFFSET :skip")
_COUNT_GROUPS: Final = Statement(
    "SELECT COUNT(*) AS found FROM groups WHERE tenant = :tenant AND source = :source"
)
_MEMBERS_BETWEEN: Final = Statement(
    """
    SELECT m.group_id AS group_id, m.person AS person
    FROM memberships m JOIN people p ON p.tenant = m.tenant AND p.id = m.person
    WHERE m.tenant = :tenant AND m.group_id >= :first AND m.group_id <= :last
      AND p.source = :source AND p.deleted_at IS NULL
    ORDER BY m.group_id, m.person
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person their source still has; ``groups`` are id and name of those of the same source, by id."""

    person: Identity
    groups: tuple[tuple[str, str], ...]
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGroup:
    """A group with the members its source still has; ``attributes`` is the SCIM resource as stored."""

    group: Group
    attributes: dict[str, Any]
    created_at: datetime
    changed_at: datetime


async def person(tx: Transaction, source: Source, id: PersonId) -> ListedPerson | None:
    """The source's person of this id."""
    return _first(await _with_groups(tx, source, await _rows(tx, _PERSON, source, id=id)))


async def named_people(tx: Transaction, source: Source, user_name: str) -> list[ListedPerson]:
    """The source's person of this userName, as names are compared: one or none."""
    rows = await _rows(tx, _NAMED, source, user_key=normalised(user_name))
    return await _with_groups(tx, source, rows)


async def called_people(tx: Transaction, source: Source, external_id: str) -> list[ListedPerson]:
    """The source's person of this externalId: one or none."""
    return await _with_groups(tx, source, await _rows(tx, _CALLED, source, external_id=external_id))


async def people_page(tx: Transaction, source: Source, *, skip: int, most: int) -> list[ListedPerson]:
    """A slice of the source's people in the order of their ids."""
    return await _with_groups(tx, source, await _rows(tx, _PEOPLE_PAGE, source, skip=skip, most=most))


async def count_people(tx: Transaction, source: Source) -> int:
    """How many people the source has."""
    return await _count(tx, _COUNT_PEOPLE, source)


async def group(tx: Transaction, source: Source, id: str) -> ListedGroup | None:
    """The source's group of this id."""
    return _first(await _with_members(tx, source, await _rows(tx, _GROUP, source, id=id)))


async def named_groups(tx: Transaction, source: Source, name: str) -> list[ListedGroup]:
    """The source's group of this displayName, as names are compared: one or none."""
    return await _with_members(tx, source, await _rows(tx, _GROUP_NAMED, source, name_key=normalised(name)))


async def called_groups(tx: Transaction, source: Source, external_id: str) -> list[ListedGroup]:
    """The source's groups of this externalId."""
    rows = await _rows(tx, _GROUP_CALLED, source, external_id=external_id)
    return await _with_members(tx, source, rows)


async def groups_page(tx: Transaction, source: Source, *, skip: int, most: int) -> list[ListedGroup]:
    """A slice of the source's groups in the order of their ids."""
    return await _with_members(tx, source, await _rows(tx, _GROUPS_PAGE, source, skip=skip, most=most))


async def count_groups(tx: Transaction, source: Source) -> int:
    """How many groups the source has."""
    return await _count(tx, _COUNT_GROUPS, source)


async def _rows(tx: Transaction, statement: Statement, source: Source, **parameters: Any) -> list[Row]:  # noqa: ANN401
    return await tx.all(statement, tenant=source.tenant, source=source.id, **parameters)


async def _count(tx: Transaction, statement: Statement, source: Source) -> int:
    row = await tx.one(statement, tenant=source.tenant, source=source.id)
    return 0 if row is None else int(row["found"])


async def _with_groups(tx: Transaction, source: Source, rows: Sequence[Row]) -> list[ListedPerson]:
    held: dict[str, list[tuple[str, str]]] = {}
    if rows:
        ends = {"first": rows[0]["id"], "last": rows[-1]["id"]}
        for row in await _rows(tx, _GROUPS_BETWEEN, source, **ends):
            held.setdefault(row["person"], []).append((row["id"], row["name"]))
    return [_person(row, tuple(held.get(row["id"], ()))) for row in rows]


async def _with_members(tx: Transaction, source: Source, rows: Sequence[Row]) -> list[ListedGroup]:
    members: dict[str, list[PersonId]] = {}
    if rows:
        ends = {"first": rows[0]["id"], "last": rows[-1]["id"]}
        for row in await _rows(tx, _MEMBERS_BETWEEN, source, **ends):
            members.setdefault(row["group_id"], []).append(PersonId(row["person"]))
    return [_group(row, frozenset(members.get(row["id"], ()))) for row in rows]


def _first(found: list[Listed]) -> Listed | None:
    return found[0] if found else None


def _person(row: Row, groups: tuple[tuple[str, str], ...]) -> ListedPerson:
    person = Identity(
        tenant=Tenant(row["tenant"]),
        id=PersonId(row["id"]),
        source=SourceId(row["source"]),
        user_name=row["user_name"],
        stage=Stage(row["stage"]),
        version=row["version"],
        external_id=row["external_id"],
        attributes=decode(row["resource"]),
        groups=frozenset(name for _, name in groups),
    )
    return ListedPerson(
        person=person,
        groups=groups,
        created_at=from_micros(row["created_at"]),
        changed_at=from_micros(row["changed_at"]),
    )


def _group(row: Row, members: frozenset[PersonId]) -> ListedGroup:
    group = Group(
        tenant=Tenant(row["tenant"]),
        id=row["id"],
        source=SourceId(row["source"]),
        name=row["name"],
        version=row["version"],
        external_id=row["external_id"],
        members=members,
    )
    return ListedGroup(
        group=group,
        attributes=decode(row["resource"]),
        created_at=from_micros(row["created_at"]),
        changed_at=from_micros(row["changed_at"]),
    )
