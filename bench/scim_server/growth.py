"""What a request costs where there are more people, how soon Muster answers, and how much memory it takes."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.reporting import say
from bench.scim_server.load import run
from bench.scim_server.multiplying import check_copies, multiply
from bench.scim_server.operations import ADD_MEMBER, PATCH_USER, READS, Held, Operation
from bench.scim_server.people import CALL_SIGNS
from bench.scim_server.processes import kept_apart, processor_seconds, resident_bytes
from bench.scim_server.rounds import Contestant, Line, Rounds
from bench.scim_server.seeding import add_group, add_people
from bench.scim_server.servers import Server, refusing, serving, set_up
from muster.db import new_id

SIZES: Final = (10_000, 100_000, 1_000_000)
_FIRST: Final = CALL_SIGNS  # people whom the interface makes; the others are copies of them
_OUTSIDE: Final = 1_000  # people outside of the groups, to be added to them
_STARTS: Final = 3
_LOADS: Final = 6  # whose effect on memory is looked at
_MEMORY_AT: Final = 100_000  # people
GET_USER, FIND_BY_NAME, LIST = READS[:3]
_GROWING: Final = (GET_USER, FIND_BY_NAME, PATCH_USER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds from starting the process to its first answer, and processor time it took until then."""

    seconds: float
    processor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident bytes after the start, and after each of several equal loads."""

    people: int
    start: int
    after: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Rows whose contestants are numbers of people, or of members; starts by number of people; memory."""

    sizes: Sequence[int]
    people: Sequence[Line]
    members: Line
    starts: Mapping[int, Start]
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    folder: Path
    token: str
    people: Sequence[str]
    group: str


async def grow(*, largest: int, rounds: int, seconds: float) -> Growth:
    """Measure at every size up to the largest."""
    sizes = [size for size in SIZES if size <= largest]
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        async with refusing() as application:
            homes = await _homes(folder, application, sizes)
            starts = {size: await _start(home) for size, home in homes.items()}
            async with _all_serving(homes) as servers:
                with kept_apart(*(server.pid for server in servers.values())):
                    people = await _people_lines(homes, servers, rounds, seconds, folder)
                    members = await _members_line(
                        homes[_MEMORY_AT], servers[_MEMORY_AT], rounds, seconds, folder
                    )
            async with _serving(homes[_MEMORY_AT]) as server:
                with kept_apart(server.pid):
                    memory = await _memory(homes[_MEMORY_AT], server, folder)
    return Growth(sizes=sizes, people=people, members=members, starts=starts, memory=memory)


async def _homes(folder: Path, application: str, sizes: Sequence[int]) -> dict[int, _Home]:
    """A home of each size: the first people by the interface, copies of them for the rest."""
    first = folder / "first"
    token = await set_up(first, application)
    async with serving(first, token) as server:
        people = await add_people(server.client, range(_FIRST))
        group = await add_group(server.client, "Everyone", people)
    homes: dict[int, _Home] = {}
    for size in sizes:
        start = time.perf_counter()
        home = folder / str(size)
        await asyncio.to_thread(shutil.copytree, first, home)
        ids = await asyncio.to_thread(multiply, home / "muster.db", people, size, new_id)
        homes[size] = _Home(folder=home, token=token, people=ids, group=group)
        async with _serving(homes[size]) as server:
            await check_copies(server.client, ids, _FIRST)
        say(f"{size:,} people after {time.perf_counter() - start:.0f} s")
    return homes


@asynccontextmanager
async def _serving(home: _Home) -> AsyncGenerator[Server]:
    async with serving(home.folder, home.token) as server:
        yield server


@asynccontextmanager
async def _all_serving(homes: dict[int, _Home]) -> AsyncGenerator[dict[int, Server]]:
    async with AsyncExitStack() as stack:
        yield {size: await stack.enter_async_context(_serving(home)) for size, home in homes.items()}


async def _start(home: _Home) -> Start:
    """The median of some starts."""
    seconds: list[float] = []
    processor: list[float] = []
    for _ in range(_STARTS):
        start = time.perf_counter()
        async with _serving(home) as server:
            seconds.append(time.perf_counter() - start)
            processor.append(processor_seconds(server.pid))
    return Start(seconds=median(seconds), processor=median(processor))


async def _people_lines(
    homes: dict[int, _Home], servers: dict[int, Server], rounds: int, seconds: float, folder: Path
) -> list[Line]:
    contestants = [
        Contestant(name=f"{size:,}", server=servers[size], held=Held(people=home.people, group=home.group))
        for size, home in homes.items()
    ]
    bench = Rounds(contestants, rounds=rounds, seconds=seconds, folder=folder)
    return [await bench.line(operation) for operation in _GROWING]


async def _members_line(home: _Home, server: Server, rounds: int, seconds: float, folder: Path) -> Line:
    """A group of ten beside the group of everyone, in the same database."""
    count = len(home.people)
    outside = await add_people(server.client, range(count, count + _OUTSIDE))
    ten = await add_group(server.client, "Ten", home.people[:10])
    contestants = [
        Contestant(name=name, server=server, held=Held(people=home.people, group=group, outside=outside))
        for name, group in (("10", ten), (f"{count:,}", home.group))
    ]
    bench = Rounds(contestants, rounds=rounds, seconds=seconds, folder=folder)
    return await bench.line(ADD_MEMBER)


async def _memory(home: _Home, server: Server, folder: Path) -> Memory:
    """Resident bytes after the start, and after each of several equal loads of reads and changes."""
    held = Held(people=home.people, group=home.group)
    start, after = resident_bytes(server.pid), list[int]()
    numbers: dict[str, int] = {}
    for _ in range(_LOADS):
        for operation in (GET_USER, FIND_BY_NAME, LIST, PATCH_USER):
            numbers[operation.name] = await _loaded(
                operation, held, server, numbers.get(operation.name, 0), folder
            )
        after.append(resident_bytes(server.pid))
    return Memory(people=len(home.people), start=start, after=after)


async def _loaded(operation: Operation, held: Held, server: Server, first: int, folder: Path) -> int:
    load = operation.load(held)
    sample = await run(server.client, server.pid, load, first=first, seconds=2, folder=folder)
    return sample.next_number
