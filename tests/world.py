"""A small world to converge: a database, an engine whose clock the test moves, applications that may fail.

Passes are run one by one by ``converge``, so that a test can look between any two; the worker has tests of
its own. The applications are fakes.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from muster import audit, work
from muster.audit import Record, Result, Search
from muster.db import Database, Row, Statement, Transaction, new_id, open_database
from muster.directory import apps, intents, links, people, rules, sources
from muster.directory.intents import Intent
from muster.intake import person as intake
from muster.intake.inbound import Inbound, bindings
from muster.intake.person import PersonFacts
from muster.kit.contract import Connector
from muster.kit.faulty import Faults, with_faults
from muster.kit.memory import MemoryTarget, connect
from muster.model import (
    ACCOUNT,
    App,
    AppName,
    AttributeEquals,
    Condition,
    Copied,
    Desired,
    Everyone,
    Identity,
    Key,
    Limits,
    Link,
    LinkState,
    Mapped,
    Plan,
    Priority,
    RemoteObject,
    Removal,
    Rule,
    Source,
    SourceId,
    Tenant,
)
from muster.plan import same
from muster.policy import desired
from muster.sync import Engine, Reconciliation, Target, Targets, reconcile
from muster.work import Owned, Waiting

TENANT = Tenant("acme")
START = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
SETTLE = 5.0  # seconds; the clock of this world is moved past them at no cost
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
MAPPING: Mapping[str, Mapped] = {
    "userName": Copied(attribute="userName"),
    "displayName": Copied(attribute="displayName"),
    "title": Copied(attribute="title"),
}
_INTENTS = Statement("SELECT * FROM intents WHERE tenant = :tenant ORDER BY opened_at, id")


class Clock:
    """Stands still until it is moved; every look is a microsecond later, so that times tell the order."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time."""
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, seconds: float) -> None:
        """So much later it is."""
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One fake application: what it holds, and what goes wrong on the way to it."""

    target: MemoryTarget
    faults: Faults
    connector: Connector


@dataclass(slots=True, kw_only=True)
class World:
    """People, rules and applications, and the engine that makes the one follow from the others."""

    db: Database
    engine: Engine
    clock: Clock
    source: Source
    places: dict[AppName, Place] = field(default_factory=dict[AppName, Place])

    # -- applications

    async def add_app(
        self,
        name: str = "chat",
        *,
        target: MemoryTarget | None = None,
        when: Condition | None = None,
        removal: Removal = Removal.DISABLE,
        match_on: tuple[str, ...] = ("userName",),
        limits: Limits | None = None,
        mapping: Mapping[str, Mapped] = MAPPING,
    ) -> Place:
        """An application, granted to everybody unless a condition is given."""
        kept = target or MemoryTarget()
        faults = Faults()
        place = Place(target=kept, faults=faults, connector=with_faults(connect(kept), faults))
        app = App(
            tenant=TENANT,
            name=AppName(name),
            connector="memory",
            mapping=dict(mapping),
            match_on=match_on,
            removal=removal,
            limits=limits or Limits(settle_seconds=SETTLE),
        )
        self.places[app.name] = place
        rule = Rule(tenant=TENANT, name=f"{name}-rule", app=app.name, when=when or Everyone())

        async def commit(tx: Transaction) -> None:
            await apps.put(tx, app, {}, at=self.clock())
            await rules.put(tx, rule, at=self.clock())

        await self.db.write(commit)
        return place

    async def app(self, name: str = "chat") -> App:
        """The application as stored."""
        found = await self.db.read(lambda tx: apps.app(tx, TENANT, AppName(name)))
        assert found is not None
        return found

    async def reconfigure(self, app: App) -> None:
        """An operator stores the application anew."""
        await self.db.write(lambda tx: apps.put(tx, app, {}, at=self.clock()))

    async def grant(self, name: str, when: Condition | None) -> None:
        """The rule of an application says so now, or is no more; everybody is looked at again."""
        app = AppName(name)

        async def commit(tx: Transaction) -> None:
            if when is None:
                await rules.remove(tx, TENANT, f"{name}-rule")
            else:
                rule = Rule(tenant=TENANT, name=f"{name}-rule", app=app, when=when)
                await rules.put(tx, rule, at=self.clock())
            keys = [self.key(person, name) for person in await people.everybody(tx, TENANT)]
            await work.mark(tx, keys, priority=Priority.UPDATE, cause="rule", at=self.clock())

        await self.db.write(commit)

    # -- people

    async def hire(self, name: str, **facts: Any) -> Identity:  # noqa: ANN401 - attributes of a person
        """The source has a new person, or an old one again."""
        wanted = _facts(name, facts)

        async def commit(tx: Transaction) -> Identity:
            return await intake.arrive(tx, self._inbound(), await bindings(tx, TENANT), wanted)

        return await self.db.write(commit)

    async def change(self, person: Identity, **facts: Any) -> Identity:  # noqa: ANN401
        """The source says something new of a person; ``active=False`` is the end of their time."""
        now = await self.person(person)
        attributes = {**now.attributes, **facts}
        active = facts.get("active", now.stage.value == "active")
        wanted = _facts(facts.get("userName", now.user_name), attributes)
        wanted = replace(wanted, active=active, external_id=now.external_id)

        async def commit(tx: Transaction) -> Identity:
            return await intake.change(tx, self._inbound(), await bindings(tx, TENANT), now, wanted)

        return await self.db.write(commit)

    async def leave(self, person: Identity) -> Identity:
        """The person's time with the organisation is over."""
        return await self.change(person, active=False)

    async def person(self, person: Identity) -> Identity:
        """The person as stored."""
        found = await self.db.read(lambda tx: people.person(tx, TENANT, person.id))
        assert found is not None
        return found

    def _inbound(self) -> Inbound:
        return Inbound(
            source=self.source, actor="source:hr", cause="test", at=self.clock(), new_id=self.engine.new_id
        )

    # -- converging

    def key(self, person: Identity, app: str = "chat") -> Key:
        """A person's account in an application."""
        return Key(tenant=TENANT, app=AppName(app), kind=ACCOUNT, subject=person.id)

    async def mark(
        self,
        *keys: Key,
        priority: Priority = Priority.ON_DEMAND,
        approved_by: str | None = None,
    ) -> None:
        """The keys are due."""
        at = self.clock()
        await self.db.write(
            lambda tx: work.mark(tx, keys, priority=priority, cause="test", at=at, approved_by=approved_by)
        )

    async def own(self, owner: str = "tests") -> list[Owned]:
        """Every application is this process's."""
        at = self.clock()
        return await self.db.write(lambda tx: work.renew(tx, owner, place="test", at=at))

    async def converge(self) -> list[Reconciliation]:
        """One pass over every key that is due now."""
        done: list[Reconciliation] = []
        for owned in await self.own():
            at = self.clock()
            claims = await self.db.write(
                lambda tx, owned=owned, at=at: work.claim(tx, owned, at=at, room=1_000)
            )
            done += [await reconcile(self.engine, claim.key, claim) for claim in claims]
        return done

    async def drain(self, *, rounds: int = 60) -> None:
        """Converge, and let time pass as far as needed, until all that is left waits for a person."""
        for _ in range(rounds):
            await self.converge()
            due = [one.due for one in await self.waiting() if one.due is not None and one.state != "held"]
            if not due:
                return
            self.clock.now = max(self.clock.now, min(due))
        raise AssertionError(f"never calm: {await self.waiting()}")

    async def plan(self, person: Identity, app: str = "chat") -> Plan:
        """What a pass would do now."""
        return (await reconcile(self.engine, self.key(person, app))).plan

    # -- what came of it

    def accounts(self, app: str = "chat") -> list[RemoteObject]:
        """What the application holds, the oldest first."""
        return list(self.places[AppName(app)].target.accounts.values())

    def account(self, person: Identity, app: str = "chat") -> RemoteObject:
        """The one account that bears our id of the person."""
        (found,) = [each for each in self.accounts(app) if each.external_id == person.id]
        return found

    async def link(self, person: Identity, app: str = "chat") -> Link | None:
        """What Muster remembers."""
        return await self.db.read(lambda tx: links.link(tx, self.key(person, app)))

    async def open_intents(self, person: Identity, app: str = "chat") -> list[Intent]:
        """What was sent, or about to be, and has no known outcome."""
        return await self.db.read(lambda tx: intents.open_of(tx, self.key(person, app)))

    async def intents(self) -> list[Row]:
        """Every intent there ever was."""
        return await self.db.read(lambda tx: tx.all(_INTENTS, tenant=TENANT))

    async def waiting(self) -> Sequence[Waiting]:
        """Every key that is not converged."""
        return await self.db.read(lambda tx: work.waiting_for(tx, TENANT))

    async def records(self, action: str | None = None, person: Identity | None = None) -> list[Record]:
        """The audit log, the oldest first."""
        wanted = Search(
            tenant=TENANT, action=action, person=None if person is None else person.id, most=100_000
        )
        return await self.db.read(lambda tx: audit.search(tx, wanted))

    async def told(self, action: str = "account", person: Identity | None = None) -> list[tuple[str, str]]:
        """The audit log as pairs of what and how it went."""
        return [(record.action.value, record.result.value) for record in await self.records(action, person)]

    # -- what must hold once all is calm

    async def is_whole(self) -> None:
        """Every account is as it should be, one of each, and everything that was sent is accounted for."""
        assert [one for one in await self.waiting() if one.state not in {"held", "parked"}] == []
        for app in await self.db.read(lambda tx: apps.all_apps(tx, TENANT)):
            granting = await self.db.read(lambda tx, app=app: rules.of_app(tx, TENANT, app.name))
            for person in await self.db.read(lambda tx: people.everybody(tx, TENANT)):
                await self._is_right(person, app, desired(person, self.key(person, app.name), app, granting))
        await self._is_accounted_for()

    async def _is_right(self, person: Identity, app: App, wanted: Desired) -> None:
        link = await self.link(person, app.name)
        linked = link is not None and link.state in {LinkState.LINKED, LinkState.DISABLED}
        ours = {each.id: each for each in self.accounts(app.name) if each.external_id == person.id}
        if link is not None and linked:
            ours |= {each.id: each for each in self.accounts(app.name) if each.id == link.remote_id}
        if not wanted.wanted:
            assert [each for each in ours.values() if each.active is not False] == []
            return
        assert link is not None
        assert (link.state, list(ours)) == (LinkState.LINKED, [link.remote_id])
        (account,) = ours.values()
        held = {name: account.attributes.get(name) for name in wanted.attributes}
        assert account.active
        assert all(same(value, held[name], case_ignored=True) for name, value in wanted.attributes.items())

    async def _is_accounted_for(self) -> None:
        """Each write has its intent, which is closed, and its two records: before, and how it ended."""
        records = await self.records("account")
        for row in await self.intents():
            told = [record.result for record in records if record.operation == row["id"]]
            assert row["closed_at"] is not None
            assert told[0] is Result.INTENDED
            assert told[-1].value == row["state"]
            assert Result.INTENDED not in told[1:]


@asynccontextmanager
async def open_world(database_url: str) -> AsyncGenerator[World]:
    """A world with one source and nothing else."""
    db = await open_database(database_url, migrate=True)
    clock = Clock()
    places: dict[AppName, Place] = {}

    async def connected(app: App) -> Target:
        async def close() -> None:
            """A fake has nothing to close."""

        place = places[app.name]
        return Target(app=app, manifest=place.target.offered(), connector=place.connector, close=close)

    engine = Engine(db=db, targets=Targets(connected), clock=clock, new_id=new_id, chance=lambda: 0.5)
    source = Source(tenant=TENANT, id=SourceId(new_id()), name="hr", type="file")
    await db.write(lambda tx: sources.insert(tx, source, at=clock()))
    try:
        yield World(db=db, engine=engine, clock=clock, source=source, places=places)
    finally:
        await engine.targets.close()
        await db.close()


def in_department(name: str) -> Condition:
    """Holds for who works there."""
    return AttributeEquals(attribute=DEPARTMENT, value=name)


def _facts(name: str, attributes: Mapping[str, Any]) -> PersonFacts:
    kept = {key: value for key, value in attributes.items() if key not in {"active", "department"}}
    kept |= {"userName": name}
    if "department" in attributes:
        urn, _, last = DEPARTMENT.rpartition(":")
        kept[urn] = {last: attributes["department"]}
    return PersonFacts(
        user_name=name, external_id=f"hr-{attributes.get('number', name)}", active=True, attributes=kept
    )


def names(accounts: Iterable[RemoteObject]) -> list[object]:
    """The userNames, in order."""
    return sorted(str(account.attributes["userName"]) for account in accounts)
