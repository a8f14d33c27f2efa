"""Plans, case by case."""

import pytest

from muster.model import (
    ACCOUNT,
    AppName,
    Attributes,
    Desired,
    Key,
    Link,
    LinkState,
    PersonId,
    Plan,
    RemoteId,
    RemoteObject,
    Removal,
    Tenant,
    Unsupported,
    Verb,
)
from muster.plan import BY_EXTERNAL_ID, Correlation, make

KEY = Key(tenant=Tenant("acme"), app=AppName("chat"), kind=ACCOUNT, subject=PersonId("ana"))
ATTRIBUTES: Attributes = {"userName": "ana.ruiz", "title": "Designer"}
WANTED = Desired(key=KEY, wanted=True, attributes=ATTRIBUTES, because=("granted by rule “everyone-chats”",))
UNWANTED = Desired(key=KEY, wanted=False, because=("left the organisation",))


def account(
    *,
    id: str = "1",
    attributes: Attributes = ATTRIBUTES,
    active: bool | None = True,
    external_id: str | None = None,
) -> RemoteObject:
    """An account as the application shows it."""
    return RemoteObject(
        kind=ACCOUNT, id=RemoteId(id), attributes=attributes, active=active, external_id=external_id
    )


def linked(state: LinkState = LinkState.LINKED, last_applied: Attributes = ATTRIBUTES) -> Link:
    """Our memory of account 1."""
    return Link(key=KEY, state=state, remote_id=RemoteId("1"), last_applied=last_applied)


def planned(
    desired: Desired,
    link: Link | None = None,
    observed: RemoteObject | None = None,
    *,
    removal: Removal = Removal.DISABLE,
    can_disable: bool = True,
    match: Correlation | None = None,
) -> Plan:
    """The plan for these facts, with a userName that ignores letter case."""
    return make(
        desired,
        link,
        observed,
        removal=removal,
        can_disable=can_disable,
        case_ignored=frozenset({"userName"}),
        match=match,
    )


def verbs(plan: Plan) -> list[Verb]:
    """What the plan does, in order."""
    return [operation.verb for operation in plan.operations]


def test_nothing_is_planned_when_all_is_as_it_should_be() -> None:
    """A converged key has an empty plan, differences of letter case notwithstanding."""
    seen = account(attributes={**ATTRIBUTES, "userName": "Ana.Ruiz", "locale": "de"})

    assert planned(WANTED, linked(), seen) == Plan(key=KEY, observed=seen)


def test_a_missing_account_is_created_with_all_its_attributes() -> None:
    """No link and no match: one CREATE that carries everything and the reasons."""
    (create,) = planned(WANTED, match=Correlation()).operations

    assert (create.verb, create.after, create.because) == (Verb.CREATE, ATTRIBUTES, WANTED.because)


def test_a_vanished_account_is_created_again() -> None:
    """A linked account that is gone is made anew, and the plan says that it vanished."""
    (create,) = planned(WANTED, linked(), None).operations

    assert (create.verb, create.after) == (Verb.CREATE, ATTRIBUTES)
    assert create.because == ("account 1 is no longer in the application", *WANTED.because)


def test_only_what_differs_is_updated() -> None:
    """An update carries the changed attributes alone, with before and after."""
    (update,) = planned(
        WANTED, linked(), account(attributes={"userName": "ana.ruiz", "title": "Intern"})
    ).operations

    assert update.verb is Verb.UPDATE
    assert (update.before, update.after) == ({"title": "Intern"}, {"title": "Designer"})
    assert update.because == (*WANTED.because, "title was changed in the application and is put back")


def test_a_plan_tells_whose_change_it_answers() -> None:
    """Each differing attribute is ours, drift or both, by the three-way comparison."""
    desired = Desired(key=KEY, wanted=True, attributes={"a": "new", "b": "old", "c": "new", "d": None})
    last: Attributes = {"a": "old", "b": "old", "c": "old", "d": "old"}
    seen = account(attributes={"a": "old", "b": "theirs", "c": "theirs", "d": "old"})

    plan = planned(desired, linked(last_applied=last), seen)

    assert plan.in_detail == {"a": "ours", "b": "drift", "c": "both", "d": "ours"}
    assert plan.operations[0].after == desired.attributes
    assert plan.operations[0].because == (
        "b was changed in the application and is put back",
        "c was changed in the application and by us; ours counts",
    )


def test_an_account_out_of_use_is_put_back_first() -> None:
    """A rehire revives the old account: enable, then update what changed meanwhile."""
    seen = account(attributes={"userName": "ana.ruiz"}, active=False)

    assert verbs(planned(WANTED, linked(LinkState.DISABLED), seen)) == [Verb.ENABLE, Verb.UPDATE]


@pytest.mark.parametrize(
    ("removal", "active", "expected"),
    [
        (Removal.DISABLE, True, [Verb.DISABLE]),
        (Removal.DISABLE, False, []),
        (Removal.DISABLE, None, [Verb.DISABLE]),
        (Removal.DELETE, True, [Verb.DELETE]),
        (Removal.DELETE, False, [Verb.DELETE]),
        (Removal.KEEP, True, []),
        (Removal.KEEP, False, []),
    ],
)
def test_a_leaver_loses_the_account_as_configured(
    removal: Removal, active: bool | None, expected: list[Verb]
) -> None:
    """Disable, delete or keep; what is disabled already is not disabled again."""
    plan = planned(UNWANTED, linked(), account(active=active), removal=removal)

    assert verbs(plan) == expected
    assert all(operation.remote_id == "1" for operation in plan.operations)
    assert all(operation.because == ("left the organisation",) for operation in plan.operations)


def test_what_an_application_does_not_show_is_remembered() -> None:
    """Where accounts do not show whether they are in use, what we did last counts."""
    link, seen = linked(LinkState.DISABLED), account(active=None)

    assert verbs(planned(UNWANTED, link, seen)) == []
    assert verbs(planned(WANTED, link, seen)) == [Verb.ENABLE]


def test_an_account_enabled_behind_our_back_is_disabled_again() -> None:
    """What the application shows outweighs what we did last."""
    assert verbs(planned(UNWANTED, linked(LinkState.DISABLED), account(active=True))) == [Verb.DISABLE]


def test_delete_never_stands_in_for_disable() -> None:
    """If accounts cannot be disabled the plan fails, saying what to configure; nothing is deleted instead."""
    with pytest.raises(Unsupported, match="configure removal as delete or keep") as raised:
        planned(UNWANTED, linked(), account(), can_disable=False)

    assert "chat" in str(raised.value)


def test_no_account_is_revived_by_a_connector_that_cannot() -> None:
    """An account out of use stays so, loudly, where the connector has no way back."""
    with pytest.raises(Unsupported, match="put back into use"):
        planned(WANTED, linked(), account(active=False), can_disable=False)


@pytest.mark.parametrize(
    "link",
    [
        None,
        Link(key=KEY, state=LinkState.TOMBSTONE, remote_id=RemoteId("1")),
        Link(key=KEY, state=LinkState.AMBIGUOUS),
    ],
)
@pytest.mark.parametrize("removal", list(Removal))
def test_what_is_not_linked_is_not_touched(link: Link | None, removal: Removal) -> None:
    """An unwanted account we hold no living link to is not ours to take away, even if it matches."""
    match = Correlation(found=(account(external_id="ana"),), by=BY_EXTERNAL_ID)

    assert planned(UNWANTED, link, account(), removal=removal, match=match).operations == ()


def test_a_link_to_what_is_gone_ends() -> None:
    """An unwanted account that is gone already needs no call, only a tombstone."""
    (unlink,) = planned(UNWANTED, linked(), None).operations

    assert (unlink.verb, unlink.remote_id) == (Verb.UNLINK, "1")
    assert unlink.because == ("left the organisation", "account 1 is not in the application")


def test_a_match_is_linked_enabled_and_mended() -> None:
    """A recognised account becomes ours first; then what differs is written as our own change."""
    seen = account(attributes={"userName": "ana.ruiz", "title": "Intern"}, active=False)

    plan = planned(WANTED, match=Correlation(found=(seen,), by="userName"))

    assert verbs(plan) == [Verb.LINK, Verb.ENABLE, Verb.UPDATE]
    assert {operation.remote_id for operation in plan.operations} == {"1"}
    assert plan.operations[0].because == ("account 1 was recognised by its userName",)
    assert plan.in_detail == {"title": "ours"}
    assert plan.observed == seen


def test_a_match_is_not_renamed() -> None:
    """The attribute an account was recognised by is not written in the plan that links it."""
    seen = account(attributes={"userName": "x", "title": "\N{FULLWIDTH LATIN CAPITAL LETTER D}esigner"})

    plan = planned(WANTED, match=Correlation(found=(seen,), by="title"))

    assert verbs(plan) == [Verb.LINK, Verb.UPDATE]
    assert plan.operations[1].after == {"userName": "ana.ruiz"}


def test_a_tombstone_is_no_account() -> None:
    """A rehire whose account was deleted gets a new one, whatever the old one held."""
    assert verbs(planned(WANTED, linked(LinkState.TOMBSTONE), None, match=Correlation())) == [Verb.CREATE]


def test_a_vanished_account_may_be_found_again() -> None:
    """If the account came back under another id, that one is linked instead of making a second."""
    seen = account(id="2", external_id="ana")

    plan = planned(WANTED, linked(), None, match=Correlation(found=(seen,), by=BY_EXTERNAL_ID))

    assert verbs(plan) == [Verb.LINK]
    assert plan.operations[0].remote_id == "2"


@pytest.mark.parametrize(
    ("match", "said"),
    [
        (
            Correlation(found=(account(), account(id="2")), by="userName"),
            "2 accounts have the same userName: 1, 2",
        ),
        (
            Correlation(found=(account(external_id="x"),), by="userName", unsure=True),
            "account 1 has the same userName, but the externalId of somebody else",
        ),
        (
            Correlation(withheld=(account(),), by="userName"),
            "the account with the same userName (1) is linked to somebody else",
        ),
    ],
)
def test_what_is_not_certain_is_asked(match: Correlation, said: str) -> None:
    """Several, claimed or taken: nothing is sent, a person decides and reads why."""
    (ask,) = planned(WANTED, match=match).operations

    assert (ask.verb, ask.remote_id) == (Verb.ASK, None)
    assert ask.because == (said, *WANTED.because)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Correlation(), [Verb.UNLINK]),
        (Correlation(withheld=(account(),), by="userName"), [Verb.UNLINK]),
        (Correlation(found=(account(external_id="ana"),), by=BY_EXTERNAL_ID), [Verb.LINK, Verb.DISABLE]),
        (Correlation(found=(account(active=False),), by=BY_EXTERNAL_ID), [Verb.LINK]),
        (Correlation(found=(account(),), by="userName"), [Verb.ASK]),
        (Correlation(found=(account(), account(id="2")), by=BY_EXTERNAL_ID), [Verb.ASK]),
    ],
)
def test_who_leaves_while_being_created_leaves_no_account_behind(
    match: Correlation, expected: list[Verb]
) -> None:
    """An unfinished creation that bears our id goes; one with a lesser sign is put to a person."""
    creating = Link(key=KEY, state=LinkState.CREATING)

    assert verbs(planned(UNWANTED, creating, match=match)) == expected


def test_a_finished_creation_is_linked() -> None:
    """A creation of unknown outcome whose account is there is linked, not repeated."""
    creating = Link(key=KEY, state=LinkState.CREATING, last_applied=ATTRIBUTES)
    match = Correlation(found=(account(external_id="ana"),), by=BY_EXTERNAL_ID)

    assert verbs(planned(WANTED, creating, match=match)) == [Verb.LINK]


@pytest.mark.parametrize(
    ("desired", "state"),
    [(WANTED, LinkState.CREATING), (UNWANTED, LinkState.CREATING), (WANTED, LinkState.AMBIGUOUS)],
)
def test_nobody_plans_blindly(desired: Desired, state: LinkState) -> None:
    """What may be there already is looked for first; a plan without looking is refused."""
    with pytest.raises(ValueError, match="look for the account"):
        planned(desired, Link(key=KEY, state=state))


def test_another_persons_link_is_refused() -> None:
    """A link of another key cannot lead to a plan for this one."""
    other = Key(tenant=KEY.tenant, app=KEY.app, kind=ACCOUNT, subject=PersonId("jonas"))

    with pytest.raises(ValueError, match="the link is of"):
        planned(UNWANTED, Link(key=other, state=LinkState.LINKED, remote_id=RemoteId("1")), account())


def test_another_object_than_the_linked_one_is_refused() -> None:
    """An object that is not the linked one is never taken away in its place."""
    with pytest.raises(ValueError, match="object 2 was observed"):
        planned(UNWANTED, linked(), account(id="2"))


def test_an_unfinished_account_that_holds_what_was_sent_is_ended() -> None:
    """Where the application has no place for our id, the values of the creation are what makes it ours."""
    link = Link(key=KEY, state=LinkState.CREATING)
    seen = RemoteObject(
        kind=ACCOUNT, id=RemoteId("7"), attributes={"userName": "ana", "title": "CTO"}, active=True
    )
    match = Correlation(found=(seen,), by="userName")
    desired = Desired(key=KEY, wanted=False)

    def verbs(sent: Attributes) -> list[Verb]:
        plan = make(
            desired,
            link,
            None,
            removal=Removal.DISABLE,
            can_disable=True,
            case_ignored=frozenset(),
            match=match,
            sent=sent,
        )
        return [operation.verb for operation in plan.operations]

    assert verbs({"userName": "ana", "title": "CTO"}) == [Verb.LINK, Verb.DISABLE]
    assert verbs({"userName": "ana", "title": "CFO"}) == [Verb.ASK]
    assert verbs({}) == [Verb.ASK]
