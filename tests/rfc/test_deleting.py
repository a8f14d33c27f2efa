"""RFC 7644 §3.6 and §3.12: a resource goes, and refusals read as the RFC prints them."""

import pytest

from rfc.examples import example
from rfc.people import barbara
from rfc.replay import BARBARA, Replay
from scim_door import user

ERRORS = [
    "rfc7644/3.6-get-deleted-response.http",
    "rfc7644/3.12-mutability-response.http",
    "rfc7644/3.12-not-found-response.http",
    "rfc7644/7.5.2-sensitive-response.http",
]


def test_a_user_is_deleted(client: Replay) -> None:
    """DELETE is 204; then the user is 404, in no list, and no obstacle to another of the name."""
    version = barbara(client)["meta"]["version"]
    deleted = client.send("rfc7644/3.6-delete-request.http", If_Match=version)
    gone = client.send("rfc7644/3.6-get-deleted-request.http")
    listed = client.ask("GET", "/Users")
    changed = [
        client.ask("PUT", f"/Users/{BARBARA}", user("bjensen")).status,
        client.send("rfc7644/3.5.2.3-replace-attributes-request.http").status,
        client.send("rfc7644/3.6-delete-request.http").status,
    ]
    again = client.ask("POST", "/Users", user("bjensen"))

    assert (example("rfc7644/3.6-delete-response.http").status, None) == (deleted.status, deleted.body)
    printed = example("rfc7644/3.6-get-deleted-response.http")
    assert printed.status == gone.status
    assert {**printed.body, "detail": ""} == {**gone.body, "detail": ""}
    assert BARBARA in gone.body["detail"]
    assert 0 == listed.body["totalResults"]
    assert [404, 404, 404] == changed
    assert 201 == again.status


def test_a_delete_meets_the_version_it_names(client: Replay) -> None:
    """With another version in ``If-Match`` the user stays."""
    barbara(client)
    refused = client.send("rfc7644/3.6-delete-request.http", If_Match='W/"c310cd84f0281b7"')

    assert 412 == refused.status
    assert BARBARA == client.get(f"/Users/{BARBARA}")["id"]


def test_nobody_there(client: Replay) -> None:
    """§3.12: the error of a GET for a resource that does not exist."""
    printed = example("rfc7644/3.12-not-found-response.http")
    seen = client.ask("GET", f"/Users/{BARBARA}")

    assert printed.status == seen.status
    assert {**printed.body, "detail": ""} == {**seen.body, "detail": ""}
    assert BARBARA in seen.body["detail"]


def test_a_put_ignores_what_is_read_only(client: Replay) -> None:
    """§3.12 prints a PUT refused for its ``id``, but §3.5.1 rules that read-only values SHALL be ignored."""
    barbara(client)
    put = client.ask("PUT", f"/Users/{BARBARA}", {**user("bjensen"), "id": "another"})
    patched = client.ask(
        "PATCH",
        f"/Users/{BARBARA}",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "id", "value": "another"}],
        },
    )
    printed = example("rfc7644/3.12-mutability-response.http")

    assert (200, BARBARA) == (put.status, put.body["id"])
    assert printed.status == patched.status
    assert {**printed.body, "detail": ""} == {**patched.body, "detail": ""}
    assert "id" in patched.body["detail"]


@pytest.mark.parametrize("name", ERRORS)
def test_our_errors_have_the_members_of_the_printed_ones(client: Replay, name: str) -> None:
    """§3.12: an error says ``schemas``, ``status`` as text and ``detail``, and its keyword, if any."""
    printed = example(name)
    seen = client.ask("GET", f"/Users/{BARBARA}")

    assert printed.body["schemas"] == seen.body["schemas"]
    assert set(printed.body) - {"scimType"} == set(seen.body)
    assert str(seen.status) == seen.body["status"]


@pytest.mark.parametrize(
    ("request_", "query", "status", "kind"),
    [
        (("GET", "/Users", None), {"filter": "userName regex x"}, 400, "invalidFilter"),
        (("POST", "/Users", {"userName": "x"}), {}, 400, "invalidValue"),
        (("POST", "/Users", []), {}, 400, "invalidSyntax"),
        (("PUT", f"/Users/{BARBARA}", {}), {}, 400, "invalidValue"),
        (("PATCH", f"/Users/{BARBARA}", {}), {}, 400, "invalidSyntax"),
        (("GET", "/Nowhere", None), {}, 404, None),
        (("DELETE", "/Users", None), {}, 405, None),
    ],
)
def test_every_refusal_says_its_kind(
    client: Replay, request_: tuple[str, str, object], query: dict[str, str], status: int, kind: str | None
) -> None:
    """Tables 8 and 9: the status of HTTP, repeated in the body, with the keyword that fits."""
    barbara(client)
    seen = client.ask(*request_, query=query)

    assert (status, str(status), kind) == (seen.status, seen.body["status"], seen.body.get("scimType"))


def test_no_credential_is_401(client: Replay) -> None:
    """Table 8: without a valid token, nothing is answered."""
    seen = client.ask("GET", "/Users", Authorization="Bearer h480djs93hd8")

    assert (401, "401") == (seen.status, seen.body["status"])
    assert seen.headers["www-authenticate"].startswith("Bearer")
