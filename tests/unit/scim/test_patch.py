import copy
import json
from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    ScimError,
)
from muster.scim.patch import apply
from muster.scim.patch_request import PATCH_URN, Operation, Verb, parse_request
from muster.scim.patch_values import Edit
from muster.scim.path import parse_path
from muster.scim.schema import Attribute, Extension, ResourceType, Schema, Type
from muster.scim.schema import Mutability as Rule
from muster.scim.values import Resource
from rfc import examples

BABS = "2819c223-7f76-453a-919d-413861904646"
MANDY = "902c246b-6245-4190-8e05-00816be7344a"
JAMES = "08e1d05d-121c-4561-8b96-473d93df9210"
HR = Schema(
    urn="urn:example:hr:1.0",
    name="HR",
    attributes=(
        Attribute(name="badge", mutability=Rule.IMMUTABLE),
        Attribute(name="grade", mutability=Rule.READ_ONLY),
        Attribute(name="tags", multi_valued=True),
        Attribute(
            name="desk",
            type=Type.COMPLEX,
            sub_attributes=(
                Attribute(name="room", required=True),
                Attribute(name="floor", type=Type.INTEGER),
            ),
        ),
        Attribute(
            name="keys",
            type=Type.COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute(name="door", required=True),
                Attribute(name="hours", multi_valued=True),
            ),
        ),
    ),
)
EMPLOYEE = ResourceType(
    name="User", endpoint="/Users", schema=USER.schema, extensions=(*USER.extensions, Extension(schema=HR))
)


def example(name: str) -> dict[str, Any]:
    """Return an example resource of RFC 7643 §8."""
    loaded: dict[str, Any] = examples.example(f"rfc7643/{name}.json").body
    return loaded


def patched(resource: Resource, *operations: dict[str, Any], type: ResourceType = USER) -> Resource:
    """Return the resource after a PATCH message, having checked that the input did not change."""
    before = copy.deepcopy(resource)
    body: Resource = {"schemas": [PATCH_URN], "Operations": list(operations)}
    try:
        return apply(resource, parse_request(body), type)
    finally:
        assert before == resource


def user(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return what PATCH makes of the enterprise user of RFC 7643 §8.3."""
    return dict(patched(example("8.3-enterprise-user"), *operations))


def group(*operations: dict[str, Any]) -> list[str] | None:
    """Return the members PATCH leaves in the group of RFC 7643 §8.4, which are Babs and Mandy."""
    members: Any = patched(example("8.4-group"), *operations, type=GROUP).get("members")
    return None if members is None else [member["value"] for member in members]


def employee(attributes: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any] | None:
    """Return the HR attributes PATCH leaves."""
    resource: Resource = {"schemas": [USER_URN, HR.urn], "userName": "u", HR.urn: attributes}
    found: Any = patched(resource, *operations, type=EMPLOYEE).get(HR.urn)
    return None if found is None else dict(found)


def test_add_a_member() -> None:
    """RFC 7644 §3.5.2.1: a member is added after those that are there."""
    operation = {
        "op": "add",
        "path": "members",
        "value": [
            {"display": "James Smith", "$ref": f"https://example.com/v2/Users/{JAMES}", "value": JAMES}
        ],
    }

    assert [BABS, MANDY, JAMES] == group(operation)


@pytest.mark.parametrize(
    "value", [[{"value": BABS}], {"value": BABS}, [{"value": BABS, "display": "Other", "type": "User"}]]
)
def test_add_a_member_twice(value: object) -> None:
    """RFC 7644 §3.5.2.1: adding what is there changes nothing, however the member is described."""
    assert example("8.4-group") == patched(
        example("8.4-group"), {"op": "add", "path": "members", "value": value}, type=GROUP
    )


def test_add_attributes_without_a_path() -> None:
    """RFC 7644 §3.5.2.1: an email is added to the others, a nickname replaces the one there."""
    found = user(
        {"op": "add", "value": {"emails": [{"value": "b@x.org", "type": "other"}], "nickname": "Barb"}}
    )

    assert ["bjensen@example.com", "babs@jensen.org", "b@x.org"] == [
        mail["value"] for mail in found["emails"]
    ]
    assert "Barb" == found["nickName"]


def test_remove_a_member() -> None:
    """RFC 7644 §3.5.2.2: the selected member goes; a stranger was gone already."""
    assert [MANDY] == group({"op": "remove", "path": f'members[value eq "{BABS}"]'})
    assert [BABS, MANDY] == group({"op": "remove", "path": 'members[value eq "stranger"]'})


def test_remove_all_members() -> None:
    """RFC 7644 §3.5.2.2: without a filter the attribute becomes unassigned."""
    assert None is group({"op": "remove", "path": "members"})


@pytest.mark.parametrize("value", [None, [], "", {}, [None], [{}], [{"value": None}], {"members": [BABS]}])
def test_removing_what_nobody_can_read_empties_no_group(value: object) -> None:
    """A removal that names nobody is refused: it could mean everybody or nobody."""
    with pytest.raises(InvalidValue):
        group({"op": "Remove", "path": "members", "value": value})


def test_remove_an_email_by_two_conditions() -> None:
    """RFC 7644 §3.5.2.2: both conditions hold for the element that goes."""
    found = user({"op": "remove", "path": 'emails[type eq "work" and value ew "example.com"]'})

    assert [{"value": "babs@jensen.org", "type": "home"}] == found["emails"]


def test_remove_and_add_a_member() -> None:
    """RFC 7644 §3.5.2.2: operations apply in order, also where the RFC leaves out a space."""
    assert [MANDY, JAMES] == group(
        {"op": "remove", "path": f'members[value eq"{BABS}"]'},
        {"op": "add", "path": "members", "value": [{"value": JAMES}]},
    )


def test_replace_all_members_by_remove_and_add() -> None:
    """RFC 7644 §3.5.2.2: after a remove, add starts from nothing."""
    assert [BABS, JAMES] == group(
        {"op": "remove", "path": "members"},
        {"op": "add", "path": "members", "value": [{"value": BABS}, {"value": JAMES}]},
    )


def test_replace_all_members() -> None:
    """RFC 7644 §3.5.2.3: the list given is the list afterwards."""
    assert [JAMES] == group({"op": "replace", "path": "members", "value": [{"value": JAMES}]})
    assert None is group({"op": "replace", "path": "members", "value": []})


def test_replace_a_work_address() -> None:
    """RFC 7644 §3.5.2.3: the selected address is replaced as a whole and primary moves to it."""
    address = {
        "type": "work",
        "streetAddress": "911 Universal City Plaza",
        "locality": "Hollywood",
        "region": "CA",
        "postalCode": "91608",
        "country": "US",
        "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US",
        "primary": True,
    }
    before = example("8.3-enterprise-user")
    before["addresses"][0]["primary"] = False
    before["addresses"][1]["primary"] = True
    found: Any = patched(before, {"op": "replace", "path": 'addresses[type eq "work"]', "value": address})

    assert [address, {**before["addresses"][1], "primary": False}] == found["addresses"]


def test_replace_a_street() -> None:
    """RFC 7644 §3.5.2.3: one sub-attribute of the selected address changes."""
    before = example("8.3-enterprise-user")["addresses"]
    found = user(
        {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "1010 Broadway Ave"}
    )

    assert [{**before[0], "streetAddress": "1010 Broadway Ave"}, before[1]] == found["addresses"]


def test_replace_attributes_without_a_path() -> None:
    """RFC 7644 §3.5.2.3: the attributes named are replaced and the others stay."""
    emails = [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ]
    before = example("8.3-enterprise-user")
    before["emails"] = [{"value": "old@x.org"}]
    found = patched(before, {"op": "replace", "value": {"emails": emails, "nickname": "B"}})

    assert {**before, "emails": emails, "nickName": "B"} == found


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_complex_attribute_keeps_what_is_not_named(op: str) -> None:
    """RFC 7644 §3.5.2.3: sub-attributes that are not specified are left unchanged; null clears one."""
    name = example("8.3-enterprise-user")["name"]
    found = user({"op": op, "path": "name", "value": {"givenName": "Babs", "middleName": None}})
    del name["middleName"]

    assert {**name, "givenName": "Babs"} == found["name"]


@pytest.mark.parametrize("op", ["add", "replace", "Add", "REPLACE"])
@pytest.mark.parametrize(
    ("path", "value", "attribute", "expected"),
    [
        ("nickname", "x", "nickName", "x"),
        ("name.givenName", "x", "name", {**example("8.3-enterprise-user")["name"], "givenName": "x"}),
        ("active", "False", "active", False),
        ("title", None, "title", None),
        (f"{USER_URN}:title", "x", "title", "x"),
    ],
)
def test_singular_attributes(op: str, path: str, value: object, attribute: str, expected: object) -> None:
    """Add and replace do the same to a singular attribute, whatever the letter case."""
    assert expected == user({"op": op, "path": path, "value": value}).get(attribute)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": f"{ENTERPRISE_USER_URN}:department", "value": "x"},
        {"op": "add", "path": f"{ENTERPRISE_USER_URN.lower()}:DEPARTMENT", "value": "x"},
        {"op": "add", "path": f"{ENTERPRISE_USER_URN}.department", "value": "x"},
        {"op": "add", "path": "department", "value": "x"},
        {"op": "add", "path": ENTERPRISE_USER_URN, "value": {"Department": "x"}},
        {"op": "add", "path": ENTERPRISE_USER_URN, "value": {"schemas": [], "department": "x"}},
        {"op": "replace", "value": {ENTERPRISE_USER_URN: {"department": "x"}}},
        {"op": "replace", "value": {f"{ENTERPRISE_USER_URN}:department": "x"}},
        {"op": "replace", "path": None, "value": {"department": "x"}},
        {"op": "replace", "value": json.dumps({"department": "x"})},
    ],
)
def test_extensions(operation: dict[str, Any]) -> None:
    """All ways to say an extended attribute mean it, and its schema is claimed (RFC 7644 §3.5.2)."""
    before: Resource = {"schemas": [USER_URN], "userName": "u"}

    assert {
        "schemas": [USER_URN, ENTERPRISE_USER_URN],
        "userName": "u",
        ENTERPRISE_USER_URN: {"department": "x"},
    } == patched(before, operation)


def test_an_emptied_extension_goes() -> None:
    """Without attributes there is no container and its schema is not claimed."""
    before: Resource = {
        "schemas": [USER_URN, ENTERPRISE_USER_URN],
        "userName": "u",
        ENTERPRISE_USER_URN: {"department": "x"},
    }
    bare = {"schemas": [USER_URN], "userName": "u"}

    assert bare == patched(before, {"op": "remove", "path": "department"})
    assert bare == patched(before, {"op": "remove", "path": ENTERPRISE_USER_URN})
    assert bare == patched(before, {"op": "replace", "path": ENTERPRISE_USER_URN, "value": None})


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "Add", "path": "manager", "value": "7"}, {"value": "7"}),
        ({"op": "Replace", "path": f"{ENTERPRISE_USER_URN}:manager", "value": {"value": "7"}}, None),
        ({"op": "Replace", "path": "manager.value", "value": "7"}, None),
        ({"op": "Replace", "value": {f"{ENTERPRISE_USER_URN}:manager": [{"value": "7"}]}}, {"value": "7"}),
    ],
)
def test_a_manager_is_set_in_many_forms(operation: dict[str, Any], expected: dict[str, Any] | None) -> None:
    """A bare id replaces the manager; an object or a sub-attribute changes what it names."""
    before = example("8.3-enterprise-user")[ENTERPRISE_USER_URN]["manager"]

    assert (expected or {**before, "value": "7"}) == user(operation)[ENTERPRISE_USER_URN]["manager"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Remove", "path": "manager"},
        {"op": "Replace", "path": "manager", "value": ""},
        {"op": "Replace", "value": {"manager": None}},
    ],
)
def test_a_manager_is_cleared_in_many_forms(operation: dict[str, Any]) -> None:
    """Entra ID clears a manager by Remove or by an empty string."""
    assert "manager" not in user(operation)[ENTERPRISE_USER_URN]


def test_add_creates_the_element_its_filter_describes() -> None:
    """Entra ID adds the value of an email that does not exist yet, and means one of that type."""
    found = user(
        {"op": "Add", "path": 'emails[type eq "other"].value', "value": "x@y.org"},
        {"op": "Add", "path": 'phoneNumbers[type eq "fax"]', "value": {"value": "1"}},
    )

    assert {"type": "other", "value": "x@y.org"} == found["emails"][-1]
    assert {"type": "fax", "value": "1"} == found["phoneNumbers"][-1]


def test_keys_without_a_path_may_be_paths() -> None:
    """Entra ID puts dotted names, URNs and filters into the keys of one replace."""
    found = user(
        {
            "op": "replace",
            "value": {
                "name.givenName": "G",
                f"{ENTERPRISE_USER_URN}:employeeNumber": "9",
                'emails[type eq "work"].value': "w@x.org",
                'emails[type eq "other"].value': "o@x.org",
                'ims[type eq "qq"].value': None,
                "active": "False",
            },
        }
    )

    assert ["w@x.org", "babs@jensen.org", "o@x.org"] == [mail["value"] for mail in found["emails"]]
    assert ("G", "9", False) == (
        found["name"]["givenName"],
        found[ENTERPRISE_USER_URN]["employeeNumber"],
        found["active"],
    )
    assert example("8.3-enterprise-user")["ims"] == found["ims"]


def test_what_a_client_repeats_is_passed_over() -> None:
    """Okta repeats a group's id when it renames it, Keycloak the schemas; neither is an assignment."""
    before = example("8.4-group")
    found = patched(
        before,
        {"op": "replace", "value": {"id": before["id"], "schemas": before["schemas"], "displayName": "New"}},
        type=GROUP,
    )

    assert {**before, "displayName": "New"} == found


@pytest.mark.parametrize(
    "value",
    [
        [{"$ref": None, "value": BABS}],
        {"value": BABS},
        [{"value": BABS, "display": "B"}, {"value": "stranger"}],
    ],
)
def test_listed_members_are_removed(value: object) -> None:
    """Entra ID and JumpCloud remove members by a list; only those listed go."""
    assert [MANDY] == group({"op": "Remove", "path": "members", "value": value})


def test_listed_elements_are_removed_by_what_they_say() -> None:
    """Outside groups an element is removed when value and type agree, or else everything that is said."""
    emails = [{"value": "A@x.org", "type": "home", "display": "other"}, {"type": "nope"}]
    addresses = {"type": "home"}
    found = user(
        {"op": "remove", "path": "emails", "value": [{"value": "BABS@jensen.org", "type": "Home"}, *emails]},
        {"op": "remove", "path": "addresses", "value": addresses},
        {"op": "remove", "path": "ims", "value": {"primary": False}},
    )

    assert ["work"] == [mail["type"] for mail in found["emails"]]
    assert ["work"] == [address["type"] for address in found["addresses"]]


def test_primary_is_handed_over() -> None:
    """RFC 7644 §3.5.2: the value that becomes primary takes it from the one that was."""
    added = user({"op": "add", "path": "emails", "value": {"value": "n@x.org", "primary": "True"}})
    chosen = user({"op": "replace", "path": 'emails[type eq "home"].primary', "value": True})
    repeated = user(
        {
            "op": "add",
            "path": "emails",
            "value": {"value": "babs@jensen.org", "type": "home", "primary": True},
        }
    )

    assert [False, None, True] == [mail.get("primary") for mail in added["emails"]]
    assert [False, True] == [mail.get("primary") for mail in chosen["emails"]]
    assert chosen["emails"] == repeated["emails"]


def test_two_new_primaries_are_refused() -> None:
    """Nobody can tell which of two should win."""
    with pytest.raises(InvalidValue, match="primary"):
        user({"op": "replace", "path": "emails.primary", "value": True})


def test_a_replaced_element_keeps_what_selected_it() -> None:
    """A value without a type replaces the work email and stays the work email."""
    found = user({"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "n@x.org"}})

    assert {"type": "work", "value": "n@x.org"} == found["emails"][0]


def test_an_added_element_merges_into_the_selected_one() -> None:
    """Add at a selection keeps the parts that are not named."""
    found = user(
        {"op": "add", "path": 'emails[type eq "work"]', "value": [{"display": "W", "primary": None}]}
    )

    assert {"value": "bjensen@example.com", "type": "work", "display": "W"} == found["emails"][0]


def test_sub_attributes_of_all_elements() -> None:
    """A sub-attribute path without a filter means every element, or a first one where there is none."""
    found = user(
        {"op": "replace", "path": "emails.type", "value": "other"},
        {"op": "remove", "path": "phoneNumbers.type"},
        {"op": "remove", "path": "ims.value"},
        {"op": "remove", "path": "ims.type"},
        {"op": "remove", "path": "addresses"},
        {"op": "add", "path": "addresses.locality", "value": "Hollywood"},
    )

    assert ["other", "other"] == [mail["type"] for mail in found["emails"]]
    assert [{"value": "555-555-5555"}, {"value": "555-555-4444"}] == found["phoneNumbers"]
    assert "ims" not in found
    assert [{"locality": "Hollywood"}] == found["addresses"]


@pytest.mark.parametrize(
    ("operation", "gone"),
    [
        ({"op": "remove", "path": "nickName"}, "nickName"),
        ({"op": "remove", "path": "name"}, "name"),
        ({"op": "replace", "path": "emails", "value": None}, "emails"),
        ({"op": "replace", "path": "emails", "value": [{}, None]}, "emails"),
        ({"op": "remove", "path": "emails[value pr]"}, "emails"),
        ({"op": "replace", "path": "emails[value pr]", "value": None}, "emails"),
    ],
)
def test_unassigned_attributes_are_gone(operation: dict[str, Any], gone: str) -> None:
    """What has no value left is not in the resource."""
    assert gone not in user(operation)


def test_removing_the_last_part_removes_the_whole() -> None:
    """A complex attribute without parts is unassigned."""
    before: Resource = {"schemas": [USER_URN], "userName": "u", "name": {"givenName": "G"}}

    assert {"schemas": [USER_URN], "userName": "u"} == patched(
        before, {"op": "remove", "path": "name.givenName"}
    )


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "emails", "value": [{"value": "bjensen@example.com", "type": "WORK"}]},
        {"op": "add", "path": "nickName", "value": "Babs"},
        {"op": "add", "path": "emails", "value": []},
        {"op": "remove", "path": 'emails[type eq "nope"].value'},
        {"op": "replace", "path": "password", "value": "secret"},
        {"op": "remove", "path": "password"},
        {"op": "add", "path": "schemas", "value": ENTERPRISE_USER_URN.upper()},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "bjensen@example.com"},
    ],
)
def test_what_is_so_already_changes_nothing(operation: dict[str, Any]) -> None:
    """The result equals the input, so that the time of the last change can stay (RFC 7644 §3.5.2.1)."""
    before = example("8.3-enterprise-user")

    assert before == patched(before, operation)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "remove"}, NoTarget),
        ({"op": "remove", "path": None}, NoTarget),
        ({"op": "replace", "path": 'emails[type eq "nope"].value', "value": "x"}, NoTarget),
        ({"op": "replace", "path": 'emails[type eq "nope"]', "value": {"value": "x"}}, NoTarget),
        ({"op": "add", "path": 'emails[type ne "work" and type ne "home"].value', "value": "x"}, NoTarget),
        ({"op": "remove", "path": "userName"}, Mutability),
        ({"op": "replace", "path": "userName", "value": None}, Mutability),
        ({"op": "replace", "path": "id", "value": "x"}, Mutability),
        ({"op": "remove", "path": "meta.created"}, Mutability),
        ({"op": "add", "path": "groups", "value": [{"value": "x"}]}, Mutability),
        ({"op": "replace", "path": "manager.displayName", "value": "x"}, Mutability),
        ({"op": "remove", "path": "schemas"}, Mutability),
        ({"op": "add", "path": "schemas", "value": ["urn:unknown:x"]}, InvalidValue),
        ({"op": "add", "path": "schemas", "value": [5]}, InvalidValue),
        ({"op": "replace", "path": "nope", "value": "x"}, InvalidPath),
        ({"op": "replace", "path": "", "value": "x"}, InvalidPath),
        ({"op": "replace", "path": "unknown:y", "value": "x"}, InvalidPath),
        ({"op": "replace", "path": "name.nope", "value": "x"}, InvalidPath),
        ({"op": "remove", "path": "name.givenName[value pr]"}, InvalidPath),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, InvalidFilter),
        ({"op": "replace", "path": "emails[nope pr].value", "value": "x"}, InvalidFilter),
        ({"op": "replace", "path": "emails[0].value", "value": "x"}, InvalidFilter),
        ({"op": "replace", "path": 5, "value": "x"}, InvalidPath),
        ({"op": "replace", "value": {"nope": "x"}}, InvalidPath),
        ({"op": "replace", "value": {ENTERPRISE_USER_URN: {"nope": "x"}}}, InvalidPath),
        ({"op": "replace", "value": {ENTERPRISE_USER_URN: "x"}}, InvalidValue),
        ({"op": "replace", "value": {}}, InvalidValue),
        ({"op": "replace", "value": "text"}, InvalidValue),
        ({"op": "replace", "value": "[1]"}, InvalidValue),
        ({"op": "replace", "value": "[" * 100_000}, InvalidValue),
        ({"op": "replace", "value": None}, InvalidValue),
        ({"op": "replace", "path": "active"}, InvalidValue),
        ({"op": "add", "path": "active"}, InvalidValue),
        ({"op": "replace", "path": "active", "value": "maybe"}, InvalidValue),
        ({"op": "replace", "path": "title", "value": ["x"]}, InvalidValue),
        ({"op": "replace", "path": "externalId", "value": 5}, InvalidValue),
        ({"op": "replace", "path": "name", "value": "x"}, InvalidValue),
        ({"op": "replace", "path": "name", "value": {"nope": "x"}}, InvalidValue),
        ({"op": "add", "path": "emails", "value": "x"}, InvalidValue),
        ({"op": "add", "path": "emails", "value": [{"nope": "x"}]}, InvalidValue),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": "x"}, InvalidValue),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": [{}, {}]}, InvalidValue),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": 5}, InvalidValue),
        ({"op": "remove", "path": "emails", "value": []}, InvalidValue),
        ({"op": "remove", "path": "emails", "value": [{}]}, InvalidValue),
        ({"op": "remove", "path": "emails", "value": ["x"]}, InvalidValue),
        ({"op": "remove", "path": "emails", "value": [{"nope": 1}]}, InvalidValue),
        ({"op": "replace", "path": "password", "value": 5}, InvalidValue),
        ({"op": "move", "path": "title", "value": "x"}, InvalidSyntax),
        ({"op": 5, "path": "title", "value": "x"}, InvalidSyntax),
        ({"path": "title", "value": "x"}, InvalidSyntax),
    ],
)
def test_what_the_rfc_does_not_define_is_refused(operation: dict[str, Any], error: type[ScimError]) -> None:
    """Each operation that cannot be done is an error of the right kind, never a silent success."""
    with pytest.raises(ScimError) as caught:
        user(operation)

    assert error is type(caught.value)


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "replace", "path": f'members[value eq "{BABS}"].value', "value": "x"}, Mutability),
        ({"op": "replace", "path": f'members[value eq "{BABS}"].display', "value": "x"}, Mutability),
        ({"op": "remove", "path": f'members[value eq "{BABS}"].value'}, Mutability),
        ({"op": "replace", "path": f'members[value eq "{BABS}"]', "value": {"value": "x"}}, Mutability),
        ({"op": "remove", "path": "displayName"}, Mutability),
    ],
)
def test_members_are_added_and_removed_but_not_changed(
    operation: dict[str, Any], error: type[ScimError]
) -> None:
    """RFC 7643 §4.2: the sub-attributes of members are immutable."""
    with pytest.raises(error):
        group(operation)


def test_an_immutable_part_may_be_set_once() -> None:
    """RFC 7644 §3.5.2: add is allowed where an immutable attribute has no value."""
    found: Any = patched(
        example("8.4-group"),
        {"op": "add", "path": f'members[value eq "{BABS}"].type', "value": "User"},
        {"op": "add", "path": f'members[value eq "{BABS}"]', "value": {"type": "User"}},
        type=GROUP,
    )

    assert ["User", None] == [member.get("type") for member in found["members"]]


def test_custom_attributes_keep_their_rules() -> None:
    """Immutable, read-only, required and multi-valued parts of a custom extension are honoured."""
    at = HR.urn
    assert {"badge": "7"} == employee({}, {"op": "add", "path": f"{at}:badge", "value": "7"})
    assert {"badge": "7"} == employee({"badge": "7"}, {"op": "replace", "path": f"{at}:badge", "value": "7"})
    for operation, error in (
        ({"op": "replace", "path": f"{at}:badge", "value": "8"}, Mutability),
        ({"op": "remove", "path": f"{at}:badge"}, Mutability),
        ({"op": "remove", "path": at}, Mutability),
        ({"op": "add", "path": f"{at}:grade", "value": "8"}, Mutability),
        ({"op": "add", "path": f"{at}:desk.floor", "value": 2}, InvalidValue),
        ({"op": "add", "path": f"{at}:desk", "value": {"floor": 2}}, InvalidValue),
        ({"op": "add", "path": f"{at}:keys", "value": {"hours": ["9"]}}, InvalidValue),
    ):
        with pytest.raises(error):
            employee({"badge": "7"}, operation)
    with pytest.raises(Mutability):
        employee({"desk": {"room": "B", "floor": 2}}, {"op": "remove", "path": f"{at}:desk.room"})
    assert {"badge": "7"} == employee({}, {"op": "add", "value": {at: {"grade": "9", "badge": "7"}}})
    assert {"grade": "9", "tags": ["a"]} == employee(
        {"grade": "9"}, {"op": "add", "path": "tags", "value": "a"}
    )
    with pytest.raises(Mutability):
        employee({"grade": "9"}, {"op": "remove", "path": at})


def test_a_required_extension_stays() -> None:
    """An extension the resource type requires cannot be removed."""
    strict = ResourceType(
        name="User", endpoint="/Users", schema=USER.schema, extensions=(Extension(schema=HR, required=True),)
    )
    with pytest.raises(Mutability):
        patched({"userName": "u", HR.urn: {"tags": ["a"]}}, {"op": "remove", "path": HR.urn}, type=strict)


def test_an_extension_is_no_attribute() -> None:
    """Asking an edit of a whole extension for its attribute is an invalidPath."""
    edit = Edit(verb=Verb.REMOVE, path=parse_path(ENTERPRISE_USER_URN))
    with pytest.raises(InvalidPath):
        edit.attribute()


def test_simple_lists() -> None:
    """Values are added once, removed by value or by filter, and replaced."""
    at, before = f"{HR.urn}:tags", {"tags": ["a", "b"]}

    assert {"tags": ["a", "b", "c"]} == employee(before, {"op": "add", "path": at, "value": ["b", "c"]})
    assert {"tags": ["a", "b", "c"]} == employee(before, {"op": "add", "path": at, "value": "c"})
    assert {"tags": ["b"]} == employee(before, {"op": "remove", "path": at, "value": ["A", "x"]})
    assert {"tags": ["b"]} == employee(before, {"op": "remove", "path": f'{at}[value eq "a"]'})
    assert {"tags": ["z", "b"]} == employee(
        before, {"op": "replace", "path": f'{at}[value eq "a"]', "value": "z"}
    )
    with pytest.raises(NoTarget):
        employee(before, {"op": "add", "path": f'{at}[value eq "x"]', "value": "x"})
    with pytest.raises(InvalidValue):
        employee(before, {"op": "replace", "path": f'{at}[value eq "a"]', "value": ["x", "y"]})


def test_lists_inside_elements() -> None:
    """A multi-valued sub-attribute is added to and replaced like any list."""
    at, before = f'{HR.urn}:keys[door eq "1"].hours', {"keys": [{"door": "1", "hours": ["9"]}]}

    assert {"keys": [{"door": "1", "hours": ["9", "10"]}]} == employee(
        before, {"op": "add", "path": at, "value": ["9", "10"]}
    )
    assert {"keys": [{"door": "1", "hours": ["8"]}]} == employee(
        before, {"op": "replace", "path": at, "value": "8"}
    )


def test_a_failing_operation_leaves_everything() -> None:
    """PATCH is atomic: what came before the failing operation is not seen (RFC 7644 §3.5.2)."""
    before = example("8.3-enterprise-user")
    with pytest.raises(NoTarget):
        patched(before, {"op": "replace", "path": "title", "value": "x"}, {"op": "remove"})

    assert example("8.3-enterprise-user") == before


def test_each_operation_sees_the_result_of_the_one_before() -> None:
    """A filter selects what an earlier operation added."""
    found = user(
        {"op": "add", "path": "emails", "value": [{"type": "other", "value": "x"}]},
        {"op": "replace", "path": 'emails[type eq "other"].value', "value": "y"},
    )

    assert {"type": "other", "value": "y"} == found["emails"][-1]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"schemas": [PATCH_URN]},
        {"schemas": [PATCH_URN], "Operations": []},
        {"schemas": [PATCH_URN], "Operations": {}},
        {"schemas": [PATCH_URN], "Operations": ["x"]},
        {"schemas": PATCH_URN, "Operations": [{"op": "remove", "path": "x"}]},
        {"schemas": [USER_URN], "Operations": [{"op": "remove", "path": "x"}]},
        {"Operations": [{"op": "remove", "path": "x"}]},
    ],
)
def test_what_is_no_patch_message_is_refused(body: Any) -> None:  # noqa: ANN401 - any JSON
    """The envelope of RFC 7644 §3.5.2 is checked before anything else."""
    with pytest.raises(InvalidSyntax):
        parse_request(body)


def test_the_number_of_operations_is_bounded() -> None:
    """A message with more operations than allowed is refused as a whole."""
    body: Resource = {"schemas": [PATCH_URN], "operations": [{"op": "remove", "path": "x"}] * 3}

    assert 3 == len(parse_request(body, most_operations=3))
    with pytest.raises(InvalidSyntax):
        parse_request(body, most_operations=2)


def test_operations_are_values() -> None:
    """A null value is a value, and a missing one is told from it."""
    body: Resource = {
        "schemas": [PATCH_URN],
        "Operations": [{"OP": "Replace", "Path": "title", "Value": None}, {"op": "remove", "path": "title"}],
    }

    assert (
        Operation(verb=Verb.REPLACE, path="title", capital=True),
        Operation(verb=Verb.REMOVE, path="title", valued=False),
    ) == parse_request(body)


def test_members_change_in_large_groups() -> None:
    """Ten thousand members are no obstacle to adding a thousand and removing a thousand others."""
    before: Resource = {"displayName": "g", "members": [{"value": str(n)} for n in range(10_000)]}
    found: Any = patched(
        before,
        {"op": "add", "path": "members", "value": [{"value": str(n)} for n in range(9_500, 10_500)]},
        {"op": "remove", "path": "members", "value": [{"value": str(n)} for n in range(1_000)]},
        type=GROUP,
    )

    assert [str(n) for n in range(1_000, 10_500)] == [member["value"] for member in found["members"]]
