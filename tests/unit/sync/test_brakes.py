"""What stops Muster: the guard, for a person to approve; quarantine, for an application that refuses us."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from muster.kit.faulty import Fault
from muster.model import AppName, Health, Identity, Limits, Priority, Removal, Verb
from muster.work import Held, Parked, Retry, Settled
from world import SETTLE, World, in_department, open_world

BUDGET = 5
CHAT = AppName("chat")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A world without applications."""
    async with open_world(database_url) as opened:
        yield opened


async def staff(world: World, number: int, department: str = "Sales") -> list[Identity]:
    """So many people with accounts in the chat, which is for Sales."""
    await world.add_app(
        when=in_department("Sales"), limits=Limits(settle_seconds=SETTLE, destroy_count=BUDGET)
    )
    people = [await world.hire(f"p{n:02}", department=department) for n in range(number)]
    await world.drain()
    return people


def in_use(world: World) -> int:
    """How many accounts can be used."""
    return sum(bool(account.active) for account in world.accounts())


async def test_the_sixth_loss_of_scope_within_the_hour_is_held(world: World) -> None:
    """Five are disabled, the rest waits for a person, and the reason says what to do."""
    people = await staff(world, 8)
    for person in people:
        await world.change(person, department="Research")

    done = await world.converge()

    assert in_use(world) == 8 - BUDGET
    assert sorted(type(one.finish).__name__ for one in done) == ["Held"] * 3 + ["Settled"] * BUDGET
    waiting = await world.waiting()
    assert [one.state for one in waiting] == ["held"] * 3
    assert all("MUSTER-GUARD-HELD" in one.reason for one in waiting)
    assert (await world.told()).count(("account:hold", "refused")) == 3


async def test_what_is_held_does_not_hold_up_joiners_and_changes(world: World) -> None:
    """Only what takes away waits."""
    people = await staff(world, 8)
    for person in people[:7]:
        await world.change(person, department="Research")
    await world.converge()

    await world.hire("new", department="Sales")
    await world.change(people[7], title="Head")
    await world.converge()

    assert len(world.accounts()) == 9
    assert world.account(people[7]).attributes["title"] == "Head"


async def test_what_is_held_goes_on_as_the_window_slides(world: World) -> None:
    """An hour later the budget is new."""
    people = await staff(world, 8)
    for person in people:
        await world.change(person, department="Research")
    await world.converge()
    world.clock.forward(timedelta(hours=1, minutes=1).total_seconds())

    await world.converge()

    assert in_use(world) == 0
    assert await world.waiting() == []


async def test_an_approved_removal_is_not_held(world: World) -> None:
    """A named person let it pass; the log names them."""
    people = await staff(world, 8)
    for person in people:
        await world.change(person, department="Research")
    await world.converge()

    await world.mark(*(world.key(person) for person in people), approved_by="cli:root")
    await world.converge()

    assert in_use(world) == 0
    assert {record.actor for record in await world.records("account:disable")} == {"muster", "cli:root"}


async def test_an_approval_counts_once(world: World) -> None:
    """The next removal of the same people is judged anew."""
    people = await staff(world, 8)
    for person in people:
        await world.change(person, department="Research")
    await world.mark(*(world.key(person) for person in people), approved_by="cli:root")
    await world.converge()
    for person in people:
        await world.change(person, department="Sales")
    await world.converge()
    for person in people:
        await world.change(person, department="Research")

    done = await world.converge()

    assert {type(one.finish) for one in done} == {Held}
    assert in_use(world) == 8


async def test_leavers_are_never_held(world: World) -> None:
    """Whoever's time ended loses access now, however many lost it before."""
    people = await staff(world, 30)
    for person in people[:8]:
        await world.change(person, department="Research")
    await world.converge()
    held = in_use(world)

    for person in people[20:25]:
        await world.leave(person)
    done = await world.converge()

    assert in_use(world) == held - 5
    assert {type(one.finish) for one in done} == {Settled}


async def test_a_source_that_ends_everybody_is_not_believed(world: World) -> None:
    """Beyond a fifth of its people a source's word alone no longer passes the guard."""
    people = await staff(world, 30)

    for person in people:
        await world.leave(person)
    await world.converge()

    assert in_use(world) > 15
    assert {one.state for one in await world.waiting()} == {"held"}


async def test_removals_under_way_count(world: World) -> None:
    """A removal of unknown outcome may have happened: it takes its place in the budget."""
    people = await staff(world, 8)
    place = world.places[CHAT]
    for person in people:
        await world.change(person, department="Research")
    place.faults.always("set_active", Fault.DROP_AFTER_COMMIT)

    await world.converge()

    assert in_use(world) == 8 - BUDGET


async def test_deletions_count_like_disables(world: World) -> None:
    """An application that deletes has the same budget."""
    people = await staff(world, 8)
    await world.reconfigure(replace(await world.app(), removal=Removal.DELETE))
    for person in people:
        await world.change(person, department="Research")

    await world.converge()

    assert len(world.accounts()) == 8 - BUDGET


@pytest.mark.parametrize("fault", [Fault.AUTH, Fault.FORBIDDEN])
async def test_an_application_that_refuses_us_is_left_alone(world: World, fault: Fault) -> None:
    """Stopped at once, with the reason; its keys wait uncounted, and the log says it once."""
    people = await staff(world, 3)
    place = world.places[CHAT]
    place.faults.always("*", fault)
    for person in people:
        await world.change(person, title="Head")

    done = await world.converge()

    app = await world.app()
    assert app.health is Health.QUARANTINED
    assert app.retry_at is not None
    assert app.health_reason
    assert {type(one.finish) for one in done} == {Retry}
    assert {one.attempts for one in await world.waiting()} == {0}
    assert ("app:quarantine", "done") in await world.told("app")


async def test_a_probe_that_fails_waits_longer_and_one_that_succeeds_ends_it(world: World) -> None:
    """A minute, then two, then four; the first answer lifts the quarantine and all is done."""
    (ana,) = await staff(world, 1)
    place = world.places[CHAT]
    place.faults.always("*", Fault.AUTH)
    await world.change(ana, title="Head")
    waits: list[float] = []
    for _ in range(3):
        (done,) = await world.converge()
        app = await world.app()
        assert isinstance(done.finish, Retry)
        assert app.retry_at is not None
        waits.append(round((app.retry_at - world.clock.now).total_seconds()))
        world.clock.now = app.retry_at
    place.faults.always("*", None)

    await world.drain()

    app = await world.app()
    assert waits == [60, 120, 240]
    assert (app.health, app.health_reason, app.retry_at) == (Health.GOOD, "", None)
    assert await world.told("app:recover") == [("app:recover", "done")]
    assert world.account(ana).attributes["title"] == "Head"
    await world.is_whole()


async def test_a_probe_that_can_look_but_not_write_stays_in_quarantine(world: World) -> None:
    """Reading is not proof that the missing right was granted."""
    (ana,) = await staff(world, 1)
    place = world.places[CHAT]
    place.faults.always("update", Fault.FORBIDDEN)
    await world.change(ana, title="Head")
    await world.converge()
    first = (await world.app()).retry_at

    await world.converge()

    app = await world.app()
    assert app.health is Health.QUARANTINED
    assert first is not None
    assert app.retry_at is not None
    assert app.retry_at > first


async def test_new_settings_end_a_quarantine(world: World) -> None:
    """Whoever corrects the credential does not wait for the next probe."""
    (ana,) = await staff(world, 1)
    place = world.places[CHAT]
    place.faults.next("*", Fault.AUTH)
    await world.change(ana, title="Head")
    await world.converge()

    await world.reconfigure(await world.app())

    assert (await world.app()).health is Health.GOOD
    await world.drain()
    await world.is_whole()


async def test_a_rejected_person_does_not_stop_the_others(world: World) -> None:
    """One key is parked with the application's own words; the rest goes on."""
    people = await staff(world, 3)
    place = world.places[CHAT]
    place.faults.next("update", Fault.INVALID)
    for person in people:
        await world.change(person, title="Head")

    done = await world.converge()

    assert sorted(type(one.finish).__name__ for one in done) == ["Parked", "Settled", "Settled"]
    (waiting,) = await world.waiting()
    assert "the data is not accepted" in waiting.reason
    assert isinstance(next(one.finish for one in done if one.error is not None), Parked)


async def test_a_leaver_whose_disable_was_held_up_by_a_quarantine_is_first_after_it(world: World) -> None:
    """The most urgent key is the probe."""
    people = await staff(world, 4)
    place = world.places[CHAT]
    place.faults.always("*", Fault.AUTH)
    for person in people[:3]:
        await world.change(person, title="Head")
    await world.leave(people[3])
    await world.converge()
    place.faults.always("*", None)
    world.clock.forward(60)

    done = await world.converge()

    assert [operation.verb for operation in done[0].applied] == [Verb.DISABLE]
    assert world.account(people[3]).active is False


async def test_a_key_keeps_the_urgency_of_a_leaver_until_it_is_done(world: World) -> None:
    """A later change of the same person does not send it to the back."""
    (ana,) = await staff(world, 1)
    await world.leave(ana)

    await world.mark(world.key(ana), priority=Priority.DRIFT_SCAN)

    assert [one.priority for one in await world.waiting()] == [Priority.LEAVER]
