import json

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER
from muster.scim.errors import InvalidFilter
from muster.scim.grammar import parse
from muster.scim.matching import matches, predicate
from muster.scim.schema import Attribute, Extension, ResourceType, Schema, Type
from muster.scim.values import Resource
from rfc.examples import example

BABS: Resource = example("rfc7643/8.3-enterprise-user.json").body
AGED = ResourceType(
    name="User",
    endpoint="/Users",
    schema=USER.schema,
    extensions=(
        *USER.extensions,
        Extension(
            schema=Schema(
                urn="urn:example:hr:1.0",
                name="HR",
                attributes=(
                    Attribute(name="age", type=Type.INTEGER),
                    Attribute(name="share", type=Type.DECIMAL),
                    Attribute(name="tags", multi_valued=True, case_exact=True),
                ),
            )
        ),
    ),
)


def found(text: str, resource: Resource = BABS) -> bool:
    """Tell whether the filter finds the resource."""
    return matches(parse(text), resource, USER)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "BJENSEN@example.com"',
        '''name.familyName co "ENS"''',
        'userName sw "b"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B"',
        "title pr",
        'meta.lastModified gt "2011-05-13T04:42:33Z"',
        'meta.lastModified ge "2011-05-13T06:42:34+02:00"',
        'meta.lastModified le "2011-05-13T04:42:34.0000000Z"',
        'meta.lastModified lt "2011-05-13T04:42:34.5"',
        'title pr and userType eq "Employee"',
        'userType eq "Intern" or title pr',
        f'schemas eq "{ENTERPRISE_USER_URN}"',
        'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
        'userType ne "Intern" and not (emails co "example.net")',
        'userType eq "Employee" and (emails.type eq "work")',
        'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
        'emails[type eq "work" and value co "@foo.com"] or ims[type eq "aim"]',
        "active eq true",
        'active eq "True"',
        "active ne false",
        'emails[primary eq "True"].value sw "bjensen"',
        'id eq "2819c223-7f76-453a-919d-413861904646" and manager eq "26118915-6090-4610-87e4-49d8ca9f808d"',
        f'{ENTERPRISE_USER_URN}:manager.displayName eq "john smith"',
        'costCenter eq "4130" and employeeNumber gt "701983"',
        f"{ENTERPRISE_USER_URN} pr",
        "nickName ne null and displayName pr",
        'x509Certificates.value sw "MIID"',
        'emails ne "bjensen@example.com"',
        'name[givenName eq "Barbara" and familyName eq "Jensen"]',
        'schemas[value eq "urn:ietf:params:scim:schemas:core:2.0:User"]',
        "name pr",
        "emails pr",
        'phoneNumbers.value ew "4444"',
    ],
)
def test_filters_that_find_the_full_user(text: str) -> None:
    """Each filter means what RFC 7644 §3.4.2.2 says, on the enterprise user of RFC 7643 §8.3."""
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "bjensen"',
        'id eq "2819C223-7F76-453A-919D-413861904646"',
        'emails[type eq "home" and value co "@example.com"]',
        'userType eq "Employee" and not (emails co "example.com" or emails.value co "example.org")',
        'meta.lastModified gt "2011-05-13T04:42:34Z"',
        "active eq false",
        "active ne true",
        "userName eq null",
        'emails eq "nobody@example.com"',
        'x509Certificates.value sw "miid"',
    ],
)
def test_filters_that_do_not_find_the_full_user(text: str) -> None:
    """Case-exact attributes keep their case, and both conditions of a value path meet in one element."""
    assert not found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('title ne "x"', True),
        ('title eq "x"', False),
        ("title eq null", True),
        ("title pr", False),
        ('emails.type ne "work"', True),
        ('emails[type eq "work"]', False),
        ("active ne true", True),
        ('not (title eq "x")', True),
        (f"{ENTERPRISE_USER_URN} pr", False),
        ('department ne "x"', True),
    ],
)
def test_unassigned_attributes_equal_nothing(text: str, expected: bool) -> None:
    """An unassigned attribute is not equal to any value and not present."""
    assert expected is found(text, {"userName": "x"})


@pytest.mark.parametrize("empty", ["", [], {}, None, [{}], [None], [{"value": ""}], {"a": None}])
def test_empty_values_are_not_present(empty: object) -> None:
    """``pr`` wants a non-empty value, and a complex value with a non-empty part."""
    resource: Resource = json.loads(json.dumps({"emails": empty, "title": empty, "name": empty}))

    assert not any(found(text, resource) for text in ("emails pr", "title pr", "name pr"))


@pytest.mark.parametrize(
    "text",
    [
        "nope pr",
        'name.nope eq "x"',
        'name eq "x"',
        'addresses eq "x"',
        "userName eq 5",
        "userName eq true",
        "active eq 1",
        "active gt true",
        'active co "t"',
        'x509Certificates.value gt "M"',
        'meta.created gt "yesterday"',
        'meta.created gt "2011-02-30T00:00:00Z"',
        'meta.created co "2011"',
        "title gt null",
        "password pr",
        'password eq "secret"',
        'userName[value eq "x"]',
        'emails[nope eq "x"]',
        'emails[emails.value eq "x"]',
        'emails.value[value eq "x"]',
        f'{ENTERPRISE_USER_URN} eq "x"',
        f'{ENTERPRISE_USER_URN}[department eq "x"]',
    ],
)
def test_comparisons_that_make_no_sense_are_refused(text: str) -> None:
    """An unknown attribute or an operator that does not fit is an invalidFilter, not an empty result."""
    with pytest.raises(InvalidFilter):
        predicate(parse(text), USER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age gt 29 and age le 30.0", True),
        ("age lt 30", False),
        ("share eq 0.5", True),
        ("share ne 1", True),
        ('tags eq "A"', True),
        ('tags eq "a"', False),
        ('tags[value eq "B"]', True),
        ('tags[value eq "A" and value eq "B"]', False),
    ],
)
def test_numbers_and_simple_lists_compare(text: str, expected: bool) -> None:
    """Numbers compare by value; the elements of a simple list are its ``value``."""
    resource: Resource = {"urn:example:hr:1.0": {"age": 30, "share": 0.5, "tags": ["A", "B"]}}

    assert expected is matches(parse(text), resource, AGED)


@pytest.mark.parametrize("text", ["age gt true", 'age eq "30"', "age co 3", 'tags[type eq "x"]'])
def test_numbers_compare_with_numbers_only(text: str) -> None:
    """A number is never compared with text or truth."""
    with pytest.raises(InvalidFilter):
        predicate(parse(text), AGED)


def test_a_query_over_several_types_takes_unknown_attributes_as_unassigned() -> None:
    """A root query finds users by userName although groups have none (RFC 7644 §3.4.2.1)."""
    test = predicate(parse('userName eq "x" or emails[type eq "work"]'), GROUP, unknown_is_absent=True)
    absent = predicate(parse('userName ne "x" and not (userName pr)'), GROUP, unknown_is_absent=True)

    assert not test({"displayName": "x"})
    assert absent({"displayName": "x"})


@pytest.mark.parametrize("odd", [5, True, "text", [5], [[]], {"value": [1]}, [{"value": {}}]])
def test_odd_resources_do_not_match_and_do_not_fail(odd: object) -> None:
    """A resource that breaks the schema finds nothing; it is not the filter's place to judge it."""
    resource: Resource = json.loads(json.dumps({"emails": odd, "meta": odd, "active": [], "title": odd}))

    assert not found('emails eq "x" or meta.created gt "2011-05-13T04:42:34Z" or active eq true', resource)
