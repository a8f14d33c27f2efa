"""RFC 7644 §3.4.1, §3.4.2, §3.4.2.4, §3.8 and §3.9: reading one resource, and many."""

from urllib.parse import quote

import pytest

from rfc.examples import Example, example
from rfc.people import barbara, two_people
from rfc.replay import BARBARA, BASE, JAMES, Replay, without_own
from scim_door import USER_URN, user

MAIL = {"value": "bjensen@example.com", "type": "work"}
PHONE = {"value": "555-555-8377", "type": "work"}


def test_a_known_resource_is_read(client: Replay) -> None:
    """§3.4.1: GET gives what the RFC prints, with ``active``."""
    barbara(client, phoneNumbers=[PHONE], emails=[MAIL])
    printed = example("rfc7644/3.4.1-get-response.http")
    seen = client.send("rfc7644/3.4.1-get-request.http")

    assert (printed.status, printed.headers["Location"]) == (seen.status, seen.headers["location"])
    assert printed.headers["Content-Type"] == seen.headers["content-type"]
    assert seen.body["meta"]["version"] == seen.headers["etag"]
    assert without_own({**printed.body, "active": True}) == without_own(seen.body)


def test_the_user_names_of_everybody(client: Replay) -> None:
    """§3.4.2: ``attributes=userName`` shows it, and what is always returned, which is ``schemas`` too."""
    two_people(client)
    client.ids["c75ad752-64ae-4823-840d-ffa80929976c"] = client.ids.pop(JAMES)
    printed = example("rfc7644/3.4.2-user-names-response.http")
    seen = client.send("rfc7644/3.4.2-user-names-request.http")

    assert printed.status == seen.status
    assert printed.body["schemas"] == seen.body["schemas"]
    assert printed.body["totalResults"] == seen.body["totalResults"]
    assert [{"schemas": [USER_URN], **one} for one in printed.body["Resources"]] == seen.body["Resources"]


def test_a_query_without_a_match_succeeds(client: Replay) -> None:
    """§3.4.2: 200 with ``totalResults`` 0."""
    seen = client.ask("GET", "/Users", query={"filter": 'userName eq "nobody"'})

    assert (200, 0) == (seen.status, seen.body["totalResults"])


@pytest.mark.parametrize("path", ["/Users/{id}", "/Users", "/Groups"])
def test_the_query_endpoints(client: Replay, path: str) -> None:
    """§3.4.2.1: a query may go to a resource, or to an endpoint of a resource type."""
    barbara(client)
    seen = client.ask("GET", path.format(id=BARBARA), query={"attributes": "userName"})

    assert 200 == seen.status


def test_unknown_parameters_are_ignored(client: Replay) -> None:
    """§3.4.2: a parameter that is not known changes nothing."""
    barbara(client)
    seen = client.ask("GET", "/Users", query={"colour": "blue"})

    assert (200, 1) == (seen.status, seen.body["totalResults"])


def test_pages_follow_each_other(client: Replay) -> None:
    """§3.4.2.4: figure 3, then the page at ``startIndex=11``, and so on until all hundred were seen once."""
    for number in range(100):
        client.create("/Users", user(f"user-{number}"))
    printed = example("rfc7644/3.4.2.4-first-page-response.json").body
    first = client.send("rfc7644/3.4.2.4-first-page-request.http")
    second = client.send(Example(method="GET", target="/Users?startIndex=11&count=10", headers={}))
    pages = [
        client.ask("GET", "/Users", query={"startIndex": str(start), "count": "10"}).body["Resources"]
        for start in range(1, 101, 10)
    ]

    assert {key: printed[key] for key in printed if key != "Resources"} == {
        key: first.body[key] for key in first.body if key != "Resources"
    }
    assert (11, 10, 100) == (
        second.body["startIndex"],
        second.body["itemsPerPage"],
        second.body["totalResults"],
    )
    assert [first.body["Resources"], second.body["Resources"]] == pages[:2]
    assert 100 == len({one["id"] for page in pages for one in page})


@pytest.mark.parametrize(
    ("parameters", "start", "shown"),
    [
        ({"startIndex": "0"}, 1, 2),
        ({"startIndex": "-3"}, 1, 2),
        ({"count": "0"}, 1, 0),
        ({"count": "-1"}, 1, 0),
    ],
)
def test_the_bounds_of_paging(client: Replay, parameters: dict[str, str], start: int, shown: int) -> None:
    """Table 6: less than 1 means 1, a negative count means 0, and 0 only counts."""
    two_people(client)
    seen = client.ask("GET", "/Users", query=parameters)

    assert (200, 2) == (seen.status, seen.body["totalResults"])
    assert start == seen.body["startIndex"]
    assert shown == len(seen.body.get("Resources", []))


def test_attributes_narrow_one_resource(client: Replay) -> None:
    """§3.9: only what was asked for, and what is always returned."""
    barbara(client)
    printed = example("rfc7644/3.9-attributes-response.http")
    seen = client.send("rfc7644/3.9-attributes-request.http")

    assert (printed.status, printed.body) == (seen.status, seen.body)
    assert printed.headers["Location"] == seen.headers["location"]
    assert "etag" in seen.headers


@pytest.mark.parametrize("name", ["userName", "name", "emails", "NAME", f"{USER_URN}:name", "name.givenName"])
def test_excluded_attributes_are_left_out(client: Replay, name: str) -> None:
    """§3.9: everything but what is named; what is always returned stays."""
    whole = barbara(client, emails=[MAIL])
    whole = client.get(f"/Users/{BARBARA}")
    seen = client.ask("GET", f"/Users/{BARBARA}", query={"excludedAttributes": f"{name},id"})
    gone = {"name.givenName": {}, "userName": {"userName"}, "emails": {"emails"}}.get(name, {"name"})

    assert {key: value for key, value in whole.items() if key not in {*gone, "name"}} == {
        key: value for key, value in seen.body.items() if key != "name"
    }
    if name == "name.givenName":
        assert {key: value for key, value in whole["name"].items() if key != "givenName"} == seen.body["name"]


@pytest.mark.parametrize("name", [f"{USER_URN}:userName", f"{USER_URN.upper()}:USERNAME", "username"])
def test_attribute_names_in_every_notation(client: Replay, name: str) -> None:
    """§3.10: with its URN or without, in any letter case, the name means the same attribute."""
    barbara(client)
    seen = client.ask("GET", f"/Users/{BARBARA}", query={"attributes": name})

    assert {"schemas": [USER_URN], "id": BARBARA, "userName": "bjensen"} == seen.body


def test_a_sub_attribute_in_full_notation(client: Replay) -> None:
    """§3.10: ``urn:…:User:name.givenName`` is the given name of a user."""
    barbara(client)
    seen = client.ask("GET", f"/Users/{BARBARA}", query={"attributes": f"{USER_URN}:name.givenName"})
    found = client.ask("GET", "/Users", query={"filter": f'{USER_URN}:name.givenName eq "barbara"'})

    assert {"givenName": "Barbara"} == seen.body["name"]
    assert [BARBARA] == [one["id"] for one in found.body["Resources"]]


@pytest.mark.parametrize("accept", ["application/scim+json", "application/json", "*/*"])
def test_every_accepted_format_is_scim(client: Replay, accept: str) -> None:
    """§3.8: both media types are answered with JSON in UTF-8; the default is SCIM's own."""
    barbara(client, displayName="Barbára")
    seen = client.ask("GET", f"/Users/{BARBARA}", Accept=accept)

    assert (200, "application/scim+json") == (seen.status, seen.headers["content-type"])
    assert "Barbára" == seen.body["displayName"]


def test_a_suffix_is_no_format(client: Replay) -> None:
    """§3.8 lets a server know ``.scim`` at the end of a URI; here it is part of an id that nobody has."""
    barbara(client)

    assert 404 == client.send("rfc7644/3.8-suffix-request.http").status


def test_a_version_in_the_url(client: Replay) -> None:
    """§3.13: ``v2`` stands right before the endpoint; another version is not served."""
    barbara(client)
    location = client.get(f"/Users/{BARBARA}")["meta"]["location"]
    other = client.ask("GET", quote("/../v1/Users"))

    assert f"{BASE}/Users/{BARBARA}" == location
    assert 404 == other.status
