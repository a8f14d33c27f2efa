"""Lists through the endpoint: pages, filters, and what of the resources is shown."""

from urllib.parse import quote

import pytest

from muster.service import scim_finding
from scim_door import Client


def _names(body: dict[str, list[dict[str, str]]]) -> list[str]:
    return [resource.get("userName") or resource["displayName"] for resource in body["Resources"]]


async def _hired(hr: Client) -> dict[str, str]:
    ana = await hr.hire("ana", externalId="E1", title="Designer", active=False)
    jonas = await hr.hire("jonas", externalId="E2", title="Engineer")
    mia = await hr.hire("mia", emails=[{"value": "mia@acme.example", "type": "work"}])
    return {"ana": ana.id, "jonas": jonas.id, "mia": mia.id}


async def test_pages_cover_everybody_once(hr: Client) -> None:
    """Pages walk through a stable order, and totalResults counts all (RFC 7644 §3.4.2.4)."""
    await _hired(hr)
    first = await hr.get("/Users?startIndex=1&count=2")
    second = await hr.get("/Users?startIndex=3&count=2")
    none = await hr.get("/Users?count=0")
    beyond = await hr.get("/Users?startIndex=100")
    clamped = await hr.get("/Users?startIndex=0&count=-1")

    assert ["ana", "jonas"] == _names(first.body)
    assert ["mia"] == _names(second.body)
    assert [3, 3, 3, 3, 3] == [a.body["totalResults"] for a in (first, second, none, beyond, clamped)]
    assert [2, 1, 0, 0, 0] == [a.body["itemsPerPage"] for a in (first, second, none, beyond, clamped)]
    assert [1, 3, 1, 100, 1] == [a.body["startIndex"] for a in (first, second, none, beyond, clamped)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('userName eq "ANA"', ["ana"]),
        ('externalId eq "E2"', ["jonas"]),
        ('externalId eq "e2"', []),
        ('userName eq "nobody"', []),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "mia"', ["mia"]),
        ('title eq "designer" and active eq false', ["ana"]),
        ("active eq true", ["jonas", "mia"]),
        ('emails[type eq "work"].value eq "mia@acme.example"', ["mia"]),
        ('meta.lastModified gt "2020-01-01T00:00:00Z"', ["ana", "jonas", "mia"]),
        ('userName eq "ana" or userName eq "mia"', ["ana", "mia"]),
    ],
)
async def test_a_filter_finds_who_matches(hr: Client, text: str, expected: list[str]) -> None:
    """Filters answered by an index and filters answered by looking give what RFC 7644 §3.4.2.2 says."""
    await _hired(hr)
    found = await hr.get(f"/Users?filter={quote(text)}")

    assert 200 == found.status
    assert expected == _names(found.body)
    assert len(expected) == found.body["totalResults"]


async def test_a_user_is_found_by_id_and_by_place(hr: Client) -> None:
    """``id eq`` finds one; so does ``meta.location eq``."""
    ids = await _hired(hr)
    place = f"{hr.url}/scim/v2/Users/{ids['jonas']}"
    by_id = await hr.get("/Users?filter=" + quote(f"id eq {_quoted(ids['mia'])}"))
    by_place = await hr.get("/Users?filter=" + quote(f"meta.location eq {_quoted(place)}"))

    assert ["mia"] == _names(by_id.body)
    assert ["jonas"] == _names(by_place.body)


async def test_groups_are_found_by_name_external_id_and_member(hr: Client) -> None:
    """The filters providers send for groups."""
    ids = await _hired(hr)
    team = await hr.gather("Design Team", ids["ana"], externalId="G1")
    await hr.gather("Engineers")
    texts = [
        'displayName eq "design team"',
        'externalId eq "G1"',
        f"id eq {_quoted(team.id)}",
        f"members.value eq {_quoted(ids['ana'])}",
        f"id eq {_quoted(team.id)} and members eq {_quoted(ids['ana'])}",
    ]
    found = [await hr.get(f"/Groups?filter={quote(text)}") for text in texts]

    assert [["Design Team"]] * 5 == [_names(answer.body) for answer in found]


async def test_pages_of_a_filter_count_only_what_matches(hr: Client) -> None:
    """The totalResults is the number of matches, whatever the page."""
    await _hired(hr)
    found = await hr.get("/Users?filter=active%20eq%20true&startIndex=2&count=5")

    assert ["mia"] == _names(found.body)
    assert 2 == found.body["totalResults"]


async def test_only_what_is_asked_for_is_shown(hr: Client) -> None:
    """``attributes`` and ``excludedAttributes`` choose; id is always there (RFC 7644 §3.9)."""
    ids = await _hired(hr)
    team = await hr.gather("Design Team", ids["ana"])
    one = await hr.get(f"/Users/{ids['ana']}?attributes=title,meta.version")
    listed = await hr.get("/Users?attributes=userName&count=1")
    without = await hr.get(f"/Groups/{team.id}?excludedAttributes=members")
    both = await hr.get("/Users?attributes=userName&excludedAttributes=title")

    assert {"schemas", "id", "title", "meta"} == one.body.keys()
    assert {"version"} == one.body["meta"].keys()
    assert {"schemas", "id", "userName"} == listed.body["Resources"][0].keys()
    assert "members" not in without.body
    assert (400, "invalidValue") == (both.status, both.body["scimType"])


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ("filter=userName", "invalidFilter"),
        ("filter=nothing%20eq%201", "invalidFilter"),
        ("filter=active%20gt%20true", "invalidFilter"),
        ("filter=password%20eq%20%22x%22", "invalidFilter"),
        ("startIndex=x", "invalidValue"),
        ("count=1.5", "invalidValue"),
        ("startIndex=99999999999999999999999", "invalidValue"),
    ],
)
async def test_a_wrong_query_is_refused(hr: Client, parameters: str, kind: str) -> None:
    """What cannot be understood is a 400 that says why."""
    answer = await hr.get(f"/Users?{parameters}")

    assert (400, kind) == (answer.status, answer.body["scimType"])


async def test_a_filter_over_too_many_is_refused(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that no index answers looks at a bounded number of resources; others are not bounded."""
    monkeypatch.setattr(scim_finding, "MOST_SCANNED", 2)
    await _hired(hr)
    scanned = await hr.get("/Users?filter=nickName%20pr")
    found = await hr.get("/Users?filter=userName%20eq%20%22mia%22")

    assert (400, "tooMany") == (scanned.status, scanned.body["scimType"])
    assert ["mia"] == _names(found.body)
    assert 200 == (await hr.get("/Users?filter=active%20eq%20true")).status


def _quoted(text: str) -> str:
    return f'"{text}"'
