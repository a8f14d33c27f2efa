import json
from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.errors import InvalidValue
from muster.scim.projection import project, projection
from muster.scim.schema import Attribute, Extension, ResourceType, Returned, Schema, Type
from muster.scim.values import Resource
from rfc.examples import example

BABS: dict[str, Any] = example("rfc7643/8.3-enterprise-user.json").body
MINIMUM = {"schemas": BABS["schemas"], "id": BABS["id"]}
SECRETIVE = ResourceType(
    name="Thing",
    endpoint="/Things",
    schema=Schema(
        urn="urn:x:Thing",
        name="Thing",
        attributes=(
            Attribute(name="name", returned=Returned.ALWAYS),
            Attribute(name="colour"),
            Attribute(name="size", returned=Returned.REQUEST),
            Attribute(name="key", returned=Returned.NEVER),
            Attribute(
                name="parts",
                type=Type.COMPLEX,
                multi_valued=True,
                sub_attributes=(
                    Attribute(name="no", returned=Returned.ALWAYS),
                    Attribute(name="label"),
                    Attribute(name="weight", returned=Returned.REQUEST),
                    Attribute(name="pin", returned=Returned.NEVER),
                ),
            ),
        ),
    ),
    extensions=(Extension(schema=Schema(urn="urn:x:Ext", name="Ext", attributes=(Attribute(name="note"),))),),
)
THING: Resource = {
    "schemas": ["urn:x:Thing"],
    "id": "1",
    "name": "n",
    "colour": "red",
    "size": 3,
    "key": "k",
    "parts": [{"no": 1, "label": "l", "weight": 2, "pin": "p"}],
    "urn:x:Ext": {"note": "hi", "odd": 1},
    "urn:y:Other": {"a": 1},
}


def thing(**parameters: list[str]) -> Resource:
    """Return what a response shows of the thing, without its minimum."""
    shown = project(THING, SECRETIVE, **parameters)
    assert (["urn:x:Thing"], "1") == (shown.pop("schemas"), shown.pop("id"))
    return shown


def test_by_default_everything_but_the_password_is_shown() -> None:
    """The default set leaves out what is never returned (RFC 7644 §3.9)."""
    assert {key: value for key, value in BABS.items() if key != "password"} == project(BABS, USER)


def test_the_example_of_the_rfc() -> None:
    """RFC 7644 §3.9: attributes=userName gives schemas, id and userName."""
    assert {**MINIMUM, "userName": BABS["userName"]} == project(BABS, USER, attributes=["userName"])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["NAME.GIVENNAME"], {"name": {"givenName": "Barbara"}}),
        (["name.givenName", "name"], {"name": BABS["name"]}),
        (["name", "name.givenName"], {"name": BABS["name"]}),
        ([f"{USER_URN}:title"], {"title": BABS["title"]}),
        (["emails.value"], {"emails": [{"value": mail["value"]} for mail in BABS["emails"]]}),
        (["meta.version"], {"meta": {"version": BABS["meta"]["version"]}}),
        (["department"], {ENTERPRISE_USER_URN: {"department": BABS[ENTERPRISE_USER_URN]["department"]}}),
        (
            [f"{ENTERPRISE_USER_URN}:manager.value"],
            {ENTERPRISE_USER_URN: {"manager": {"value": BABS[ENTERPRISE_USER_URN]["manager"]["value"]}}},
        ),
        ([ENTERPRISE_USER_URN.lower()], {ENTERPRISE_USER_URN: BABS[ENTERPRISE_USER_URN]}),
        (["password", "nope", "roles"], {}),
        (["password", " title "], {"title": BABS["title"]}),
    ],
)
def test_attributes_name_what_is_shown(names: list[str], expected: Resource) -> None:
    """Only the minimum and what is named is shown; a password is not, even when named."""
    assert {**MINIMUM, **expected} == project(BABS, USER, attributes=names)


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        (["userName", "EMAILS", "id", "schemas", "nope"], {"userName", "emails"}),
        ([f"{ENTERPRISE_USER_URN}:department"], {"department"}),
        ([ENTERPRISE_USER_URN], {ENTERPRISE_USER_URN}),
        (["name.formatted", "meta.location"], {"formatted", "location"}),
    ],
)
def test_excluded_attributes_are_left_out(names: list[str], gone: set[str]) -> None:
    """What is named is left out, except what is always returned."""
    expected = {
        key: {sub: part for sub, part in value.items() if sub not in gone}
        if isinstance(value, dict)
        else value
        for key, value in BABS.items()
        if key not in gone | {"password"}
    }

    assert expected == project(BABS, USER, excluded=names)


def test_a_group_without_its_members() -> None:
    """Entra ID asks for groups with excludedAttributes=members."""
    group: Resource = {"id": "1", "displayName": "g", "members": [{"value": "2"}]}

    assert {"id": "1", "displayName": "g"} == project(group, GROUP, excluded=["members"])


def test_the_returned_characteristic_decides() -> None:
    """Always, never, by default and on request mean what RFC 7643 §7 says, also inside elements."""
    other = {"urn:y:Other": {"a": 1}}
    extension = {"urn:x:Ext": {"note": "hi", "odd": 1}}

    assert {"name": "n", "colour": "red", "parts": [{"no": 1, "label": "l"}], **extension, **other} == thing()
    assert {"name": "n", "size": 3, "parts": [{"no": 1, "weight": 2}]} == thing(
        attributes=["size", "parts.weight", "key"]
    )
    assert {"name": "n", "parts": [{"no": 1, "label": "l"}]} == thing(attributes=["parts"])
    assert {"name": "n", "parts": [{"no": 1}], **extension, **other} == thing(
        excluded=["name", "colour", "parts.label", "parts.no"]
    )


def test_what_no_schema_describes_is_shown_until_something_else_is_asked_for() -> None:
    """A foreign extension is part of the default set, and can be named or excluded by its URN."""
    assert {"name": "n", "urn:y:Other": {"a": 1}} == thing(attributes=["URN:Y:Other"])
    assert {"name": "n", "urn:x:Ext": {"note": "hi", "odd": 1}} == thing(attributes=["urn:x:ext"])
    assert "urn:y:Other" not in thing(excluded=["urn:y:other"])
    assert "urn:x:Ext" not in thing(excluded=["urn:x:ext"])


def test_the_parameters_exclude_each_other() -> None:
    """RFC 7644 §3.9 calls them mutually exclusive; an empty one counts as not given."""
    with pytest.raises(InvalidValue):
        projection(USER, attributes=["title"], excluded=["name"])

    assert project(BABS, USER) == project(BABS, USER, attributes=["", " "], excluded=[])


@pytest.mark.parametrize("name", ["emails[type eq 1]", "a b", "1"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """A parameter that is not attribute notation is an invalidValue."""
    with pytest.raises(InvalidValue):
        projection(USER, attributes=[name])


def test_one_projection_serves_a_whole_page() -> None:
    """What is compiled once gives the same as asking each time, and leaves its input alone."""
    before = json.dumps(BABS)
    shape = projection(USER, attributes=["emails.type"])

    assert [project(BABS, USER, attributes=["emails.type"])] * 2 == [shape.apply(BABS), shape.apply(BABS)]
    assert before == json.dumps(BABS)


@pytest.mark.parametrize("odd", [5, "x", [], {}, [5, "x"], None])
def test_odd_values_are_no_danger(odd: object) -> None:
    """A value that breaks the schema is shown whole or not at all."""
    resource: Resource = json.loads(json.dumps({"emails": odd, ENTERPRISE_USER_URN: odd, "id": "1"}))

    assert {"id": "1"} == project(resource, USER, attributes=["emails.value", "department"])
