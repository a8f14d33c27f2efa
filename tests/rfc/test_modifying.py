"""RFC 7644 §3.5: every PUT and PATCH that the RFC prints, and what it leaves."""

from typing import Any

import pytest

from muster.scim.builtin import GROUP as GROUP_TYPE
from muster.scim.builtin import USER
from muster.scim.errors import InvalidPath
from muster.scim.patch_request import PATCH_URN
from muster.scim.path import parse_path
from rfc.examples import example, paths
from rfc.people import barbara, group_of, members_of, two_people
from rfc.replay import BARBARA, GROUP, JAMES, Replay, without_own
from scim_door import user

WORK = {"value": "bjensen@example.com", "type": "work", "primary": True}
HOME = {"value": "babs@jensen.org", "type": "home"}
OFFICE = {
    "type": "work",
    "streetAddress": "100 Universal City Plaza",
    "locality": "Hollywood",
    "region": "CA",
    "postalCode": "91608",
    "country": "USA",
    "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
    "primary": False,
}
FLAT = {"type": "home", "streetAddress": "456 Hollywood Blvd", "primary": True}
STRANGER = "902c246b-6245-4190-8e05-00816be7344a"


def refused(
    client: Replay, *operations: dict[str, object], path: str = f"/Users/{BARBARA}"
) -> tuple[int, Any]:
    """The status and keyword of a PATCH that must change nothing."""
    before = client.get(path)
    seen = client.ask("PATCH", path, {"schemas": [PATCH_URN], "Operations": list(operations)})
    assert before == client.get(path)
    return seen.status, seen.body.get("scimType")


def test_put_replaces_a_user(client: Replay) -> None:
    """§3.5.1: the answer is the whole user as printed; what the body leaves out is gone, ``active`` stays."""
    version = barbara(client, nickName="Babs", roles=[{"value": "guide"}])["meta"]["version"]
    printed = example("rfc7644/3.5.1-replace-response.http")
    seen = client.send("rfc7644/3.5.1-replace-request.http", If_Match=version)

    assert (printed.status, printed.headers["Location"]) == (seen.status, seen.headers["location"])
    assert seen.headers["etag"] == seen.body["meta"]["version"] != version
    assert without_own({**printed.body, "active": True}) == without_own(seen.body)


def test_put_makes_nothing_new(client: Replay) -> None:
    """§3.5.1: PUT is no way to create."""
    seen = client.send("rfc7644/3.5.1-replace-request.http")

    assert 404 == seen.status
    assert 0 == client.get("/Users")["totalResults"]


def test_the_body_of_figure_6_adds_a_member(client: Replay) -> None:
    """§3.5.2, figure 6: the basic structure of a PATCH."""
    two_people(client)
    group_of(client)
    seen = client.ask("PATCH", f"/Groups/{GROUP}", example("rfc7644/3.5.2-figure-6.json").body)

    assert seen.status in {200, 204}
    assert [BARBARA] == members_of(client)


@pytest.mark.parametrize("text", paths("rfc7644/3.5.2-figure-8.paths"))
def test_the_paths_of_figure_8(text: str) -> None:
    """Figure 8: each is a path of a User or a Group, but ``members.displayName``, which no schema has."""
    kind = GROUP_TYPE if text.startswith("members") else USER
    if text.endswith("displayName"):
        with pytest.raises(InvalidPath):
            parse_path(text, kind)
        assert text.replace("displayName", "value") == str(
            parse_path(text.replace("displayName", "value"), kind)
        )
        return

    assert text == str(parse_path(text, kind))


def test_a_member_is_added(client: Replay) -> None:
    """§3.5.2.1: the member is there; added again, nothing changes, the time of change least of all."""
    two_people(client)
    version = group_of(client, JAMES)["meta"]["version"]
    printed = example("rfc7644/3.5.2.1-add-member-response.http")
    seen = client.send("rfc7644/3.5.2.1-add-member-request.http", If_Match=version)
    after = client.get(f"/Groups/{GROUP}")
    client.speaker.room.clock.forward(minutes=1)
    again = client.send("rfc7644/3.5.2.1-add-member-request.http")

    assert seen.status in {200, printed.status}
    assert {"etag", "location"} <= set(seen.headers)
    assert sorted([BARBARA, JAMES]) == members_of(client)
    assert again.status == seen.status
    assert after == client.get(f"/Groups/{GROUP}")


def test_attributes_are_added_without_a_path(client: Replay) -> None:
    """§3.5.2.1: the email comes to the others, the nickname takes the place of the one before."""
    version = barbara(client, emails=[WORK], nickName="Barbie")["meta"]["version"]
    seen = client.send("rfc7644/3.5.2.1-add-attributes-request.http", If_Match=version)
    after = client.get(f"/Users/{BARBARA}")

    assert seen.status in {200, 204}
    assert ([WORK, HOME], "Babs") == (after["emails"], after["nickName"])


def test_a_member_is_removed(client: Replay) -> None:
    """§3.5.2.2: who was selected is gone; removed again, nothing changes and it succeeds."""
    two_people(client)
    version = group_of(client, BARBARA, JAMES)["meta"]["version"]
    seen = client.send("rfc7644/3.5.2.2-remove-member-request.http", If_Match=version)
    after = client.get(f"/Groups/{GROUP}")
    again = client.send("rfc7644/3.5.2.2-remove-member-request.http")

    assert [JAMES] == members_of(client)
    assert seen.status == again.status
    assert again.status in {200, 204}
    assert after == client.get(f"/Groups/{GROUP}")


def test_all_members_are_removed(client: Replay) -> None:
    """§3.5.2.2: the attribute is unassigned."""
    two_people(client)
    version = group_of(client, BARBARA, JAMES)["meta"]["version"]
    seen = client.send("rfc7644/3.5.2.2-remove-members-request.http", If_Match=version)

    assert seen.status in {200, 204}
    assert "members" not in client.get(f"/Groups/{GROUP}")


def test_a_value_is_removed(client: Replay) -> None:
    """§3.5.2.2: only the element both conditions hold for goes; with the last one the attribute goes."""
    other = {"value": "bjensen@example.org", "type": "work"}
    home = {"value": "babs@example.com", "type": "home"}
    barbara(client, emails=[WORK, other, home])
    body = example("rfc7644/3.5.2.2-remove-email.json").body
    client.ask("PATCH", f"/Users/{BARBARA}", body)
    after = client.get(f"/Users/{BARBARA}")
    client.ask("PUT", f"/Users/{BARBARA}", user("bjensen", emails=[WORK]))
    client.ask("PATCH", f"/Users/{BARBARA}", body)

    assert [other, home] == after["emails"]
    assert "emails" not in client.get(f"/Users/{BARBARA}")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("3.5.2.2-exchange-member", [BARBARA], [JAMES]),
        ("3.5.2.2-exchange-members", [STRANGER], [JAMES, BARBARA]),
        ("3.5.2.3-replace-members", [STRANGER], [JAMES, BARBARA]),
    ],
)
def test_members_are_exchanged(client: Replay, name: str, before: list[str], after: list[str]) -> None:
    """§3.5.2.2, §3.5.2.3: remove and add in one request, one by one or all; and the same by ``replace``."""
    two_people(client)
    client.create("/Users", user("mandy"), STRANGER)
    version = group_of(client, *before)["meta"]["version"]
    seen = client.send(f"rfc7644/{name}-request.http", If_Match=version)

    assert seen.status in {200, 204}
    assert sorted(after) == members_of(client)


def test_an_address_is_replaced(client: Replay) -> None:
    """§3.5.2.3: the work address is the one given, and no other address is primary any more."""
    version = barbara(client, addresses=[OFFICE, FLAT])["meta"]["version"]
    printed = example("rfc7644/3.5.2.3-replace-address-request.http").body["Operations"][0]["value"]
    seen = client.send("rfc7644/3.5.2.3-replace-address-request.http", If_Match=version)

    assert seen.status in {200, 204}
    assert [printed, {**FLAT, "primary": False}] == client.get(f"/Users/{BARBARA}")["addresses"]


def test_a_street_is_replaced(client: Replay) -> None:
    """§3.5.2.3: one sub-attribute of the selected address; the rest and the other addresses stay."""
    version = barbara(client, addresses=[OFFICE, FLAT])["meta"]["version"]
    seen = client.send("rfc7644/3.5.2.3-replace-street-request.http", If_Match=version)

    assert seen.status in {200, 204}
    moved = {**OFFICE, "streetAddress": "1010 Broadway Ave"}
    assert [moved, FLAT] == client.get(f"/Users/{BARBARA}")["addresses"]


def test_attributes_are_replaced_without_a_path(client: Replay) -> None:
    """§3.5.2.3: all values of the named attributes are replaced; other attributes are unaffected."""
    barbara(client, emails=[{"value": "old@example.com"}], title="Guide")
    whole = client.get(f"/Users/{BARBARA}")
    seen = client.send("rfc7644/3.5.2.3-replace-attributes-request.http", If_Match=whole["meta"]["version"])
    after = client.get(f"/Users/{BARBARA}")

    assert seen.status in {200, 204}
    assert without_own({**whole, "emails": [WORK, HOME], "nickName": "Babs"}) == without_own(after)


def test_attributes_asked_for_are_answered(client: Replay) -> None:
    """§3.5.2: with the parameter ``attributes`` the answer MUST be 200, and shows them."""
    barbara(client)
    body = example("rfc7644/3.5.2.3-replace-attributes-request.http").body
    seen = client.ask("PATCH", f"/Users/{BARBARA}", body, query={"attributes": "nickName"})

    assert (200, "Babs") == (seen.status, seen.body["nickName"])
    assert {"schemas", "id", "nickName"} == set(seen.body)


def test_schemas_follow_a_qualified_attribute(client: Replay) -> None:
    """§3.5.2: adding ``urn:…:enterprise:2.0:User:employeeNumber`` adds the schema to ``schemas``."""
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    barbara(client)
    operation = {"op": "add", "path": f"{extension}:employeeNumber", "value": "701984"}
    client.ask("PATCH", f"/Users/{BARBARA}", {"schemas": [PATCH_URN], "Operations": [operation]})
    after = client.get(f"/Users/{BARBARA}")

    assert extension in after["schemas"]
    assert {"employeeNumber": "701984"} == after[extension]


def test_what_is_refused_changes_nothing(client: Replay) -> None:
    """§3.5.2: each refusal has the keyword that the RFC names, and what came before it is undone."""
    barbara(client, addresses=[FLAT])
    good = {"op": "add", "path": "title", "value": "Guide"}

    assert (400, "noTarget") == refused(client, good, {"op": "remove"})
    assert (400, "mutability") == refused(client, good, {"op": "remove", "path": "userName"})
    assert (400, "mutability") == refused(
        client, good, {"op": "replace", "path": "meta.version", "value": "x"}
    )
    assert (400, "noTarget") == refused(
        client, good, {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "x"}
    )
    assert (400, "invalidPath") == refused(client, good, {"op": "add", "path": "colour", "value": "x"})
    assert (400, "invalidFilter") == refused(client, good, {"op": "remove", "path": "emails[type is 5]"})
    assert (400, "invalidValue") == refused(client, good, {"op": "add", "path": "title"})
