"""What one source has, as it is shown it: people and groups with their times, without whom it deleted.

Lists have a total order: the column asked for, then the id. Every such column has an index, so a page costs
the same wherever it begins, if it is found by the position of the one before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from muster.db import Row, Statement, Transaction, encode
from muster.directory import held_groups
from muster.directory.conditions import ALL, Condition
from muster.directory.groups import as_group
from muster.directory.held_groups import Held
from muster.model import Group, GroupId, PersonId, Source, Stage
from muster.model.text import normalised

Order = Literal["id", "userName", "meta.lastModified"]
"""The attributes by which lists can be ordered here; ``userName`` for people only."""

_ORDER_COLUMNS: Final[Mapping[Order, str]] = {
    "id": "p.id",
    "userName": "p.user_key",
    "meta.lastModified": "p.changed_at",
}

_ACTIVE: Final = Stage.ACTIVE.value
_PEOPLE: Final = "FROM people p WHERE p.tenant = :tenant AND p.source = :source AND p.deleted_at IS NULL"
_GROUPS: Final = "FROM groups p WHERE p.tenant = :tenant AND p.source = :source"
_PERSON_COLUMNS: Final = ", ".join(
    f"p.{name}"
    for name in (
        *("id", "external_id", "stage", "active_unassigned", "resource", "schemas", "version"),
        *("created_at", "changed_at", "user_key"),
    )
)
_PERSON: Final = Statement(f"SELECT {_PERSON_COLUMNS} {_PEOPLE} AND p.id = :id")
_NAMED: Final = Statement(f"SELECT {_PERSON_COLUMNS} {_PEOPLE} AND p.user_key = :user_key")
_GROUP: Final = Statement(f"SELECT p.* {_GROUPS} AND p.id = :id")
_MEMBERS: Final = """
    SELECT group_id, person AS id, 0 AS nested FROM memberships WHERE tenant = :tenant AND group_id IN {ids}
    UNION ALL
    SELECT group_id, member AS id, 1 AS nested FROM nestings WHERE tenant = :tenant AND group_id IN {ids}
    ORDER BY group_id, nested, id
"""
_MEMBERS_OF: Final = Statement(
    _MEMBERS.format(ids="(SELECT value FROM json_each(:ids))"),
    postgresql=_MEMBERS.format(ids="(SELECT jsonb_array_elements_text(CAST(:ids AS jsonb)))"),
)
_MEMBERS_COUNTED: Final = Statement(
    """
    SELECT COUNT(*) AS found FROM (
        SELECT 1 FROM memberships WHERE tenant = :tenant AND group_id = :id
        UNION ALL
        SELECT 1 FROM nestings WHERE tenant = :tenant AND group_id = :id
        LIMIT :most
    ) AS counted
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person their source still has; ``resource`` and ``schemas`` are JSON, times columns, as stored.

    ``active`` is ``None`` where the source took it away; the resource then holds it as null.
    """

    id: PersonId
    external_id: str | None
    active: bool | None
    resource: str
    schemas: str
    version: int
    created_at: int
    changed_at: int
    user_key: str
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGroup:
    """A group its source has; ``people`` and ``groups`` are its direct members, if they were asked for."""

    group: Group
    created_at: int
    changed_at: int
    people: tuple[PersonId, ...] = ()
    groups: tuple[GroupId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which part of an ordered list is wanted.

    Args:
        order: by what; then by id.
        descending: from the end of that order (the ids still ascend).
        after: the order's value and the id of the last one before the slice; none from the beginning.
        skip: how many more are passed over.
        most: how many are given at most.
    """

    order: Order = "id"
    descending: bool = False
    after: tuple[str | int, str] | None = None
    skip: int = 0
    most: int


async def person(tx: Transaction, source: Source, id: PersonId) -> ListedPerson | None:
    """The source's person of this id."""
    row = await tx.one(_PERSON, tenant=source.tenant, source=source.id, id=id)
    if row is None:
        return None
    return _listed_person(row, await held_groups.of_person(tx, source.tenant, id))


async def named(tx: Transaction, source: Source, user_name: str) -> ListedPerson | None:
    """The source's person of this userName, as names are compared."""
    row = await tx.one(_NAMED, tenant=source.tenant, source=source.id, user_key=normalised(user_name))
    if row is None:
        return None
    return _listed_person(row, await held_groups.of_person(tx, source.tenant, row["id"]))


async def people(
    tx: Transaction, source: Source, slice_: Slice, condition: Condition = ALL
) -> list[ListedPerson]:
    """A slice of the source's people who satisfy the condition."""
    statement = _slice_statement(f"SELECT {_PERSON_COLUMNS} {_PEOPLE}", condition.sql, *_shape(slice_))
    rows = await tx.all(statement, **_values(source, slice_, condition))
    held = await held_groups.of_people(tx, source.tenant, [row["id"] for row in rows])
    return [_listed_person(row, held.get(row["id"], ())) for row in rows]


async def count_people(tx: Transaction, source: Source, condition: Condition = ALL) -> int:
    """How many people of the source satisfy the condition."""
    return await _count(tx, _PEOPLE, source, condition)


async def group(tx: Transaction, source: Source, id: GroupId, *, members: bool) -> ListedGroup | None:
    """The source's group of this id, with its members if they are wanted."""
    rows = await tx.all(_GROUP, tenant=source.tenant, source=source.id, id=id)
    found = await _listed_groups(tx, source, rows, members=members)
    return found[0] if found else None


async def groups(
    tx: Transaction, source: Source, slice_: Slice, condition: Condition = ALL, *, members: bool
) -> list[ListedGroup]:
    """A slice of the source's groups that satisfy the condition, with their members if they are wanted."""
    statement = _slice_statement(f"SELECT p.* {_GROUPS}", condition.sql, *_shape(slice_))
    rows = await tx.all(statement, **_values(source, slice_, condition))
    return await _listed_groups(tx, source, rows, members=members)


async def count_groups(tx: Transaction, source: Source, condition: Condition = ALL) -> int:
    """How many groups of the source satisfy the condition."""
    return await _count(tx, _GROUPS, source, condition)


async def count_members(tx: Transaction, source: Source, id: GroupId, *, most: int) -> int:
    """How many direct members the group has, counted up to a limit."""
    row = await tx.one(_MEMBERS_COUNTED, tenant=source.tenant, id=id, most=most)
    return 0 if row is None else int(row["found"])


def _shape(slice_: Slice) -> tuple[Order, bool, bool]:
    return slice_.order, slice_.descending, slice_.after is not None


@lru_cache(maxsize=512)
def _slice_statement(select: str, condition: str, order: Order, descending: bool, after: bool) -> Statement:
    """The statement of all slices of this shape."""
    column = _ORDER_COLUMNS[order]
    sign, way = ("<", "DESC") if descending else (">", "ASC")
    text = f"{select} AND ({condition})"
    if order == "id":
        text += f" AND p.id {sign} :after_id" if after else ""
        text += f" ORDER BY p.id {way}"
    else:
        same = f"({column} = :after_value AND p.id > :after_id)"
        text += f" AND ({column} {sign} :after_value OR {same})" if after else ""
        text += f" ORDER BY {column} {way}, p.id"
    return _in_both(f"{text} LIMIT :most OFFSET :skip")


@lru_cache(maxsize=512)
def _count_statement(source: str, condition: str) -> Statement:
    return _in_both(f"SELECT COUNT(*) AS found {source} AND ({condition})")


def _in_both(text: str) -> Statement:
    return Statement(text, postgresql=text.replace("instr(", "strpos("))


def _values(source: Source, slice_: Slice, condition: Condition) -> dict[str, Any]:
    values: dict[str, Any] = {
        "tenant": source.tenant,
        "source": source.id,
        "most": slice_.most,
        "skip": slice_.skip,
        **condition.parameters,
    }
    if slice_.after is not None:
        values["after_id"] = slice_.after[1]
        if slice_.order != "id":
            values["after_value"] = slice_.after[0]
    return values


async def _count(tx: Transaction, of: str, source: Source, condition: Condition) -> int:
    statement = _count_statement(of, condition.sql)
    row = await tx.one(statement, tenant=source.tenant, source=source.id, **condition.parameters)
    return 0 if row is None else int(row["found"])


def _listed_person(row: Row, held: tuple[Held, ...]) -> ListedPerson:
    return ListedPerson(
        id=PersonId(row["id"]),
        external_id=row["external_id"],
        active=None if row["active_unassigned"] else row["stage"] == _ACTIVE,
        resource=row["resource"],
        schemas=row["schemas"],
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        user_key=row["user_key"],
        held=held,
    )


async def _listed_groups(
    tx: Transaction, source: Source, rows: Sequence[Row], *, members: bool
) -> list[ListedGroup]:
    people: dict[str, list[PersonId]] = {}
    nested: dict[str, list[GroupId]] = {}
    if members and rows:
        ids = encode([row["id"] for row in rows])
        for row in await tx.all(_MEMBERS_OF, tenant=source.tenant, ids=ids):
            if row["nested"]:
                nested.setdefault(row["group_id"], []).append(GroupId(row["id"]))
            else:
                people.setdefault(row["group_id"], []).append(PersonId(row["id"]))
    return [
        ListedGroup(
            group=as_group(row),
            created_at=row["created_at"],
            changed_at=row["changed_at"],
            people=tuple(people.get(row["id"], ())),
            groups=tuple(nested.get(row["id"], ())),
        )
        for row in rows
    ]
