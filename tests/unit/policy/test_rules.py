"""Which rules hold."""

from dataclasses import replace

import pytest

from muster.model import (
    AppName,
    AttributeEquals,
    BadInput,
    Condition,
    Everyone,
    Identity,
    InGroup,
    PersonId,
    Rule,
    SourceId,
    Stage,
    Tenant,
)
from muster.policy import granted, holds

ACME = Tenant("acme")
ANA = Identity(
    tenant=ACME,
    id=PersonId("p1"),
    source=SourceId("hr"),
    user_name="ana.ruiz",
    stage=Stage.ACTIVE,
    version=1,
    attributes={
        "title": "Straßenplanerin",
        "nickName": "",
        "emails": [{"value": "ana@acme.example"}, {"value": "ana@home.example"}],
    },
    groups=frozenset({"Design Team", "On call"}),
)


def rule(name: str, app: str, when: Condition, tenant: Tenant = ACME) -> Rule:
    """A rule of the tenant."""
    return Rule(tenant=tenant, name=name, app=AppName(app), when=when)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Everyone(), True),
        (InGroup(group="design team"), True),
        (InGroup(group="\N{FULLWIDTH LATIN CAPITAL LETTER D}esign Team"), True),
        (InGroup(group="Design"), False),
        (AttributeEquals(attribute="title", value="STRASSENPLANERIN"), True),
        (AttributeEquals(attribute="title", value="Designer"), False),
        (AttributeEquals(attribute="emails", value="Ana@Home.example"), True),
        (AttributeEquals(attribute="emails.value", value="ana@acme.example"), True),
        (AttributeEquals(attribute="active", value="True"), True),
        (AttributeEquals(attribute="displayName", value=""), False),
        (AttributeEquals(attribute="displayName", value="None"), False),
        (AttributeEquals(attribute="nickName", value=""), False),
    ],
)
def test_a_condition_holds(condition: Condition, expected: bool) -> None:
    """Names and values are compared whatever their letter case or width; what is not set equals nothing."""
    assert holds(condition, ANA) is expected


def test_the_rules_that_hold_are_granted_by_name() -> None:
    """All that hold for this application and tenant, in the order of their names."""
    second = rule("b", "chat", Everyone())
    first = rule("a", "chat", InGroup(group="On call"))
    others = [
        rule("c", "chat", InGroup(group="Sales")),
        rule("d", "wiki", Everyone()),
        rule("e", "chat", Everyone(), tenant=Tenant("other")),
    ]

    assert granted(ANA, AppName("chat"), [second, *others, first]) == (first, second)


def test_who_left_is_granted_nothing() -> None:
    """No condition grants anything to somebody who is not active."""
    left = replace(ANA, stage=Stage.LEFT)

    assert granted(left, AppName("chat"), [rule("a", "chat", InGroup(group="On call"))]) == ()


def test_a_rule_about_no_attribute_is_an_error_not_a_no() -> None:
    """A misspelt rule takes nothing away from anybody: it is refused loudly."""
    with pytest.raises(BadInput, match="departmint"):
        granted(ANA, AppName("chat"), [rule("a", "chat", AttributeEquals(attribute="departmint", value="x"))])
