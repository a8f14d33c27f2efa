import json
from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_SCHEMA, ENTERPRISE_USER_URN, GROUP, GROUP_URN, USER, USER_URN
from muster.scim.dialects import Dialect, Unknown
from muster.scim.errors import InvalidSyntax, InvalidValue, Mutability, ScimError
from muster.scim.schema import Attribute, Extension, ResourceType, Schema, Type
from muster.scim.schema import Mutability as Rule
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource
from rfc import examples

HR = Schema(
    urn="urn:example:hr:1.0",
    name="HR",
    attributes=(
        Attribute(name="badge", required=True, mutability=Rule.IMMUTABLE),
        Attribute(name="age", type=Type.INTEGER),
        Attribute(name="share", type=Type.DECIMAL),
        Attribute(name="hired", type=Type.DATE_TIME),
        Attribute(name="tags", multi_valued=True),
        Attribute(
            name="desk",
            type=Type.COMPLEX,
            sub_attributes=(
                Attribute(name="room", required=True),
                Attribute(name="floor", type=Type.INTEGER),
            ),
        ),
        Attribute(name="secret", mutability=Rule.WRITE_ONLY),
    ),
)
EMPLOYEE = ResourceType(
    name="User",
    endpoint="/Users",
    schema=USER.schema,
    extensions=(Extension(schema=ENTERPRISE_USER_SCHEMA), Extension(schema=HR, required=True)),
)


def example(name: str) -> dict[str, Any]:
    """Return an example resource of RFC 7643 §8."""
    loaded: dict[str, Any] = examples.example(f"rfc7643/{name}.json").body
    return loaded


def user(**attributes: Any) -> Resource:  # noqa: ANN401 - any JSON
    """Return what validation makes of a minimal user with these attributes, without the minimum itself."""
    found = validate({"schemas": [USER_URN], "userName": "u", **attributes}, USER)
    return {name: value for name, value in found.items() if name not in {"schemas", "userName"}}


def hr(**attributes: Any) -> Resource:  # noqa: ANN401 - any JSON
    """Return what validation makes of a user with these attributes of the HR extension."""
    body = {"schemas": [USER_URN, HR.urn], "userName": "u", HR.urn: {"badge": "7", **attributes}}
    found = validate(body, EMPLOYEE)[HR.urn]
    assert isinstance(found, dict)
    return {name: value for name, value in found.items() if name != "badge"}


@pytest.mark.parametrize("name", ["8.1-minimal-user", "8.2-full-user", "8.3-enterprise-user"])
def test_the_users_of_the_rfc_are_valid(name: str) -> None:
    """Each example user of RFC 7643 §8 is accepted and loses only what a client cannot set."""
    body = example(name)
    expected = {key: value for key, value in body.items() if key not in {"id", "meta", "groups", "password"}}
    if ENTERPRISE_USER_URN in body:
        del expected[ENTERPRISE_USER_URN]["manager"]["displayName"]
    for certificate in expected.get("x509Certificates", []):
        certificate["value"] = "".join(certificate["value"].split())

    assert expected == validate(example(name), USER)


def test_the_group_of_the_rfc_is_valid() -> None:
    """The example group of RFC 7643 §8.4 is accepted with its members."""
    body = example("8.4-group")

    assert {key: body[key] for key in ("schemas", "displayName", "members")} == validate(body, GROUP)


def test_names_take_the_schemas_spelling() -> None:
    """Attribute names and URNs are case insensitive on the way in and canonical afterwards."""
    body: Resource = {
        "SCHEMAS": [USER_URN.upper(), ENTERPRISE_USER_URN],
        "username": "U",
        "NAME": {"givenname": "G"},
        "Emails": [{"VALUE": "v", "Primary": True}],
        ENTERPRISE_USER_URN.lower(): {"costcenter": "1", "MANAGER": {"Value": "2"}},
    }

    assert {
        "schemas": [USER_URN, ENTERPRISE_USER_URN],
        "userName": "U",
        "name": {"givenName": "G"},
        "emails": [{"value": "v", "primary": True}],
        ENTERPRISE_USER_URN: {"costCenter": "1", "manager": {"value": "2"}},
    } == validate(body, USER)


@pytest.mark.parametrize(
    "attributes",
    [
        {"title": None},
        {"emails": []},
        {"emails": None},
        {"emails": [None, {}, {"value": None}]},
        {"name": {}},
        {"name": {"givenName": None}},
        {"profileUrl": ""},
        {"photos": [{"value": ""}]},
        {ENTERPRISE_USER_URN: None},
        {ENTERPRISE_USER_URN: {}},
        {ENTERPRISE_USER_URN: {"department": None, "manager": ""}},
        {"manager": []},
        {"id": 5, "meta": "x", "groups": "", "ID2": None},
        {"password": "secret"},
        {"nope": {"deep": [1]}},
        {"urn:unknown:x": None},
    ],
)
def test_what_is_unassigned_or_not_the_clients_to_set_is_left_out(attributes: dict[str, Any]) -> None:
    """Null, empty, read-only, write-only and unknown attributes leave no trace, nor their schema."""
    found = validate({"schemas": [USER_URN, ENTERPRISE_USER_URN], "userName": "u", **attributes}, USER)

    assert {"schemas": [USER_URN], "userName": "u"} == found


@pytest.mark.parametrize(
    ("value", "expected"), [("True", True), ("False", False), ("true", True), (False, False)]
)
def test_booleans_may_be_words(value: object, expected: bool) -> None:
    """Entra ID sends truth as text, at the top and inside elements."""
    assert {"active": expected, "roles": [{"value": "r", "primary": expected}]} == user(
        active=value, roles=[{"value": "r", "primary": value}]
    )


@pytest.mark.parametrize("value", ["26", {"value": "26"}, [{"value": "26"}], ["26"]])
@pytest.mark.parametrize("inside", [True, False])
def test_a_manager_arrives_in_many_forms(value: object, inside: bool) -> None:
    """A bare string, an object, an array of one, inside the extension or beside it: all mean the same."""
    attributes = {ENTERPRISE_USER_URN: {"manager": value}} if inside else {"manager": value}

    assert {ENTERPRISE_USER_URN: {"manager": {"value": "26"}}} == user(**attributes)


def test_what_stands_in_the_extension_wins() -> None:
    """An attribute given twice is taken from where it belongs."""
    found = user(**{ENTERPRISE_USER_URN: {"department": "in"}, "department": "out", "division": "out"})

    assert {ENTERPRISE_USER_URN: {"department": "in", "division": "out"}} == found


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"userName": None}, "userName"),
        ({"userName": ""}, "userName"),
        ({"userName": 5}, "userName"),
        ({"externalId": 701984}, "externalId"),
        ({"title": ["x"]}, "title"),
        ({"title": {}}, "title"),
        ({"active": 1}, "active"),
        ({"active": "yes"}, "active"),
        ({"password": 5}, "password"),
        ({"name": "Barbara"}, "name"),
        ({"name": {"givenName": 5}}, "name.givenName"),
        ({"emails": {}}, "emails"),
        ({"emails": ["x"]}, "emails[0]"),
        ({"emails": [{"value": "a"}, {"value": 5}]}, "emails[1].value"),
        ({"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": "True"}]}, "emails"),
        ({"emails": [{"value": "a", "VALUE": "b"}]}, "emails[0].value"),
        ({"x509Certificates": [{"value": "no base64!"}]}, "x509Certificates[0].value"),
        ({"x509Certificates": [{"value": "AAAAA"}]}, "x509Certificates[0].value"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({ENTERPRISE_USER_URN: "x"}, ENTERPRISE_USER_URN),
        ({ENTERPRISE_USER_URN: {"department": 5}}, f"{ENTERPRISE_USER_URN}:department"),
        ({ENTERPRISE_USER_URN: {"manager": 5}}, f"{ENTERPRISE_USER_URN}:manager"),
        ({ENTERPRISE_USER_URN: {"manager": ["a", "b"]}}, f"{ENTERPRISE_USER_URN}:manager"),
        ({ENTERPRISE_USER_URN: {"division": "a", "DIVISION": "b"}}, f"{ENTERPRISE_USER_URN}:DIVISION"),
        ({"TITLE": "a", "title": "b"}, "title"),
        ({USER_URN: {"title": "x"}}, USER_URN),
        ({"urn:unknown:x": "text"}, "urn:unknown:x"),
        ({"schemas": None}, "schemas"),
        ({"schemas": []}, "schemas"),
        ({"schemas": USER_URN}, "schemas"),
        ({"schemas": [5]}, "schemas"),
        ({"schemas": [GROUP_URN]}, "schemas"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(attributes: dict[str, Any], path: str) -> None:
    """A wrong type, a missing value or a second spelling is an invalidValue that names the attribute."""
    with pytest.raises(InvalidValue) as caught:
        user(**attributes)

    assert path == caught.value.path


@pytest.mark.parametrize("body", [None, [], "x", 5, True])
def test_a_resource_is_an_object(body: Any) -> None:  # noqa: ANN401 - any JSON
    """Anything else is invalidSyntax."""
    with pytest.raises(InvalidSyntax):
        validate(body, USER)


def test_unknown_extensions_are_kept_by_default() -> None:
    """What another system's extension says is kept and claimed in schemas, or dropped when asked for."""
    body: Resource = {"schemas": [USER_URN], "userName": "u", "urn:other:x": {"a": [{"b": 1.5}, None, True]}}

    assert {**body, "schemas": [USER_URN, "urn:other:x"]} == validate(body, USER)
    assert {"schemas": [USER_URN], "userName": "u"} == validate(
        body, USER, dialect=Dialect(unknown_extensions=Unknown.DROP)
    )


def test_unknown_attributes_can_be_kept() -> None:
    """A receiver that mirrors another system keeps what no schema describes, at every level."""
    body: Resource = {
        "schemas": [USER_URN, ENTERPRISE_USER_URN],
        "userName": "u",
        "shoe": {"size": 9},
        "emails": [{"value": "a", "verified": True}],
        ENTERPRISE_USER_URN: {"desk": "4"},
    }

    assert body == validate({**body, "hat": None}, USER, dialect=Dialect(unknown=Unknown.KEEP))
    assert body == validate(
        {**body, "emails": [{"value": "a", "verified": True, "seen": None}]},
        USER,
        dialect=Dialect(unknown=Unknown.KEEP),
    )


@pytest.mark.parametrize("value", ["\x00", "\ud800", 2**63, float("inf"), float("nan"), {"\x00": 1}])
def test_what_is_kept_can_be_stored(value: Any) -> None:  # noqa: ANN401 - any JSON
    """No extension can smuggle in what an encoder or a database would choke on."""
    with pytest.raises(InvalidValue):
        user(**{"urn:other:x": {"a": value}})


def test_what_is_kept_is_not_bottomless() -> None:
    """A deeply nested extension is refused instead of exhausting the stack."""
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(InvalidValue, match="nests deeper"):
        user(**{"urn:other:x": {"a": deep}})


def test_elements_come_once() -> None:
    """The same type and value twice is one email, the same value twice one member (RFC 7643 §2.4)."""
    emails = [{"value": "a", "type": "work"}, {"value": "a", "type": "WORK", "display": "A"}, {"value": "a"}]
    members = [{"value": "1", "display": "One"}, {"value": "1"}, {"value": "2"}]
    group = validate({"schemas": [GROUP_URN], "displayName": "g", "members": members}, GROUP)

    assert [{"value": "a", "type": "work", "display": "A"}, {"value": "a"}] == user(emails=emails)["emails"]
    assert [{"value": "1", "display": "One"}, {"value": "2"}] == group["members"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"age": 30, "share": 0.5, "hired": "2020-01-31T09:00:00.1234567Z", "tags": ["a", "b"]},
        {"share": 1},
        {"desk": {"room": "B", "floor": 2}},
    ],
)
def test_typed_attributes_of_an_extension(attributes: dict[str, Any]) -> None:
    """Integers, decimals, dates, lists and objects are accepted as they are."""
    assert attributes == hr(**attributes)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"badge": None, "age": 1}, "badge"),
        ({"age": 1.0}, "age"),
        ({"age": True}, "age"),
        ({"age": "30"}, "age"),
        ({"age": 2**63}, "age"),
        ({"share": "0.5"}, "share"),
        ({"share": float("nan")}, "share"),
        ({"hired": "2020-01-31"}, "hired"),
        ({"hired": "2020-02-31T00:00:00Z"}, "hired"),
        ({"tags": "a"}, "tags"),
        ({"tags": ["a", 5]}, "tags[1]"),
        ({"desk": {"floor": 2}}, "desk.room"),
        ({"desk": "B"}, "desk"),
    ],
)
def test_typed_attributes_of_an_extension_are_checked(attributes: dict[str, Any], path: str) -> None:
    """Each type of RFC 7643 §2.3 refuses what is not of it, and required parts must be there."""
    with pytest.raises(InvalidValue) as caught:
        hr(**attributes)

    assert f"{HR.urn}:{path}" == caught.value.path


def test_write_only_values_are_dropped() -> None:
    """A secret of an extension is accepted and does not enter the resource."""
    assert {} == hr(secret="s")


def test_a_required_extension_must_be_there() -> None:
    """RFC 7643 §6: a resource includes the extensions its type requires."""
    with pytest.raises(InvalidValue, match="required"):
        validate({"schemas": [USER_URN], "userName": "u"}, EMPLOYEE)


def test_a_replacement_keeps_immutable_values() -> None:
    """PUT may repeat or omit an immutable value and may not change it (RFC 7644 §3.5.1)."""
    old: Resource = {"userName": "u", HR.urn: {"badge": "7", "age": 1}}
    body: Resource = {"schemas": [USER_URN], "userName": "v"}
    omitted = validate(body, EMPLOYEE, replacing=old)
    repeated = validate({**body, HR.urn: {"badge": "7"}}, EMPLOYEE, replacing=old)

    assert {"schemas": [USER_URN, HR.urn], "userName": "v", HR.urn: {"badge": "7"}} == omitted == repeated
    with pytest.raises(Mutability) as caught:
        validate({**body, HR.urn: {"badge": "8"}}, EMPLOYEE, replacing=old)
    assert f"{HR.urn}:badge" == caught.value.path


def test_a_replacement_may_set_what_was_unset() -> None:
    """An immutable value that was never set can be set by PUT."""
    body: Resource = {"schemas": [USER_URN], "userName": "u", HR.urn: {"badge": "8"}}

    assert {"badge": "8"} == validate(body, EMPLOYEE, replacing={"userName": "u"})[HR.urn]


def test_the_input_is_not_changed() -> None:
    """Validation builds a new resource."""
    body = example("8.3-enterprise-user") | {"division": "x"}
    before = json.dumps(body)
    validate(body, USER)

    assert before == json.dumps(body)


def test_errors_are_scim_errors() -> None:
    """Everything validation raises is answered as a 400."""
    with pytest.raises(ScimError) as caught:
        user(active="maybe")

    assert "400" == caught.value.as_response()["status"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["a@b.example", "A@B.example"], ["a@b.example"]),
        (["a@b.example", "c@b.example"], ["a@b.example", "c@b.example"]),
    ],
)
def test_a_value_in_another_letter_case_is_the_same_value(given: list[str], kept: list[str]) -> None:
    """Where ``caseExact`` is false, two spellings of a value are one element, the first (RFC 7643 §2.4)."""
    body: Resource = {
        "schemas": [USER_URN],
        "userName": "a",
        "emails": [{"value": value, "type": "work"} for value in given],
    }

    assert [{"value": value, "type": "work"} for value in kept] == validate(body, USER)["emails"]


def test_letter_case_makes_another_value_where_it_counts() -> None:
    """References are case exact: two photos whose addresses differ in case are two (RFC 7643 §2.3.7)."""
    photos: JsonValue = [{"value": "https://a.example/x"}, {"value": "https://a.example/X"}]

    assert photos == validate({"schemas": [USER_URN], "userName": "a", "photos": photos}, USER)["photos"]
