"""What holds of policy, whatever the facts and rules."""

from hypothesis import given
from hypothesis import strategies as st

from muster.model import (
    ACCOUNT,
    App,
    AppName,
    AttributeEquals,
    Condition,
    Constant,
    Copied,
    Everyone,
    Identity,
    InGroup,
    Key,
    Link,
    LinkState,
    Mapped,
    Operation,
    PersonId,
    RemoteId,
    RemoteObject,
    Removal,
    Rule,
    SourceId,
    Stage,
    Tenant,
)
from muster.plan import Correlation, make
from muster.policy import desired, granted, touched

ACME = Tenant("acme")
NAMES = [AppName("chat"), AppName("studio"), AppName("wiki")]
PATHS = ["userName", "externalId", "active", "title", "name.givenName", "emails", "department", "locale"]
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

words = st.sampled_from(["", "a", "A", "b"])
conditions: st.SearchStrategy[Condition] = st.one_of(
    st.just(Everyone()),
    st.builds(InGroup, group=words),
    st.builds(AttributeEquals, attribute=st.sampled_from(PATHS), value=words),
)
rules = st.lists(
    st.builds(
        Rule,
        tenant=st.sampled_from([ACME, Tenant("other")]),
        name=st.sampled_from(["r", "s", "t"]),
        app=st.sampled_from(NAMES),
        when=conditions,
    ),
    max_size=6,
)
mapped: st.SearchStrategy[Mapped] = st.one_of(
    st.builds(Copied, attribute=st.sampled_from(PATHS)), st.builds(Constant, value=words)
)
apps = st.tuples(
    *(
        st.builds(
            App,
            tenant=st.just(ACME),
            name=st.just(name),
            connector=st.just("scim"),
            mapping=st.dictionaries(st.sampled_from(["login", "mail", "site"]), mapped, max_size=3),
        )
        for name in NAMES
    )
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "title": words,
        "locale": words,
        "name": st.fixed_dictionaries({}, optional={"givenName": words}),
        "emails": st.lists(st.fixed_dictionaries({"value": words}), max_size=2),
        ENTERPRISE: st.fixed_dictionaries({}, optional={"department": words}),
    },
)
people = st.builds(
    Identity,
    tenant=st.just(ACME),
    id=st.just(PersonId("p1")),
    source=st.just(SourceId("hr")),
    user_name=words,
    stage=st.sampled_from(Stage),
    version=st.integers(1, 3),
    external_id=st.one_of(st.none(), words),
    attributes=resources,
    groups=st.frozensets(words, max_size=2),
)
known = st.one_of(st.none(), people)


def key(app: App) -> Key:
    """The key of the person's account."""
    return Key(tenant=ACME, app=app.name, kind=ACCOUNT, subject=PersonId("p1"))


@given(person=people, given_apps=apps, given_rules=rules, data=st.data())
def test_the_order_of_rules_does_not_matter(
    person: Identity, given_apps: tuple[App, ...], given_rules: list[Rule], data: st.DataObject
) -> None:
    """The same rules in another order grant the same and give the same reasons; asking twice does too."""
    shuffled = data.draw(st.permutations(given_rules))
    for app in given_apps:
        answer = desired(person, key(app), app, given_rules)

        assert granted(person, app.name, given_rules) == granted(person, app.name, shuffled)
        assert desired(person, key(app), app, shuffled) == answer
        assert desired(person, key(app), app, given_rules) == answer


@given(person=people, given_apps=apps, given_rules=rules)
def test_an_account_is_wanted_while_a_rule_grants_it(
    person: Identity, given_apps: tuple[App, ...], given_rules: list[Rule]
) -> None:
    """Wanted is active and granted; there is always a reason; the attributes are those of the mapping."""
    for app in given_apps:
        answer = desired(person, key(app), app, given_rules)

        assert answer.wanted == bool(granted(person, app.name, given_rules))
        assert not (answer.wanted and person.stage is Stage.LEFT)
        assert answer.because
        assert answer.attributes.keys() == app.mapping.keys()


@given(before=known, after=known, given_apps=apps, given_rules=rules)
def test_what_is_not_touched_plans_the_same(
    before: Identity | None, after: Identity | None, given_apps: tuple[App, ...], given_rules: list[Rule]
) -> None:
    """Touched is complete and no more: outside it the plans stay the same, inside they change."""
    marked = touched(before, after, given_apps, given_rules)
    for app in given_apps:
        plans = [_plans(person, app, given_rules) for person in (before, after)]

        assert (plans[0] != plans[1]) == (key(app) in marked)


def _plans(person: Identity | None, app: App, given_rules: list[Rule]) -> list[list[object]]:
    """What would be done for no account, and for one of ours that holds other values."""
    answer = desired(person, key(app), app, given_rules)
    account = RemoteObject(
        kind=ACCOUNT, id=RemoteId("1"), attributes={"login": "?", "mail": "?", "site": "?"}, active=True
    )
    link = Link(key=key(app), state=LinkState.LINKED, remote_id=RemoteId("1"))
    return [
        [
            _deed(operation)
            for operation in make(
                answer,
                held,
                seen,
                removal=Removal.DISABLE,
                can_disable=True,
                case_ignored=frozenset(),
                match=Correlation(),
            ).operations
        ]
        for held, seen in ((None, None), (link, account))
    ]


def _deed(operation: Operation) -> object:
    return (operation.verb, operation.remote_id, operation.before, operation.after)
