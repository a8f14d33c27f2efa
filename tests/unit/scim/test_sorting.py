"""In which order resources come."""

import pytest

from muster.scim.builtin import USER
from muster.scim.errors import InvalidValue
from muster.scim.sorting import sort
from muster.scim.values import Resource

EMAILS: Resource = {"emails": [{"value": "B@a.example"}, {"value": "a@a.example", "primary": True}]}


@pytest.mark.parametrize(
    ("by", "resource", "expected"),
    [
        ("userName", {"userName": "ANA"}, (False, "ana")),
        ("externalId", {"externalId": "E1"}, (False, "E1")),
        ("active", {"active": False}, (False, False)),
        ("emails", EMAILS, (False, "a@a.example")),
        ("emails.value", {"emails": [{"value": "B@a.example"}, {"value": "a"}]}, (False, "b@a.example")),
        ("meta.created", {"meta": {"created": "1970-01-01T00:00:01Z"}}, (False, 1.0)),
        ("meta.created", {"meta": {"created": "long ago"}}, (True, "")),
        ("manager", {USER.extensions[0].schema.urn: {"manager": {"value": "X"}}}, (False, "x")),
        ("title", {}, (True, "")),
        ("title", {"title": None}, (True, "")),
        ("x509Certificates", {"x509Certificates": [{"value": "QQ=="}]}, (False, "QQ==")),
    ],
)
def test_resources_are_ordered_by_their_value(by: str, resource: Resource, expected: object) -> None:
    """The primary value counts, else the first; case counts as caseExact says (RFC 7644 §3.4.2.3)."""
    assert expected == sort(by, None, USER).key(resource)


@pytest.mark.parametrize("order", ["ascending", "Descending", " descending "])
def test_both_directions_are_known(order: str) -> None:
    """In any letter case."""
    assert ("desc" in order.lower()) is sort("userName", order, USER).descending


@pytest.mark.parametrize(
    ("by", "order", "path"),
    [
        ("unknown", None, "sortBy"),
        ("name", None, "sortBy"),
        ("addresses", None, "sortBy"),
        ("password", None, "sortBy"),
        ("user name", None, "sortBy"),
        (USER.extensions[0].schema.urn, None, "sortBy"),
        ("userName", "sideways", "sortOrder"),
    ],
)
def test_no_order_is_refused(by: str, order: str | None, path: str) -> None:
    """The refusal names the parameter at fault."""
    with pytest.raises(InvalidValue) as caught:
        sort(by, order, USER)

    assert path == caught.value.path
