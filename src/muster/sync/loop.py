"""The worker: owns apps, claims their dirty keys, and lets ``reconcile`` converge them.

All apps side by side.

Woken at once by a change; once a second it looks by itself, for a wake-up is only a hint. A slow or broken
application fills only its own slots. Leavers have slots of their own in every application.
"""

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import structlog

from muster import work
from muster.db import Transaction
from muster.directory import apps
from muster.model import App, AppName, Broken, Fenced, Health, MusterError, Priority, RateLimited, Tenant
from muster.sync.engine import Engine
from muster.sync.failures import backoff
from muster.sync.reconciling import reconcile
from muster.work import Claim, Held, Owned, Retry
from muster.work.ownership import LEASE, RENEW_EVERY

_POLL_SECONDS: Final = 1.0
_LEAVER_SLOTS: Final = 4
_FIRST_WAIT: Final = timedelta(seconds=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_log: Final = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Running:
    """One owned app while we own it."""

    owned: Owned
    app: App
    slots: asyncio.Semaphore
    leaver_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LEAVER_SLOTS))
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    paused_until: datetime | None = None  # the application asked for fewer calls


class Worker:
    """Drains the dirty set of every app this process owns.

    ``async with Worker(engine):`` starts and stops it.

    Args:
        engine: what a pass needs.
        lease: how long an app stays ours without a renewal; no call of ours outlives it.
        renew_every: how often it is renewed.
    """

    def __init__(
        self, engine: Engine, *, lease: timedelta = LEASE, renew_every: timedelta = RENEW_EVERY
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._renew_seconds = renew_every.total_seconds()
        self._id = engine.new_id()
        self._place = f"{socket.gethostname()}:{os.getpid()}"
        self._running: dict[tuple[Tenant, AppName], _Running] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._renewed = 0.0
        self._unrecorded: list[tuple[Claim, Retry]] = []  # passes whose end could not be written down yet
        self._tasks: set[asyncio.Task[None]] = set()  # every pass, also one over an app we lost meanwhile
        self._ours_until = 0.0  # by the clock of the event loop
        self._lapse: asyncio.TimerHandle | None = None
        self._loop_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._unsubscribe = self._engine.db.on_announcement(self._woken.set)
        self._loop_task = asyncio.create_task(self._run(), name="muster-worker")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish the passes in hand, then give every app back."""
        self._stopping = True
        self._woken.set()
        if self._loop_task is not None:
            await self._loop_task
        self._unsubscribe()

    async def failed(self) -> None:
        """Return only if the loop itself ends; raises what ended it."""
        if self._loop_task is not None:
            await asyncio.shield(self._loop_task)

    async def _run(self) -> None:
        try:
            while not self._stopping:
                self._woken.clear()
                try:
                    await self._turn()
                except MusterError as error:  # the database is away for a while: say so and try again
                    _log.warning("work cannot be claimed", problem=str(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), timeout=self._poll_seconds)
        finally:
            await self._leave()

    async def _turn(self) -> None:
        since = asyncio.get_running_loop().time() - self._renewed
        if since >= self._renew_seconds or not self._running:
            await self._renew()
        for running in tuple(self._running.values()):
            await self._fill(running)

    @property
    def _poll_seconds(self) -> float:
        return min(_POLL_SECONDS, self._renew_seconds)

    def _in_time(self) -> bool:
        """Whether our leases hold for certain, without asking the database."""
        return asyncio.get_running_loop().time() < self._ours_until

    def _hold_until(self, when: float) -> None:
        self._ours_until = when
        if self._lapse is not None:
            self._lapse.cancel()
        self._lapse = asyncio.get_running_loop().call_at(when, self._lapsed)

    def _lapsed(self) -> None:
        """From now on another process may own our apps: what we have under way must not go on beside it."""
        if self._tasks:
            _log.warning("the leases could not be renewed in time; passes break off", passes=len(self._tasks))
        for task in self._tasks:
            task.cancel()

    async def _renew(self) -> None:
        began = asyncio.get_running_loop().time()
        at = self._engine.clock()
        busy = frozenset(running.app.name for running in self._running.values() if running.tasks)
        unrecorded = tuple(self._unrecorded)

        async def commit(tx: Transaction) -> tuple[list[Owned], list[App]]:
            await _release(tx, unrecorded, at)
            owned = await work.renew(tx, self._id, place=self._place, at=at, busy=busy, lease=self._lease)
            tenants = {one.tenant for one in owned}
            return owned, [app for tenant in sorted(tenants) for app in await apps.all_apps(tx, tenant)]

        owned, configured = await self._engine.db.write(commit)
        del self._unrecorded[: len(unrecorded)]
        self._renewed = began
        self._hold_until(began + self._lease.total_seconds())
        by_name = {(app.tenant, app.name): app for app in configured}
        kept: dict[tuple[Tenant, AppName], _Running] = {}
        for one in owned:
            place = (one.tenant, one.app)
            if (app := by_name.get(place)) is None:
                app = App(tenant=one.tenant, name=one.app, connector="")
            running = self._running.get(place)
            if running is not None and running.owned == one:
                if running.app.limits.concurrency != app.limits.concurrency:
                    running.slots = asyncio.Semaphore(app.limits.concurrency)
                running.app = app
                kept[place] = running
            else:
                kept[place] = _Running(owned=one, app=app, slots=asyncio.Semaphore(app.limits.concurrency))
        self._running = kept

    async def _fill(self, running: _Running) -> None:
        """Claim what the app has room for, and as much again so that no slot waits for the next claim."""
        at = self._engine.clock()
        if running.paused_until is not None and running.paused_until > at:
            return
        running.paused_until = None
        room, leavers = self._room(running, at)
        if leavers <= 0:
            return

        async def commit(tx: Transaction) -> list[Claim]:
            claims = await work.claim(tx, running.owned, at=at, room=room) if room > 0 else []
            spare = leavers - len(claims)
            if spare > 0 and room < leavers:
                claims += await work.claim(tx, running.owned, at=at, room=spare, least_urgent=Priority.LEAVER)
            return claims

        try:
            claims = await self._engine.db.write(commit)
        except Fenced:
            self._renewed = 0.0
            return
        for claim in claims:
            task = asyncio.create_task(self._in_turn(running, claim))
            for known in (running.tasks, self._tasks):
                known.add(task)
                task.add_done_callback(known.discard)
            task.add_done_callback(lambda _: self._woken.set())

    def _room(self, running: _Running, at: datetime) -> tuple[int, int]:
        """How many keys may be claimed, for everybody and for leavers."""
        app = running.app
        if app.health is Health.QUARANTINED:
            probing = app.retry_at is None or app.retry_at <= at
            room = 1 - len(running.tasks) if probing else 0
            return room, room
        room = 2 * app.limits.concurrency - len(running.tasks)
        enough = (app.limits.concurrency + 1) // 2  # claims are worth a commit by the handful
        return room if room >= enough else 0, room + _LEAVER_SLOTS

    async def _in_turn(self, running: _Running, claim: Claim) -> None:
        """Wait for a slot of the app; a leaver who finds none takes one that is kept for leavers."""
        urgent = claim.priority is Priority.LEAVER and running.slots.locked()
        try:
            async with running.leaver_slots if urgent else running.slots:
                if (due := _not_before(running, self._engine.clock())) is None:
                    await self._pass(running, claim)
                else:  # the application broke, or asked for fewer calls, since this key was claimed
                    waits = Retry(due=due, reason="waits for the application", counts=False)
                    self._unrecorded.append((claim, waits))
        except asyncio.CancelledError:
            self._unrecorded.append((claim, Retry(due=self._engine.clock(), reason="", counts=False)))
            raise

    async def _pass(self, running: _Running, claim: Claim) -> None:
        try:
            done = await reconcile(self._engine, claim.key, claim, in_time=self._in_time)
        except Fenced as error:
            _log.warning("another process took the app over", app=claim.key.app, problem=str(error))
            self._renewed = 0.0
            return
        except MusterError as error:
            _log.warning(
                "a pass was not recorded", app=claim.key.app, person=claim.key.subject, problem=str(error)
            )
            self._to_release(claim, str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the key must not stay claimed
            _log.exception("a pass broke off", app=claim.key.app, person=claim.key.subject)
            self._to_release(
                claim,
                f"[MUSTER-INTERNAL] The pass broke off: {type(error).__name__}. Next: report this "
                "with the log",
            )
            return
        if isinstance(done.finish, Retry | Held):
            self._wake_at(done.finish.due)
        if isinstance(done.error, Broken):
            self._renewed = 0.0  # read the app's health anew before anything more is claimed
            running.app = _stopped(running.app)
        elif running.app.health is Health.QUARANTINED and done.error is None:
            self._renewed = 0.0
        if isinstance(done.error, RateLimited) and isinstance(done.finish, Retry):
            running.paused_until = done.finish.due
        _log.info(
            "pass over a key",
            app=claim.key.app,
            person=claim.key.subject,
            did=[operation.verb.value for operation in done.applied],
            finish=type(done.finish).__name__,
            problem=None if done.error is None else done.error.code,
        )

    def _to_release(self, claim: Claim, reason: str) -> None:
        wait = backoff(claim.attempts, _FIRST_WAIT, self._engine.chance())
        self._unrecorded.append((claim, Retry(due=self._engine.clock() + wait, reason=reason)))

    def _wake_at(self, due: datetime) -> None:
        delay = (due - self._engine.clock()).total_seconds()
        if delay < _POLL_SECONDS:
            asyncio.get_running_loop().call_later(max(delay, 0.0), self._woken.set)

    async def _leave(self) -> None:
        while True:
            with contextlib.suppress(MusterError):
                await self._renew()  # also writes down what is still unrecorded
            if not self._tasks:
                break
            await asyncio.wait(self._tasks, timeout=self._renew_seconds)
        if self._lapse is not None:
            self._lapse.cancel()
        owned = [running.owned for running in self._running.values()]
        with contextlib.suppress(MusterError):  # leases end by themselves
            await self._engine.db.write(lambda tx: work.resign(tx, self._id, owned))


async def _release(tx: Transaction, unrecorded: tuple[tuple[Claim, Retry], ...], at: datetime) -> None:
    """Let go of keys whose pass could not be recorded; those another process took over are its own."""
    for claim, retry in unrecorded:
        with contextlib.suppress(Fenced):
            await work.finish(tx, claim, retry, at=at)


def _not_before(running: _Running, at: datetime) -> datetime | None:
    """When a key claimed earlier may be worked on, if not now."""
    if running.paused_until is not None and running.paused_until > at:
        return running.paused_until
    return at if running.app.retry_at == _NEVER else None


def _stopped(app: App) -> App:
    """The app as it is until its health is read anew: nothing is claimed for it."""
    return replace(app, health=Health.QUARANTINED, retry_at=_NEVER)
