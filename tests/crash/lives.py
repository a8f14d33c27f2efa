"""What a process does until it is killed: take in changes, work on accounts, and die where it is told to."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, TypeVar

from crash.scene import DEPARTMENT, DEPARTMENTS, LEASE, RENEW_EVERY, SOURCE, Scene
from muster import work
from muster.db import Database, Transaction
from muster.directory import people, sources
from muster.intake import person as intake
from muster.intake.inbound import Inbound, bindings
from muster.intake.person import PersonFacts
from muster.model import Identity, MusterError, Source, Stage
from muster.service.converging import plan
from muster.service.desk import Desk
from muster.sync import Worker

Result = TypeVar("Result")
PEOPLE: Final = 40
ENGINE_POINTS: Final = (
    "after-intent",
    "after-call",
    "after-read-back",
    "after-record",
    "after-link",
    "after-resolve",
    "work:before-commit",
    "work:after-commit",
)
INTAKE_POINTS: Final = ("intake:before-commit", "intake:after-commit")
# Stopped in the middle of a transaction a process would keep the others out by the database's own locks.
PAUSE_POINTS: Final = tuple(point for point in ENGINE_POINTS if not point.endswith("before-commit"))


@dataclass(slots=True, kw_only=True)
class Trap:
    """Sends this process a signal at the n-th arrival at a point."""

    point: str = ""
    arrival: int = 1
    sends: signal.Signals = signal.SIGKILL
    seen: Counter[str] = field(default_factory=Counter[str])

    def reached(self, point: str) -> None:
        """The process is at this point."""
        self.seen[point] += 1
        if point == self.point and self.seen[point] == self.arrival:
            os.kill(os.getpid(), self.sends)


class TrappedDatabase:
    """The database, with a point before and after the commit of each transaction."""

    def __init__(self, inner: Database, trap: Trap, name: str) -> None:
        self.dialect = inner.dialect
        self._inner = inner
        self._trap = trap
        self._name = name

    async def read(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Read."""
        return await self._inner.read(work)

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Write, and tell both points."""

        async def watched(tx: Transaction) -> Result:
            result = await work(tx)
            self._trap.reached(f"{self._name}:before-commit")
            return result

        result = await self._inner.write(watched)
        self._trap.reached(f"{self._name}:after-commit")
        return result

    def on_announcement(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Listen."""
        return self._inner.on_announcement(callback)

    async def close(self) -> None:
        """Leave it to the owner."""


async def work_until_killed(scene: Scene, trap: Trap, seed: int, *, brings_changes: bool) -> None:
    """Work on accounts, and bring changes if asked to, for ever."""
    async with scene.desk(trap.reached) as desk:
        engine = replace(desk.engine, db=TrappedDatabase(desk.db, trap, "work"))
        async with Worker(engine, lease=LEASE, renew_every=RENEW_EVERY) as worker:
            if brings_changes:
                await _bring_changes(scene, desk, trap, Random(seed))  # noqa: S311 - repeatable, not secret
            await worker.failed()


async def drain(scene: Scene) -> int:
    """Work until nothing waits; the number of operations a plan would still hold."""
    async with scene.desk() as desk:
        async with Worker(desk.engine, lease=LEASE, renew_every=RENEW_EVERY):
            async with asyncio.timeout(60):
                while await desk.db.read(lambda tx: work.waiting_for(tx, desk.tenant)):  # noqa: ASYNC110 - the work of others
                    await asyncio.sleep(0.02)
        return len(await plan(desk))


async def _bring_changes(scene: Scene, desk: Desk, trap: Trap, random: Random) -> None:
    db = TrappedDatabase(desk.db, trap, "intake")
    source = await desk.db.read(lambda tx: sources.by_name(tx, desk.tenant, SOURCE))
    if source is None:
        raise LookupError(SOURCE)
    with scene.acknowledged.open("a", buffering=1) as acknowledged:
        while True:
            change = _Change.any(random)
            try:
                now = await db.write(lambda tx, change=change: change.carry_out(tx, desk, source))
            except MusterError:  # such as a lock that another process held too long: not taken in
                continue
            acknowledged.write(f"{now.id} {now.version}\n")
            await asyncio.sleep(random.random() * 0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Something the source says of one person, chosen before its transaction begins."""

    number: int
    suffix: str
    department: str
    title: str
    active: bool

    @classmethod
    def any(cls, random: Random) -> "_Change":
        """Any change of any person; people are here more often than not."""
        return cls(
            number=random.randrange(PEOPLE),
            suffix=random.choice(["", "", ".x"]),
            department=random.choice(DEPARTMENTS),
            title=random.choice(["Head", "Agent", "Intern"]),
            active=random.random() < 0.7,
        )

    async def carry_out(self, tx: Transaction, desk: Desk, source: Source) -> Identity:
        """The person is as the source says."""
        inbound = Inbound(
            source=source, actor="source:hr", cause="crash test", at=desk.clock(), new_id=desk.new_id
        )
        bound = await bindings(tx, desk.tenant)
        facts = self._facts()
        known = await people.by_external_id(tx, desk.tenant, source.id, f"hr-{self.number}")
        if not known:
            return await intake.arrive(tx, inbound, bound, replace(facts, active=True))
        locked = await people.person(tx, desk.tenant, known[0].id, lock=True)
        if locked is None:
            raise LookupError(known[0].id)
        if locked.stage is Stage.LEFT and not facts.active:
            facts = replace(facts, active=True)
        return await intake.change(tx, inbound, bound, locked, facts)

    def _facts(self) -> PersonFacts:
        urn, _, name = DEPARTMENT.rpartition(":")
        user_name = f"p{self.number:02}{self.suffix}"
        return PersonFacts(
            user_name=user_name,
            external_id=f"hr-{self.number}",
            active=self.active,
            attributes={"userName": user_name, "title": self.title, urn: {name: self.department}},
        )
