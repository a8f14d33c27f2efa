"""RFC 7644 §3.7: many changes in one request."""

import json
from dataclasses import replace
from typing import Any

from muster.scim.bulk_request import BULK_REQUEST_URN
from rfc.examples import example
from rfc.replay import Replay, Seen, without_own
from scim_door import user

ALICE = "92b725cd-9465-4e7d-8c16-01f8e146b87a"
GUIDES = "e9e30dba-f08f-4109-8486-d5c6a331660a"
BOB = "b7c14771-226c-4d05-8860-134711653041"
DAVE = "5d8d29d3-342c-4b5f-8683-a3cb6763ffcc"
GONE = "e9025315-6bea-44e1-899c-1e07454e468b"
WORDS = ("detail", "scimType")  # of an error: every server has its own


def told(client: Replay, seen: Seen, *ids: str) -> Any:  # noqa: ANN401 - JSON
    """The operations of an answer, in which what was created has these ids of the RFC from now on."""
    assert 200 == seen.status
    made = [
        one["location"] for one in seen.body["Operations"] if one["method"] == "POST" and "location" in one
    ]
    client.ids.update({theirs: place.rpartition("/")[2] for theirs, place in zip(ids, made, strict=True)})
    return json.loads(client._theirs(json.dumps(seen.body)))


def without_words(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """The answer with versions, and the words of errors, only named."""
    for one in answer["Operations"]:
        one.update({"version": "its own"} if "version" in one else {})
        for name in WORDS:
            one.get("response", {}).pop(name, None)
    return answer


def people(client: Replay) -> None:
    """Whom §3.7.3 changes."""
    for name, known in (("bob", BOB), ("dave", DAVE), ("gone", GONE)):
        client.create("/Users", user(name, nickName=name), known)


def changes(**more: Any) -> Any:  # noqa: ANN401 - JSON
    """The request of §3.7.3 with our versions: all three resources are at their first."""
    request = example("rfc7644/3.7.3-changes-request.http")
    operations = [
        one | ({"version": 'W/"1"'} if "version" in one else {}) for one in request.body["Operations"]
    ]
    return replace(request, body={**request.body, "Operations": operations, **more})


def test_a_new_user_is_a_member_of_a_new_group(client: Replay) -> None:
    """§3.7.2: the group is created with the id of the user, and both answers say where they are."""
    seen = client.send("rfc7644/3.7.2-member-request.http")
    answer = told(client, seen, ALICE, GUIDES)
    group = client.get(f"/Groups/{GUIDES}")

    assert without_words(example("rfc7644/3.7.2-member-response.http").body) == without_words(answer)
    assert without_own(example("rfc7644/3.7.2-tour-guides-response.http").body) == without_own(group)
    assert seen.body["Operations"][1]["version"] == group["meta"]["version"]


def test_a_new_user_is_the_manager_of_another(client: Replay) -> None:
    """§3.7.2: references in extensions are resolved in the same way."""
    told(client, client.send("rfc7644/3.7.2-manager-request.http"), ALICE, BOB)
    bob = client.get(f"/Users/{BOB}")
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    assert {"employeeNumber": "11250", "manager": {"value": ALICE}} == bob[extension]


def test_groups_in_a_circle_are_told_as_they_are(client: Replay) -> None:
    """§3.7.1: the circle is tried. Groups cannot hold each other here, which is then 409, as the RFC allows.

    What was created has a location, and is what a GET shows.
    """
    answer = client.send("rfc7644/3.7.1-circle-request.http").body["Operations"]
    printed = example("rfc7644/3.7.1-circle-members-response.http").body["Resources"]
    found = client.send("rfc7644/3.7.1-circle-members-request.http").body["Resources"]

    assert ["409", "was created, but without its circular references"] == [
        answer[0]["status"],
        answer[0]["response"]["detail"].partition("Group ")[2].partition(":")[0],
    ]
    assert [one["displayName"] for one in printed if "location" in answer[printed.index(one)]] == [
        one["displayName"] for one in found
    ]
    assert answer[0]["location"] == found[0]["meta"]["location"]
    assert "members" not in found[0]


def test_add_update_and_remove_a_user(client: Replay) -> None:
    """§3.7.3: one operation of each method; answers and resources are as they are printed."""
    people(client)
    answer = told(client, client.send(changes()), ALICE)

    assert without_words(example("rfc7644/3.7.3-changes-response.http").body) == without_words(answer)
    assert ("Alice", "Bob") == tuple(client.get(f"/Users/{known}")["userName"] for known in (ALICE, BOB))
    dave = client.get(f"/Users/{DAVE}")
    assert ("Dave", False) == (dave["userName"], "nickName" in dave)
    assert 404 == client.ask("GET", f"/Users/{GONE}").status


def test_the_first_error_ends_the_request(client: Replay) -> None:
    """§3.7.3: with ``failOnErrors`` 1, nothing after it is done or listed. The schema is as printed."""
    people(client)
    request = changes()
    request.body["Operations"][0]["data"]["schemas"] = ["urn:ietf:params:scim:api:messages:2.0:User"]
    answer = told(client, client.send(request))

    assert without_words(example("rfc7644/3.7.3-stopped-response.http").body) == without_words(answer)
    assert "bob" == client.get(f"/Users/{BOB}")["userName"]


def test_a_status_is_a_text_with_an_error_where_it_failed(client: Replay) -> None:
    """§3.7.3: the two statuses that are printed by themselves."""
    (added, refused) = (
        client.ask("POST", "/Bulk", {"schemas": [BULK_REQUEST_URN], "Operations": [one]}).body["Operations"][
            0
        ]
        for one in (
            {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": user("alice")},
            {"method": "POST", "path": "/Users", "bulkId": "qwerty", "data": {}},
        )
    )
    printed = example("rfc7644/3.7.3-failed-status.json").body

    assert example("rfc7644/3.7.3-status.json").body["status"] == added["status"]
    assert printed["status"] == refused["status"] == refused["response"]["status"]
    assert set(printed["response"]) == set(refused["response"])
    assert printed["response"]["schemas"] == refused["response"]["schemas"]


def test_every_operation_can_fail_by_itself(client: Replay) -> None:
    """§3.7.3: without ``failOnErrors`` all are tried, with its own error, and its location but for POST."""
    people(client)
    client.ask("DELETE", f"/Users/{GONE}")
    request = changes(failOnErrors=None)
    for one in request.body["Operations"][:3]:
        one.update({"version": 'W/"7"'} if "version" in one else {"data": {}})
    answer = told(client, client.send(request))

    assert without_words(example("rfc7644/3.7.3-all-failed-response.http").body) == without_words(answer)
    assert ("bob", "dave") == tuple(client.get(f"/Users/{known}")["userName"] for known in (BOB, DAVE))


def test_a_request_that_is_too_large(client: Replay) -> None:
    """§3.7.4: 413, and the error names the limit, which is the one that discovery states."""
    request, printed = (example(f"rfc7644/3.7.4-too-large-{part}.http") for part in ("request", "response"))
    seen = client.send(request, Content_Length=request.headers["Content-Length"])
    limit = client.get("/ServiceProviderConfig")["bulk"]["maxPayloadSize"]

    assert printed.status == seen.status
    assert printed.headers["Content-Type"] == seen.headers["content-type"]
    assert printed.body["status"] == seen.body["status"]
    assert f"{limit} bytes (maxPayloadSize)" in seen.body["detail"]
