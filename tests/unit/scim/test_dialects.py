import json
from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, GROUP_URN, USER, USER_URN
from muster.scim.bulk_request import BULK_REQUEST_URN, BulkOperation, parse_bulk
from muster.scim.dialects import CHOICES, TOLERANCES, USUAL, Dialect, Unknown, tolerating
from muster.scim.discovery import Supported, service_provider_config
from muster.scim.errors import BadRequest, InvalidPath, InvalidSyntax, InvalidValue, NoTarget
from muster.scim.grammar import parse
from muster.scim.matching import matches
from muster.scim.patch import apply
from muster.scim.patch_request import PATCH_URN, parse_request
from muster.scim.schema import ResourceType
from muster.scim.validate import validate
from muster.scim.values import Resource

ADSCIM_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
CUSTOM = "urn:ietf:params:scim:schemas:extension:acme:2.0:User"
WORK: Resource = {"type": "work", "value": "babs@acme.example"}
HOME: Resource = {"type": "home", "value": "babs@home.example"}
BABS: Resource = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "userName": "babs",
    "active": True,
    "title": "Tour Guide",
    "emails": [WORK],
    ENTERPRISE_USER_URN: {"department": "Tours", "manager": {"value": "26"}},
}
CREW: Resource = {"schemas": [GROUP_URN], "displayName": "Crew", "members": [{"value": "1"}, {"value": "2"}]}
STRICT = Dialect(tolerated=frozenset())


def patched(before: Resource, type: ResourceType, dialect: Dialect, *operations: dict[str, Any]) -> Resource:
    """What the operations make of the resource."""
    body: Resource = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return apply(before, parse_request(body), type, dialect=dialect)


def babs(*operations: dict[str, Any], dialect: Dialect = USUAL) -> dict[str, Any]:
    """What the operations change about Babs."""
    after = patched(BABS, USER, dialect, *operations)
    gone = {name: None for name in BABS if name not in after}
    return gone | {name: value for name, value in after.items() if BABS.get(name) != value}


def crew(*operations: dict[str, Any], dialect: Dialect = USUAL) -> dict[str, Any]:
    """What the operations change about the crew."""
    after = patched(CREW, GROUP, dialect, *operations)
    gone = {name: None for name in CREW if name not in after}
    return gone | {name: value for name, value in after.items() if CREW.get(name) != value}


def hired(**attributes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What a new user has beyond the schemas and the name."""
    valid = validate({"schemas": [USER_URN], "userName": "u", **attributes}, USER)
    return {name: value for name, value in valid.items() if name not in {"schemas", "userName"}}


def in_bulk(data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The message that a PATCH in a bulk request means by its data."""
    operation = {"method": "PATCH", "path": "/Users/1", "data": data}
    request = parse_bulk({"schemas": [BULK_REQUEST_URN], "Operations": [operation]}, [USER])
    (found,) = request.operations
    return found.data if isinstance(found, BulkOperation) and isinstance(found.data, dict) else {}


def employed(**attributes: object) -> dict[str, Any]:
    """The enterprise extension of Babs with other attributes."""
    held: Any = BABS[ENTERPRISE_USER_URN]
    return {ENTERPRISE_USER_URN: {**held, **attributes}}


MANAGED = {ENTERPRISE_USER_URN: {"manager": {"value": "7"}}}
UNMANAGED = {ENTERPRISE_USER_URN: {"department": "Tours"}}
FORMS: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "capital-verbs": [
        (babs({"op": "Replace", "path": "title", "value": "Guide"}), {"title": "Guide"}),
        (babs({"op": "Add", "path": "title", "value": "Guide"}), {"title": "Guide"}),
        (babs({"op": "Remove", "path": "title"}), {"title": None}),
    ],
    "text-booleans": [
        (babs({"op": "replace", "path": "active", "value": "False"}), {"active": False}),
        (hired(active="False"), {"active": False}),
        (
            hired(roles=[{"value": "a", "primary": "True"}]),
            {"roles": [{"value": "a", "primary": True}]},
        ),
        (
            babs({"op": "add", "path": 'roles[primary eq "True"].value', "value": "a"}),
            {"roles": [{"primary": True, "value": "a"}]},
        ),
    ],
    "path-keys": [
        (
            babs({"op": "replace", "value": {"name.givenName": "Barbara"}}),
            {"name": {"givenName": "Barbara"}},
        ),
        (
            babs({"op": "replace", "value": {f"{ENTERPRISE_USER_URN}:department": "Travel"}}),
            employed(department="Travel"),
        ),
        (
            babs({"op": "replace", "value": {'emails[type eq "home"].value': HOME["value"]}}),
            {"emails": [WORK, HOME]},
        ),
        (
            babs({"op": "replace", "value": {'emails[type eq "work"].value': "b@acme.example"}}),
            {"emails": [{"type": "work", "value": "b@acme.example"}]},
        ),
    ],
    "json-text": [
        (babs({"op": "replace", "value": json.dumps({"title": "Guide"})}), {"title": "Guide"}),
    ],
    "null-path": [
        (babs({"op": "replace", "path": None, "value": {"title": "Guide"}}), {"title": "Guide"}),
    ],
    "repeated-read-only": [
        (
            crew({"op": "replace", "value": {"id": "7", "schemas": ["x"], "meta": {}, "displayName": "S"}}),
            {"displayName": "S"},
        ),
        (
            babs({"op": "add", "path": ENTERPRISE_USER_URN, "value": {"schemas": [], "department": "T"}}),
            employed(department="T"),
        ),
    ],
    "bare-element": [
        (
            crew({"op": "add", "path": "members", "value": {"value": "3"}}),
            {"members": [{"value": "1"}, {"value": "2"}, {"value": "3"}]},
        ),
        (babs({"op": "replace", "path": "emails", "value": HOME}), {"emails": [HOME]}),
        (babs({"op": "replace", "value": {"emails": HOME}}), {"emails": [HOME]}),
        (hired(emails=HOME), {"emails": [HOME]}),
    ],
    "add-creates": [
        (
            babs({"op": "add", "path": 'emails[type eq "home"].value', "value": HOME["value"]}),
            {"emails": [WORK, HOME]},
        ),
        (
            babs({"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Hollywood"}),
            {"addresses": [{"type": "work", "locality": "Hollywood"}]},
        ),
    ],
    "capital-replace-creates": [
        (
            babs({"op": "Replace", "path": 'emails[type eq "home"].value', "value": HOME["value"]}),
            {"emails": [WORK, HOME]},
        ),
    ],
    "bare-complex": [
        (babs({"op": "add", "path": "manager", "value": "7"}), employed(manager={"value": "7"})),
        (babs({"op": "replace", "path": "manager", "value": ["7"]}), employed(manager={"value": "7"})),
        (
            babs({"op": "replace", "path": "manager", "value": [{"value": "7"}]}),
            employed(manager={"value": "7"}),
        ),
        (babs({"op": "replace", "path": "manager", "value": ""}), UNMANAGED),
        (babs({"op": "replace", "path": "manager", "value": []}), UNMANAGED),
        (hired(**{ENTERPRISE_USER_URN: {"manager": "7"}}), MANAGED),
        (hired(**{ENTERPRISE_USER_URN: {"manager": ""}}), {}),
    ],
    "loose-extension": [
        (hired(manager="7"), MANAGED),
        (hired(manager=[{"value": "7"}]), MANAGED),
        (hired(**{f"{ENTERPRISE_USER_URN}:manager": {"value": "7"}}), MANAGED),
        (hired(**{f"{ENTERPRISE_USER_URN}.manager": "7"}), MANAGED),
        (babs({"op": "replace", "path": "department", "value": "T"}), employed(department="T")),
        (
            babs({"op": "replace", "path": f"{ENTERPRISE_USER_URN}.manager", "value": "7"}),
            employed(manager={"value": "7"}),
        ),
    ],
    "foreign-schemas": [
        (
            dict(validate({"schemas": [GROUP_URN, ADSCIM_GROUP], "displayName": "g"}, GROUP)),
            {"schemas": [GROUP_URN], "displayName": "g"},
        ),
    ],
    "bare-bulk-patch": [
        (in_bulk([{"op": "add"}]), {"schemas": [PATCH_URN], "Operations": [{"op": "add"}]}),
        (in_bulk({"Operations": [{"op": "add"}]}), {"schemas": [PATCH_URN], "Operations": [{"op": "add"}]}),
    ],
    "listed-removal": [
        (
            crew({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "1"}]}),
            {"members": [{"value": "2"}]},
        ),
        (
            crew({"op": "remove", "path": "members", "value": [{"value": "1"}, {"value": "stranger"}]}),
            {"members": [{"value": "2"}]},
        ),
        (babs({"op": "remove", "path": "emails", "value": [HOME]}), {}),
    ],
    "empty-text": [
        (hired(title="", name={"givenName": ""}, emails=[{"value": "", "type": ""}]), {}),
        (babs({"op": "replace", "path": "title", "value": ""}), {"title": None}),
        (babs({"op": "replace", "value": {"title": ""}}), {"title": None}),
        (
            babs({"op": "replace", "value": {ENTERPRISE_USER_URN: {"department": ""}}}),
            {ENTERPRISE_USER_URN: {"manager": {"value": "26"}}},
        ),
        (
            babs({"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": ""}}),
            {"emails": [{"type": "work"}]},
        ),
        (babs({"op": "add", "path": 'emails[type eq "home"].value', "value": ""}), {}),
    ],
    "replace-creates": [
        (
            babs(
                {"op": "replace", "path": 'emails[type eq "home"].value', "value": HOME["value"]},
                dialect=Dialect(tolerated=tolerating(["replace-creates"])),
            ),
            {"emails": [WORK, HOME]},
        ),
    ],
    "plain-config": [
        (
            service_provider_config(
                Supported(cursor=True),
                "https://muster",
                dialect=Dialect(tolerated=tolerating(["plain-config"])),
            ),
            service_provider_config(Supported(cursor=False), "https://muster"),
        ),
    ],
}


def test_every_tolerance_is_tried() -> None:
    """There is a form to try for each tolerance in the table, and the table names none twice."""
    assert [tolerance.name for tolerance in TOLERANCES] == list(FORMS)
    assert all(FORMS.values())


@pytest.mark.parametrize(
    ("found", "expected"), [pytest.param(*form, id=name) for name, forms in FORMS.items() for form in forms]
)
def test_a_tolerated_form_means_what_its_sender_means(
    found: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each form changes what its sender wants changed, and nothing else."""
    assert expected == found


def test_what_is_switched_off_is_refused_or_taken_to_the_letter() -> None:
    """A listed removal and a replacement of nothing are errors then, and an empty text is a text."""
    with pytest.raises(InvalidValue):
        crew({"op": "remove", "path": "members", "value": [{"value": "1"}]}, dialect=STRICT)
    with pytest.raises(NoTarget):
        babs({"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"}, dialect=STRICT)
    assert {"title": ""} == babs({"op": "replace", "path": "title", "value": ""}, dialect=STRICT)
    assert (
        "" == validate({"schemas": [USER_URN], "userName": "u", "title": ""}, USER, dialect=STRICT)["title"]
    )


def test_what_is_switched_off_is_not_needed_for_the_letter() -> None:
    """A removal of all, and one by a filter, need no tolerance."""
    assert {"members": None} == crew({"op": "remove", "path": "members"}, dialect=STRICT)
    assert {"members": [{"value": "2"}]} == crew(
        {"op": "remove", "path": 'members[value eq "1"]'}, dialect=STRICT
    )


def test_the_usual_dialect() -> None:
    """Every harmless form is accepted by every dialect, and of the choices those that break no client."""
    assert all(USUAL.takes(tolerance) for tolerance in TOLERANCES if tolerance.usual)
    assert all(STRICT.takes(tolerance) for tolerance in TOLERANCES if tolerance.harmless)
    assert not any(STRICT.takes(tolerance) for tolerance in CHOICES.values())
    assert all(tolerance.usual for tolerance in TOLERANCES if tolerance.harmless)


def test_only_choices_can_be_chosen() -> None:
    """A name that is none, or whose form is always accepted, is refused by name."""
    assert frozenset(CHOICES.values()) == tolerating(CHOICES)
    for name in ("json-text", "Empty-Text", ""):
        with pytest.raises(ValueError, match=f"'{name}'"):
            tolerating([name])


@pytest.mark.parametrize(
    "filter",
    [
        'roles[primary eq "True"].value eq "a"',
        'roles[primary eq "TRUE" and value eq "a"]',
        'active eq "True"',
    ],
)
def test_text_booleans_in_filters(filter: str) -> None:
    """The words mean the same where they are compared."""
    resource: Resource = {**BABS, "roles": [{"value": "a", "primary": True}]}

    assert matches(parse(filter), resource, USER)


def test_unknown_attributes_by_policy() -> None:
    """What no schema describes is dropped, kept, or refused by its place; in elements, too."""
    body: Resource = {
        "schemas": [USER_URN],
        "userName": "u",
        "hat": "red",
        "name": {"givenName": "g", "x": 1},
    }
    bare: Resource = {"schemas": [USER_URN], "userName": "u", "name": {"givenName": "g"}}

    assert bare == validate(body, USER, dialect=Dialect(unknown=Unknown.DROP))
    assert body == validate(body, USER, dialect=Dialect(unknown=Unknown.KEEP))
    for refused, at in ((body, "hat"), ({**bare, "name": {"x": 1}}, "name.x")):
        with pytest.raises(InvalidSyntax) as error:
            validate(refused, USER, dialect=Dialect(unknown=Unknown.REFUSE))
        assert at == error.value.path


def test_unknown_extensions_by_policy() -> None:
    """An extension the type does not know is kept, dropped, or refused by its URN."""
    body: Resource = {"schemas": [USER_URN, CUSTOM], "userName": "u", CUSTOM: {"hat": "red"}}

    assert body == validate(body, USER, dialect=Dialect(unknown_extensions=Unknown.KEEP))
    assert {"schemas": [USER_URN], "userName": "u"} == validate(
        body, USER, dialect=Dialect(unknown_extensions=Unknown.DROP)
    )
    with pytest.raises(InvalidSyntax) as error:
        validate(body, USER, dialect=Dialect(unknown_extensions=Unknown.REFUSE))
    assert CUSTOM == error.value.path


@pytest.mark.parametrize("unknown", Unknown)
@pytest.mark.parametrize("name", ["name.givenName", 'emails[type eq "work"].value', "NAME.x", "title["])
def test_a_path_is_no_name_in_a_resource(name: str, unknown: Unknown) -> None:
    """What a PATCH would mean by the name is not passed over as if nobody knew it."""
    body: Resource = {"schemas": [USER_URN], "userName": "u", name: "x"}
    with pytest.raises(InvalidPath):
        validate(body, USER, dialect=Dialect(unknown=unknown))


def test_an_extension_has_no_such_attribute() -> None:
    """A name with the URN of a known extension must be one of its attributes, also at the top level."""
    with pytest.raises(InvalidPath):
        hired(**{f"{ENTERPRISE_USER_URN}:hat": "red"})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"hat": "red"}},
        {"op": "replace", "value": {"title": "Guide", "hat": "red"}},
        {"op": "replace", "path": "", "value": {"title": "Guide"}},
        {"op": "replace", "path": "emails", "value": "babs@acme.example"},
        {"op": "replace", "path": "emails", "value": ""},
        {"op": "replace", "path": "active", "value": ""},
        {"op": "replace", "path": "active", "value": "off"},
        {"op": "add", "path": "emails", "value": [{"mail": "x"}]},
        {"op": "add", "path": 'emails[type ne "work"].value', "value": "x"},
        {"op": "replace", "value": "not JSON"},
        {"op": "replace", "value": "[]"},
        {"op": "remove", "value": {"title": "Tour Guide"}},
        {"op": "delete", "path": "title"},
    ],
)
def test_an_unknown_form_is_refused(operation: dict[str, Any]) -> None:
    """What no tolerance names is an error, not silence, and not half a change."""
    before = json.dumps(BABS)
    with pytest.raises(BadRequest):
        babs(operation)
    assert before == json.dumps(BABS)


HATTED: Resource = {"schemas": [USER_URN, CUSTOM], "userName": "u", CUSTOM: {"hat": "red", "sizes": [1, 2]}}
BARE: Resource = {"schemas": [USER_URN], "userName": "u"}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": f"{CUSTOM}:hat", "value": "blue"}, {"hat": "blue", "sizes": [1, 2]}),
        ({"op": "replace", "path": f"{CUSTOM.upper()}:HAT", "value": 7}, {"hat": 7, "sizes": [1, 2]}),
        ({"op": "replace", "value": {f"{CUSTOM}:hat": "blue"}}, {"hat": "blue", "sizes": [1, 2]}),
        ({"op": "replace", "value": {CUSTOM: {"hat": None, "shoe": 7}}}, {"sizes": [1, 2], "shoe": 7}),
        ({"op": "add", "path": f"{CUSTOM}:sizes", "value": [2, 3]}, {"hat": "red", "sizes": [1, 2, 3]}),
        ({"op": "replace", "path": f"{CUSTOM}:sizes", "value": [3]}, {"hat": "red", "sizes": [3]}),
        ({"op": "remove", "path": f"{CUSTOM}:sizes"}, {"hat": "red"}),
        ({"op": "replace", "path": f"{CUSTOM}:sizes", "value": None}, {"hat": "red"}),
        ({"op": "remove", "path": CUSTOM}, None),
    ],
)
def test_an_unknown_extension_is_patched_by_policy(
    operation: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """What is kept can be changed, as a whole or by attribute; what is dropped is passed over."""
    kept = patched(HATTED, USER, USUAL, operation)
    dropped = patched(BARE, USER, Dialect(unknown_extensions=Unknown.DROP), operation)

    assert expected == kept.get(CUSTOM)
    assert (CUSTOM in kept) is (kept["schemas"] == [USER_URN, CUSTOM])
    assert BARE == dropped


@pytest.mark.parametrize("path", [f"{CUSTOM}:hat", "http://acme.example/scim/User:hat"])
def test_an_unknown_extension_begins_with_its_first_attribute(path: str) -> None:
    """Without an earlier value, the name after the last colon is the attribute."""
    after = patched(BARE, USER, USUAL, {"op": "Add", "path": path, "value": "red"})

    assert {path.rpartition(":")[0]: {"hat": "red"}} == {key: after[key] for key in after if ":" in key}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": f"{CUSTOM}:hat.colour", "value": "red"},
        {"op": "add", "path": f'{CUSTOM}:hats[type eq "a"].value', "value": "red"},
        {"op": "remove", "path": f"{CUSTOM}:sizes", "value": [1]},
        {"op": "replace", "path": CUSTOM, "value": "red"},
        {"op": "replace", "path": f"{ENTERPRISE_USER_URN}:hat", "value": "red"},
        {"op": "replace", "path": "name:givenName", "value": "x"},
    ],
)
def test_what_is_not_understood_of_an_unknown_extension_is_refused(operation: dict[str, Any]) -> None:
    """Nothing is guessed about attributes that nobody described, whether they are kept or dropped."""
    for policy in Unknown:
        with pytest.raises(BadRequest):
            patched(HATTED, USER, Dialect(unknown_extensions=policy), operation)


def test_an_unknown_extension_is_refused_by_policy() -> None:
    """Where unknown extensions are refused, so is every change of one."""
    for operation in (
        {"op": "add", "path": f"{CUSTOM}:hat", "value": "x"},
        {"op": "add", "value": {CUSTOM: {"hat": "x"}}},
        {"op": "remove", "path": CUSTOM},
    ):
        with pytest.raises(InvalidPath):
            patched(BARE, USER, Dialect(unknown_extensions=Unknown.REFUSE), operation)
