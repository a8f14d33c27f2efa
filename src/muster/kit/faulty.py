"""A target that fails on cue: any connector, with one named fault at a time between it and its caller.

A fake for tests of what calls connectors: the connector underneath stays right, the application and the
network in between do not. A fault raises what a faithful connector would make of it: a lost answer to a write
is ``OutcomeUnknown``, to a read ``Unreachable``.

>>> import asyncio
>>> from muster.kit.memory import MemoryTarget, connect
>>> from muster.model import ACCOUNT
>>> target, faults = MemoryTarget(), Faults()
>>> connector = with_faults(connect(target), faults)
>>> faults.next("create", Fault.DROP_AFTER_COMMIT)
>>> new = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"})
>>> asyncio.run(connector.create(new, OperationId("o1")))
Traceback (most recent call last):
muster.model.errors.OutcomeUnknown: [MUSTER-TARGET-OUTCOME-UNKNOWN] ...
>>> len(target.accounts)
1
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar, assert_never, cast

from muster.kit.contract import (
    Connector,
    Cursor,
    Delta,
    Disables,
    HoldsMembers,
    Members,
    New,
    Page,
)
from muster.model import (
    AuthFailed,
    Changed,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    Kind,
    Misconfigured,
    OperationId,
    OutcomeUnknown,
    RateLimited,
    RemoteId,
    RemoteObject,
    TargetError,
    Unreachable,
)

Answer = TypeVar("Answer")

ANY: Final = "*"  # in a script: whatever the call
WRITES: Final = frozenset({"create", "update", "delete", "set_active", "change_members"})
AIMED: Final = frozenset(
    {"get", "update", "delete", "set_active", "members", "change_members"}
)  # at one object


class Fault(StrEnum):
    """What can go wrong with one call. Only where it says so has the call happened."""

    DOWN = "down"  # nobody listens
    DROP_BEFORE = "drop before"  # the connection breaks; it did not happen, but who knows
    DROP_AFTER_COMMIT = "drop after commit"  # it happened; the answer is lost
    AUTH = "auth"  # 401
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not found"  # 404: the object, or the whole service
    CONFLICT = "conflict"  # 409
    CHANGED = "changed"  # 412
    INVALID = "invalid"  # 400
    RATE_LIMITED = (
        "rate limited"  # 429 without a word on when; inject ``RateLimited(…, retry_after=…)`` for one
    )
    SERVER_ERROR = "server error"  # 500; it did not happen, but who knows
    GARBLED = "garbled"  # it happened; the answer is no answer
    WRONG_USER = "wrong user"  # it happened; the answer is about another object and the connector saw that
    WRONG_USER_UNSEEN = (
        "wrong user, unseen"  # it happened; the connector passes on another object as the answer
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """The call waits for the event, then goes on as ``then`` says."""

    until: asyncio.Event
    then: "Injection | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The call happens, then this is raised instead of its answer; also a way to crash there."""

    error: BaseException


Injection: TypeAlias = (
    Fault | Slow | After | BaseException
)  # an exception is raised and the call does not happen
Script: TypeAlias = Callable[[str], Injection | None]  # asked with the call's name; None lets it through


class Faults:
    """A script of faults, call by call; what was injected stands in ``injected``."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, deque[Injection | None]] = defaultdict(deque)
        self._standing: dict[str, Injection] = {}
        self.injected: list[tuple[str, Injection]] = []

    def next(self, call: str, *injections: Injection | None) -> None:
        """Make the next calls of this name (``ANY``: any) meet these, one each; None lets one through."""
        self._queues[call].extend(injections)

    def always(self, call: str, injection: Injection | None) -> None:
        """Make every call of this name meet this once its queue is empty; None ends that."""
        self._standing.pop(call, None)
        if injection is not None:
            self._standing[call] = injection

    @property
    def left(self) -> int:
        """How many injections still wait for their call."""
        return sum(len(queue) for queue in self._queues.values())

    def __call__(self, call: str) -> Injection | None:
        """Give what this call meets."""
        injection = self._take(call)
        if injection is not None:
            self.injected.append((call, injection))
        return injection

    def _take(self, call: str) -> Injection | None:
        for name in (call, ANY):
            if self._queues[name]:
                return self._queues[name].popleft()
        return self._standing.get(call, self._standing.get(ANY))


class FaultyCore:
    """The core of a connector, with a script of faults before it."""

    def __init__(self, inner: Connector, script: Script) -> None:
        self.inner = inner
        self.script = script

    async def probe(self) -> str:
        """Probe through the faults."""
        return await self._through("probe", self.inner.probe)

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Read through the faults."""
        return await self._through("read", lambda: self.inner.read(kind, after, limit))

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Get through the faults."""
        return await self._through("get", lambda: self.inner.get(kind, id), lambda _: self._other(kind, id))

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Find through the faults."""

        async def wrong(right: Sequence[RemoteObject]) -> Sequence[RemoteObject]:
            return [await self._other(kind, *(each.id for each in right))]

        return await self._through("find", lambda: self.inner.find(kind, attribute, value), wrong)

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Create through the faults."""
        return await self._through("create", lambda: self.inner.create(new, operation), self._another)

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Update through the faults."""
        return await self._through("update", lambda: self.inner.update(seen, delta, operation), self._another)

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Delete through the faults; an application that says "not found" is believed."""
        with suppress(Gone):
            await self._through("delete", lambda: self.inner.delete(seen, operation))

    async def _through(
        self,
        call: str,
        act: Callable[[], Awaitable[Answer]],
        wrong: Callable[[Answer], Awaitable[Answer]] | None = None,
    ) -> Answer:
        injection = self.script(call)
        while isinstance(injection, Slow):
            await injection.until.wait()
            injection = injection.then
        match injection:
            case None:
                return await act()
            case Fault.WRONG_USER_UNSEEN:
                answer = await act()
                return answer if wrong is None else await wrong(answer)
            case After():
                await _lost(act)
                raise injection.error
            case Fault():
                if call in WRITES and injection in _HAPPENS:
                    await _lost(act)
                raise _error(injection, call)
            case BaseException():
                raise injection
            case _:
                assert_never(injection)

    async def _another(self, right: RemoteObject) -> RemoteObject:
        return await self._other(right.kind, right.id)

    async def _other(self, kind: Kind, *right: RemoteId) -> RemoteObject:
        page = await self.inner.read(kind, None, len(right) + 1)
        for each in page.items:
            if each.id not in right:
                return each
        return RemoteObject(kind=kind, id=RemoteId("somebody-else"), external_id="somebody-else")


class FaultyDisabling(FaultyCore):
    """Power ``disable``, with the script before it."""

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Switch through the faults."""
        inner = cast("Disables", self.inner)
        return await self._through(
            "set_active", lambda: inner.set_active(seen, active, operation), self._another
        )


class FaultyMembers(FaultyCore):
    """Power ``members``, with the script before it."""

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Give members through the faults."""
        inner = cast("HoldsMembers", self.inner)
        return await self._through("members", lambda: inner.members(group, after))

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Change members through the faults."""
        inner = cast("HoldsMembers", self.inner)
        await self._through("change_members", lambda: inner.change_members(group, members, operation))


class FaultyTarget(FaultyDisabling, FaultyMembers):
    """A connector with every power and a script of faults before it."""


def with_faults(inner: Connector, script: Script) -> Connector:
    """Give the connector with a script of faults before it, and with exactly the powers it has."""
    match isinstance(inner, Disables), isinstance(inner, HoldsMembers):
        case True, True:
            return FaultyTarget(inner, script)
        case True, False:
            return FaultyDisabling(inner, script)
        case False, True:
            return FaultyMembers(inner, script)
        case _:
            return FaultyCore(inner, script)


_HAPPENS: Final = frozenset({Fault.DROP_AFTER_COMMIT, Fault.GARBLED, Fault.WRONG_USER})


async def _lost(act: Callable[[], Awaitable[object]]) -> None:
    """Let the call happen and lose its answer, a refusal included."""
    with suppress(TargetError):
        await act()


def _error(fault: Fault, call: str) -> TargetError:
    """Give what a faithful connector raises when this call meets this fault."""
    on_write, on_read, status, why = _MEANING[fault]
    if fault is Fault.NOT_FOUND and call not in AIMED:
        on_write = on_read = Misconfigured
    return (on_write if call in WRITES else on_read)(f"{why} (injected)", status=status)


_Meaning: TypeAlias = tuple[type[TargetError], type[TargetError], int | None, str]  # on a write, on a read
_MEANING: Final[Mapping[Fault, _Meaning]] = {
    Fault.DOWN: (Unreachable, Unreachable, None, "the connection was refused"),
    Fault.DROP_BEFORE: (OutcomeUnknown, Unreachable, None, "the connection broke before an answer came"),
    Fault.DROP_AFTER_COMMIT: (
        OutcomeUnknown,
        Unreachable,
        None,
        "the connection broke before an answer came",
    ),
    Fault.AUTH: (AuthFailed, AuthFailed, 401, "the credential is not accepted"),
    Fault.FORBIDDEN: (Forbidden, Forbidden, 403, "the credential lacks a right"),
    Fault.NOT_FOUND: (Gone, Gone, 404, "there is nothing there"),
    Fault.CONFLICT: (Conflict, Conflict, 409, "a unique value is taken"),
    Fault.CHANGED: (Changed, Changed, 412, "the version is not the one given"),
    Fault.INVALID: (Invalid, Invalid, 400, "the data is not accepted"),
    Fault.RATE_LIMITED: (RateLimited, RateLimited, 429, "too many calls"),
    Fault.SERVER_ERROR: (OutcomeUnknown, Unreachable, 500, "the application failed inside"),
    Fault.GARBLED: (OutcomeUnknown, Garbled, 200, "the answer cannot be read"),
    Fault.WRONG_USER: (OutcomeUnknown, Garbled, 200, "the answer is about another object"),
}
