"""What holds for everything a client may send to create, replace or patch a resource."""

import copy
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, GROUP_URN, USER, USER_URN
from muster.scim.dialects import CHOICES, Dialect, Unknown
from muster.scim.errors import BadRequest
from muster.scim.patch import apply
from muster.scim.patch_request import PATCH_URN, parse_request
from muster.scim.schema import Mutability, ResourceType
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource

TEXT = st.text(max_size=6) | st.sampled_from(
    ["", "True", "work", "\x00", "\ud800", "AAAA", "2020-01-01T00:00:00Z"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
KEYS = st.sampled_from(
    [
        "userName",
        "USERNAME",
        "id",
        "externalId",
        "name",
        "givenName",
        "emails",
        "value",
        "type",
        "primary",
        "display",
        "active",
        "password",
        "addresses",
        "members",
        "displayName",
        "manager",
        "department",
        "x509Certificates",
        "meta",
        "schemas",
        "groups",
        "$ref",
        USER_URN,
        ENTERPRISE_USER_URN,
        "urn:other:x",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=4),
    max_leaves=12,
)
ELEMENTS = st.lists(
    st.dictionaries(st.sampled_from(["value", "type", "primary", "display", "$ref"]), SCALARS), max_size=4
)
BODIES = st.fixed_dictionaries(
    {"schemas": st.just([USER_URN, GROUP_URN]), "userName": st.just("u"), "displayName": st.just("d")},
    optional={
        "emails": ELEMENTS | JSON,
        "members": ELEMENTS | JSON,
        "name": st.dictionaries(st.sampled_from(["givenName", "familyName", "x"]), SCALARS) | JSON,
        "active": SCALARS,
        "password": SCALARS,
        "manager": JSON,
        ENTERPRISE_USER_URN: st.dictionaries(st.sampled_from(["department", "manager"]), JSON) | JSON,
        "urn:other:x": JSON,
    },
)
PATHS = st.sampled_from(
    [
        "userName",
        "displayName",
        "active",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "emails.primary",
        'emails[type eq "work"]',
        'emails[type eq "work"].value',
        "emails[primary eq true].primary",
        "members",
        'members[value eq "1"]',
        "manager",
        "department",
        "id",
        "schemas",
        "password",
        ENTERPRISE_USER_URN,
        f"{ENTERPRISE_USER_URN}:manager.value",
    ]
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"])},
    optional={"path": PATHS | st.none() | TEXT, "value": ELEMENTS | JSON | TEXT},
)
HIDDEN = {Mutability.READ_ONLY, Mutability.WRITE_ONLY}
DIALECTS = st.builds(
    Dialect,
    tolerated=st.frozensets(st.sampled_from(list(CHOICES.values()))),
    unknown=st.sampled_from(Unknown),
    unknown_extensions=st.sampled_from(Unknown),
)
TYPES = st.sampled_from([USER, GROUP])
PEOPLE = st.sampled_from(
    [
        {"schemas": [USER_URN], "userName": "u", "displayName": "d"},
        {
            "schemas": [USER_URN, ENTERPRISE_USER_URN],
            "userName": "u",
            "displayName": "d",
            "active": True,
            "name": {"givenName": "g"},
            "emails": [{"value": "a", "type": "work", "primary": True}, {"value": "b"}],
            "members": [{"value": "1"}, {"value": "2"}],
            ENTERPRISE_USER_URN: {"department": "x", "manager": {"value": "1"}},
        },
    ]
)


def primaries(resource: Resource) -> int:
    """Count the primary emails."""
    emails: Any = resource.get("emails", [])
    return sum(mail.get("primary") is True for mail in emails)


@given(JSON | BODIES, TYPES, DIALECTS)
def test_any_body_is_valid_or_a_bad_request(body: object, kind: ResourceType, dialect: Dialect) -> None:
    """Whatever JSON arrives, validation gives a resource or a 400; a resource is valid as it stands."""
    before = copy.deepcopy(body)
    try:
        resource = validate(cast("JsonValue", body), kind, dialect=dialect)
    except BadRequest:
        return

    again = validate(resource, kind, dialect=dialect)
    assert repr(before) == repr(body)
    assert resource == again
    assert kind is GROUP or primaries(resource) <= 1
    assert not {item.name for item in kind.attributes() if item.mutability in HIDDEN} & resource.keys()


@given(BODIES)
def test_what_is_valid_can_be_encoded(body: object) -> None:
    """No accepted resource holds text that UTF-8 or PostgreSQL refuse."""
    try:
        resource = validate(cast("JsonValue", body), USER)
    except BadRequest:
        return

    assert b"\x00" not in repr(resource).encode()
    assert "\\x00" not in repr(resource)


@given(PEOPLE, st.lists(OPERATIONS, max_size=3), TYPES, DIALECTS)
def test_any_patch_gives_a_valid_resource_or_a_bad_request(
    resource: Resource, operations: list[dict[str, Any]], kind: ResourceType, dialect: Dialect
) -> None:
    """Whatever is patched, the input stays, and the result is what validation would have accepted."""
    before = copy.deepcopy(resource)
    body: Any = {"schemas": [PATCH_URN], "Operations": operations}
    try:
        found = apply(resource, parse_request(body), kind, dialect=dialect)
    except BadRequest:
        assert before == resource
        return

    assert before == resource
    assert primaries(found) <= 1
    known = {key: found[key] for key in found if key.startswith("urn:") or kind.attribute(key)}
    if kind is USER:
        assert known == {**validate(known, kind, dialect=dialect), "schemas": known["schemas"]}


@given(JSON)
def test_any_patch_body_is_parsed_or_a_bad_request(body: object) -> None:
    """No JSON makes the envelope fail in any other way."""
    try:
        operations = parse_request(cast("JsonValue", body))
    except BadRequest:
        return

    assert operations


@given(PEOPLE, OPERATIONS, DIALECTS)
def test_replacing_twice_is_replacing_once(
    resource: Resource, operation: dict[str, Any], dialect: Dialect
) -> None:
    """Add, replace and remove are idempotent: a retry after a lost answer does no harm."""
    body: Any = {"schemas": [PATCH_URN], "Operations": [operation]}
    try:
        operations = parse_request(body)
        once = apply(resource, operations, USER, dialect=dialect)
        twice = apply(once, operations, USER, dialect=dialect)
    except BadRequest:
        return

    assert once == twice


@pytest.mark.parametrize("kind", [USER, GROUP])
def test_deep_json_is_no_danger(kind: ResourceType) -> None:
    """A document nested a hundred thousand deep is a 400 wherever it stands."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    places: list[Any] = [
        deep,
        {"schemas": deep},
        {"schemas": [kind.schema.urn], "userName": deep, "displayName": deep},
    ]
    operations: list[Any] = [
        {"op": "add", "path": "emails", "value": deep},
        {"op": "add", "value": {"emails": deep}},
    ]

    for body in places:
        with pytest.raises(BadRequest):
            validate(body, kind)
    for operation in operations:
        with pytest.raises(BadRequest):
            apply({"userName": "u"}, parse_request({"schemas": [PATCH_URN], "Operations": [operation]}), kind)
