"""Whatever changes, fails or is meddled with: once the faults end, every account is as it should be."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from muster import work
from muster.db import Statement, Transaction
from muster.directory import links
from muster.kit.faulty import Fault
from muster.kit.memory import MemoryTarget
from muster.model import (
    ACCOUNT,
    AppName,
    Conflict,
    Health,
    Identity,
    Limits,
    LinkState,
    Priority,
    Removal,
)
from muster.sync import reconcile
from world import SETTLE, TENANT, World, in_department, open_world

Given = TypeVar("Given")
APPS = {  # name → target, removal, who
    "chat": (MemoryTarget, Removal.DISABLE, None),
    "wiki": (lambda: MemoryTarget(versions=False), Removal.DELETE, "Sales"),
    "old": (lambda: MemoryTarget(external_ids=False), Removal.DISABLE, "Research"),
}
NAMES = ("ana", "bob", "cyd", "dan")
DEPARTMENTS = ("Sales", "Research", "Legal")
TITLES = ("Head", "Agent", "Intern")
CALLS = ("find", "get", "create", "update", "set_active", "delete")
LOOSE = Limits(settle_seconds=SETTLE, destroy_count=10_000)
TABLES = ("work", "ownership", "workers", "intents", "audit", "links", "people", "apps", "rules")
CLEAR = [Statement(f"DELETE FROM {table}") for table in TABLES]  # noqa: S608 - the names stand above


class AnythingHappens(RuleBasedStateMachine):
    """People come, change and go, calls fail, others meddle, time passes, and passes are made in between."""

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        super().__init__()
        self.runner = runner
        self.world = world
        self.people: dict[str, Identity] = {}
        self.run(self._begin())

    def run(self, act: Coroutine[Any, Any, Given]) -> Given:
        """Do it."""
        return self.runner.run(act)

    async def _begin(self) -> None:
        async def clear(tx: Transaction) -> None:
            for statement in CLEAR:
                await tx.run(statement)

        await self.world.db.write(clear)
        await self.world.engine.targets.close()
        self.world.places.clear()
        for name, (target, removal, department) in APPS.items():
            when = None if department is None else in_department(department)
            await self.world.add_app(name, target=target(), removal=removal, when=when, limits=LOOSE)

    # -- people

    @rule(name=st.sampled_from(NAMES), department=st.sampled_from(DEPARTMENTS), title=st.sampled_from(TITLES))
    def hire_or_move(self, name: str, department: str, title: str) -> None:
        """Somebody joins, returns, or changes."""
        known = self.people.get(name)
        if known is None:
            hired = self.world.hire(name, department=department, title=title, number=f"n-{name}")
            self.people[name] = self.run(hired)
        else:
            changed = self.world.change(known, department=department, title=title, active=True)
            self.people[name] = self.run(changed)

    @precondition(lambda self: self.people)
    @rule(data=st.data(), suffix=st.sampled_from(["", "2", "3"]))
    def rename(self, data: st.DataObject, suffix: str) -> None:
        """Somebody's userName changes."""
        name = data.draw(st.sampled_from(sorted(self.people)))
        self.people[name] = self.run(self.world.change(self.people[name], userName=name + suffix))

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody's time is over."""
        name = data.draw(st.sampled_from(sorted(self.people)))
        self.people[name] = self.run(self.world.leave(self.people[name]))

    @rule(department=st.none() | st.sampled_from(DEPARTMENTS))
    def change_the_rule(self, department: str | None) -> None:
        """The wiki is for others now, or for nobody."""
        when = None if department is None else in_department(department)
        self.run(self.world.grant("wiki", when))

    # -- what goes wrong

    @rule(
        app=st.sampled_from(sorted(APPS)),
        call=st.sampled_from(CALLS),
        faults=st.lists(st.none() | st.sampled_from(Fault), min_size=1, max_size=3),
    )
    def fail(self, app: str, call: str, faults: list[Fault | None]) -> None:
        """The next calls of this name meet these."""
        # Answers about somebody else that even the connector did not notice are told apart by our id alone.
        unseen = Fault.WRONG_USER_UNSEEN
        self.world.places[AppName(app)].faults.next(
            call,
            *(None if fault is unseen and (app == "old" or call == "find") else fault for fault in faults),
        )

    @rule(
        app=st.sampled_from(sorted(APPS)),
        what=st.sampled_from(["drop", "switch on", "switch off", "edit"]),
        number=st.integers(0, 3),
    )
    def meddle(self, app: str, what: str, number: int) -> None:
        """An administrator of the application does something to an account there."""
        target = self.world.places[AppName(app)].target
        accounts = list(target.accounts.values())
        if number >= len(accounts):
            return
        match what:
            case "drop":
                target.drop(ACCOUNT, accounts[number].id)
            case "edit":
                target.change(accounts[number], {"title": "Meddled"})
            case _:
                target.switch(accounts[number], active=what == "switch on")

    @rule(app=st.sampled_from(sorted(APPS)), name=st.sampled_from(NAMES))
    def make_by_hand(self, app: str, name: str) -> None:
        """An administrator makes an account that Muster will want, too."""
        target = self.world.places[AppName(app)].target
        try:
            target.put(ACCOUNT, {"userName": name})
        except Conflict:
            note("it is there already")

    # -- time and work

    @rule(seconds=st.sampled_from([0.5, SETTLE, 60.0, 3_600.0]))
    def time_passes(self, seconds: float) -> None:
        """It is later now."""
        self.world.clock.forward(seconds)

    @rule()
    def converge(self) -> None:
        """One pass over whatever is due."""
        self.run(self.world.converge())

    @rule()
    def die_and_be_followed(self) -> None:
        """The owner dies over its claims; another process takes over."""
        self.run(self._die())

    async def _die(self) -> None:
        at = self.world.clock()
        for owned in await self.world.own():
            await self.world.db.write(lambda tx, owned=owned: work.claim(tx, owned, at=at, room=2))
        await self.world.db.write(
            lambda tx: tx.run(Statement("UPDATE ownership SET until = 0, owner = 'gone'"))
        )

    # -- what must always hold

    @invariant()
    def nobody_has_two_accounts(self) -> None:
        """At no moment are there two accounts that bear the same id of ours."""
        for place in self.world.places.values():
            ours = [each.external_id for each in place.target.accounts.values() if each.external_id]
            assert len(ours) == len(set(ours))

    def teardown(self) -> None:
        """The faults end; everybody is looked at once more; and all is as it should be."""
        self.run(self._end())

    async def _end(self) -> None:
        for place in self.world.places.values():
            place.faults._queues.clear()
        await self._calm()
        await self.world.is_whole()
        await self._is_converged()
        await self._has_one_account_each()

    async def _calm(self) -> None:
        """Until nothing moves: renames free names for others, and what was parked is asked for again."""
        for _ in range(6):
            people = list(self.people.values())
            keys = [self.world.key(person, app) for person in people for app in APPS]
            await self.world.mark(*keys, priority=Priority.IMPORT, approved_by="cli:test")
            await self.world.drain()
            if await self.world.waiting() == []:
                return
            await self._answer_questions()
        raise AssertionError(await self.world.waiting())

    async def _answer_questions(self) -> None:
        """Whoever is asked which account is whose removes the accounts made by hand from the application."""
        for name, place in self.world.places.items():
            held = {
                link.remote_id
                for link in await self.world.db.read(lambda tx, name=name: links.of_app(tx, TENANT, name))
                if link.state in {LinkState.LINKED, LinkState.DISABLED}
            }
            for account in [one for one in place.target.accounts.values() if one.id not in held]:
                place.target.drop(ACCOUNT, account.id)

    async def _is_converged(self) -> None:
        for person in self.people.values():
            for app in APPS:
                seen = await reconcile(self.world.engine, self.world.key(person, app))
                assert seen.plan.operations == ()
        for app in APPS:
            assert (await self.world.app(app)).health is Health.GOOD

    async def _has_one_account_each(self) -> None:
        """Links and accounts are one to one, also where an application has no room for our id."""
        for name, place in self.world.places.items():
            stored = await self.world.db.read(lambda tx, name=name: links.of_app(tx, TENANT, name))
            held = [link.remote_id for link in stored if link.state is LinkState.LINKED]
            assert len(held) == len(set(held))
            assert set(held) <= set(place.target.accounts)


@pytest.mark.parametrize(("dialect", "share"), [("sqlite", 1.0), ("postgresql", 0.2)])
def test_the_world_converges_whatever_happens(
    request: pytest.FixtureRequest, dialect: str, share: float
) -> None:
    """Target equals desired, the plan is empty, one account per person, everything sent is accounted for."""
    url = request.getfixturevalue({"sqlite": "sqlite_database_url"}.get(dialect, "postgres_database_url"))
    examples = max(int(settings().max_examples * share), 1)
    with asyncio.Runner() as runner:
        opening = open_world(url)
        world = runner.run(opening.__aenter__())
        run_state_machine_as_test(
            lambda: AnythingHappens(runner, world),
            settings=settings(max_examples=examples, stateful_step_count=30),
        )
        runner.run(opening.__aexit__(None, None, None))
