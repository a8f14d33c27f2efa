"""The worker: drains what it owns, lets no application hold up another, and never works past its lease."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from muster.db import Database, Statement, Transaction
from muster.kit.faulty import After, Fault
from muster.model import AppName, Health, Limits, Problem, Unavailable
from muster.sync import Worker
from world import SETTLE, World, open_world

Result = TypeVar("Result")
PATIENCE = 30.0  # seconds until a test that hangs is a test that failed
SHORT = timedelta(milliseconds=400)
OFTEN = timedelta(milliseconds=100)
CHAT = AppName("chat")
OWNERS = Statement("SELECT app, owner FROM ownership ORDER BY app")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A world without applications."""
    async with open_world(database_url) as opened:
        yield opened


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return once it holds; a worker is at it meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in a database
            await asyncio.sleep(0.01)


async def until_idle(world: World) -> None:
    """Nothing waits any more."""

    async def idle() -> bool:
        return await world.waiting() == []

    await until(idle)


class Interrupted:
    """A database that can be away for a while."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.dialect = inner.dialect
        self.away = False

    async def read(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Read, if it is there."""
        self._be_there()
        return await self.inner.read(work)

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Write, if it is there."""
        self._be_there()
        return await self.inner.write(work)

    def on_announcement(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Listen."""
        return self.inner.on_announcement(callback)

    async def close(self) -> None:
        """Leave it to the owner."""

    def _be_there(self) -> None:
        if self.away:
            raise Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="The database cannot be used"))


class Gate:
    """Holds calls of one name until it is opened; ``reached`` tells that one arrived."""

    def __init__(self, call: str) -> None:
        self.call = call
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, call: str) -> None:
        """Wait here."""
        if call == self.call:
            self.reached.set()
            await self.open.wait()


async def test_what_is_marked_is_done(world: World) -> None:
    """Also what is marked while the worker runs."""
    await world.add_app()
    people = [await world.hire(f"p{n}") for n in range(30)]

    async with Worker(world.engine):
        await until_idle(world)
        await world.leave(people[0])
        people.append(await world.hire("late"))
        await until_idle(world)

    assert len(world.accounts()) == 31
    assert world.account(people[0]).active is False
    await world.is_whole()


async def test_a_worker_that_stops_gives_its_apps_back(world: World) -> None:
    """Whoever comes next need not wait for the lease."""
    await world.add_app()
    await world.hire("ana")

    async with Worker(world.engine):
        await until_idle(world)
        during = await world.db.read(lambda tx: tx.all(OWNERS))

    after = await world.db.read(lambda tx: tx.all(OWNERS))
    assert [row["owner"] is None for row in during] == [False]
    assert [row["owner"] is None for row in after] == [True]


async def test_a_worker_that_stops_finishes_what_it_has_in_hand(world: World) -> None:
    """A call under way is awaited and recorded, however much longer than a lease it takes."""
    place = await world.add_app()
    ana = await world.hire("ana")
    gate = Gate("create")
    place.target.latency = gate

    async with asyncio.timeout(PATIENCE):
        async with Worker(world.engine, lease=SHORT, renew_every=OFTEN):
            await gate.reached.wait()
            opening = asyncio.get_running_loop().call_later(3 * SHORT.total_seconds(), gate.open.set)
        opening.cancel()

    link = await world.link(ana)
    assert link is not None
    assert link.remote_id == world.account(ana).id
    await world.is_whole()


async def test_an_application_that_does_not_answer_holds_up_no_other(world: World) -> None:
    """Its own slots are full; everybody else's accounts come and go."""
    slow = await world.add_app("slow", limits=Limits(concurrency=2, settle_seconds=SETTLE))
    await world.add_app("quick")
    gate = Gate("create")
    slow.target.latency = gate
    people = [await world.hire(f"p{n}") for n in range(20)]

    async def quick_is_done() -> bool:
        return len(world.accounts("quick")) == len(people)

    async with Worker(world.engine):
        await gate.reached.wait()
        await until(quick_is_done)
        assert world.accounts("slow") == []
        gate.open.set()
        await until_idle(world)

    await world.is_whole()


async def test_a_leaver_does_not_wait_for_a_slot(world: World) -> None:
    """However many slow updates fill the application's slots."""
    place = await world.add_app(limits=Limits(concurrency=2, settle_seconds=SETTLE))
    people = [await world.hire(f"p{n}") for n in range(12)]
    async with Worker(world.engine):
        await until_idle(world)
        gate = Gate("update")
        place.target.latency = gate
        for person in people[1:]:
            await world.change(person, title="Head")
        await gate.reached.wait()

        await world.leave(people[0])

        async def gone() -> bool:
            return world.account(people[0]).active is False

        await until(gone)
        assert {account.attributes.get("title") for account in world.accounts()} == {None}
        gate.open.set()
        await until_idle(world)

    await world.is_whole()


async def test_a_quarantined_application_is_probed_by_one_key_at_its_time(world: World) -> None:
    """Before that nothing is called; the probe that succeeds sets everything going again."""
    place = await world.add_app()
    people = [await world.hire(f"p{n}") for n in range(8)]
    place.faults.always("*", Fault.AUTH)

    async def stopped() -> bool:
        return (await world.app()).health is Health.QUARANTINED and all(
            not one.in_hand for one in await world.waiting()
        )

    async with Worker(world.engine, renew_every=OFTEN) as worker:
        await until(stopped)
        calls = sum(place.target.calls.values()) + len(place.faults.injected)
        place.faults.always("*", None)
        for _ in range(5):
            worker._woken.set()
            await asyncio.sleep(0.02)
        assert sum(place.target.calls.values()) + len(place.faults.injected) == calls
        world.clock.forward(61)
        await until_idle(world)

    assert len(world.accounts()) == len(people)
    await world.is_whole()


async def test_a_fault_in_a_connector_is_no_end_of_the_worker(world: World) -> None:
    """The key is let go of and tried again; the log of the person's account shows no false outcome."""
    place = await world.add_app()
    ana = await world.hire("ana")
    place.faults.next("create", ZeroDivisionError("a bug in a connector"), After(error=KeyError("another")))

    async def moved() -> bool:
        world.clock.forward(1)
        return await world.waiting() == []

    async with Worker(world.engine, renew_every=OFTEN):
        await until(moved)

    assert world.account(ana).active
    await world.is_whole()


async def test_a_database_that_is_away_for_a_while_ends_nothing(world: World) -> None:
    """Work goes on when it is back."""
    await world.add_app()
    db = Interrupted(world.db)
    engine = replace(world.engine, db=db)
    async with Worker(engine, renew_every=OFTEN) as worker:
        db.away = True
        worker._woken.set()
        ana = await world.hire("ana")
        await asyncio.sleep(0.05)
        assert world.accounts() == []
        db.away = False
        await until_idle(world)

    assert world.account(ana).active
    await world.is_whole()


async def test_no_call_outlives_the_lease(world: World) -> None:
    """Who cannot renew breaks off what it does; who takes over looks first, and nothing doubles."""
    place = await world.add_app()
    ana = await world.hire("ana")
    gate = Gate("create")
    place.target.latency = gate
    db = Interrupted(world.db)
    async with Worker(replace(world.engine, db=db), lease=SHORT, renew_every=OFTEN) as cut_off:
        await gate.reached.wait()
        db.away = True

        async def broke_off() -> bool:
            return not cut_off._tasks

        await until(broke_off)
        gate.open.set()
        assert world.accounts() == []
        if world.db.dialect == "sqlite":
            world.clock.forward(SETTLE)  # where leases go by the engine's own clock

        async def settled() -> bool:
            world.clock.forward(1)
            return await world.waiting() == []

        async with Worker(world.engine, lease=SHORT, renew_every=OFTEN):
            await until(settled)
        db.away = False

    assert place.target.calls["create"] == 2  # the first was broken off before anything happened
    assert world.account(ana).active
    await world.is_whole()


async def test_a_worker_that_was_paused_sends_nothing_and_records_nothing(world: World) -> None:
    """Between its intent and its call another process took over: it finds out before it calls."""
    place = await world.add_app()
    ana = await world.hire("ana")
    paused = asyncio.Event()

    async def pause(tx: Transaction) -> None:
        await tx.run(Statement("UPDATE ownership SET owner = 'another', epoch = epoch + 1"))

    def reached(point: str) -> None:
        if point == "after-intent" and not paused.is_set():
            paused.set()
            loop = asyncio.get_running_loop()
            worker._ours_until = loop.time()  # as after a pause longer than the lease

    worker = Worker(replace(world.engine, reached=reached), renew_every=OFTEN)
    async with worker:
        await asyncio.wait_for(paused.wait(), PATIENCE)
        await world.db.write(pause)

        async def nothing_under_way() -> bool:
            return not worker._tasks

        await until(nothing_under_way)

    assert place.target.calls["create"] == 0
    assert len(await world.open_intents(ana)) == 1
    assert await world.told() == [("account:create", "intended")]


async def test_two_workers_share_the_apps_and_do_everything_once(world: World) -> None:
    """Each app is drained by one of them; there is one account per person."""
    for name in ("one", "two", "three", "four"):
        await world.add_app(name)
    for number in range(15):
        await world.hire(f"p{number}")

    async with Worker(world.engine, renew_every=OFTEN), Worker(world.engine, renew_every=OFTEN):

        async def shared() -> bool:
            owners = [row["owner"] for row in await world.db.read(lambda tx: tx.all(OWNERS))]
            return sorted(owners.count(owner) for owner in set(owners)) == [2, 2]

        await until(shared)
        await until_idle(world)

    assert [place.target.calls["create"] for place in world.places.values()] == [15] * 4
    await world.is_whole()
