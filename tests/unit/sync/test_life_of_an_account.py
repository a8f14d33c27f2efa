"""What becomes of a person's accounts from their first day to their last, and after."""

from collections.abc import AsyncIterator

import pytest

from muster.db import Statement
from muster.kit.memory import MemoryTarget
from muster.model import (
    ACCOUNT,
    Attributes,
    Identity,
    LinkState,
    Operation,
    RemoteObject,
    Removal,
    Verb,
)
from muster.work import Parked, Settled
from world import World, in_department, names, open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """An empty world."""
    async with open_world(database_url) as opened:
        yield opened


def verbs(operations: tuple[Operation, ...]) -> list[Verb]:
    """What was done."""
    return [operation.verb for operation in operations]


async def is_converged(world: World, *people: Identity, app: str = "chat") -> None:
    """Nothing waits, nothing is open, and another pass over everybody writes nothing."""
    assert await world.waiting() == []
    before = world.accounts(app)
    await world.mark(*(world.key(person, app) for person in people))
    for done in await world.converge():
        assert (done.applied, done.finish) == ((), Settled())
    for person in people:
        assert await world.open_intents(person, app) == []
        assert (await world.plan(person, app)).operations == ()
    assert world.accounts(app) == before


def put(world: World, external_id: str | None = None, **attributes: object) -> RemoteObject:
    """Somebody makes an account by hand."""
    held: Attributes = attributes  # type: ignore[assignment]
    return world.places["chat"].target.put(ACCOUNT, held, external_id)  # type: ignore[index]


async def test_a_joiner_gets_an_account_that_bears_our_id(world: World) -> None:
    """Created once, linked, with intent and outcome in the log."""
    await world.add_app()
    ana = await world.hire("ana", displayName="Ana Ruiz", title="Designer")

    await world.drain()

    account = world.account(ana)
    link = await world.link(ana)
    assert account.attributes == {"userName": "ana", "displayName": "Ana Ruiz", "title": "Designer"}
    assert account.active
    assert link is not None
    assert (link.state, link.remote_id) == (LinkState.LINKED, account.id)
    assert await world.told() == [("account:create", "intended"), ("account:create", "done")]
    await is_converged(world, ana)


async def test_intent_and_outcome_are_joined_by_the_operation(world: World) -> None:
    """Both records name the person, the app, the cause and the same operation."""
    await world.add_app()
    ana = await world.hire("ana")
    await world.drain()

    intended, done = await world.records("account", ana)

    assert intended.operation is not None
    assert intended.operation == done.operation
    assert {(each.app, each.cause, each.person) for each in (intended, done)} == {("chat", "test", ana.id)}
    assert [row["id"] for row in await world.intents()] == [intended.operation]


async def test_a_rename_changes_the_account_and_makes_no_other(world: World) -> None:
    """The account is found by its own id, not by the name."""
    await world.add_app()
    ana = await world.hire("ana", title="Designer")
    await world.drain()

    await world.change(ana, userName="ana.ruiz")
    await world.drain()

    assert names(world.accounts()) == ["ana.ruiz"]
    assert await world.told("account:update") == [("account:update", "intended"), ("account:update", "done")]
    await is_converged(world, ana)


async def test_a_change_sends_only_what_changed(world: World) -> None:
    """One attribute moved, one attribute is written, and the log says from what to what."""
    await world.add_app()
    ana = await world.hire("ana", title="Designer", displayName="Ana")
    await world.drain()

    await world.change(ana, title="Lead")
    (done,) = await world.converge()

    (update,) = done.applied
    assert (update.verb, update.before, update.after) == (
        Verb.UPDATE,
        {"title": "Designer"},
        {"title": "Lead"},
    )
    record = (await world.records("account:update"))[-1]
    assert (record.before, record.after) == ({"title": "Designer"}, {"title": "Lead"})


async def test_a_mover_loses_one_app_and_gains_another(world: World) -> None:
    """The account of the old department is disabled, that of the new one is made."""
    await world.add_app("sales", when=in_department("Sales"))
    await world.add_app("lab", when=in_department("Research"))
    ana = await world.hire("ana", department="Sales")
    await world.drain()

    await world.change(ana, department="Research")
    await world.drain()

    old, new = await world.link(ana, "sales"), await world.link(ana, "lab")
    assert (old.state if old else None, new.state if new else None) == (LinkState.DISABLED, LinkState.LINKED)
    assert (world.account(ana, "sales").active, world.account(ana, "lab").active) == (False, True)
    await is_converged(world, ana, app="sales")
    await is_converged(world, ana, app="lab")


async def test_a_leaver_is_out_of_use_and_that_was_seen(world: World) -> None:
    """The disable is read back: the link's proof is of a time after the call."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    reads = place.target.calls["get"]
    before = world.clock()

    await world.leave(ana)
    (done,) = await world.converge()

    link = await world.link(ana)
    assert verbs(done.applied) == [Verb.DISABLE]
    assert world.account(ana).active is False
    assert link is not None
    assert link.state is LinkState.DISABLED
    assert link.verified_at is not None
    assert link.verified_at > before
    assert place.target.calls["get"] == reads + 2  # before the call and after it
    await is_converged(world, ana)


async def test_who_leaves_an_app_that_deletes_has_no_account_left(world: World) -> None:
    """Gone, and remembered as a tombstone."""
    await world.add_app(removal=Removal.DELETE)
    ana = await world.hire("ana")
    await world.drain()

    await world.leave(ana)
    await world.drain()

    link = await world.link(ana)
    assert world.accounts() == []
    assert link is not None
    assert link.state is LinkState.TOMBSTONE
    await is_converged(world, ana)


async def test_an_app_that_keeps_accounts_keeps_them(world: World) -> None:
    """Nothing is sent for a leaver there."""
    await world.add_app(removal=Removal.KEEP)
    ana = await world.hire("ana")
    await world.drain()

    await world.leave(ana)
    (done,) = await world.converge()

    assert (done.applied, done.finish) == ((), Settled())
    assert world.account(ana).active


async def test_who_returns_gets_the_old_account_back(world: World) -> None:
    """Enabled and brought up to date, not made anew."""
    await world.add_app()
    ana = await world.hire("ana", title="Designer")
    await world.drain()
    old = world.account(ana).id
    await world.leave(ana)
    await world.drain()

    await world.change(ana, active=True, title="Lead")
    (done,) = await world.converge()

    link = await world.link(ana)
    assert verbs(done.applied) == [Verb.ENABLE, Verb.UPDATE]
    assert [(each.id, each.active, each.attributes["title"]) for each in world.accounts()] == [
        (old, True, "Lead")
    ]
    assert link is not None
    assert link.state is LinkState.LINKED
    await is_converged(world, ana)


async def test_who_returns_after_a_deletion_gets_a_new_account(world: World) -> None:
    """One account, with our same id."""
    await world.add_app(removal=Removal.DELETE)
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    await world.drain()

    await world.change(ana, active=True)
    await world.drain()

    assert len(world.accounts()) == 1
    assert world.account(ana).active
    await is_converged(world, ana)


@pytest.mark.parametrize("bears_our_id", [True, False])
async def test_an_existing_account_is_adopted(world: World, *, bears_our_id: bool) -> None:
    """Recognised by our id or by its name, linked and mended; nothing is created."""
    await world.add_app()
    ana = await world.hire("ana", title="Designer")
    found = put(world, ana.id if bears_our_id else None, userName="Ana", title="Intern")

    await world.drain()

    link = await world.link(ana)
    (account,) = world.accounts()
    assert (account.id, account.attributes["title"]) == (found.id, "Designer")
    assert link is not None
    assert (link.state, link.remote_id) == (LinkState.LINKED, found.id)
    assert ("account:create", "intended") not in await world.told()
    assert ("account:link", "done") in await world.told()
    await is_converged(world, ana)


async def test_an_account_out_of_use_is_adopted_and_put_into_use(world: World) -> None:
    """Who may have the app can use it."""
    place = await world.add_app()
    ana = await world.hire("ana")
    found = put(world, userName="ana")
    place.target.switch(found, active=False)

    await world.drain()

    assert [(each.id, each.active) for each in world.accounts()] == [(found.id, True)]
    await is_converged(world, ana)


async def test_several_candidates_are_a_question_for_a_person(world: World) -> None:
    """Nothing is linked, nothing is sent, and the key waits with a reason that says what to do."""
    await world.add_app(match_on=("title",))
    ana = await world.hire("ana", title="Director")
    put(world, userName="a1", title="Director")
    put(world, userName="a2", title="Director")
    before = world.accounts()

    (done,) = await world.converge()

    link = await world.link(ana)
    (waiting,) = await world.waiting()
    assert isinstance(done.finish, Parked)
    assert link is not None
    assert (link.state, link.remote_id) == (LinkState.AMBIGUOUS, None)
    assert waiting.state == "parked"
    assert "MUSTER-MATCH-UNSURE" in waiting.reason
    assert world.accounts() == before
    assert await world.told() == [("account:ask", "refused")]


async def test_a_question_that_was_answered_in_the_app_goes_on(world: World) -> None:
    """With one candidate left, the next look links it."""
    place = await world.add_app(match_on=("title",))
    ana = await world.hire("ana", title="Director")
    one = put(world, userName="a1", title="Director")
    other = put(world, userName="a2", title="Director")
    await world.drain()

    place.target.drop(ACCOUNT, other.id)
    await world.mark(world.key(ana))
    await world.drain()

    link = await world.link(ana)
    assert link is not None
    assert (link.state, link.remote_id) == (LinkState.LINKED, one.id)


async def test_an_account_of_somebody_else_is_never_taken(world: World) -> None:
    """A name that is linked to another person is a question, not a match."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    place.target.change(world.account(ana), {"userName": "bob"})
    bob = await world.hire("bob")

    await world.converge()

    link = await world.link(bob)
    assert len(world.accounts()) == 1
    assert world.account(ana).external_id == ana.id
    assert link is not None
    assert link.state is LinkState.AMBIGUOUS


async def test_an_account_deleted_behind_our_back_is_made_again(world: World) -> None:
    """Who should have an account has one after the next look."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    place.target.drop(ACCOUNT, world.account(ana).id)

    await world.mark(world.key(ana))
    await world.drain()

    link = await world.link(ana)
    assert link is not None
    assert link.remote_id == world.account(ana).id
    await is_converged(world, ana)


async def test_an_account_deleted_behind_our_back_is_no_loss_for_a_leaver(world: World) -> None:
    """Gone is what was wanted: it is noted, nothing is sent."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    place.target.drop(ACCOUNT, world.account(ana).id)

    await world.leave(ana)
    await world.drain()

    link = await world.link(ana)
    assert link is not None
    assert link.state is LinkState.TOMBSTONE
    assert world.accounts() == []
    await is_converged(world, ana)


async def test_a_change_by_hand_is_put_back(world: World) -> None:
    """What Muster looks after is as Muster says after the next look; the rest is left alone."""
    place = await world.add_app()
    ana = await world.hire("ana", title="Designer")
    await world.drain()
    place.target.change(world.account(ana), {"title": "Boss", "level": 3})

    await world.mark(world.key(ana))
    (done,) = await world.converge()

    assert verbs(done.applied) == [Verb.UPDATE]
    assert world.account(ana).attributes == {"userName": "ana", "title": "Designer", "level": 3}
    await is_converged(world, ana)


async def test_a_leaver_put_back_into_use_by_hand_is_disabled_again(world: World) -> None:
    """The next look ends it, and the link says so."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    await world.drain()
    place.target.switch(world.account(ana), active=True)

    await world.mark(world.key(ana))
    await world.drain()

    link = await world.link(ana)
    assert world.account(ana).active is False
    assert link is not None
    assert link.state is LinkState.DISABLED
    await is_converged(world, ana)


async def test_an_account_disabled_by_hand_is_known_to_be(world: World) -> None:
    """A leaver whose account somebody disabled already: nothing is sent, and the link tells the truth."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    place.target.switch(world.account(ana), active=False)

    await world.leave(ana)
    (done,) = await world.converge()

    link = await world.link(ana)
    assert done.applied == ()
    assert link is not None
    assert link.state is LinkState.DISABLED


async def test_a_dry_run_changes_nothing_anywhere(world: World) -> None:
    """It says what a pass would do, and neither the application nor the database is any different."""
    place = await world.add_app()
    ana = await world.hire("ana")

    plan = await world.plan(ana)

    assert verbs(plan.operations) == [Verb.CREATE]
    assert world.accounts() == []
    assert await world.link(ana) is None
    assert (await world.told(), await world.intents()) == ([], [])
    assert place.target.calls["create"] == 0


async def test_an_app_without_room_for_our_id_links_by_name(world: World) -> None:
    """Created, linked, renamed and disabled by its own id alone."""
    await world.add_app(target=MemoryTarget(external_ids=False))
    ana = await world.hire("ana")
    await world.drain()
    (account,) = world.accounts()
    assert account.external_id is None

    await world.change(ana, userName="ana.ruiz")
    await world.drain()
    await world.leave(ana)
    await world.drain()

    assert [(each.id, each.attributes["userName"], each.active) for each in world.accounts()] == [
        (account.id, "ana.ruiz", False)
    ]
    await is_converged(world, ana)


async def test_an_app_that_cannot_disable_and_should_parks_the_leaver(world: World) -> None:
    """The reason names what to configure."""
    await world.add_app(target=MemoryTarget(disables=False))
    ana = await world.hire("ana")
    await world.drain()

    await world.leave(ana)
    await world.drain()

    (waiting,) = await world.waiting()
    assert waiting.state == "parked"
    assert "configure removal as delete or keep" in waiting.reason


async def test_many_people_are_one_account_each(world: World) -> None:
    """However many keys are due at once, also through a census."""
    await world.add_app()
    known = put(world, userName="P007", title="Intern")
    everyone = [await world.hire(f"p{number:03}", title="Agent") for number in range(80)]

    await world.drain()

    assert names(world.accounts()) == sorted(["P007", *(f"p{n:03}" for n in range(80) if n != 7)])
    link = await world.link(everyone[7])
    assert link is not None
    assert link.remote_id == known.id
    await is_converged(world, *everyone)


async def test_an_app_that_is_no_more_ends_its_work(world: World) -> None:
    """Keys of an app that is not configured any more are settled without a call."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.own()
    await world.db.write(lambda tx: tx.run(Statement("DELETE FROM apps")))

    (done,) = await world.converge()

    assert done.finish == Settled()
    assert await world.waiting() == []
    assert await world.link(ana) is None
    assert sum(place.target.calls.values()) == 0
