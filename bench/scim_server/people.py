"""The people that every server holds, made from their numbers: the same everywhere, and no two alike."""

from collections.abc import Mapping
from typing import Final

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

CALL_SIGNS: Final = 1_000  # people of the same number modulo this share a call sign

_SYLLABLES: Final = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu")
# How many there are divides CALL_SIGNS: but for its mark, a person is like the one CALL_SIGNS numbers on.
_GIVEN: Final = ("Ana", "Bo", "Chidi", "Dara", "Emil", "Femi", "Gita", "Hana")
_FAMILY: Final = ("Abe", "Berg", "Costa", "Dang", "Eze", "Faro", "Gupta", "Haas", "Ito", "Jansen")
_DEPARTMENTS: Final = ("Engineering", "Sales", "Finance", "Support", "Legal")


def mark(number: int) -> str:
    """What stands in every value that no two people may share.

    >>> mark(42)
    'p0000042'
    """
    return f"p{number:07d}"


def user_name(number: int) -> str:
    """The userName of a person."""
    return f"{mark(number)}@acme.example"


def family_name(number: int) -> str:
    """The name.familyName of a person, shared by one in ten."""
    return _FAMILY[number % len(_FAMILY)]


def call_sign(number: int) -> str:
    """A word in the displayName that no index knows; one person in ``CALL_SIGNS`` has it.

    >>> call_sign(123) == call_sign(1_123) == "Cedifo"
    True
    """
    return "".join(_SYLLABLES[int(digit)] for digit in f"{number % CALL_SIGNS:03d}").capitalize()


def user(number: int) -> dict[str, object]:
    """A user as an identity provider sends one: about 900 bytes."""
    given, family = _GIVEN[number % len(_GIVEN)], family_name(number)
    department = _DEPARTMENTS[number % len(_DEPARTMENTS)]
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"x-{mark(number)}",
        "userName": user_name(number),
        "name": {"givenName": given, "familyName": family},
        "displayName": f"{given} {family} {call_sign(number)}",
        "title": f"{department} specialist",
        "userType": "Employee",
        "preferredLanguage": "en",
        "locale": "en-GB",
        "timezone": "Europe/Berlin",
        "active": True,
        "emails": [
            {"value": user_name(number), "type": "work", "primary": True},
            {"value": f"{mark(number)}@home.example", "type": "home"},
        ],
        "phoneNumbers": [{"value": f"+49 30 {number % CALL_SIGNS:04d}", "type": "work"}],
        "addresses": [{"type": "work", "locality": "Berlin", "country": "DE", "postalCode": "10115"}],
        ENTERPRISE: {
            "employeeNumber": mark(number),
            "department": department,
            "costCenter": "4130",
            "organization": "Acme",
        },
    }


def group(name: str, members: list[str]) -> dict[str, object]:
    """A group of the people with these ids."""
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}


def patch(operation: Mapping[str, object]) -> dict[str, object]:
    """A PATCH of one operation (RFC 7644 §3.5.2)."""
    return {"schemas": [PATCH], "Operations": [operation]}
