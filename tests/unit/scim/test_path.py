import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.errors import InvalidFilter, InvalidPath, InvalidValue, NoTarget
from muster.scim.path import parse_path, read, write
from muster.scim.schema import Attribute, ResourceType, Schema
from muster.scim.values import JsonValue, Resource

PERSON: Resource = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "userName": "bjensen",
    "name": {"givenName": "Barbara"},
    "emails": [
        {"type": "home", "value": "babs@jensen.org"},
        {"type": "work", "value": "bjensen@example.com", "primary": True},
    ],
    "active": True,
    ENTERPRISE_USER_URN: {"department": "Tours", "manager": {"value": "26", "displayName": "John"}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USERNAME", "bjensen"),
        ("name.givenname", "Barbara"),
        ("name", {"givenName": "Barbara"}),
        ('emails[type eq "work"].value', "bjensen@example.com"),
        ('emails[type eq "HOME"]', {"type": "home", "value": "babs@jensen.org"}),
        ("emails[primary eq true].value", "bjensen@example.com"),
        ("emails.value", ["babs@jensen.org", "bjensen@example.com"]),
        ('emails[type eq "other"].value', None),
        (f"{ENTERPRISE_USER_URN}:department", "Tours"),
        (f"{ENTERPRISE_USER_URN.upper()}:DEPARTMENT", "Tours"),
        ("department", "Tours"),
        ("manager", "26"),
        ("manager.displayName", "John"),
        ("costCenter", None),
        ("phoneNumbers.value", None),
        ("name.familyName", None),
        ("title", None),
        (ENTERPRISE_USER_URN, PERSON[ENTERPRISE_USER_URN]),
        ("active", True),
        ("emails", PERSON["emails"]),
    ],
)
def test_reading(text: str, expected: JsonValue) -> None:
    """A path reads the value it names, in any case, through filters and extensions."""
    assert expected == read(PERSON, parse_path(text))


def test_reading_ignores_the_case_of_the_resource() -> None:
    """Applications answer in spellings of their own."""
    resource: Resource = {
        "USERNAME": "x",
        "Name": {"GivenName": "y"},
        ENTERPRISE_USER_URN.lower(): {"Division": "z"},
    }

    assert ["x", "y", "z"] == [
        read(resource, parse_path(text)) for text in ("userName", "name.givenName", "division")
    ]


@pytest.mark.parametrize(
    ("text", "value", "part"),
    [
        ("userName", "x", {"userName": "x"}),
        ("name.givenName", "x", {"name": {"givenName": "x"}}),
        ('emails[type eq "work"].value', "x", {"emails": [{"type": "work", "value": "x"}]}),
        (
            'emails[type eq "work" and primary eq "True"].value',
            "x",
            {"emails": [{"type": "work", "primary": True, "value": "x"}]},
        ),
        ('emails[type eq "work"]', {"value": "x"}, {"emails": [{"type": "work", "value": "x"}]}),
        (
            "department",
            "x",
            {"schemas": [USER_URN, ENTERPRISE_USER_URN], ENTERPRISE_USER_URN: {"department": "x"}},
        ),
        (
            "manager",
            "26",
            {"schemas": [USER_URN, ENTERPRISE_USER_URN], ENTERPRISE_USER_URN: {"manager": {"value": "26"}}},
        ),
        (
            ENTERPRISE_USER_URN,
            {"division": "x"},
            {"schemas": [USER_URN, ENTERPRISE_USER_URN], ENTERPRISE_USER_URN: {"division": "x"}},
        ),
        ("emails", [{"value": "x"}], {"emails": [{"value": "x"}]}),
    ],
)
def test_writing_into_nothing(text: str, value: JsonValue, part: Resource) -> None:
    """Writing creates what the path needs: the element its filter describes, the extension and its schema."""
    assert part == write({}, parse_path(text), value)


@pytest.mark.parametrize(
    "text",
    [
        "userName",
        "name.givenName",
        'emails[type eq "home"].value',
        'emails[value ew "org"].type',
        "department",
        "manager",
        "active",
        "title",
    ],
)
def test_a_written_value_is_read_back_and_the_input_stays(text: str) -> None:
    """Write then read gives the value, and the resource that came in has not changed."""
    path, before = parse_path(text), repr(PERSON)

    assert "new" == read(write(PERSON, path, "new"), path)
    assert before == repr(PERSON)


@pytest.mark.parametrize(
    "text", ["title", "department", 'ims[type eq "aim"].value', "name.familyName", "manager"]
)
def test_removing_undoes_writing(text: str) -> None:
    """None takes away what a write created, together with the element, container and schema it needed."""
    path = parse_path(text)
    bare: Resource = {"schemas": [USER_URN], "userName": "x"}

    assert bare == write(write(bare, path, "new"), path, None)
    assert bare == write(bare, path, None)


def test_removing_keeps_what_else_is_known() -> None:
    """An element that says more than its filter survives the loss of one part."""
    path = parse_path('emails[type eq "work"].value')
    changed = write(PERSON, path, None)

    assert [{"type": "home", "value": "babs@jensen.org"}, {"type": "work", "primary": True}] == changed[
        "emails"
    ]


def test_removing_the_manager_removes_all_of_it() -> None:
    """A manager without an id would leave the name of somebody who is no manager any more."""
    changed = write(PERSON, parse_path("manager"), None)

    assert {"department": "Tours"} == changed[ENTERPRISE_USER_URN]


def test_an_element_can_be_replaced_and_removed() -> None:
    """A selection without a sub-attribute is the element itself, which keeps what selected it."""
    path = parse_path('emails[type eq "work"]')

    assert {"type": "work", "value": "n"} == read(write(PERSON, path, {"value": "n"}), path)
    assert [{"type": "home", "value": "babs@jensen.org"}] == write(PERSON, path, None)["emails"]


@pytest.mark.parametrize(
    "text",
    ['emails[type ne "work"].value', 'emails[type eq "a" or type eq "b"].value', "emails[type pr].value"],
)
def test_only_equality_describes_an_element(text: str) -> None:
    """A filter that selects nothing and describes no element is noTarget."""
    with pytest.raises(NoTarget):
        write({}, parse_path(text), "x")


def test_a_contradiction_describes_no_element() -> None:
    """A type cannot be both work and home, nor equal nothing."""
    for text in ('emails[type eq "work" and type eq "home"].value', "emails[type eq null].value"):
        with pytest.raises(NoTarget):
            write({}, parse_path(text), "x")


def test_writing_all_elements_at_once_is_refused() -> None:
    """emails.value cannot be written without saying which email; the message shows how to say it."""
    with pytest.raises(InvalidPath, match=r'emails\[type eq "work"\]\.value'):
        write(PERSON, parse_path("emails.value"), "x")


@pytest.mark.parametrize("text", [ENTERPRISE_USER_URN, 'emails[type eq "work"]', 'ims[type eq "aim"]'])
def test_objects_are_not_replaced_by_scalars(text: str) -> None:
    """An extension or an element is an object."""
    with pytest.raises(InvalidValue):
        write(PERSON, parse_path(text), "x")


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "name.nope",
        "userName.x",
        "",
        "__class__",
        'emails[type eq "work"].nope',
        'emails.value[type eq "work"].value',
        'userName[value eq "x"]',
        'name[givenName eq "x"].familyName',
        f"{USER_URN}:department",
        f'{ENTERPRISE_USER_URN}[department eq "x"]',
        "x" * 5000,
    ],
)
def test_paths_that_name_nothing_are_refused(text: str) -> None:
    """A path outside the schema is an invalidPath; Python's own attribute names are just unknown names."""
    with pytest.raises(InvalidPath):
        parse_path(text)


def test_a_filter_that_does_not_fit_is_refused() -> None:
    """The part in brackets is checked against the attribute when the path is parsed."""
    for text in ('emails[nope eq "x"].value', "emails[type eq 5].value", "emails[type].value"):
        with pytest.raises(InvalidFilter):
            parse_path(text)


def test_a_path_prints_in_the_schemas_spelling() -> None:
    """The text of a path parses back to the path."""
    path = parse_path('EMAILS[TYPE eq "work"].VALUE')

    assert 'emails[TYPE eq "work"].value' == str(path)
    assert path == parse_path(str(path))
    assert ENTERPRISE_USER_URN == str(parse_path(ENTERPRISE_USER_URN))


def test_paths_belong_to_a_resource_type() -> None:
    """The same words may name nothing in another type."""
    assert "members.value" == str(parse_path("MEMBERS.VALUE", GROUP))
    with pytest.raises(InvalidPath):
        parse_path("members", USER)


def test_simple_lists() -> None:
    """The elements of a simple list are selected by their value, replaced and removed."""
    schema = Schema(urn="urn:x:t", name="T", attributes=(Attribute(name="tags", multi_valued=True),))
    kind = ResourceType(name="T", endpoint="/T", schema=schema)
    path = parse_path('tags[value eq "a"]', kind)

    assert {"tags": ["z", "b"]} == write({"tags": ["a", "b"]}, path, "z")
    assert {"tags": ["b"]} == write({"tags": ["a", "b"]}, path, None)
    with pytest.raises(NoTarget):
        write({"tags": ["b"]}, path, "z")


def test_only_a_filter_describes_an_element() -> None:
    """A path without a filter says nothing about the element to create."""
    assert None is parse_path("emails").eq_terms()
