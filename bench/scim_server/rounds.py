"""Rounds: every contestant under the same load in turn, so that what drifts drifts for all of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.reporting import say
from bench.scim_server.client import Wrong
from bench.scim_server.load import Refused, Sample, run
from bench.scim_server.operations import Held, Operation
from bench.scim_server.servers import Server

_WARM_UP: Final = 1.0  # seconds


@dataclass(slots=True, kw_only=True)
class Contestant:
    """A server, what it holds, and the name it is shown under."""

    name: str
    server: Server
    held: Held


@dataclass(slots=True, kw_only=True)
class Cell:
    """What one contestant did in one row: a sample each round, or why there is none."""

    samples: list[Sample] = field(default_factory=list[Sample])
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: an operation, and the cell of every contestant by name."""

    operation: Operation
    cells: Mapping[str, Cell]


class Rounds:
    """Measures one operation after the other on servers that are running and filled."""

    def __init__(
        self, contestants: Sequence[Contestant], *, rounds: int, seconds: float, folder: Path
    ) -> None:
        self._contestants = contestants
        self._rounds = rounds
        self._seconds = seconds
        self._folder = folder

    async def line(self, operation: Operation) -> Line:
        """The row of the operation, in as many rounds as wanted, in each the servers in turn."""
        cells = {one.name: Cell() for one in self._contestants}
        numbers = {one.name: 1 for one in self._contestants}
        for one in self._contestants:
            cells[one.name].why_not = await self._faults(operation, one, numbers)
        for round_ in range(self._rounds):
            say(f"{operation.name}: round {round_ + 1} of {self._rounds}")
            for one in self._contestants:
                cell = cells[one.name]
                if not cell.why_not:
                    await self._measure(operation, one, cell, numbers)
        return Line(operation=operation, cells=cells)

    async def _faults(self, operation: Operation, one: Contestant, numbers: dict[str, int]) -> str:
        """What is wrong with the answers; nothing when they are right, and then the server is warm."""
        start = time.perf_counter()
        try:
            await operation.check(one.server.client, one.held)
        except Wrong as error:
            return str(error)
        except (LookupError, TypeError) as error:
            return f"an answer has not the shape it should have: {error!r}"
        if time.perf_counter() - start > _WARM_UP:
            return ""
        warm = Cell()
        await self._measure(operation, one, warm, numbers, seconds=_WARM_UP)
        return warm.why_not

    async def _measure(
        self,
        operation: Operation,
        one: Contestant,
        cell: Cell,
        numbers: dict[str, int],
        *,
        seconds: float | None = None,
    ) -> None:
        name = one.name
        try:
            sample = await run(
                one.server.client,
                one.server.pid,
                operation.load(one.held),
                first=numbers[name],
                seconds=seconds or self._seconds,
                folder=self._folder,
            )
        except (Refused, Wrong) as error:
            cell.why_not = str(error)
        else:
            cell.samples.append(sample)
            numbers[name] = sample.next_number
