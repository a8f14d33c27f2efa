"""What is asked of every server: the requests, how one answer is judged before any is timed, and the goal.

A server that is fast at wrong answers is not fast: each operation is carried out first and its effect looked
at. Where that fails, the server gets no figure in the row, and the table says why.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from bench.scim_server.client import Client, Wrong
from bench.scim_server.load import Load
from bench.scim_server.people import CALL_SIGNS, call_sign, family_name, mark, patch, user, user_name
from bench.scim_server.seeding import members_of

PEOPLE: Final = 10_000
_PAGE: Final = 100
_NEW: Final = 5_000_000  # the person whose like is added, each with another mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a server holds, as ids: people by their number, the group of them all, people outside of it."""

    people: Sequence[str]
    group: str = ""
    outside: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row. ``check`` makes the request of number 0 and raises ``Wrong`` unless its effect is right."""

    name: str
    goal: float  # times the best peer
    load: Callable[[Held], Load]
    check: Callable[[Client, Held], Awaitable[None]]


def _body(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Wrong(what)


async def _first(client: Client, load: Load) -> Any:  # noqa: ANN401  JSON
    path, body = load.request(0)
    return await client.expect(load.method, path, body)


# ── GET /Users/{id}


def _get_user(held: Held) -> Load:
    return Load(method="GET", path="/Users/{value}", values=_scattered(held.people))


def _scattered(values: Sequence[str]) -> list[str]:
    """The values, 20,000 at most, in an order in which neighbours are far apart; the first remains first."""
    step = 7_919  # a prime that divides no number of people here
    return [values[index * step % len(values)] for index in range(min(len(values), 20_000))]


async def _check_get_user(client: Client, held: Held) -> None:
    for number in (0, 1, len(held.people) - 1):
        document = await client.expect("GET", f"/Users/{held.people[number]}")
        _require(document["userName"] == user_name(number), "another user than asked for")
        _require(document["name"]["familyName"] == family_name(number), "another familyName")


# ── GET /Users?filter=userName eq "…"


def _find_by_name(held: Held) -> Load:
    names = _scattered([user_name(number) for number in range(len(held.people))])
    return Load(
        method="GET",
        path="/Users?filter=userName%20eq%20%22{value}%22",
        values=[quote(name) for name in names],
    )


async def _check_find_by_name(client: Client, held: Held) -> None:
    document = await _first(client, _find_by_name(held))
    _require(document["totalResults"] == 1, f"{document['totalResults']} users of one userName")
    _require(document["Resources"][0]["id"] == held.people[0], "another user than asked for")
    nobody = await client.expect("GET", "/Users?filter=userName%20eq%20%22nobody%22")
    _require(nobody["totalResults"] == 0, "a user whom nobody added")


# ── GET /Users?startIndex=…&count=100


def _page(held: Held) -> Load:
    starts = [str(start) for start in range(1, len(held.people) - _PAGE + 2, _PAGE)]
    return Load(method="GET", path=f"/Users?startIndex={{value}}&count={_PAGE}", values=starts)


async def _check_page(client: Client, held: Held) -> None:
    load, seen = _page(held), set[str]()
    for number in (0, 1):
        document = await client.expect("GET", load.request(number)[0])
        _require(document["totalResults"] == len(held.people), f"{document['totalResults']} users in all")
        seen |= {resource["id"] for resource in document["Resources"]}
    _require(len(seen) == 2 * _PAGE, f"{len(seen)} users on two pages of {_PAGE}")


# ── GET /Groups/{id}?excludedAttributes=members


def _get_group(held: Held) -> Load:
    return Load(method="GET", path="/Groups/{value}?excludedAttributes=members", values=[held.group])


async def _check_get_group(client: Client, held: Held) -> None:
    document = await _first(client, _get_group(held))
    _require(document["displayName"] == "Everyone", "another group than asked for")
    _require(not document.get("members"), "the members are shown although they were excluded")


# ── GET /Users?filter=displayName co "…"


def _scan(_held: Held) -> Load:
    words = _scattered([call_sign(number) for number in range(CALL_SIGNS)])
    return Load(method="GET", path="/Users?filter=displayName%20co%20%22{value}%22", values=words)


async def _check_scan(client: Client, held: Held) -> None:
    document = await _first(client, _scan(held))
    found = {resource["id"] for resource in document["Resources"]}
    wanted = set(held.people[0::CALL_SIGNS])
    _require(found == wanted, f"{len(found)} users of one call sign where there are {len(wanted)}")


# ── PATCH /Users/{id}


def _patch_user(held: Held) -> Load:
    body = _body(patch({"op": "replace", "path": "displayName", "value": "Name {n}"}))
    return Load(method="PATCH", path="/Users/{value}", values=_scattered(held.people), bodies=[body])


async def _check_patch_user(client: Client, held: Held) -> None:
    await _first(client, _patch_user(held))
    document = await client.expect("GET", f"/Users/{held.people[0]}")
    _require(document["displayName"] == "Name 0", "the change is not there")
    _require(document["userName"] == user_name(0), "something else changed")


# ── PATCH /Groups/{id}, add one member


def _add_member(held: Held) -> Load:
    add = _body(patch({"op": "add", "path": "members", "value": [{"value": "{value}"}]}))
    remove = _body(patch({"op": "remove", "path": 'members[value eq "{value}"]'}))
    path = f"/Groups/{held.group}"
    return Load(method="PATCH", path=path, values=held.outside, bodies=[add, remove])


async def _check_add_member(client: Client, held: Held) -> None:
    before = await members_of(client, held.group)
    _require(held.outside[0] not in before, "a member before being added")
    await _first(client, _add_member(held))
    _require(
        await members_of(client, held.group) == before | {held.outside[0]}, "other members than expected"
    )


# ── POST /Users


def _post_user(_held: Held) -> Load:
    body = _body(user(_NEW)).replace(mark(_NEW), "new{n}")
    return Load(method="POST", path="/Users", values=[""], bodies=[body])


async def _check_post_user(client: Client, held: Held) -> None:
    made = await _first(client, _post_user(held))
    name = user_name(_NEW).replace(mark(_NEW), "new0")
    document = await client.expect("GET", f"/Users/{made['id']}")
    _require(document["userName"] == name, "another userName than given")
    named = await client.expect("GET", f"/Users?filter=userName%20eq%20%22{quote(name)}%22")
    _require(named["totalResults"] == 1, "the new user is not found by userName")


READS: Final = (
    Operation(name="GET /Users/{id}", goal=8, load=_get_user, check=_check_get_user),
    Operation(name="filter userName eq", goal=6, load=_find_by_name, check=_check_find_by_name),
    Operation(name="list, 100 a page", goal=100, load=_page, check=_check_page),
    Operation(name="GET group without members", goal=1_000, load=_get_group, check=_check_get_group),
    Operation(name="filter without an index", goal=10, load=_scan, check=_check_scan),
)
PATCH_USER: Final = Operation(name="PATCH user", goal=4, load=_patch_user, check=_check_patch_user)
ADD_MEMBER: Final = Operation(
    name="PATCH group of 10,000, one member", goal=1_000, load=_add_member, check=_check_add_member
)
POST_USER: Final = Operation(name="POST /Users", goal=2.5, load=_post_user, check=_check_post_user)
