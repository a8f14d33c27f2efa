"""A complete read of an application, taken when many wait for an account there; it spares many searches.

Only absence is ever concluded from it, and only from a complete read that is half a minute old at most:
whoever it may show is looked for afresh. It is not asked about a creation of unknown outcome, nor after the
application said that something exists. What somebody else creates there within that half minute under the
same unique value is told by the application's own “exists already”.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from muster.kit.contract import Connector, Cursor
from muster.model import ACCOUNT, App, Attributes, RemoteObject, TargetError, Value
from muster.model.text import normalised

_FRESH: Final = timedelta(seconds=30)
_AGAIN: Final = timedelta(seconds=5)  # after deciding against one
_WORTHWHILE: Final = 50  # people waiting; below, looking for each is cheaper than reading everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Who had an account when everybody was read: our ids, and the values people are recognised by."""

    taken_at: datetime
    external_ids: frozenset[str]
    values: dict[str, frozenset[str]]  # attribute → values, normalised

    def may_show(self, external_id: str, wanted: Attributes) -> bool:
        """Whether anybody read may be this person; letter case never counts, to err on this side."""
        if external_id in self.external_ids:
            return True
        sought = {name: _folded(wanted.get(name)) for name in self.values}
        return any(sought[name] in values for name, values in self.values.items() if sought[name])


class CensusTaker:
    """Takes a census of one opened application when it is worth one, and keeps it while it is fresh."""

    def __init__(self, app: App, connector: Connector, page: int) -> None:
        self._app = app
        self._connector = connector
        self._page = page
        self._census: Census | None = None
        self._not_before: datetime | None = None
        self._turn = asyncio.Lock()

    async def proves_absence(
        self,
        external_id: str,
        wanted: Attributes,
        *,
        clock: Callable[[], datetime],
        waiting: Callable[[], Awaitable[int]],
    ) -> bool:
        """Whether a fresh census says that nobody in the application may be this person.

        Args:
            external_id: our id of the person.
            wanted: what their account should hold.
            clock: the time.
            waiting: how many people wait for this application; asked before a new census is taken.
        """
        async with self._turn:
            census = await self._fresh(clock, waiting)
        return census is not None and not census.may_show(external_id, wanted)

    async def _fresh(
        self, clock: Callable[[], datetime], waiting: Callable[[], Awaitable[int]]
    ) -> Census | None:
        at = clock()
        if self._census is not None and at - self._census.taken_at <= _FRESH:
            return self._census
        if self._not_before is not None and at < self._not_before:
            return None
        self._census = None
        if (people := await waiting()) >= _WORTHWHILE:
            self._census = await self._read(at, most_pages=people)
        if self._census is None:
            self._not_before = at + _AGAIN
        return self._census

    async def _read(self, at: datetime, *, most_pages: int) -> Census | None:
        """Everybody; None when the read is not complete, fails, or costs more than it saves."""
        external_ids: set[str] = set()
        values: dict[str, set[str]] = {name: set() for name in self._app.match_on}
        after: Cursor | None = None
        for _ in range(most_pages):
            try:
                page = await self._connector.read(ACCOUNT, after, self._page)
            except TargetError:
                return None  # each person is looked for instead, and meets the error with their own name
            for item in page.items:
                _note(item, external_ids, values)
            if page.next is None:
                kept = {name: frozenset(found) for name, found in values.items()}
                census = Census(taken_at=at, external_ids=frozenset(external_ids), values=kept)
                return census if page.complete else None
            after = page.next
        return None


def _note(item: RemoteObject, external_ids: set[str], values: dict[str, set[str]]) -> None:
    if item.external_id:
        external_ids.add(item.external_id)
    for name, found in values.items():
        if folded := _folded(item.attributes.get(name)):
            found.add(folded)


def _folded(value: Value) -> str:
    """A value as census entries are compared; empty for what recognises nobody."""
    return (
        normalised(str(value)).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    )
