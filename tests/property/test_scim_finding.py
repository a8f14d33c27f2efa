"""What the database finds is what the filter means, on both databases, in every order and by every paging."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.db import Transaction
from muster.directory import roster
from muster.directory.conditions import Condition, condition_on_groups, condition_on_people
from muster.directory.roster import Slice
from muster.directory.sources import by_name
from muster.model import Source
from muster.scim.errors import InvalidFilter
from muster.scim.filter import And, Compare, Filter, Not, Op, Or, Present, ValuePath, render
from muster.scim.matching import predicate
from muster.scim.notation import AttributeName, parse_attribute
from muster.scim.sorting import sort
from muster.service.scim_types import GROUP, USER
from scim_door import GROUP_URN, USER_URN
from scim_in_process import Room, Speaker, open_room

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONG = "x" * 399
NAMES = [
    "",
    "a",
    "A",
    "ab",
    "ß",
    "ss",
    "SS",
    "İ",
    "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "b%",
    "b_",
    "\U0010ffff",
    "a\ud7ff",
    LONG,
    LONG + "Yz",
]
VALUES = [*NAMES, "2026-11-30T09:00:00Z", "2026-11-30T09:00:01.000000Z", "E1", "e1"]
TEXTS = [
    "userName",
    "displayName",
    "name.familyName",
    "name.givenName",
    "title",
    "nickName",
    "externalId",
    "emails",
    "emails.value",
    "emails.type",
    f"{ENTERPRISE}:employeeNumber",
    f"{ENTERPRISE}:manager",
    f"{ENTERPRISE}:manager.value",
    "department",
    "groups",
    "groups.display",
]


def person(number: int) -> dict[str, Any]:
    """One of many people: every value that a filter may name is somebody's, and nobody has them all."""

    def pick(step: int) -> str | None:
        place = number * step % (len(VALUES) + 3)
        return VALUES[place] if place < len(VALUES) else None

    return {
        "schemas": [USER_URN],
        "userName": f"{number:02}" if number % 2 else f"{number:02}{pick(1) or 'Name'}",
        "externalId": None if number % 3 else f"{'e' if number % 2 else 'E'}{number}",
        "displayName": pick(5),
        "name": {"familyName": pick(7), "givenName": pick(2)},
        "title": pick(3),
        "nickName": pick(11),
        "active": bool(number % 5),
        "emails": [
            {"type": kind, "value": value}
            for kind, value in (("work", pick(2)), ("home", pick(13)))
            if value is not None and number % 4
        ],
        ENTERPRISE: {
            "department": pick(9),
            "employeeNumber": pick(4),
            **({"manager": {"value": pick(8)}} if pick(8) else {"manager": {"$ref": "https://a.example/1"}}),
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One source with people and groups, as its endpoint shows them."""

    room: Room
    hr: Speaker
    source: Source
    users: list[dict[str, Any]]
    groups: list[dict[str, Any]]

    def found(self, path: str, **query: object) -> list[str]:
        """The ids a search finds, in their order."""
        answer = self.hr.get(path, **query)
        assert 200 == answer.status, answer.json()
        return [one["id"] for one in answer.json()["Resources"]]

    def satisfying(self, condition: Condition, *, groups: bool) -> set[str]:
        """The ids of the rows that satisfy a condition."""

        async def read(tx: Transaction) -> set[str]:
            whole = Slice(most=1_000)
            if groups:
                listed = await roster.groups(tx, self.source, whole, condition, members=False)
                return {one.group.id for one in listed}
            return {one.id for one in await roster.people(tx, self.source, whole, condition)}

        return self.room.runner.run(self.room.desk.db.read(read))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Company]:
    """Forty people, and groups in groups, on each database."""
    if request.param == "sqlite":
        with open_room(f"sqlite:///{tmp_path_factory.mktemp('finding')}/muster.db") as room:
            yield founded(room)
    else:
        server = request.getfixturevalue("postgres_server")
        with server.database() as url, open_room(url) as room:
            yield founded(room)


def founded(room: Room) -> Company:
    """The company, where it is."""
    hr, other = room.source("hr"), room.source("other")
    for number in range(40):
        answer = hr.post("/Users", person(number))
        assert 201 == answer.status, answer.json()
        room.clock.forward(milliseconds=250)
        if number % 10 == 0:
            other.post("/Users", person(number))
    users = hr.get("/Users").json()["Resources"]
    inner = hr.post("/Groups", team("Inner ß", *users[:3])).json()
    hr.post("/Groups", team("OUTER", inner, users[3]))
    hr.post("/Groups", team("alone") | {"externalId": "E1"})
    for user in users[7:9]:
        hr.patch(f"/Users/{user['id']}", {"op": "remove", "path": "active"})
    gone = hr.post("/Users", person(50)).json()
    hr.delete(f"/Users/{gone['id']}")
    source = room.runner.run(room.desk.db.read(lambda tx: by_name(tx, room.desk.tenant, "hr")))
    assert source is not None
    return Company(
        room=room,
        hr=hr,
        source=source,
        users=hr.get("/Users").json()["Resources"],
        groups=hr.get("/Groups").json()["Resources"],
    )


def team(name: str, *members: dict[str, Any]) -> dict[str, Any]:
    """A group of these resources."""
    return {
        "schemas": [GROUP_URN],
        "displayName": name,
        "members": [{"value": member["id"]} for member in members],
    }


def attributes(names: list[str]) -> st.SearchStrategy[AttributeName]:
    """One of these, parsed."""
    return st.sampled_from(names).map(parse_attribute)


LITERALS = st.sampled_from(VALUES)
TIMES = st.sampled_from(["2026-11-30T09:00:00Z", "2026-11-30T09:00:05.2500001Z", "2026-11-30T10:00:04+01:00"])
COMPARED = (
    st.builds(Compare, attribute=attributes(TEXTS), op=st.sampled_from(Op), value=LITERALS)
    | st.builds(Compare, attribute=attributes(TEXTS), op=st.sampled_from([Op.EQ, Op.NE]), value=st.none())
    | st.builds(Present, attribute=attributes(TEXTS))
    | st.builds(
        Compare,
        attribute=attributes(["active"]),
        op=st.sampled_from([Op.EQ, Op.NE]),
        value=st.sampled_from([True, False, "True", None]),
    )
    | st.builds(
        Compare,
        attribute=attributes(["meta.created", "meta.lastModified"]),
        op=st.sampled_from([Op.EQ, Op.NE, Op.GT, Op.GE, Op.LT, Op.LE]),
        value=TIMES,
    )
)
INSIDE = st.builds(
    Compare, attribute=attributes(["value", "VALUE", "type"]), op=st.sampled_from(Op), value=LITERALS
) | st.builds(Present, attribute=attributes(["value"]))


def joined(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Combine filters with not, and, or."""
    terms = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, term=inner) | st.builds(And, terms=terms) | st.builds(Or, terms=terms)


SELECTED = st.builds(
    ValuePath,
    attribute=attributes(["emails", "groups"]),
    filter=st.recursive(INSIDE, joined, max_leaves=3),
)
USER_FILTERS = st.recursive(COMPARED | SELECTED, joined, max_leaves=5)


@given(ast=USER_FILTERS)
def test_a_search_for_people_finds_whom_the_filter_means(company: Company, ast: Filter) -> None:
    """No condition is narrower than its filter, an exact one is not wider; the endpoint gives the meaning."""
    meant = _meant(ast, USER, company.users)
    condition = condition_on_people(ast, USER)
    satisfying = company.satisfying(condition, groups=False)

    assert set(meant) <= satisfying
    assert not condition.exact or set(meant) == satisfying
    assert meant == company.found("/Users", filter=render(ast))


@given(data=st.data())
def test_a_search_for_groups_finds_what_the_filter_means(company: Company, data: st.DataObject) -> None:
    """Likewise for groups, by who is in them, too."""
    ids = [one["id"] for one in (*company.users[:5], *company.groups)]
    values = st.sampled_from([*ids, "Inner ß", "inner SS", "outer", "E1", "x"])
    leaves = st.builds(
        Compare,
        attribute=attributes(["displayName", "externalId", "id", "members", "members.value", "members.type"]),
        op=st.sampled_from(Op),
        value=values,
    ) | st.builds(Present, attribute=attributes(["members", "externalId", "displayName"]))
    inner = st.builds(Compare, attribute=attributes(["value", "type"]), op=st.sampled_from(Op), value=values)
    selected = st.builds(
        ValuePath, attribute=attributes(["members"]), filter=st.recursive(inner, joined, max_leaves=3)
    )
    ast = data.draw(st.recursive(leaves | selected, joined, max_leaves=5))
    meant = _meant(ast, GROUP, company.groups)
    condition = condition_on_groups(ast, GROUP)
    satisfying = company.satisfying(condition, groups=True)

    assert set(meant) <= satisfying
    assert not condition.exact or set(meant) == satisfying
    assert meant == company.found("/Groups", filter=render(ast))


def _meant(ast: Filter, kind: Any, resources: list[dict[str, Any]]) -> list[str]:  # noqa: ANN401
    """The ids of those that the filter means, by looking at each as it is shown."""
    try:
        matches = predicate(ast, kind)
    except InvalidFilter:
        return []
    return sorted(one["id"] for one in resources if matches(one))


@given(
    by=st.sampled_from([*TEXTS[:13], "id", "active", "meta.created", "meta.lastModified", "roles"]),
    descending=st.booleans(),
    size=st.integers(1, 17),
    asked=st.none() | st.sampled_from(["active eq true", "nickName pr", "userName gt 3"]),
)
def test_pages_of_every_size_show_the_same_order(
    company: Company, by: str, size: int, asked: str | None, *, descending: bool
) -> None:
    """By index and by cursor, pages put together are the whole list, in the order that ``sortBy`` means."""
    filter_ = None if asked is None else asked.replace("gt 3", 'gt "03"')
    wanted: dict[str, object] = {"sortBy": by, "sortOrder": "descending" if descending else "ascending"}
    if filter_ is not None:
        wanted["filter"] = filter_
    whole = company.found("/Users", **wanted)
    indexed = [
        one
        for start in range(1, len(whole) + 1, size)
        for one in company.found("/Users", **wanted, startIndex=start, count=size)
    ]
    key = sort(by, None, USER).key
    by_id = {one["id"]: key(one) for one in company.users}

    assert whole == indexed == _by_cursor(company, wanted, size)
    if by != "userName":  # names are ordered as they are compared, which unifies compatibility forms
        keys = [by_id[one] for one in whole]
        assert keys == sorted(keys, reverse=descending)
        assert whole == sorted(sorted(whole), key=lambda one: by_id[one], reverse=descending)


def _by_cursor(company: Company, wanted: dict[str, object], size: int) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = company.hr.get("/Users", **wanted, count=size, cursor=cursor).json()
        assert "startIndex" not in page
        assert len(page["Resources"]) <= size
        found += [one["id"] for one in page["Resources"]]
        cursor = page.get("nextCursor")
    return found


def test_everything_is_shown_once(company: Company) -> None:
    """The whole list is the people in the order they came, spliced or read alike."""
    whole = company.hr.get("/Users").json()["Resources"]
    parts = company.hr.get("/Users", excludedAttributes="urn:acme:2.0:Unknown:x").json()["Resources"]

    assert whole == parts
    assert 40 == len({one["userName"] for one in whole})
    assert msgspec.json.encode(whole) == msgspec.json.encode(company.users)
