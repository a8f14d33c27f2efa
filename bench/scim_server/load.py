"""Load: the same request again and again, by wrk, or one at a time where a server needs long for each.

wrk (https://github.com/wg/wrk) is a compiled client, faster than every server here. But what is not answered
when its time is up counts for nothing, and a server that needs seconds for a request would have answered
none. A server that needs more than ``PATIENT`` seconds gets one request after the other on one connection
instead; its throughput loses nothing by that, since it is busy all the time.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.scim_server.client import Client
from bench.scim_server.processes import processor_seconds

CONNECTIONS: Final = 8
PATIENT: Final = 0.1  # seconds
_SCRIPT: Final = Path(__file__).with_name("requests.lua")


class Refused(Exception):
    """Requests were refused or broke off while they were timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests of one kind; ``{value}`` and ``{n}`` stand for a value in turn and a number of its own.

    When every value has had its turn, the next of the bodies is used: adding can be followed by removing.
    """

    method: str
    path: str
    values: Sequence[str]
    bodies: Sequence[str] = ()

    def request(self, number: int) -> tuple[str, str | None]:
        """Path and body of the request of this number, as ``requests.lua`` makes them.

        >>> load = Load(method="PATCH", path="/{value}", values=["a", "b"], bodies=["add {n}", "remove"])
        >>> [load.request(number) for number in range(1, 5)]
        [('/b', 'add 1'), ('/a', 'remove'), ('/b', 'remove'), ('/a', 'add 4')]
        """
        turn, place = divmod(number, len(self.values))
        body = self.bodies[turn % len(self.bodies)] if self.bodies else None
        known = (("{value}", self.values[place]), ("{n}", str(number)))
        return _filled(self.path, known), None if body is None else _filled(body, known)


def _filled(template: str, known: Sequence[tuple[str, str]]) -> str:
    for name, value in known:
        template = template.replace(name, value)
    return template


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run showed. ``processor`` is the time the server's processes spent, over all requests."""

    requests: int
    seconds: float
    processor: float  # seconds
    p50: float  # seconds
    p99: float  # seconds
    next_number: int

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds

    @property
    def cost(self) -> float:
        """Seconds of processor time for one request."""
        return self.processor / self.requests


async def run(client: Client, pid: int, load: Load, *, first: int, seconds: float, folder: Path) -> Sample:
    """What the server did under this load for so long, and at least once.

    Raises:
        Refused: It did not answer every request with success.
    """
    start = time.perf_counter()
    path, body = load.request(first)
    used = processor_seconds(pid)
    await client.expect(load.method, path, body)
    took = time.perf_counter() - start
    if took > PATIENT:
        return await _one_by_one(client, pid, load, first=first, seconds=seconds, head=(took, used))
    return await _by_wrk(client, pid, load, first=first + 1, seconds=seconds, folder=folder)


async def _one_by_one(
    client: Client, pid: int, load: Load, *, first: int, seconds: float, head: tuple[float, float]
) -> Sample:
    """As ``run``; the first request has been made already, in ``head[0]`` seconds."""
    took, used = [head[0]], head[1]
    while sum(took) < seconds:
        path, body = load.request(first + len(took))
        start = time.perf_counter()
        await client.expect(load.method, path, body)
        took.append(time.perf_counter() - start)
    ordered = sorted(took)
    return Sample(
        requests=len(took),
        seconds=sum(took),
        processor=processor_seconds(pid) - used,
        p50=ordered[len(took) // 2],
        p99=ordered[-1],
        next_number=first + len(took),
    )


async def _by_wrk(
    client: Client, pid: int, load: Load, *, first: int, seconds: float, folder: Path
) -> Sample:
    values = folder / "values"
    await asyncio.to_thread(values.write_text, "\n".join(load.values) + "\n")
    options = [
        "--threads",
        "1",
        "--connections",
        str(CONNECTIONS),
        "--duration",
        f"{max(1, round(seconds))}s",
    ]
    headers = [part for pair in client.headers.items() for part in ("--header", ": ".join(pair))]
    script = ["--timeout", "60s", "--script", str(_SCRIPT), client.url]
    requests = ["--", load.method, load.path, str(values), str(first), *load.bodies]
    used = processor_seconds(pid)
    process = await asyncio.create_subprocess_exec(
        "wrk", *options, *headers, *script, *requests, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"wrk ended with code {process.returncode}: {output.decode()}")
    return replace(read_report(output.decode()), processor=processor_seconds(pid) - used)


def read_report(output: str) -> Sample:
    """What ``requests.lua`` printed at the end of wrk's output; processor time is not known to wrk.

    Raises:
        Refused: Requests were refused or broke off, or none was answered.
    """
    told = json.loads(output.rstrip().rpartition("\n")[2])
    if told["refused"] or told["broken"] or not told["requests"]:
        raise Refused(
            f"of {told['requests']:,} requests {told['refused']:,} were refused, {told['broken']:,} broke off"
        )
    return Sample(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        processor=0.0,
        p50=told["p50"] / 1e6,
        p99=told["p99"] / 1e6,
        next_number=told["next"],
    )
