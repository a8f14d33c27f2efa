"""RFC 7644 §3.3 and §3.14: creating resources, and their versions."""

import pytest

from rfc.examples import example
from rfc.people import barbara
from rfc.replay import BARBARA, BASE, Replay, without_own
from scim_door import group, user


@pytest.mark.parametrize("name", ["3.3-create", "3.14-create"])
def test_a_user_is_created(client: Replay, name: str) -> None:
    """The answer has the status, place, version and resource that the RFC prints, and ``active``."""
    printed = example(f"rfc7644/{name}-response.http")
    created = client.send(f"rfc7644/{name}-request.http")
    client.ids[BARBARA] = created.body["id"]
    read = client.ask("GET", f"/Users/{BARBARA}")

    assert printed.status == created.status
    assert printed.headers["Content-Type"] == created.headers["content-type"]
    assert printed.headers["Location"] == read.headers["location"] == read.body["meta"]["location"]
    assert created.headers["etag"] == read.headers["etag"] == read.body["meta"]["version"]
    assert created.headers["etag"].startswith('W/"')
    # §3.14 leaves out the externalId that its request sets.
    assert without_own({"externalId": "bjensen", **printed.body, "active": True}) == without_own(read.body)


def test_a_duplicate_is_a_conflict(client: Replay) -> None:
    """A second user of the same userName is 409 with ``uniqueness`` (§3.3)."""
    barbara(client)
    again = client.send("rfc7644/3.3-create-request.http")

    assert (409, "uniqueness") == (again.status, again.body["scimType"])


@pytest.mark.parametrize(("path", "body"), [("/Users", user("bjensen")), ("/Groups", group("Tour Guides"))])
def test_the_endpoint_says_the_resource_type(client: Replay, path: str, body: dict[str, object]) -> None:
    """§3.3.1: ``meta.resourceType`` follows from the endpoint, whatever the client writes."""
    created = client.create(
        path, {**body, "meta": {"resourceType": "Other", "location": "elsewhere"}}, BARBARA
    )
    read = client.get(f"{path}/{BARBARA}")

    assert path[1:-1] == created.body["meta"]["resourceType"]
    assert f"{BASE}{path}/{BARBARA}" == read["meta"]["location"]


def test_what_has_not_changed_is_not_sent_again(client: Replay) -> None:
    """§3.14: a GET with the known version is 304 with an empty body, until the resource changes."""
    known = barbara(client)["meta"]["version"]
    same = client.send("rfc7644/3.14-not-modified-request.http", If_None_Match=known)
    changed = client.ask("PUT", f"/Users/{BARBARA}", user("bjensen", displayName="Babs"))
    newer = client.send("rfc7644/3.14-not-modified-request.http", If_None_Match=known)

    assert (304, None) == (same.status, same.body)
    assert 200 == newer.status
    assert "Babs" == newer.body["displayName"]
    assert {"schemas", "id", "displayName"} == set(newer.body)
    assert changed.headers["etag"] == newer.headers["etag"] != known


def test_a_change_meets_the_version_it_names(client: Replay) -> None:
    """§3.14: with ``If-Match``, PUT and PATCH succeed only at the latest version; else 412 and no change."""
    first = barbara(client)["meta"]["version"]
    put = client.ask("PUT", f"/Users/{BARBARA}", user("bjensen", title="Guide"), If_Match=first)
    late = client.send("rfc7644/3.5.2.3-replace-attributes-request.http", If_Match=first)
    in_time = client.send("rfc7644/3.5.2.3-replace-attributes-request.http", If_Match=put.headers["etag"])

    assert [200, 412, 200] == [put.status, late.status, in_time.status]
    assert "Guide" == in_time.body["title"]
    assert "412" == late.body["status"]
