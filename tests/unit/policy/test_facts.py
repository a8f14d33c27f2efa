"""Reading what is known of a person."""

from dataclasses import replace

import pytest

from muster.model import BadInput, Identity, PersonId, SourceId, Stage, Tenant, Value
from muster.policy import fact

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OWN = "urn:acme:scim:schemas:staff:1.0:User"
ANA = Identity(
    tenant=Tenant("acme"),
    id=PersonId("p1"),
    source=SourceId("hr"),
    user_name="ana.ruiz",
    stage=Stage.ACTIVE,
    version=1,
    external_id="E1001",
    attributes={
        "name": {"givenName": "Ana", "familyName": "Ruiz"},
        "title": "Product Designer",
        "nickName": "",
        "emails": [
            {"type": "work", "value": "ana@acme.example", "primary": True},
            {"type": "home", "value": "ana@home.example"},
        ],
        "addresses": [{"locality": "Madrid"}],
        "phoneNumbers": [],
        ENTERPRISE: {"department": "Design", "manager": {"value": "E1000"}},
        OWN: {
            "badge": "b1",
            "floor": 3,
            "skills": ["chess", "go"],
            "locker": {"value": "north", "number": "7"},
            "cars": [{"type": "own", "value": "HH 1"}, {"type": "company", "value": "HH 2"}],
        },
    },
)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("userName", "ana.ruiz"),
        ("username", "ana.ruiz"),
        ("externalId", "E1001"),
        ("active", True),
        ("title", "Product Designer"),
        ("name.givenName", "Ana"),
        ("department", "Design"),
        (f"{ENTERPRISE}:department", "Design"),
        ("manager", "E1000"),
        ('emails[type eq "work"].value', "ana@acme.example"),
        ('emails[type eq "work"].primary', True),
        ('emails[type eq "home"]', "ana@home.example"),
        ("emails", ("ana@acme.example", "ana@home.example")),
        ("emails.primary", ("true",)),
        ("nickName", ""),
        ("phoneNumbers", None),
        ("displayName", None),
        ('emails[type eq "other"].value', None),
        ("name", None),
        ("addresses", None),
        (ENTERPRISE, None),
        (f"{OWN}:badge", "b1"),
        (f"{OWN.upper()}:BADGE", "b1"),
        (f"{OWN}:floor", 3),
        (f"{OWN}:skills", ("chess", "go")),
        (f"{OWN}:locker", "north"),
        (f"{OWN}:locker.number", "7"),
        (f'{OWN}:cars[type eq "own"].value', "HH 1"),
        (f"{OWN}:cars", ("HH 1", "HH 2")),
        (f"{OWN}:desk", None),
        ("urn:acme:other:User:badge", None),
    ],
)
def test_a_fact_is_read_by_its_path(attribute: str, value: Value) -> None:
    """Every kind of path gives a plain value; what has no plain form, and what is not there, gives None."""
    assert fact(ANA, attribute) == value


def test_who_left_is_not_active() -> None:
    """The stage of a person is read as ``active``."""
    assert fact(replace(ANA, stage=Stage.LEFT), "active") is False


@pytest.mark.parametrize(
    "attribute", ["", "shoeSize", "emails[", "name.shoe", "a b", "__class__", f"{ENTERPRISE}:shoeSize"]
)
def test_an_attribute_nobody_can_have_is_refused(attribute: str) -> None:
    """A path that names nothing is an error that says what would be right, never silently empty."""
    with pytest.raises(BadInput) as raised:
        fact(ANA, attribute)

    assert raised.value.problem.code == "MUSTER-POLICY-NO-SUCH-ATTRIBUTE"
    assert f"“{attribute}”" in raised.value.problem.what
    assert "userName" in raised.value.problem.next_step
