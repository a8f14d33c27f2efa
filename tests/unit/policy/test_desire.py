"""What a person should hold, and which applications a change concerns."""

from dataclasses import replace

import pytest

from muster.model import (
    ACCOUNT,
    App,
    AppName,
    AttributeEquals,
    Constant,
    Copied,
    Desired,
    Everyone,
    Identity,
    InGroup,
    Key,
    PersonId,
    Rule,
    SourceId,
    Stage,
    Tenant,
)
from muster.policy import desired, touched

ACME = Tenant("acme")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CHAT = App(
    tenant=ACME,
    name=AppName("chat"),
    connector="scim",
    mapping={
        "login": Copied(attribute="userName"),
        "mail": Copied(attribute='emails[type eq "work"].value'),
        "title": Copied(attribute="title"),
        "site": Constant(value="Madrid"),
    },
)
STUDIO = App(
    tenant=ACME, name=AppName("studio"), connector="sql", mapping={"name": Copied(attribute="userName")}
)
WIKI = App(tenant=ACME, name=AppName("wiki"), connector="scim")
APPS = (CHAT, STUDIO, WIKI)
RULES = (
    Rule(tenant=ACME, name="everyone-chats", app=CHAT.name, when=Everyone()),
    Rule(tenant=ACME, name="design-has-studio", app=STUDIO.name, when=InGroup(group="Design Team")),
    Rule(
        tenant=ACME,
        name="engineering-has-wiki",
        app=WIKI.name,
        when=AttributeEquals(attribute="department", value="Engineering"),
    ),
)
ANA = Identity(
    tenant=ACME,
    id=PersonId("p1"),
    source=SourceId("hr"),
    user_name="ana.ruiz",
    stage=Stage.ACTIVE,
    version=1,
    attributes={
        "emails": [{"type": "work", "value": "ana@acme.example"}],
        ENTERPRISE: {"department": "Design"},
    },
    groups=frozenset({"Design Team"}),
)
MOVED = replace(
    ANA,
    groups=frozenset({"Engineering Team"}),
    attributes={**ANA.attributes, ENTERPRISE: {"department": "Engineering"}},
)


def key(app: App, person: Identity = ANA) -> Key:
    """The key of a person's account."""
    return Key(tenant=app.tenant, app=app.name, kind=ACCOUNT, subject=person.id)


def test_a_granted_account_holds_what_the_mapping_says() -> None:
    """Copied attributes come from the person, constants from the configuration, missing ones are None."""
    assert desired(ANA, key(CHAT), CHAT, RULES) == Desired(
        key=key(CHAT),
        wanted=True,
        attributes={"login": "ana.ruiz", "mail": "ana@acme.example", "title": None, "site": "Madrid"},
        because=("granted by rule “everyone-chats”: every active person",),
    )


def test_every_granting_rule_is_a_reason() -> None:
    """Two rules that grant the same application both stand among the reasons, by name."""
    second = Rule(
        tenant=ACME,
        name="artists",
        app=STUDIO.name,
        when=AttributeEquals(attribute="department", value="design"),
    )

    assert desired(ANA, key(STUDIO), STUDIO, [*RULES, second]).because == (
        "granted by rule “artists”: department is “design”",
        "granted by rule “design-has-studio”: member of group “Design Team”",
    )


def test_who_left_should_hold_nothing() -> None:
    """Leaving ends every account, and that is the reason given."""
    result = desired(replace(ANA, stage=Stage.LEFT), key(CHAT), CHAT, RULES)

    assert (result.wanted, result.because) == (False, ("left the organisation",))
    assert result.attributes["login"] == "ana.ruiz"


def test_what_no_rule_grants_says_what_it_would_take() -> None:
    """The reason names each rule about the application and its condition."""
    assert desired(MOVED, key(STUDIO), STUDIO, RULES).because == (
        "no rule grants studio: “design-has-studio” needs member of group “Design Team”",
    )


def test_an_application_without_rules_is_granted_to_nobody() -> None:
    """No rule, no account."""
    result = desired(ANA, key(STUDIO), STUDIO, ())

    assert (result.wanted, result.because) == (False, ("no rule grants studio",))


def test_other_tenants_rules_are_no_reason() -> None:
    """A rule of another tenant neither grants nor shows."""
    foreign = Rule(tenant=Tenant("other"), name="secret", app=STUDIO.name, when=Everyone())

    assert desired(ANA, key(STUDIO), STUDIO, [foreign]).because == ("no rule grants studio",)


def test_nobody_should_hold_nothing() -> None:
    """A person Muster does not know should have no account."""
    assert desired(None, key(CHAT), CHAT, RULES) == Desired(
        key=key(CHAT), wanted=False, because=("Muster knows no such person",)
    )


@pytest.mark.parametrize(
    ("person", "asked", "app"),
    [
        (ANA, key(STUDIO), CHAT),
        (ANA, replace(key(CHAT), tenant=Tenant("other")), CHAT),
        (replace(ANA, id=PersonId("p2")), key(CHAT), CHAT),
        (replace(ANA, tenant=Tenant("other")), key(CHAT), CHAT),
    ],
)
def test_what_does_not_belong_together_is_refused(person: Identity, asked: Key, app: App) -> None:
    """Nobody's facts decide over another key, and nothing crosses tenants."""
    with pytest.raises(ValueError, match="is no key of"):
        desired(person, asked, app, RULES)


@pytest.mark.parametrize(
    ("before", "after", "apps"),
    [
        (None, ANA, {"chat", "studio"}),
        (ANA, None, {"chat", "studio"}),
        (ANA, replace(ANA, stage=Stage.LEFT), {"chat", "studio"}),
        (ANA, MOVED, {"studio", "wiki"}),
        (ANA, replace(ANA, user_name="ana.lopez"), {"chat", "studio"}),
        (ANA, replace(ANA, attributes={**ANA.attributes, "title": "Lead"}), {"chat"}),
        (ANA, replace(ANA, attributes={**ANA.attributes, "locale": "es"}, version=2), set[str]()),
        (ANA, ANA, set[str]()),
        (None, replace(ANA, stage=Stage.LEFT), set[str]()),
        (None, None, set[str]()),
    ],
    ids=[
        "joins",
        "forgotten",
        "leaves",
        "moves",
        "renamed",
        "promoted",
        "unmapped",
        "same",
        "left",
        "nobody",
    ],
)
def test_a_change_touches_the_applications_it_concerns(
    before: Identity | None, after: Identity | None, apps: set[str]
) -> None:
    """Exactly the accounts whose being wanted, or whose values, the change alters."""
    assert touched(before, after, APPS, RULES) == {key(app) for app in APPS if app.name in apps}


def test_one_person_cannot_become_another() -> None:
    """A change is about one person."""
    with pytest.raises(ValueError, match="is no key of"):
        touched(ANA, replace(ANA, id=PersonId("p2")), APPS, RULES)
