"""RFC 7643 §8: every representation it prints, taken in and given back."""

import re
from typing import Any

import pytest

from muster.scim.custom import schema_from_document
from muster.scim.discovery import CONFIG_URN, RESOURCE_TYPE_URN, SCHEMA_URN, schema_document
from rfc.examples import example
from rfc.replay import BARBARA, BASE, Replay
from scim_door import user

READ_ONLY = ("id", "meta", "groups")
BABS, MANDY = BARBARA, "902c246b-6245-4190-8e05-00816be7344a"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = "26118915-6090-4610-87e4-49d8ca9f808d"


def client_side(body: dict[str, Any]) -> dict[str, Any]:
    """What of a user its client decides, as it is stored: certificates without the line breaks of a page."""
    whole = {key: value for key, value in body.items() if key not in {*READ_ONLY, "password"}}
    for certificate in whole.get("x509Certificates", []):
        certificate["value"] = re.sub(r"\s", "", certificate["value"])
    if ENTERPRISE in whole:
        manager = whole[ENTERPRISE]["manager"]
        assert manager["$ref"].endswith(f"/Users/{MANAGER}")
        whole[ENTERPRISE] = {**whole[ENTERPRISE], "manager": {"value": manager["value"]}}
    return whole


@pytest.mark.parametrize("name", ["8.1-minimal-user", "8.2-full-user", "8.3-enterprise-user"])
def test_the_users_are_kept(client: Replay, name: str) -> None:
    """§8.1 to §8.3: each user is created as printed and read back; what is read-only is ours."""
    printed = example(f"rfc7643/{name}.json").body
    client.create("/Users", user("manager"), MANAGER)
    client.create("/Users", printed, BARBARA)
    read = client.get(f"/Users/{BARBARA}")

    assert {"active": True, **client_side(printed)} == client_side(read)
    assert "password" not in read
    assert f"{BASE}/Users/{BARBARA}" == read["meta"]["location"]


def test_the_group_is_kept(client: Replay) -> None:
    """§8.4: the group has the printed members, each with value, place and type."""
    printed = example("rfc7643/8.4-group.json").body
    client.create("/Users", user("babs"), BABS)
    client.create("/Users", user("mandy"), MANDY)
    client.create("/Groups", printed, printed["id"])
    read = client.get(f"/Groups/{printed['id']}")
    by_value = sorted(read["members"], key=lambda member: member["value"])
    there = sorted(printed["members"], key=lambda member: member["value"])

    assert (printed["schemas"], printed["displayName"]) == (read["schemas"], read["displayName"])
    assert printed["meta"]["location"] == read["meta"]["location"]
    assert [(one["value"], one["$ref"]) for one in there] == [(one["value"], one["$ref"]) for one in by_value]


def test_the_configuration_has_the_printed_members(client: Replay) -> None:
    """§8.5: the same members of the same types; the answers are ours."""
    printed = example("rfc7643/8.5-service-provider-config.json").body
    seen = client.get("/ServiceProviderConfig")
    left_out = {"documentationUri"}

    assert [CONFIG_URN] == printed["schemas"] == seen["schemas"]
    assert set(printed) - left_out <= set(seen)
    for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
        assert {key: type(value) for key, value in printed[name].items()} == {
            key: type(value) for key, value in seen[name].items()
        }
    scheme, ours = printed["authenticationSchemes"][0], seen["authenticationSchemes"][0]
    assert (scheme["type"], scheme["name"], scheme["primary"]) == (
        ours["type"],
        ours["name"],
        ours["primary"],
    )
    assert f"{BASE}/ServiceProviderConfig" == printed["meta"]["location"] == seen["meta"]["location"]


def test_the_resource_types_are_the_printed_ones(client: Replay) -> None:
    """§8.6, RFC 7644 figure 9: User and Group at their places; no extension is required here."""
    printed = example("rfc7643/8.6-resource-types.json").body
    listed = example("rfc7644/4-resource-types.json").body
    seen = client.get("/ResourceTypes")
    printed[0]["schemaExtensions"][0]["required"] = False
    listed["Resources"][0]["schemaExtensions"][0]["required"] = False

    assert printed == seen["Resources"] == listed["Resources"]
    assert printed == [client.get(f"/ResourceTypes/{name}") for name in ("User", "Group")]
    assert (listed["schemas"], listed["totalResults"]) == (seen["schemas"], seen["totalResults"])
    assert [RESOURCE_TYPE_URN] == seen["Resources"][0]["schemas"]


def test_the_schemas_are_offered(client: Replay) -> None:
    """§8.7.1: every printed attribute of User, Group and EnterpriseUser is offered, with its type."""
    seen = {one["id"]: one for one in client.get("/Schemas")["Resources"]}
    for printed in example("rfc7643/8.7.1-schemas.json").body:
        ours = {one["name"]: one for one in seen[printed["id"]]["attributes"]}
        for attribute in printed["attributes"]:
            assert attribute["type"] == ours[attribute["name"]]["type"]
            assert attribute["multiValued"] == ours[attribute["name"]]["multiValued"]


def test_one_schema_is_read(client: Replay) -> None:
    """RFC 7644 §4: a schema stands at ``/Schemas/`` and its URI; it is the one in the list."""
    path = "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"
    one = client.get(path)

    assert one in client.get("/Schemas")["Resources"]
    assert [SCHEMA_URN] == one["schemas"]
    assert f"{BASE}{path}" == one["meta"]["location"]


def test_the_service_provider_schemas_compile() -> None:
    """§8.7.2: they are schemas as §7 defines them, but for ``Schema``, whose sub-attributes nest once deeper.

    An attribute of an attribute cannot be complex (§2.3.8), and a server need not offer this one.
    """
    config, kind, schema = example("rfc7643/8.7.2-schemas.json").body
    del next(one for one in schema["attributes"] if one["name"] == "attributes")["subAttributes"][-1]
    for document in (config, kind, schema):
        compiled = schema_from_document(document)
        again = schema_document(compiled, BASE)

        assert [one["name"] for one in document["attributes"]] == [one["name"] for one in again["attributes"]]


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_discovery_is_not_filtered(client: Replay, path: str) -> None:
    """RFC 7644 §4: a filter is answered with 403; paging and sorting are ignored."""
    whole = client.get(path)
    filtered = client.ask("GET", path, query={"filter": 'name eq "User"'})
    paged = client.ask("GET", path, query={"startIndex": "2", "count": "1", "sortBy": "name"})

    assert 403 == filtered.status
    assert whole == paged.body
