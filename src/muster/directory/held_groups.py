"""The groups people hold: those they are in, and those that these are in, however deep (RFC 7643 §4.1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muster.db import Row, Statement, Transaction, encode
from muster.model import GroupId, PersonId, Tenant

_DIRECT: Final = """
    SELECT m.person AS person, g.id AS id, g.name AS name, 1 AS direct, EXISTS (
        SELECT 1 FROM nestings n WHERE n.tenant = m.tenant AND n.member = m.group_id
    ) AS inside
    FROM memberships m JOIN groups g ON g.tenant = m.tenant AND g.id = m.group_id
    WHERE m.tenant = :tenant AND {people}
    ORDER BY m.person, m.group_id
"""
_ALL: Final = """
    WITH RECURSIVE held(person, group_id, direct) AS (
        SELECT m.person, m.group_id, 1 FROM memberships m WHERE m.tenant = :tenant AND {people}
        UNION
        SELECT h.person, n.group_id, 0
        FROM held h JOIN nestings n ON n.tenant = :tenant AND n.member = h.group_id
    )
    SELECT h.person AS person, g.id AS id, g.name AS name, MAX(h.direct) AS direct
    FROM held h JOIN groups g ON g.tenant = :tenant AND g.id = h.group_id
    GROUP BY h.person, g.id, g.name
    ORDER BY h.person, g.id
"""
_ONE: Final = "m.person = :people"
_THESE: Final = "m.person IN (SELECT value FROM json_each(:people))"
_THESE_POSTGRESQL: Final = "m.person IN (SELECT jsonb_array_elements_text(CAST(:people AS jsonb)))"


def _of_these(text: str) -> Statement:
    return Statement(text.format(people=_THESE), postgresql=text.format(people=_THESE_POSTGRESQL))


# Few groups are inside others; only where one is, the way up is followed.
_DIRECT_OF_ONE: Final = Statement(_DIRECT.format(people=_ONE))
_ALL_OF_ONE: Final = Statement(_ALL.format(people=_ONE))
_DIRECT_OF_THESE: Final = _of_these(_DIRECT)
_ALL_OF_THESE: Final = _of_these(_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One group that a person holds; ``direct`` where they are a member themselves."""

    id: GroupId
    name: str
    direct: bool


async def of_person(tx: Transaction, tenant: Tenant, person: PersonId) -> tuple[Held, ...]:
    """The groups one person holds, in the order of their ids."""
    rows = await tx.all(_DIRECT_OF_ONE, tenant=tenant, people=person)
    if any(row["inside"] for row in rows):
        rows = await tx.all(_ALL_OF_ONE, tenant=tenant, people=person)
    return tuple(map(_held, rows))


async def of_people(
    tx: Transaction, tenant: Tenant, people: Sequence[PersonId]
) -> dict[PersonId, tuple[Held, ...]]:
    """The groups each of these people holds; people without any are left out."""
    match people:
        case []:
            return {}
        case [person]:
            return {person: await of_person(tx, tenant, person)}
        case _:
            asked = encode(list(people))
            rows = await tx.all(_DIRECT_OF_THESE, tenant=tenant, people=asked)
            if any(row["inside"] for row in rows):
                rows = await tx.all(_ALL_OF_THESE, tenant=tenant, people=asked)
            found: dict[PersonId, list[Held]] = {}
            for row in rows:
                found.setdefault(PersonId(row["person"]), []).append(_held(row))
            return {person: tuple(held) for person, held in found.items()}


def _held(row: Row) -> Held:
    return Held(id=GroupId(row["id"]), name=row["name"], direct=row["direct"] == 1)
