"""Whether a read brought everything: index paging with a certificate (RFC 7644 §3.4.2.4).

A page may be as the application likes (fewer than asked for, or all at once), so the next one starts after
the items that really came. A read is complete when as many different objects came as the application says
there are, and it said the same number all along. What index paging cannot see is one object removed and
another one put in elsewhere between two pages; the totals then agree although an object was missed.

The ids that came cannot travel in a cursor, so ``Reads`` remembers them, for the last few reads. A cursor
from before a restart leads on through the pages, but to no certificate.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from muster.kit.contract import Cursor, Page
from muster.model import Garbled, RemoteId, RemoteObject

_READS: Final = 8  # at a time; an older one loses its certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One answer to a list request: the objects in it, and how many there are in all, where it says so."""

    items: Sequence[RemoteObject]
    total: int | None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What came so far in one read; ``came`` says on which page (by start index) an id came first."""

    total: int | None = None  # as the first page says; what began before a restart never knows
    steady: bool = True  # one total all along, and nothing came twice
    came: dict[RemoteId, int] = field(default_factory=dict[RemoteId, int])

    def take(self, start: int, slice_: Slice) -> int:
        """Note one page and give how many objects on it came on no other page of this read."""
        if start == 1:
            self.total, self.steady, self.came = slice_.total, slice_.total is not None, {}
        fresh = {item.id for item in slice_.items if self.came.setdefault(item.id, start) == start}
        self.steady &= slice_.total == self.total and len(fresh) == len(slice_.items)
        return len(fresh)


class Reads:
    """The reads under way through one connector."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._readings: OrderedDict[int, _Reading] = OrderedDict()

    def start(self, after: Cursor | None) -> tuple[int, int]:
        """Give the number of the read and the index (from 1) of the first object to ask for.

        Raises:
            Garbled: the cursor is not one of this connector's.
        """
        if after is None:
            return next(self._numbers), 1
        number, _, start = after.partition(":")
        if not (_is_number(number) and _is_number(start)):
            raise Garbled("the place to go on from is not one of this connector")
        return int(number), int(start)

    def page(self, number: int, start: int, slice_: Slice) -> Page:
        """Give the page the slice makes, with the certificate if it is the last one and all came."""
        reading = self._reading(number)
        fresh = reading.take(start, slice_)
        end = start + len(slice_.items)
        # An application that goes on giving what it gave is not asked for ever.
        ended = not fresh or (slice_.total is not None and end > slice_.total)
        complete = ended and reading.steady and len(reading.came) == slice_.total
        return Page(items=slice_.items, next=None if ended else Cursor(f"{number}:{end}"), complete=complete)

    def _reading(self, number: int) -> _Reading:
        known = self._readings.get(number)
        if known is None:
            known = self._readings[number] = _Reading()
            while len(self._readings) > _READS:
                self._readings.popitem(last=False)
        return known


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(10**18))
