"""A series of deaths: processes are forked, killed at named points or anywhere, paused and woken."""

import asyncio
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from crash.invariants import broken
from crash.lives import ENGINE_POINTS, INTAKE_POINTS, PAUSE_POINTS, Trap, drain, work_until_killed
from crash.scene import LEASE, Scene

LONGEST_LIFE: Final = 2.0  # seconds until a process that came to no trap is killed where it is
CHECK_EVERY: Final = 25  # deaths
ANYWHERE: Final = "anywhere"
PAUSED: Final = "paused past its lease"
BESIDE: Final = "beside another process"
_FAILED: Final = 3  # the exit code of a process that ended by an error of its own


class Unexpected(Exception):
    """A process did what none of them may do."""


@dataclass(slots=True)
class Series:
    """Kills processes at work on one scene, and looks at what is left."""

    scene: Scene
    random: Random
    pauses: bool = False  # also stop processes past their lease, which nothing but the application can undo
    deaths: Counter[str] = field(default_factory=Counter[str])

    def run(self, kills: int) -> list[str]:
        """Kill so many processes; every invariant that did not hold at one of the looks."""
        while (done := self.deaths.total()) < kills:
            for _ in range(min(CHECK_EVERY, kills - done)):
                self._one_death()
            if found := self._look():
                return [f"after {self.deaths.total()} deaths: {each}" for each in found]
        return []

    def _one_death(self) -> None:
        draw = self.random.random()
        if draw < 0.08 and self.pauses:
            self._pause_and_wake()
        elif draw < 0.2:
            self._die_beside_another()
        elif draw < 0.4:
            self._live(Trap(), seconds=self.random.uniform(0.0, 0.8))
            self.deaths[ANYWHERE] += 1
        else:
            point = self.random.choice([*ENGINE_POINTS, *INTAKE_POINTS])
            self._live(Trap(point=point, arrival=self.random.choice([1, 1, 1, 2, 3, 5, 8])))
            self.deaths[point] += 1

    def _live(self, trap: Trap, seconds: float = LONGEST_LIFE) -> None:
        """One process from its start to its death."""
        self._end(self._start(trap), seconds)

    def _die_beside_another(self) -> None:
        """Another process is at work when one dies, and takes over."""
        other = self._start(Trap(), brings_changes=self.random.random() < 0.5)
        time.sleep(self.random.uniform(0.0, 0.2))
        self._live(Trap(point=self.random.choice(ENGINE_POINTS)))
        self.deaths[BESIDE] += 1
        self._end(other, self.random.uniform(0.0, 2 * LEASE.total_seconds()))
        self.deaths[ANYWHERE] += 1

    def _pause_and_wake(self) -> None:
        """A process stops for longer than its lease; it wakes beside its successor, and both die."""
        point = self.random.choice(PAUSE_POINTS)
        paused = self._start(Trap(point=point, sends=signal.SIGSTOP))
        if self._stops(paused):
            successor = self._start(Trap())
            time.sleep(3 * LEASE.total_seconds())
            os.kill(paused, signal.SIGCONT)
            time.sleep(self.random.uniform(0.0, LEASE.total_seconds()))
            self._end(successor, 0)
            self.deaths[ANYWHERE] += 1
        self._end(paused, 0)
        self.deaths[PAUSED] += 1

    def _start(self, trap: Trap, *, brings_changes: bool = True) -> int:
        seed = self.random.getrandbits(32)
        return _fork(work_until_killed(self.scene, trap, seed, brings_changes=brings_changes))

    def _stops(self, child: int) -> bool:
        """Whether it comes to its trap and stops there, in time."""
        give_up = time.monotonic() + LONGEST_LIFE
        while time.monotonic() < give_up:
            pid, status = os.waitpid(child, os.WUNTRACED | os.WNOHANG)
            if pid and os.WIFSTOPPED(status):
                return True
            if pid:
                raise Unexpected(f"a process ended with status {status} instead of being stopped")
            time.sleep(0.002)
        return False

    def _end(self, child: int, seconds: float) -> None:
        """The process is dead after so long at most, by its own hand or ours."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                _expect_killed(status)
                return
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        _expect_killed(os.waitpid(child, 0)[1])

    def _look(self) -> list[str]:
        """Drain with one last process that may live, then look at everything."""
        _, status = os.waitpid(_fork(_drain_and_plan(self.scene)), 0)
        if os.waitstatus_to_exitcode(status) != 0:
            return [
                "the world did not come to rest; the error stands above",
                *asyncio.run(broken(self.scene)),
            ]
        return asyncio.run(broken(self.scene))


def _expect_killed(status: int) -> None:
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        raise Unexpected(f"a process ended with status {status} before anybody killed it")


async def _drain_and_plan(scene: Scene) -> None:
    if left := await drain(scene):
        raise Unexpected(f"a plan of the converged world still holds {left} operations")


def _fork(life: Coroutine[Any, Any, None]) -> int:
    """A process that lives this life and never comes back here."""
    sys.stderr.flush()
    child = os.fork()
    if child:
        life.close()
        return child
    try:
        asyncio.run(life)
    except BaseException:  # noqa: BLE001 - whatever it was, this process must not run on as its parent
        traceback.print_exc()
        os._exit(_FAILED)
    os._exit(0)
