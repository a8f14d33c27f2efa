"""Attributes of the operator's own, over HTTP: everything SCIM offers for attributes is offered for them."""

import asyncio
from urllib.parse import quote

import pytest

from desk import OPERATOR, forget_work, grant, log, open_desk, waiting
from muster.model import AttributeEquals
from muster.scim import custom_schema
from muster.scim.values import JsonValue, Resource
from muster.service import schemas, scim_finding
from muster.service.desk import Desk
from scim_door import GROUP_URN, USER_URN, Client, group, user

URN = "urn:acme:scim:schemas:staff:1.0:User"
TEAM = "urn:acme:scim:schemas:team:1.0:Group"
ATTRIBUTES: list[JsonValue] = [
    {"name": "badge", "uniqueness": "server", "mutability": "immutable"},
    {"name": "floor", "type": "integer"},
    {"name": "since", "type": "dateTime"},
    {"name": "pin", "mutability": "writeOnly"},
    {"name": "level", "mutability": "readOnly"},
    {"name": "note", "returned": "request"},
    {"name": "answer", "returned": "never"},
    {"name": "seal", "returned": "always"},
    {
        "name": "cars",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [
            {"name": "value"},
            {"name": "type", "canonicalValues": ["own", "company"]},
            {"name": "primary", "type": "boolean"},
        ],
    },
]
STAFF: Resource = {"id": URN, "name": "Staff", "attributes": ATTRIBUTES}


@pytest.fixture(autouse=True)
async def _defined(desk: Desk, hr: Client) -> None:
    """Both schemas are defined, and the server has seen it."""
    await schemas.put_schema(desk, OPERATOR, custom_schema(STAFF))
    team: Resource = {"id": TEAM, "extends": {"Group": "optional"}}
    team["attributes"] = [{"name": "cost", "required": True}]
    await schemas.put_schema(desk, OPERATOR, custom_schema(team))
    await _seen(hr, TEAM)


async def _seen(client: Client, urn: str) -> None:
    """The server tells of the schema; another process may need a moment to notice one."""
    async with asyncio.timeout(30):
        while (await client.get(f"/Schemas/{urn}")).status != 200:
            pass


async def _found(client: Client, filter_: str) -> list[str]:
    """Who matches."""
    answer = await client.get(f"/Users?filter={quote(filter_)}")
    assert 200 == answer.status, answer.body
    return [one["userName"] for one in answer.body["Resources"]]


async def test_discovery_shows_them(hr: Client) -> None:
    """Each schema has its document, and the resource types name what extends them."""
    listed = (await hr.get("/Schemas")).body
    document = (await hr.get(f"/Schemas/{URN}")).body
    types = {one["name"]: one for one in (await hr.get("/ResourceTypes")).body["Resources"]}

    assert {URN, TEAM} <= {one["id"] for one in listed["Resources"]}
    assert len(listed["Resources"]) == listed["totalResults"]
    assert "Staff" == document["name"]
    told = {one["name"]: one for one in document["attributes"]}
    assert ("server", "immutable") == (told["badge"]["uniqueness"], told["badge"]["mutability"])
    assert ["value", "type", "primary"] == [one["name"] for one in told["cars"]["subAttributes"]]
    assert {"schema": URN, "required": False} in types["User"]["schemaExtensions"]
    assert [{"schema": TEAM, "required": False}] == types["Group"]["schemaExtensions"]


async def test_what_is_written_is_read(hr: Client) -> None:
    """Values come back typed and spelled as the schema says, with its URN among the schemas."""
    body = user("ana", **{URN.upper(): {"BADGE": "b1", "floor": 3, "cars": [{"value": "HH 1"}]}})
    created = await hr.post("/Users", body)
    read = await hr.get(f"/Users/{created.id}")

    assert 201 == created.status
    assert {"badge": "b1", "floor": 3, "cars": [{"value": "HH 1"}]} == created.body[URN]
    assert [USER_URN, URN] == created.body["schemas"]
    assert created.body == read.body


async def test_what_does_not_fit_is_refused_with_its_path(hr: Client) -> None:
    """A value of a wrong type is told by URN and name."""
    wrong = await hr.post("/Users", user("ana", **{URN: {"floor": "third"}}))

    assert (400, "invalidValue") == (wrong.status, wrong.body["scimType"])
    assert f"{URN}:floor" in wrong.body["detail"]


async def test_groups_have_them_too(hr: Client) -> None:
    """A group carries its extension through POST, PATCH and filters; half of it is refused."""
    design = await hr.gather("Design", **{TEAM: {"cost": "4711"}})
    await hr.gather("Sales")
    changed = await hr.patch(
        f"/Groups/{design.id}", {"op": "replace", "path": f"{TEAM}:cost", "value": "4712"}
    )
    removed = await hr.patch(f"/Groups/{design.id}", {"op": "remove", "path": f"{TEAM}:cost"})
    listed = await hr.get("/Groups?filter=" + quote(TEAM + ':cost eq "4712"'))

    assert {"cost": "4712"} == changed.body[TEAM]
    assert [GROUP_URN, TEAM] == changed.body["schemas"]
    assert (400, "mutability") == (removed.status, removed.body["scimType"])
    assert ["Design"] == [one["displayName"] for one in listed.body["Resources"]]


async def test_returned_is_obeyed(hr: Client) -> None:
    """Never, only on request, by default, and always."""
    own = {"badge": "b1", "note": "n", "answer": "a", "seal": "s"}
    ana = await hr.hire("ana", **{URN: own})
    place = f"/Users/{ana.id}"
    asked = await hr.get(f"{place}?attributes={URN}:note,{URN}:answer")
    named = await hr.get(f"{place}?attributes=userName")
    without = await hr.get(f"{place}?excludedAttributes={URN}:badge,{URN}:seal")

    assert {"badge": "b1", "seal": "s"} == ana.body[URN]
    assert {"note": "n", "seal": "s"} == asked.body[URN]
    assert {"seal": "s"} == named.body[URN]
    assert {"seal": "s"} == without.body[URN]


async def test_mutability_is_obeyed(hr: Client) -> None:
    """What is only written is dropped, what is only read ignored, what is set for good stays."""
    ana = await hr.hire("ana", **{URN: {"badge": "b1", "pin": "1234", "level": "9"}})
    place = f"/Users/{ana.id}"
    put = await hr.put(place, user("ana", **{URN: {"floor": 2, "level": "9"}}))
    another = await hr.put(place, user("ana", **{URN: {"badge": "b2"}}))
    patched = await hr.patch(place, {"op": "replace", "path": f"{URN}:badge", "value": "b2"})
    read_only = await hr.patch(place, {"op": "add", "path": f"{URN}:level", "value": "9"})
    secret = await hr.patch(place, {"op": "add", "path": f"{URN}:pin", "value": "1234"})

    assert {"badge": "b1"} == ana.body[URN]
    assert {"badge": "b1", "floor": 2} == put.body[URN]
    refused = [(one.status, one.body["scimType"]) for one in (another, patched, read_only)]
    assert [(400, "mutability")] * 3 == refused
    assert {"badge": "b1", "floor": 2} == secret.body[URN]
    assert "1234" not in repr((await hr.get("/Users")).body)


async def test_a_secret_is_stored_nowhere(hr: Client, desk: Desk) -> None:
    """A value that is only written is not in the log either."""
    await hr.hire("ana", **{URN: {"pin": "0815-4711"}})

    assert "0815-4711" not in repr(await log(desk))


async def test_uniqueness_is_kept_within_a_source(hr: Client, other: Client) -> None:
    """A value belongs to one user of a source, in any letter case, until it is given up or the user goes."""
    ana = await hr.hire("ana", **{URN: {"badge": "b1"}})
    ben = await hr.hire("ben")
    posted = await hr.post("/Users", user("eve", **{URN: {"badge": "B1"}}))
    patched = await hr.patch(f"/Users/{ben.id}", {"op": "add", "path": f"{URN}:badge", "value": "b1"})
    elsewhere = await other.post("/Users", user("ana", **{URN: {"badge": "b1"}}))
    again = await hr.put(f"/Users/{ana.id}", user("ana", title="x", **{URN: {"badge": "b1"}}))
    await hr.delete(f"/Users/{ana.id}")
    free = await hr.patch(f"/Users/{ben.id}", {"op": "add", "path": f"{URN}:badge", "value": "b1"})

    for refused in (posted, patched):
        assert (409, "uniqueness") == (refused.status, refused.body["scimType"])
        assert f"{URN}:badge" in refused.body["detail"]
    assert [201, 200, 200] == [elsewhere.status, again.status, free.status]
    assert ["ben"] == await _found(hr, f'{URN}:badge eq "b1"')
    assert 409 == (await hr.post("/Users", user("ana", **{URN: {"badge": "b1"}}))).status


async def test_only_one_of_many_gets_a_unique_value(hr: Client) -> None:
    """Also when they come at the same moment."""
    answers = await asyncio.gather(
        *(hr.post("/Users", user(f"p{number}", **{URN: {"badge": "b1"}})) for number in range(6))
    )

    assert [201, 409, 409, 409, 409, 409] == sorted(answer.status for answer in answers)


async def test_filters_reach_them(hr: Client) -> None:
    """By URN in any letter case, by type, and into the elements of a list."""
    await hr.hire("ana", **{URN: {"badge": "b1", "floor": 3, "since": "2026-01-01T09:00:00+01:00"}})
    await hr.hire("ben", **{URN: {"floor": 12, "cars": [{"value": "HH 1", "type": "own"}]}})
    await hr.hire("eve")

    assert ["ana"] == await _found(hr, f'{URN.upper()}:BADGE eq "B1"')
    assert ["ben"] == await _found(hr, f"{URN}:floor gt 3")
    assert ["ana"] == await _found(hr, f'{URN}:since lt "2026-01-01T08:30:00Z"')
    assert ["ben"] == await _found(hr, f'{URN}:cars[type eq "own" and value sw "hh"]')
    assert ["ben"] == await _found(hr, f'{URN}:cars.value eq "HH 1"')
    assert ["eve"] == await _found(hr, f"not ({URN}:floor pr)")
    assert ["ana"] == await _found(hr, 'badge eq "b1"')
    unknown = await hr.get(f"/Users?filter={quote(f'{URN}:desk pr')}")
    secret = await hr.get("/Users?filter=" + quote(URN + ':answer eq "a"'))
    assert ["invalidFilter"] * 2 == [unknown.body["scimType"], secret.body["scimType"]]


async def test_a_unique_value_is_found_by_index(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many users there are, in any letter case; without a value, as ever."""
    for number in range(4):
        await hr.hire(f"p{number}", **{URN: {"badge": f"b{number}", "floor": number}})
    monkeypatch.setattr(scim_finding, "MOST_SCANNED", 2)
    scanned = await hr.get("/Users?filter=" + quote(f"{URN}:floor eq 1"))

    assert ["p1"] == await _found(hr, f'{URN}:badge eq "B1"')
    assert ["p1"] == await _found(hr, f'{URN}:badge eq "b1" and {URN}:floor eq 1')
    assert [] == await _found(hr, f'{URN}:badge eq "b9"')
    assert "tooMany" == scanned.body["scimType"]


async def test_they_are_sorted_and_searched_by(hr: Client) -> None:
    """As text and as number, those without a value last; a search as a message finds the same."""
    for name, own in (
        ("ana", {"floor": 12}),
        ("ben", {"floor": 3}),
        ("eve", {"badge": "b2"}),
        ("zoe", {"badge": "B1"}),
    ):
        await hr.hire(name, **{URN: own})

    async def order(query: str) -> list[str]:
        answer = await hr.get(f"/Users?{query}")
        assert 200 == answer.status, answer.body
        return [one["userName"] for one in answer.body["Resources"]]

    assert ["ben", "ana"] == (await order(f"sortBy={URN}:floor"))[:2]
    assert ["ana", "ben"] == [
        one for one in await order(f"sortBy={URN}:floor&sortOrder=descending") if one < "c"
    ]
    assert ["zoe", "eve"] == (await order(f"sortBy={URN}:BADGE"))[:2]
    found = await hr.post(
        "/Users/.search",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": f"{URN}:floor ge 3",
            "sortBy": f"{URN}:floor",
            "attributes": [f"{URN}:floor"],
        },
    )
    assert [{"floor": 3}, {"floor": 12}] == [one[URN] for one in found.body["Resources"]]


async def test_bulk_requests_carry_them(hr: Client) -> None:
    """Each operation is held to the schema by itself."""
    answer = await hr.post(
        "/Bulk",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {
                    "method": "POST",
                    "path": "/Users",
                    "bulkId": "1",
                    "data": user("ana", **{URN: {"badge": "b1"}}),
                },
                {
                    "method": "POST",
                    "path": "/Users",
                    "bulkId": "2",
                    "data": user("ben", **{URN: {"badge": "B1"}}),
                },
                {
                    "method": "POST",
                    "path": "/Users",
                    "bulkId": "3",
                    "data": user("eve", **{URN: {"floor": "x"}}),
                },
            ],
        },
    )

    assert ["201", "409", "400"] == [one["status"] for one in answer.body["Operations"]]
    assert ["ana"] == await _found(hr, f"{URN}:badge pr")


async def test_patch_reaches_them(hr: Client) -> None:
    """By URN path, by value path, as a whole extension and by keys with URNs."""
    ana = await hr.hire("ana")
    place = f"/Users/{ana.id}"
    await hr.patch(place, {"op": "add", "path": f"{URN}:floor", "value": 3})
    await hr.patch(
        place, {"op": "add", "path": URN, "value": {"note": "n", "cars": [{"value": "HH 1", "type": "own"}]}}
    )
    await hr.patch(place, {"op": "replace", "path": f'{URN}:cars[type eq "own"].value', "value": "HH 2"})
    await hr.patch(place, {"op": "add", "value": {f"{URN}:seal": "s"}})
    changed = await hr.get(place)
    await hr.patch(place, {"op": "remove", "path": f'{URN}:cars[type eq "own"]'})
    gone = await hr.patch(place, {"op": "remove", "path": URN})
    wrong = await hr.patch(place, {"op": "add", "path": f"{URN}:desk", "value": "x"})

    assert {"floor": 3, "cars": [{"value": "HH 2", "type": "own"}], "seal": "s"} == changed.body[URN]
    assert URN not in gone.body
    assert [USER_URN] == gone.body["schemas"]
    assert (400, "invalidPath") == (wrong.status, wrong.body["scimType"])


async def test_a_rule_sees_them(hr: Client, desk: Desk) -> None:
    """Whom a rule on such an attribute concerns is due as soon as the value comes or goes."""
    app = await grant(
        desk, "doors", AttributeEquals(attribute=f'{URN}:cars[type eq "own"].value', value="hh 1")
    )
    await hr.hire("eve", **{URN: {"cars": [{"value": "HH 1", "type": "company"}]}})
    ana = await hr.hire("ana", **{URN: {"cars": [{"value": "HH 1", "type": "own"}]}})
    due = [(one.key.app, one.key.subject) for one in await waiting(desk)]
    await forget_work(desk)
    await hr.patch(f"/Users/{ana.id}", {"op": "remove", "path": f"{URN}:cars"})

    assert [(app.name, ana.id)] == due
    assert [(app.name, ana.id)] == [(one.key.app, one.key.subject) for one in await waiting(desk)]


async def test_what_another_process_changes_counts_at_once(hr: Client, database_url: str) -> None:
    """A request right after the change is carried out by it, whatever this process knew a moment before."""
    wider: Resource = {**STAFF, "attributes": [*ATTRIBUTES, {"name": "desk", "type": "integer"}]}
    async with open_desk(database_url) as elsewhere:
        await schemas.put_schema(elsewhere, OPERATOR, custom_schema(wider))
        ana = await hr.post("/Users", user("ana", **{URN: {"desk": 12}}))
        wrong = await hr.post("/Users", user("ben", **{URN: {"desk": "twelve"}}))
        another: Resource = {"id": "urn:acme:other:1.0:User", "attributes": [{"name": "a"}]}
        await schemas.put_schema(elsewhere, OPERATOR, custom_schema(another))
        await _seen(hr, "urn:acme:other:1.0:User")

    assert {"desk": 12} == ana.body[URN]
    assert 400 == wrong.status


async def test_a_change_needs_no_restart(hr: Client, desk: Desk) -> None:
    """A server that has compiled one schema serves the next as soon as it is there, and no removed one."""
    wider: Resource = {**STAFF, "attributes": [*ATTRIBUTES, {"name": "desk"}]}
    await schemas.put_schema(desk, OPERATOR, custom_schema(wider))
    ana = await hr.post("/Users", user("ana", **{URN: {"desk": "12"}}))
    await hr.delete(f"/Users/{ana.id}")
    await schemas.remove_schema(desk, OPERATOR, TEAM)
    kept = await hr.post("/Groups", {**group("Design"), TEAM: {"Cost": 5}})

    assert (201, 201) == (ana.status, kept.status), (ana.body, kept.body)
    assert {"desk": "12"} == ana.body[URN]
    assert {"Cost": 5} == kept.body[TEAM]  # an unknown extension again
