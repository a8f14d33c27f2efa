"""Searching by message, everything at once, in an order, and page by page with a cursor."""

from typing import Any

import pytest

from muster.service import scim_finding
from muster.service.scim_groups import MOST_SHOWN_AFTER_PATCH
from scim_door import Client

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def search(**parameters: object) -> dict[str, object]:
    """A search request."""
    return {"schemas": [SEARCH], **parameters}


def names(body: dict[str, Any]) -> list[str]:
    """What the resources of a list are called."""
    return [resource.get("userName") or resource["displayName"] for resource in body["Resources"]]


async def hired(hr: Client) -> dict[str, str]:
    """Three people and a group of one of them."""
    ana = await hr.hire("ana", displayName="Zora", emails=[{"value": "z@a.example", "primary": True}])
    jonas = await hr.hire("jonas", displayName="åke", emails=[{"value": "B@a.example"}])
    mia = await hr.hire("mia")
    team = await hr.gather("Kappa", ana.id)
    return {"ana": ana.id, "jonas": jonas.id, "mia": mia.id, "team": team.id}


async def test_a_search_message_is_a_search(hr: Client) -> None:
    """``/.search`` below a type takes every parameter of a list in its body (RFC 7644 §3.4.3)."""
    await hired(hr)
    found = await hr.post(
        "/Users/.search",
        search(
            filter='userName ne "mia"',
            attributes=["displayName"],
            sortBy="displayName",
            sortOrder="descending",
            startIndex=1,
            count=1,
        ),
    )

    assert 200 == found.status
    assert (2, 1, 1) == tuple(found.body[name] for name in ("totalResults", "startIndex", "itemsPerPage"))
    assert ["åke"] == [one["displayName"] for one in found.body["Resources"]]
    assert {"schemas", "id", "displayName"} == set(found.body["Resources"][0])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "invalidSyntax"),
        ([], "invalidSyntax"),
        ({"schemas": ["urn:x"]}, "invalidSyntax"),
        (search(filter=7), "invalidValue"),
        (search(filter="userName eq"), "invalidFilter"),
        (search(filter="unknown pr"), "invalidFilter"),
        (search(attributes=7), "invalidValue"),
        (search(attributes=["a", 7]), "invalidValue"),
        (search(attributes=["userName"], excludedAttributes=["title"]), "invalidValue"),
        (search(count="many"), "invalidValue"),
        (search(startIndex=[]), "invalidValue"),
        (search(sortBy="unknown"), "invalidValue"),
        (search(sortBy="name"), "invalidValue"),
        (search(sortBy="password"), "invalidValue"),
        (search(sortBy="userName", sortOrder="up"), "invalidValue"),
        (search(cursor="", startIndex=1), "invalidValue"),
        (search(cursor="", count="many"), "invalidCount"),
        (search(cursor="forged"), "invalidCursor"),
        (search(cursor="Ünsafe"), "invalidCursor"),
        (search(cursor="A" * 5_000), "invalidCursor"),
    ],
)
async def test_a_search_that_means_nothing_is_refused(hr: Client, body: object, kind: str) -> None:
    """Each fault of a search has its keyword, and is no fault of the server."""
    answer = await hr.post("/Users/.search", body)

    assert (400, kind) == (answer.status, answer.body.get("scimType"))


async def test_the_root_finds_every_type(hr: Client, other: Client) -> None:
    """A search at the root goes over users and groups; what one type lacks is absent there (§3.4.2.1)."""
    ids = await hired(hr)
    await other.hire("ana")
    by_message = await hr.post("/.search", search(filter="displayName pr", sortBy="displayName"))
    by_url = await hr.get("?filter=members%20pr")
    everything = await hr.get("?count=2&startIndex=2")
    created = await hr.get("?sortBy=meta.created&sortOrder=descending&attributes=id")

    assert ["Kappa", "ana", "jonas"] == names(by_message.body)
    assert [ids["team"]] == [one["id"] for one in by_url.body["Resources"]]
    assert (4, 2, 2) == tuple(
        everything.body[name] for name in ("totalResults", "startIndex", "itemsPerPage")
    )
    assert set(ids.values()) == {one["id"] for one in created.body["Resources"]}


async def test_an_order_no_type_has_is_refused_at_the_root(hr: Client) -> None:
    """An attribute of one type suffices to order by; one of none does not."""
    await hired(hr)

    assert 200 == (await hr.get("?sortBy=members.value")).status
    assert "invalidValue" == (await hr.get("?sortBy=unknown")).body["scimType"]


async def test_a_cursor_leads_through_the_whole_list(hr: Client) -> None:
    """Pages by cursor hold everybody once, also who came meanwhile; the last has no next (RFC 9865 §2)."""
    await hired(hr)
    first = await hr.get("/Users?cursor&count=2")
    await hr.hire("nora")
    second = await hr.get(f"/Users?cursor={first.body['nextCursor']}&count=2")

    assert ["ana", "jonas", "mia", "nora"] == names(first.body) + names(second.body)
    assert [3, 4] == [page.body["totalResults"] for page in (first, second)]
    assert "nextCursor" not in second.body
    assert "startIndex" not in first.body


async def test_a_cursor_belongs_to_one_search_of_one_source(hr: Client, other: Client) -> None:
    """With another filter, order, type or source it is no cursor."""
    await hired(hr)
    for name in ("ana", "jonas"):
        await other.hire(name)
    page = await hr.get("/Users?cursor=&count=1&sortBy=userName")
    cursor = page.body["nextCursor"]
    asked = [
        hr.get(f"/Users?cursor={cursor}"),
        hr.get(f"/Users?cursor={cursor}&sortBy=userName&sortOrder=descending"),
        hr.get(f"/Users?cursor={cursor}&sortBy=userName&filter=title%20pr"),
        hr.get(f"/Groups?cursor={cursor}"),
        hr.get(f"?cursor={cursor}&sortBy=userName"),
        other.get(f"/Users?cursor={cursor}&sortBy=userName"),
        hr.get(f"/Users?cursor={cursor[:-2]}&sortBy=userName"),
    ]

    assert [(400, "invalidCursor")] * len(asked) == [
        (answer.status, answer.body["scimType"]) for answer in [await each for each in asked]
    ]
    assert ["jonas"] == names((await hr.get(f"/Users?cursor={cursor}&sortBy=userName&count=1")).body)


async def test_a_cursor_tells_nothing(hr: Client) -> None:
    """It is made of unreserved characters and holds no name that can be read (RFC 9865 §5.2)."""
    await hired(hr)
    cursor = (await hr.get("/Users?cursor&count=1&sortBy=displayName")).body["nextCursor"]

    assert cursor.replace("-", "a").replace("_", "a").isalnum()
    assert "åke" not in cursor


async def test_the_configuration_tells_of_both_pagings(hr: Client) -> None:
    """Index is the default, and what a page may hold is said (RFC 9865 §4)."""
    pagination = (await hr.get("/ServiceProviderConfig")).body["pagination"]

    assert {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 1_000,
        "maxPageSize": 1_000,
    } == pagination


async def test_an_order_no_index_has_is_bounded(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would have to look at too many is refused; an order with an index is not bounded."""
    monkeypatch.setattr(scim_finding, "MOST_SCANNED", 2)
    await hired(hr)

    assert "tooMany" == (await hr.get("/Users?sortBy=title")).body["scimType"]
    assert "tooMany" == (await hr.get("?count=1")).body["scimType"]
    assert ["mia", "jonas", "ana"] == names(
        (await hr.get("/Users?sortBy=userName&sortOrder=descending")).body
    )
    assert ["ana"] == names((await hr.get("/Users?sortBy=title&filter=emails%20co%20%22z@%22")).body)


async def test_members_of_inner_groups_hold_the_outer_one(hr: Client) -> None:
    """A person's groups are direct or indirect, and follow every change of the groups between."""
    ids = await hired(hr)
    outer = await hr.gather("Outer", ids["team"], ids["mia"])
    held = {one["display"]: one["type"] for one in (await hr.get(f"/Users/{ids['ana']}")).body["groups"]}
    listed = {one["value"]: one["type"] for one in outer.body["members"]}
    await hr.patch(f"/Groups/{outer.id}", {"op": "remove", "path": f'members[value eq "{ids["team"]}"]'})
    after = [one["display"] for one in (await hr.get(f"/Users/{ids['ana']}")).body["groups"]]

    assert {"Kappa": "direct", "Outer": "indirect"} == held
    assert {ids["team"]: "Group", ids["mia"]: "User"} == listed
    assert ["Kappa"] == after


async def test_a_group_is_never_inside_itself(hr: Client) -> None:
    """Neither directly nor through others; nothing changes."""
    inner = await hr.gather("Inner")
    middle = await hr.gather("Middle", inner.id)
    outer = await hr.gather("Outer", middle.id)
    for member in (inner, middle, outer):
        ring = await hr.patch(
            f"/Groups/{inner.id}", {"op": "add", "path": "members", "value": [{"value": member.id}]}
        )

        assert (400, "invalidValue") == (ring.status, ring.body["scimType"])
    assert "members" not in (await hr.get(f"/Groups/{inner.id}")).body


async def test_a_deleted_group_leaves_its_outer_groups(hr: Client) -> None:
    """The outer group shows it no more and has a new version; who was in it holds neither."""
    ids = await hired(hr)
    outer = await hr.gather("Outer", ids["team"])
    await hr.delete(f"/Groups/{ids['team']}")
    after = await hr.get(f"/Groups/{outer.id}")

    assert "members" not in after.body
    assert after.etag != outer.etag
    assert "groups" not in (await hr.get(f"/Users/{ids['ana']}")).body


async def test_a_large_group_is_not_shown_unasked_after_a_patch(hr: Client) -> None:
    """The answer is 204 with the version, or 200 with the part a client names (RFC 7644 §3.5.2)."""
    people = [(await hr.hire(f"p{number}")).id for number in range(MOST_SHOWN_AFTER_PATCH + 2)]
    team = await hr.gather("Large", *people[:-1])
    add = {"op": "add", "path": "members", "value": [{"value": people[-1]}]}
    silent = await hr.patch(f"/Groups/{team.id}", add)
    told = await hr.ask(
        "PATCH",
        f"/Groups/{team.id}?excludedAttributes=members",
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [add]},
    )
    shown = await hr.get(f"/Groups/{team.id}")

    assert (204, None) == (silent.status, silent.body)
    assert shown.etag == silent.etag
    assert (200, {"schemas", "id", "displayName", "meta"}) == (told.status, set(told.body))
    assert set(people) == {one["value"] for one in shown.body["members"]}
