import pytest

from muster.scim import errors
from muster.scim.errors import InvalidFilter, Mutability, NotFound, ScimError, Uniqueness

KEYWORDS = {
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "invalidCount",
}


def kinds(base: type[ScimError] = ScimError) -> list[type[ScimError]]:
    """Return every class of the tree; those that other packages add for themselves stand elsewhere."""
    own = [child for child in base.__subclasses__() if child.__module__ == errors.__name__]
    return [base, *(kind for child in own for kind in kinds(child))]


def test_the_tree_covers_table_nine() -> None:
    """Each detail keyword of RFC 7644 table 9 and of RFC 9865 table 3 has one class; there are no others.

    There is no class for ``expiredCursor``: cursors do not expire.
    """
    found = [kind.scim_type for kind in kinds() if "scim_type" in vars(kind) and kind.scim_type]

    assert sorted(KEYWORDS) == sorted(found)


def test_the_drawing_names_every_class() -> None:
    """The tree at the top of the module is the tree in the code."""
    assert all(kind.__name__ in str(errors.__doc__) for kind in kinds())


def test_a_response_is_the_message_of_the_rfc() -> None:
    """The status is a string and the keyword is there when there is one (RFC 7644 §3.12)."""
    assert {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "scimType": "mutability",
        "detail": "id: Attribute is readOnly",
        "status": "400",
    } == Mutability("Attribute is readOnly", path="id").as_response()
    assert {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "detail": "Resource 1 not found",
        "status": "404",
    } == NotFound("Resource 1 not found").as_response()


def test_taken_values_are_a_conflict() -> None:
    """RFC 7644 §3.3 answers a duplicate with 409 and the keyword uniqueness."""
    assert (409, "uniqueness") == (Uniqueness.status, Uniqueness.scim_type)


def test_a_filter_error_says_where() -> None:
    """The position is in the sentence for people and an attribute for programs."""
    with pytest.raises(InvalidFilter, match=r"at position 7") as caught:
        raise InvalidFilter("expected an operator", position=7)

    assert 7 == caught.value.position
