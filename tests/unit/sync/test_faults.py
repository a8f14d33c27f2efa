"""Whatever goes wrong with one call: the right class, the right next step, nothing lost, nothing doubled."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from muster.kit.faulty import Fault
from muster.kit.memory import MemoryTarget
from muster.model import (
    ACCOUNT,
    AuthFailed,
    Forbidden,
    Garbled,
    Health,
    Identity,
    Invalid,
    LinkState,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Removal,
    TargetError,
    Unreachable,
    Verb,
)
from muster.sync import Reconciliation
from muster.work import Finish, Parked, Retry, Settled
from world import SETTLE, World, open_world

KNOWN = "failed"  # how the log calls a call that did not happen
UNKNOWN = "unknown"


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A world with one application."""
    async with open_world(database_url) as opened:
        yield opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the pass that meets a fault makes of it. Without an error it goes on and converges."""

    error: type[TargetError] | None = None
    finish: type[Finish] = Settled
    told: str = ""
    health: Health = Health.GOOD


AGAIN = Expected()
UNREACHABLE = Expected(error=Unreachable, finish=Retry, told=KNOWN)
BLIND = Expected(error=OutcomeUnknown, finish=Retry, told=UNKNOWN)
STOPPED = {"finish": Retry, "told": KNOWN, "health": Health.QUARANTINED}
WRITES = {
    Fault.DOWN: UNREACHABLE,
    Fault.DROP_BEFORE: BLIND,
    Fault.DROP_AFTER_COMMIT: BLIND,
    Fault.AUTH: Expected(error=AuthFailed, **STOPPED),  # type: ignore[arg-type]
    Fault.FORBIDDEN: Expected(error=Forbidden, **STOPPED),  # type: ignore[arg-type]
    Fault.CONFLICT: AGAIN,
    Fault.CHANGED: AGAIN,
    Fault.INVALID: Expected(error=Invalid, finish=Parked, told=KNOWN),
    Fault.RATE_LIMITED: Expected(error=RateLimited, finish=Retry, told=KNOWN),
    Fault.SERVER_ERROR: BLIND,
    Fault.GARBLED: BLIND,
    Fault.WRONG_USER: BLIND,
    Fault.WRONG_USER_UNSEEN: BLIND,
}
CREATES = {**WRITES, Fault.NOT_FOUND: Expected(error=Misconfigured, **STOPPED)}  # type: ignore[arg-type]
CHANGES = {**WRITES, Fault.NOT_FOUND: AGAIN}
DELETES = {fault: what for fault, what in CHANGES.items() if fault is not Fault.WRONG_USER_UNSEEN}
LOOKS = {
    Fault.DOWN: UNREACHABLE,
    Fault.DROP_BEFORE: UNREACHABLE,
    Fault.AUTH: Expected(error=AuthFailed, **STOPPED),  # type: ignore[arg-type]
    Fault.FORBIDDEN: Expected(error=Forbidden, **STOPPED),  # type: ignore[arg-type]
    Fault.INVALID: Expected(error=Invalid, finish=Parked, told=KNOWN),
    Fault.RATE_LIMITED: Expected(error=RateLimited, finish=Retry, told=KNOWN),
    Fault.SERVER_ERROR: UNREACHABLE,
    Fault.GARBLED: Expected(error=Garbled, finish=Retry, told=KNOWN),
    Fault.WRONG_USER: Expected(error=Garbled, finish=Retry, told=KNOWN),
}


async def met(world: World, expected: Expected) -> Reconciliation:
    """One pass over the one key that is due; it took the fault as expected."""
    (done,) = await world.converge()
    assert type(done.error) is (expected.error or type(None))
    assert isinstance(done.finish, expected.finish) or (
        expected is AGAIN and isinstance(done.finish, Settled)
    )
    assert (await world.app()).health is expected.health
    if expected.told:
        assert (await world.told())[-1][1] == expected.told
    return done


async def calm(world: World, person: Identity) -> None:
    """What was parked is asked for again, as a person would after mending the cause; then all is whole."""
    await world.drain()
    if await world.waiting():
        await world.mark(world.key(person))
        await world.drain()
    await world.is_whole()
    assert await world.waiting() == []
    assert (await world.app()).health is Health.GOOD


@pytest.mark.parametrize("fault", CREATES)
async def test_a_creation_that_meets_a_fault_ends_in_one_account(world: World, fault: Fault) -> None:
    """However the answer came or did not."""
    place = await world.add_app()
    other = await world.hire("zoe")
    await world.drain()
    ana = await world.hire("ana")
    place.faults.next("create", fault)

    await met(world, CREATES[fault])

    link = await world.link(ana)
    unknown = CREATES[fault] is BLIND
    assert (link is not None and link.state is LinkState.CREATING) == unknown
    assert bool(await world.open_intents(ana)) == unknown
    await calm(world, ana)
    assert len(world.accounts()) == 2
    assert world.account(ana).id != world.account(other).id


@pytest.mark.parametrize("fault", CHANGES)
async def test_an_update_that_meets_a_fault_ends_as_it_should_be(world: World, fault: Fault) -> None:
    """Nobody else's account is touched."""
    place = await world.add_app()
    await world.hire("zoe", title="Head")
    ana = await world.hire("ana", title="Designer")
    await world.drain()
    await world.change(ana, title="Lead")
    place.faults.next("update", fault)

    await met(world, CHANGES[fault])

    await calm(world, ana)
    assert sorted(str(each.attributes["title"]) for each in world.accounts()) == ["Head", "Lead"]


@pytest.mark.parametrize("fault", CHANGES)
async def test_a_disable_that_meets_a_fault_is_not_lost(world: World, fault: Fault) -> None:
    """A leaver is out of use in the end, the link says so, and nobody else is."""
    place = await world.add_app()
    zoe = await world.hire("zoe")
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    place.faults.next("set_active", fault)

    await met(world, CHANGES[fault])

    await calm(world, ana)
    link = await world.link(ana)
    assert link is not None
    assert link.state is LinkState.DISABLED
    assert (world.account(ana).active, world.account(zoe).active) == (False, True)


@pytest.mark.parametrize("fault", DELETES)
async def test_a_deletion_that_meets_a_fault_is_not_lost(world: World, fault: Fault) -> None:
    """The account is gone in the end, and only that one."""
    place = await world.add_app(removal=Removal.DELETE)
    zoe = await world.hire("zoe")
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    place.faults.next("delete", fault)
    expected = BLIND if fault is Fault.NOT_FOUND else DELETES[fault]  # believed, and then seen to be untrue

    await met(world, expected)

    await calm(world, ana)
    link = await world.link(ana)
    assert link is not None
    assert link.state is LinkState.TOMBSTONE
    assert [each.external_id for each in world.accounts()] == [zoe.id]


@pytest.mark.parametrize("fault", LOOKS)
async def test_a_look_that_meets_a_fault_concludes_nothing(world: World, fault: Fault) -> None:
    """What could not be seen is neither there nor gone."""
    place = await world.add_app()
    await world.hire("zoe")
    ana = await world.hire("ana")
    await world.drain()
    before, remembered = world.accounts(), await world.link(ana)
    place.faults.next("get", fault)
    await world.mark(world.key(ana))

    await met(world, LOOKS[fault])

    assert (world.accounts(), await world.link(ana)) == (before, remembered)
    await calm(world, ana)
    assert world.accounts() == before


@pytest.mark.parametrize("fault", [*LOOKS, Fault.NOT_FOUND])
async def test_a_search_that_meets_a_fault_creates_nothing(world: World, fault: Fault) -> None:
    """An account that may be there already is not made again because the search failed."""
    place = await world.add_app()
    await world.hire("zoe")
    await world.drain()
    ana = await world.hire("ana")
    place.faults.next("find", fault)
    stopped = Expected(error=Misconfigured, **STOPPED)  # type: ignore[arg-type]

    await met(world, stopped if fault is Fault.NOT_FOUND else LOOKS[fault])

    assert len(world.accounts()) == 1
    await calm(world, ana)
    assert len(world.accounts()) == 2


@pytest.mark.parametrize("fault", [*LOOKS, Fault.WRONG_USER_UNSEEN])
async def test_a_disable_that_cannot_be_read_back_stays_unknown(world: World, fault: Fault) -> None:
    """It was done and could not be proven: it is neither called done nor failed until it was seen."""
    place = await world.add_app()
    await world.hire("zoe")
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    place.faults.next("get", None, fault)

    (done,) = await world.converge()

    assert isinstance(done.finish, Retry)
    assert world.account(ana).active is False
    assert (await world.told())[-1] == ("account:disable", "unknown")
    assert [intent.verb for intent in await world.open_intents(ana)] == [Verb.DISABLE]
    await calm(world, ana)
    link = await world.link(ana)
    assert link is not None
    assert link.state is LinkState.DISABLED
    assert await world.told("account:disable") == [
        ("account:disable", "intended"),
        ("account:disable", "unknown"),
        ("account:disable", "done"),
    ]


@pytest.mark.parametrize("happened", [True, False])
async def test_an_unknown_creation_is_looked_for_before_it_is_tried_again(
    world: World, *, happened: bool
) -> None:
    """Found, it is linked; not found within the settle time, it is made. Never twice."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next("create", Fault.DROP_AFTER_COMMIT if happened else Fault.DROP_BEFORE)
    await world.converge()

    for _ in range(3):
        (waiting,) = await world.waiting()
        assert waiting.due is not None
        world.clock.now = max(waiting.due, world.clock.now)
        await world.converge()
        if await world.open_intents(ana) == []:
            break

    assert place.target.calls["create"] == (1 if happened else 0)
    await world.drain()
    assert place.target.calls["create"] == 1
    await world.is_whole()


async def test_a_creation_that_shows_up_late_is_linked(world: World) -> None:
    """An application may show a new account only after a while: until it has settled, Muster only looks."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next("create", Fault.DROP_BEFORE)
    await world.converge()
    world.clock.forward(SETTLE / 2)
    await world.converge()
    late = place.target.put(ACCOUNT, {"userName": "ana"}, ana.id)

    await world.drain()

    link = await world.link(ana)
    assert [each.id for each in world.accounts()] == [late.id]
    assert link is not None
    assert link.remote_id == late.id
    await world.is_whole()


async def test_a_write_that_lands_late_is_put_right(world: World) -> None:
    """An update whose answer was lost may land after the next one: Muster looks once more when it cannot."""
    place = await world.add_app()
    ana = await world.hire("ana", title="one")
    await world.drain()
    place.faults.next("update", Fault.DROP_BEFORE)
    await world.change(ana, title="two")
    await world.converge()
    await world.change(ana, title="three")
    await world.converge()

    place.target.change(world.account(ana), {"title": "two"})  # the lost call is carried out only now
    await world.drain()

    assert world.account(ana).attributes["title"] == "three"
    await world.is_whole()


async def test_a_removal_that_was_taken_back_is_not_called_done(world: World) -> None:
    """The disable did not arrive and the person is back: the log says it failed, the account is in use."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    place.faults.next("set_active", Fault.DROP_BEFORE)
    await world.converge()
    await world.change(ana, active=True)

    await world.drain()

    assert world.account(ana).active
    assert (await world.told("account:disable"))[-1] == ("account:disable", "failed")
    await world.is_whole()


async def test_a_removal_that_arrived_and_was_taken_back_is_undone(world: World) -> None:
    """The disable did arrive: the log says it was done, and the account is enabled again."""
    place = await world.add_app()
    ana = await world.hire("ana")
    await world.drain()
    await world.leave(ana)
    place.faults.next("set_active", Fault.DROP_AFTER_COMMIT)
    await world.converge()
    await world.change(ana, active=True)

    await world.drain()

    assert world.account(ana).active
    assert (await world.told("account:disable"))[-1] == ("account:disable", "done")
    await world.is_whole()


async def test_who_leaves_while_their_creation_is_unknown_ends_without_access(world: World) -> None:
    """The account that came to be after all is found and disabled."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next("create", Fault.DROP_AFTER_COMMIT)
    await world.converge()
    await world.leave(ana)

    await world.drain()

    assert world.account(ana).active is False
    await world.is_whole()


@pytest.mark.parametrize("external_ids", [True, False])
async def test_who_is_renamed_while_their_creation_is_unknown_has_one_account(
    world: World, *, external_ids: bool
) -> None:
    """It is looked for by the name it was sent with, too, and then renamed."""
    place = await world.add_app(target=MemoryTarget(external_ids=external_ids))
    ana = await world.hire("ana")
    place.faults.next("create", Fault.DROP_AFTER_COMMIT)
    await world.converge()
    await world.change(ana, userName="ana.ruiz")

    await world.drain()

    assert [each.attributes["userName"] for each in world.accounts()] == ["ana.ruiz"]
    await world.is_whole()


async def test_who_leaves_before_an_unknown_creation_settles_is_still_found(world: World) -> None:
    """Also when the account shows up only after they left."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next("create", Fault.DROP_BEFORE)
    await world.converge()
    await world.leave(ana)
    await world.converge()
    place.target.put(ACCOUNT, {"userName": "ana"}, ana.id)

    await world.drain()

    assert world.account(ana).active is False
    await world.is_whole()


async def test_the_wait_an_application_asks_for_is_kept(world: World) -> None:
    """Not earlier; it is not a failure of the person's account; and it is bounded."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next(
        "create", RateLimited("slow down", retry_after=40.0), RateLimited("go away", retry_after=1e9)
    )
    asked = world.clock.now

    (done,) = await world.converge()

    assert isinstance(done.finish, Retry)
    assert timedelta(seconds=40) <= done.finish.due - asked <= timedelta(seconds=41)
    world.clock.forward(39)
    assert await world.converge() == []
    world.clock.forward(2)
    (done,) = await world.converge()
    assert isinstance(done.finish, Retry)
    assert done.finish.due - world.clock.now <= timedelta(hours=1)
    assert [one.attempts for one in await world.waiting()] == [0]
    await calm(world, ana)


async def test_waits_grow_while_an_application_is_away(world: World) -> None:
    """And end when it is back; every attempt is in the log."""
    place = await world.add_app()
    await world.hire("ana")
    place.faults.always("find", Fault.DOWN)
    waits: list[timedelta] = []
    for _ in range(12):
        (done,) = await world.converge()
        assert isinstance(done.finish, Retry)
        waits.append(done.finish.due - world.clock.now)
        world.clock.now = done.finish.due
    place.faults.always("find", None)

    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(minutes=15)
    assert len([told for told in await world.told() if told == ("account:read", "failed")]) == 12
    await world.drain()
    await world.is_whole()


async def test_a_slow_answer_is_waited_for(world: World) -> None:
    """What was decided before it came is what happens after it."""
    place = await world.add_app()
    ana = await world.hire("ana")
    reached, answered = asyncio.Event(), asyncio.Event()

    async def wait(call: str) -> None:
        if call == "create":
            reached.set()
            await answered.wait()

    place.target.latency = wait
    passing = asyncio.create_task(world.converge())
    await reached.wait()
    assert await world.open_intents(ana) != []
    answered.set()
    await passing

    await world.is_whole()


async def test_an_account_linked_to_another_is_not_linked_twice(world: World) -> None:
    """An application without room for our id answers a creation with somebody else's account."""
    place = await world.add_app(target=MemoryTarget(external_ids=False))
    zoe = await world.hire("zoe")
    await world.drain()
    ana = await world.hire("ana")
    place.faults.next("create", Fault.WRONG_USER_UNSEEN)
    await world.converge()

    await world.mark(world.key(ana))
    await world.drain()

    mine, theirs = await world.link(ana), await world.link(zoe)
    assert mine is not None
    assert theirs is not None
    assert mine.remote_id != theirs.remote_id
    assert len(world.accounts()) == 2
    assert [each.attributes["userName"] for each in world.accounts() if each.id == mine.remote_id] == ["ana"]


async def test_a_stranger_named_in_the_answer_to_a_creation_is_not_taken_for_the_account(
    world: World,
) -> None:
    """Even where the application has no room for our id and the stranger is nobody's yet."""
    place = await world.add_app(target=MemoryTarget(external_ids=False))
    stranger = place.target.put(ACCOUNT, {"userName": "admin"})
    ana = await world.hire("ana")
    place.faults.next("create", Fault.WRONG_USER_UNSEEN)

    await world.drain()

    link = await world.link(ana)
    assert link is not None
    assert link.remote_id != stranger.id
    assert place.target.accounts[stranger.id] == stranger
    assert len(world.accounts()) == 2
