"""The table of operations: every server under every load, in turn, round after round."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench.reporting import say
from bench.scim_server.client import Wrong
from bench.scim_server.load import Refused, Sample, run
from bench.scim_server.operations import (
    ADD_MEMBER,
    PATCH_USER,
    PEOPLE,
    POST_USER,
    READS,
    Held,
    Operation,
)
from bench.scim_server.processes import kept_apart
from bench.scim_server.seeding import add_group, add_people
from bench.scim_server.servers import PEERS, NotHere, Server, muster
from muster.model import Unavailable

_OUTSIDE: Final = 2_000  # people outside of the group, to be added to it
_WARM_UP: Final = 1.0  # seconds


@dataclass(slots=True, kw_only=True)
class Cell:
    """What one server did in one row: a sample each round, or why there is none."""

    samples: list[Sample] = field(default_factory=list[Sample])
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: an operation, and the cell of every server by its name."""

    operation: Operation
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole table, Muster first among the servers; ``missing`` are the peers that are not there."""

    servers: Sequence[str]
    lines: Sequence[Line]
    missing: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class _Contestant:
    server: Server
    held: Held


async def compare(*, rounds: int, seconds: float) -> Comparison:
    """Start and fill every server, then measure operation by operation; what adds people comes last."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        async with _all_running(folder) as (servers, missing):
            contestants = list(await asyncio.gather(*(_filled(server) for server in servers)))
            bench = _Bench(contestants, rounds=rounds, seconds=seconds, folder=folder)
            with kept_apart(*(server.pid for server in servers)):
                lines = [await bench.line(operation) for operation in (*READS, PATCH_USER)]
                await asyncio.gather(*(_add_outsiders(contestant) for contestant in contestants))
                lines += [await bench.line(operation) for operation in (ADD_MEMBER, POST_USER)]
    return Comparison(servers=[server.name for server in servers], lines=lines, missing=missing)


@asynccontextmanager
async def _all_running(folder: Path) -> AsyncGenerator[tuple[list[Server], dict[str, str]]]:
    """Every server that can be started here, and why the others cannot."""
    missing: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(muster(folder / "muster"))]
        for name, start in PEERS.items():
            try:
                servers.append(await stack.enter_async_context(start(folder / name)))
            except (NotHere, Unavailable) as error:
                missing[name] = str(error)
                say(f"{name} is left out: {error}")
        yield servers, missing


async def _filled(server: Server) -> _Contestant:
    start = time.perf_counter()
    people = await add_people(server.client, range(PEOPLE))
    group = await add_group(server.client, "Everyone", people)
    say(f"{server.name}: {PEOPLE:,} people and their group after {time.perf_counter() - start:.0f} s")
    return _Contestant(server=server, held=Held(people=people, group=group))


async def _add_outsiders(contestant: _Contestant) -> None:
    outside = await add_people(contestant.server.client, range(PEOPLE, PEOPLE + _OUTSIDE))
    contestant.held = replace(contestant.held, outside=outside)


class _Bench:
    """Measures one operation after the other on servers that are running and filled."""

    def __init__(
        self, contestants: Sequence[_Contestant], *, rounds: int, seconds: float, folder: Path
    ) -> None:
        self._contestants = contestants
        self._rounds = rounds
        self._seconds = seconds
        self._folder = folder

    async def line(self, operation: Operation) -> Line:
        """The row of the operation, in as many rounds as wanted, in each the servers in turn."""
        cells = {one.server.name: Cell() for one in self._contestants}
        numbers = {one.server.name: 1 for one in self._contestants}
        for one in self._contestants:
            cells[one.server.name].why_not = await self._faults(operation, one, numbers)
        for round_ in range(self._rounds):
            say(f"{operation.name}: round {round_ + 1} of {self._rounds}")
            for one in self._contestants:
                cell = cells[one.server.name]
                if not cell.why_not:
                    await self._measure(operation, one, cell, numbers)
        return Line(operation=operation, cells=cells)

    async def _faults(self, operation: Operation, one: _Contestant, numbers: dict[str, int]) -> str:
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
        one: _Contestant,
        cell: Cell,
        numbers: dict[str, int],
        *,
        seconds: float | None = None,
    ) -> None:
        name = one.server.name
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
