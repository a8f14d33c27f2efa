"""Sync, provision, plan: what they make of the applications, what they leave, and what they only say."""

import asyncio

import pytest

from desk import OPERATOR
from muster.kit.faulty import Fault
from muster.model import ACCOUNT, Everyone, Health, Limits, NotFound, Verb
from muster.service import configuring, converging, finding
from working_desk import Place, people_csv

STAFF = tuple(f"person{number:02}" for number in range(12))


async def test_a_sync_converges_all_apps(place: Place) -> None:
    """After a sync everybody has what they are granted in every app, and the outcome counts what was done."""
    await place.add_app("chat")
    await place.add_app("wiki")
    await place.hire("ana", "ben")
    outcome = await converging.sync(place.desk, OPERATOR)

    assert (outcome.keys, outcome.did, outcome.left) == (4, {"create": 4}, ())
    assert place.accounts("chat") == place.accounts("wiki") == {"ana": True, "ben": True}


async def test_a_second_sync_has_nothing_to_do(place: Place) -> None:
    """A converged app is looked at again and not written to; what an earlier sync did counts no more."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    before = dict(place.fakes["chat"].target.accounts)
    outcome = await converging.sync(place.desk, OPERATOR)

    assert (outcome.keys, outcome.did, outcome.left) == (2, {}, ())
    assert place.fakes["chat"].target.accounts == before


async def test_a_sync_of_one_app_leaves_the_others(place: Place) -> None:
    """Only the app that was named is called."""
    await place.add_app("chat", granted=False)
    await place.add_app("wiki", granted=False)
    await place.others_work()  # so that nothing is done before the sync
    await place.hire("ana")
    for app in ("chat", "wiki"):
        await place.grant(app, Everyone())
    waiting = {one.key.app for one in await place.waiting()}
    previews = await converging.plan(place.desk, app="wiki")

    assert waiting == {"chat", "wiki"}
    assert {"wiki"} == {one.plan.key.app for one in previews}
    assert place.fakes["chat"].target.calls.total() == 0


async def test_a_sync_puts_right_what_somebody_changed_there(place: Place) -> None:
    """An account changed or dropped in the application by hand is as it should be after the next sync."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    target = place.fakes["chat"].target
    ana, ben = target.holding(ACCOUNT, "userName", "ana")[0], target.holding(ACCOUNT, "userName", "ben")[0]
    target.change(ana, {"displayName": "Mallory"})
    target.drop(ACCOUNT, ben.id)
    outcome = await converging.sync(place.desk, OPERATOR)

    assert outcome.left == ()
    assert place.accounts("chat") == {"ana": True, "ben": True}
    assert target.holding(ACCOUNT, "userName", "ana")[0].attributes["displayName"] == "Ana"


async def test_progress_is_told(place: Place) -> None:
    """Whoever watches is told how many of how many are converged, and at last all of them."""
    await place.add_app("chat")
    await place.hire("ana", "ben", "cem")
    told: list[tuple[int, int]] = []
    await converging.sync(place.desk, OPERATOR, progress=lambda done, total: told.append((done, total)))

    assert (told[0], told[-1]) == ((0, 3), (3, 3))
    assert told == sorted(told)


async def test_one_person_is_provisioned(place: Place) -> None:
    """Provisioning one person makes their accounts and nobody else's, in one app or in all."""
    await place.add_app("chat")
    await place.add_app("wiki")
    await place.hire("ana")
    one = await converging.provision(place.desk, OPERATOR, "ana", app="wiki")
    after_one = "ana" in place.accounts("wiki")
    await converging.provision(place.desk, OPERATOR, "ana")
    [*_, latest] = await place.log("account:create")

    assert (one.keys, one.left, after_one) == (1, (), True)
    assert place.accounts("chat") == {"ana": True}
    assert latest.person == (await place.person("ana")).id


async def test_provisioning_nobody_is_refused(place: Place) -> None:
    """An unknown person or app is named, with what to do."""
    await place.add_app("chat")
    await place.hire("ana")
    with pytest.raises(NotFound, match="MUSTER-PERSON-UNKNOWN"):
        await converging.provision(place.desk, OPERATOR, "zoe")
    with pytest.raises(NotFound, match="MUSTER-APP-UNKNOWN"):
        await converging.provision(place.desk, OPERATOR, "ana", app="wiki")


async def test_a_plan_says_what_a_sync_then_does(place: Place) -> None:
    """The plan names every step and calls nothing that writes; after the sync it is empty."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    planned = await converging.plan(place.desk)
    calls, told = dict(place.fakes["chat"].target.calls), await place.log("account")
    await converging.sync(place.desk, OPERATOR)
    rows = ({"userName": "ana", "title": "CTO"}, {"userName": "cem"})
    await place.bring(people_csv(*rows))
    changed = await converging.plan(place.desk)
    await converging.sync(place.desk, OPERATOR)
    names = {one.id: name for name, one in (await place.everybody()).items()}
    steps = {names[one.plan.key.subject]: [step.verb for step in one.plan.operations] for one in changed}

    assert [[Verb.CREATE], [Verb.CREATE]] == [[step.verb for step in one.plan.operations] for one in planned]
    assert (calls.keys() & {"create", "update", "set_active", "delete"}, told) == (set(), [])
    assert steps == {"ana": [Verb.UPDATE], "ben": [Verb.DISABLE], "cem": [Verb.CREATE]}
    assert await converging.plan(place.desk) == []


async def test_a_plan_of_one_person(place: Place) -> None:
    """A plan for one person speaks of nobody else."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    [only] = await converging.plan(place.desk, who="ben")

    assert only.person is not None
    assert only.person.user_name == "ben"


async def test_a_plan_tells_which_app_cannot_be_seen(place: Place) -> None:
    """An application that does not answer is an error in the plan; the others are planned all the same."""
    await place.add_app("chat")
    await place.add_app("wiki")
    await place.hire("ana")
    place.fakes["chat"].faults.always("*", Fault.DOWN)
    chat, wiki = await converging.plan(place.desk)

    assert chat.error is not None
    assert chat.error.code == "MUSTER-TARGET-UNREACHABLE"
    assert (wiki.error, [step.verb for step in wiki.plan.operations]) == (None, [Verb.CREATE])


async def test_too_many_removals_are_held(place: Place) -> None:
    """What would take more than the guard allows is held and told as such; the rest goes through."""
    await place.add_app("chat", limits=Limits(destroy_count=3, destroy_percent=1))
    await place.hire(*STAFF)
    await converging.sync(place.desk, OPERATOR)
    await configuring.remove_rule(place.desk, OPERATOR, "chat-rule")
    outcome = await converging.sync(place.desk, OPERATOR)
    ended = [name for name, active in place.accounts("chat").items() if not active]

    assert (len(outcome.held), len(outcome.left)) == (9, 9)
    assert (len(ended), outcome.did) == (3, {"disable": 3})
    assert all("MUSTER-GUARD" in one.reason for one in outcome.held)


async def test_somebody_answers_for_removals(place: Place) -> None:
    """Approved by name they are carried out, and the log says who approved them."""
    await place.add_app("chat", limits=Limits(destroy_count=3, destroy_percent=1))
    await place.hire(*STAFF)
    await converging.sync(place.desk, OPERATOR)
    await configuring.remove_rule(place.desk, OPERATOR, "chat-rule")
    await converging.sync(place.desk, OPERATOR)
    outcome = await converging.sync(place.desk, OPERATOR, approve_removals=True)
    approved = [one for one in await place.log("account:disable") if one.actor == OPERATOR.name]

    assert (outcome.left, outcome.did) == ((), {"disable": 9})
    assert set(place.accounts("chat").values()) == {False}
    assert len({one.person for one in approved}) == 9


async def test_a_refusal_is_left_with_its_reason(place: Place) -> None:
    """What the application refuses is parked with its own words and does not stop the others."""
    await place.add_app("chat", limits=Limits(concurrency=1))
    await place.hire("ana", "ben")
    place.fakes["chat"].faults.next("create", Fault.INVALID)
    outcome = await converging.sync(place.desk, OPERATOR)
    [left] = outcome.left

    assert (left.state, len(place.accounts("chat"))) == ("parked", 1)
    assert "MUSTER-TARGET-INVALID" in left.reason


async def test_a_dead_app_is_waited_for_no_longer_than_asked(place: Place) -> None:
    """With an application that is away the sync ends when its patience does, and leaves the work to go on."""
    await place.add_app("chat")
    await place.add_app("wiki")
    await place.hire("ana")
    place.fakes["chat"].faults.always("*", Fault.DOWN)
    outcome = await converging.sync(place.desk, OPERATOR, patience=0.5)
    [left] = outcome.left
    place.fakes["chat"].faults.always("*", None)
    await converging.sync(place.desk, OPERATOR)

    assert (left.key.app, left.state) == ("chat", "retry")
    assert "MUSTER-TARGET-UNREACHABLE" in left.reason
    assert place.accounts("chat") == place.accounts("wiki") == {"ana": True}


async def test_an_app_that_refuses_us_is_stopped(place: Place) -> None:
    """A credential that is not accepted stops the app; once it is accepted again, a probe brings it back."""
    await place.add_app("chat")
    await place.hire(*STAFF)
    fake = place.fakes["chat"]
    fake.faults.always("*", Fault.AUTH)
    await converging.sync(place.desk, OPERATOR, patience=0.5)
    stopped, calls = await finding.app(place.desk, "chat"), fake.target.calls.total()
    fake.faults.always("*", None)
    place.clock.forward(minutes=2)
    outcome = await converging.sync(place.desk, OPERATOR)

    assert (stopped.health, calls) == (Health.QUARANTINED, 0)
    assert (outcome.left, len(place.accounts("chat"))) == ((), len(STAFF))
    assert (await finding.app(place.desk, "chat")).health is Health.GOOD


async def test_another_process_is_left_to_work(place: Place) -> None:
    """While another process does the work, a sync only marks and waits; it calls no application itself."""
    await place.add_app("chat")
    await place.hire("ana")
    await place.others_work()
    outcome = await converging.sync(place.desk, OPERATOR, patience=0.3)

    assert [("due", "sync of all apps by cli:test")] == [(one.state, one.cause) for one in outcome.left]
    assert place.fakes["chat"].target.calls.total() == 0


async def test_two_syncs_at_once_make_no_account_twice(place: Place) -> None:
    """Two people asking for a sync at the same moment both see it through, and every account is made once."""
    await place.add_app("chat")
    await place.hire(*STAFF)
    one, other = await asyncio.gather(
        converging.sync(place.desk, OPERATOR), converging.sync(place.desk, OPERATOR)
    )

    assert (one.left, other.left) == ((), ())
    assert place.accounts("chat") == dict.fromkeys(STAFF, True)
