"""Connectors that mix calls up, or do more than they were asked for."""

import asyncio

from muster.kit.contract import Cursor, Delta, New, Page
from muster.kit.memory import MemoryTarget
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import Kind, OperationId, RemoteId, RemoteObject


class MixesCreations(Mutant):
    """Keeps the object to create where the next call finds it."""

    breaks = "calls_side_by_side_do_not_mix"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._new: New | None = None

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Keep it over a pause."""
        self._new = new
        await asyncio.sleep(0)
        return await super().create(self._new, operation)


class MixesUpdates(Mutant):
    """Keeps the changes to make where the next call finds them."""

    breaks = "updates_side_by_side_do_not_mix"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._delta = Delta(set={})

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Keep them over a pause."""
        self._delta = delta
        await asyncio.sleep(0)
        return await super().update(seen, self._delta, operation)


class HasOneReader(Mutant):
    """Keeps the place of a read in itself, so that there can be only one."""

    breaks = "two_readers_do_not_disturb_each_other"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._place: Cursor | None = None

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Go on from its own place."""
        if after is None:
            self._place = None
        await asyncio.sleep(0)
        page = await super().read(kind, self._place, limit)
        self._place = page.next
        return page


class TouchesWhatItLooksAt(Mutant):
    """Makes a new version by looking."""

    breaks = "searching_for_one_leaves_the_rest"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Write a note of the look."""
        seen = await super().get(kind, id)
        return self.target.change(seen, {"level": self.target.calls["get"]}) if kind == "account" else seen


MUTANTS: tuple[type[Mutating], ...] = (MixesCreations, MixesUpdates, HasOneReader, TouchesWhatItLooksAt)
