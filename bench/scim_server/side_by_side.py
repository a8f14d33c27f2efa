"""The table of operations: Muster and its peers, filled alike, under every load."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.reporting import say
from bench.scim_server.operations import ADD_MEMBER, PATCH_USER, PEOPLE, POST_USER, READS, Held
from bench.scim_server.processes import kept_apart
from bench.scim_server.rounds import Contestant, Line, Rounds
from bench.scim_server.seeding import add_group, add_people
from bench.scim_server.servers import PEERS, NotHere, Server, bare_handler, muster
from muster.model import Unavailable

_OUTSIDE: Final = 2_000  # people outside of the group, to be added to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole table: Muster, the floor, then its peers; ``missing`` are the peers that are not there."""

    servers: Sequence[str]
    lines: Sequence[Line]
    missing: Mapping[str, str]


async def compare(*, rounds: int, seconds: float) -> Comparison:
    """Start and fill every server, then measure operation by operation; what adds people comes last."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        async with _all_running(folder) as (servers, missing):
            contestants = list(await asyncio.gather(*(_filled(server) for server in servers)))
            bench = Rounds(contestants, rounds=rounds, seconds=seconds, folder=folder)
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
        ours = [muster(folder / "muster"), bare_handler(folder / "bare")]
        servers = [await stack.enter_async_context(one) for one in ours]
        for name, start in PEERS.items():
            try:
                servers.append(await stack.enter_async_context(start(folder / name)))
            except (NotHere, Unavailable) as error:
                missing[name] = str(error)
                say(f"{name} is left out: {error}")
        yield servers, missing


async def _filled(server: Server) -> Contestant:
    start = time.perf_counter()
    people = await add_people(server.client, range(PEOPLE))
    group = await add_group(server.client, "Everyone", people)
    say(f"{server.name}: {PEOPLE:,} people and their group after {time.perf_counter() - start:.0f} s")
    return Contestant(name=server.name, server=server, held=Held(people=people, group=group))


async def _add_outsiders(contestant: Contestant) -> None:
    outside = await add_people(contestant.server.client, range(PEOPLE, PEOPLE + _OUTSIDE))
    contestant.held = replace(contestant.held, outside=outside)
