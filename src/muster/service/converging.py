"""Sync, provision, plan: mark keys and see them through, or only say what it would take."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from muster import audit, work
from muster.audit import Result, Search
from muster.db import Transaction
from muster.model import ACCOUNT, App, Identity, Key, Plan, Priority, TargetError, Verb
from muster.service import finding
from muster.service.configuring import keys_of_app
from muster.service.desk import Actor, Desk
from muster.sync import Worker, reconcile
from muster.work import Waiting

_LOOK_SECONDS: Final = 0.05
_DRY_RUNS: Final = 16  # at a time, for one plan
_CALM_SECONDS: Final = 20.0  # nothing moved for so long: what is left waits for time or for a person

Progress = Callable[[int, int], None]  # converged so far, of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the keys that were to be converged."""

    keys: int
    did: Mapping[str, int] = field(default_factory=dict[str, int])  # verb → how many were done
    left: tuple[Waiting, ...] = ()  # not converged: in retry, held, parked, or not reached in time
    seconds: float = 0.0

    @property
    def held(self) -> tuple[Waiting, ...]:
        """What the guard holds."""
        return tuple(one for one in self.left if one.state == "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one pass would do, or why that cannot be said."""

    person: Identity | None
    plan: Plan
    because: tuple[str, ...] = ()
    error: TargetError | None = None


async def sync(
    desk: Desk,
    actor: Actor,
    *,
    app: str | None = None,
    approve_removals: bool = False,
    patience: float = 300.0,
    progress: Progress | None = None,
) -> Outcome:
    """Every account of an app, or of all apps, is looked at and made as it should be.

    Args:
        desk: the open Muster.
        actor: who asks.
        app: one app, or all.
        approve_removals: the actor answers for what the guard would hold, this one time.
        patience: seconds after which to stop waiting; the work itself goes on wherever a worker runs.
        progress: told how far it is.
    """
    chosen = await _apps(desk, app)
    keys = set[Key]()
    for one in chosen:
        keys |= await keys_of_app(desk, one)
        keys |= {waiting.key for waiting in await desk.db.read(_waiting(desk, one))}
    cause = f"sync of {app or 'all apps'} by {actor.name}"
    return await mark_and_see_through(
        desk,
        keys,
        priority=Priority.IMPORT,
        cause=cause,
        approved_by=actor.name if approve_removals else None,
        patience=patience,
        progress=progress,
    )


async def provision(
    desk: Desk, actor: Actor, who: str, *, app: str | None = None, patience: float = 60.0
) -> Outcome:
    """One person's accounts, in one app or in all, are made as they should be, now."""
    person = await finding.person(desk, who)
    keys = [_key(person, one) for one in await _apps(desk, app)]
    cause = f"provision of {person.user_name} by {actor.name}"
    return await mark_and_see_through(desk, keys, priority=Priority.ON_DEMAND, cause=cause, patience=patience)


async def plan(desk: Desk, *, app: str | None = None, who: str | None = None) -> list[Preview]:
    """What a sync would do now: looks at the applications, changes nothing. Converged keys are left out."""
    people = [await finding.person(desk, who)] if who is not None else await finding.everybody(desk)
    by_id = {person.id: person for person in people}
    keys: set[Key] = set()
    for one in await _apps(desk, app):
        keys |= {key for key in await keys_of_app(desk, one) if key.subject in by_id}
    turn = asyncio.Semaphore(_DRY_RUNS)

    async def preview(key: Key) -> Preview:
        async with turn:
            try:
                seen = await reconcile(desk.engine, key)
            except TargetError as error:
                return Preview(person=by_id.get(key.subject), plan=Plan(key=key), error=error)
            return Preview(person=by_id.get(key.subject), plan=seen.plan, because=seen.because)

    previews = await asyncio.gather(*(preview(key) for key in sorted(keys)))
    return [one for one in previews if one.plan.operations or one.error is not None]


async def mark_and_see_through(
    desk: Desk,
    keys: Iterable[Key],
    *,
    priority: Priority,
    cause: str,
    approved_by: str | None = None,
    patience: float,
    progress: Progress | None = None,
) -> Outcome:
    """The keys are due; returns when they are converged, or when what is left waits for something else."""
    wanted = frozenset(keys)
    at = desk.clock()

    async def mark(tx: Transaction) -> None:
        await work.mark(tx, wanted, priority=priority, cause=cause, at=at, approved_by=approved_by)

    await desk.db.write(mark)
    left = await see_through(desk, wanted, patience=patience, progress=progress)
    did = await _did(desk, wanted, cause, since=at)
    return Outcome(keys=len(wanted), did=did, left=tuple(left), seconds=(desk.clock() - at).total_seconds())


async def see_through(
    desk: Desk, keys: frozenset[Key], *, patience: float, progress: Progress | None = None
) -> Sequence[Waiting]:
    """Wait until the keys are converged, working on them here when no other process does.

    Gives what is left.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    moved = loop.time()
    before: object = None
    async with AsyncExitStack() as stack:
        working = False
        while True:
            asked = loop.time()
            left = [one for one in await desk.db.read(_waiting(desk, None)) if one.key in keys]
            if progress is not None:
                progress(len(keys) - len(left), len(keys))
            now = loop.time()
            state = [(one.key, one.state, one.attempts, one.in_hand) for one in left]
            if state != before:
                before, moved = state, now
            if not any(_moves(one) for one in left) or now > until or now - moved > _CALM_SECONDS:
                return left
            if not working and await desk.db.read(lambda tx: work.alive(tx, at=desk.clock())) == 0:
                await stack.enter_async_context(Worker(desk.engine))
                working = True
            # Looking must not cost more than a tenth of what it looks at.
            await asyncio.sleep(max(_LOOK_SECONDS, 10 * (loop.time() - asked)))


def _moves(waiting: Waiting) -> bool:
    """Whether something is likely to happen to it soon by itself."""
    return waiting.in_hand or waiting.state in {"due", "retry"}


def _waiting(desk: Desk, app: App | None) -> Callable[[Transaction], Awaitable[Sequence[Waiting]]]:
    async def read(tx: Transaction) -> Sequence[Waiting]:
        return await work.waiting_for(tx, desk.tenant, app=None if app is None else app.name)

    return read


async def _did(desk: Desk, keys: frozenset[Key], cause: str, *, since: datetime) -> Mapping[str, int]:
    """How many operations of each verb this cause led to; an earlier run may have had the same cause."""
    people = {key.subject for key in keys}
    wanted = Search(tenant=desk.tenant, action="account", since=since, most=10 * len(keys) + 1_000)
    records = await desk.db.read(lambda tx: audit.search(tx, wanted))
    verbs = {verb.value for verb in Verb}
    counted = Counter(
        record.action.value.partition(":")[2]
        for record in records
        if record.cause == cause and record.result is Result.DONE and record.person in people
    )
    return {verb: count for verb, count in counted.items() if verb in verbs}


async def _apps(desk: Desk, name: str | None) -> list[App]:
    return await finding.all_apps(desk) if name is None else [await finding.app(desk, name)]


def _key(person: Identity, app: App) -> Key:
    return Key(tenant=person.tenant, app=app.name, kind=ACCOUNT, subject=person.id)
