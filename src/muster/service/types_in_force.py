"""What users and groups may hold now, compiled once and kept for every request of this process.

Whoever changes a schema, in whatever process, announces it: the next request here looks at the version, which
is one number, and compiles only when it moved. Should an announcement be lost, it is looked at anyway after a
second. A change that was checked against older types is not stored (``scim_exchange.written``).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from muster.db import Transaction
from muster.directory import schemas
from muster.service.desk import Desk
from muster.service.schemas import types_of
from muster.service.scim_types import STANDARD, Types

_LONGEST: Final = 1.0  # seconds without looking
_SHORTEST: Final = 0.02  # announcements come with every change; looking at each would cost as much as a read


class TypesInForce:
    """The types of a desk; one for each process. ``seconds`` is a steady clock."""

    def __init__(self, desk: Desk, *, seconds: Callable[[], float]) -> None:
        self._desk = desk
        self._seconds = seconds
        self._types = STANDARD
        self._looked = 0.0
        self._look_at = 0.0
        self._moved = False  # since we began to look
        self._looking = asyncio.Lock()
        desk.db.on_announcement(self._announced)

    async def now(self) -> Types:
        """The types as they are, or were a moment ago."""
        if self._seconds() >= self._look_at:
            await self._look()
        return self._types

    async def looked_at_again(self) -> Types:
        """The types as they are, whatever was known."""
        self._look_at = 0.0
        return await self.now()

    def _announced(self) -> None:
        self._moved = True
        self._look_at = min(self._look_at, self._looked + _SHORTEST)

    async def _look(self) -> None:
        async with self._looking:
            self._moved, at = False, self._seconds()
            if at < self._look_at:
                return  # somebody else has just looked
            self._types = await self._desk.db.read(self._read)
            self._looked = at
            self._look_at = at + (_SHORTEST if self._moved else _LONGEST)

    async def _read(self, tx: Transaction) -> Types:
        if await schemas.version(tx, self._desk.tenant) == self._types.version:
            return self._types
        return await types_of(tx, self._desk)
