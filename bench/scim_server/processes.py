"""Server processes: started, kept to one core, looked at, and ended whatever happens."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
_STOP_WITHIN: Final = 15.0  # seconds between asking a server to end and killing it
_TICKS: Final = os.sysconf("SC_CLK_TCK")  # of processor time, a second
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> AsyncGenerator[int]:
    """A process runs inside the block, writes to the log, and is gone after it; gives its id."""
    tether = shutil.which("setpriv")  # util-linux: the kernel ends the child when its parent ends
    tethered = [tether, "--pdeathsig", "TERM", "--", *command] if tether else list(command)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *tethered,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **environment},
            cwd=log.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def family(pid: int) -> Iterator[int]:
    """The process and all that descend from it."""
    yield pid
    for task in _tasks(pid):
        for child in _read(Path(f"/proc/{pid}/task/{task}/children")).split():
            yield from family(int(child))


def processor_seconds(pid: int) -> float:
    """User and system time that the process and its descendants have used, also in threads that ended."""
    return sum(_ticks(_read(Path(f"/proc/{each}/stat"))) for each in family(pid)) / _TICKS


def resident_bytes(pid: int) -> int:
    """Memory of the process and its descendants that is in RAM now."""
    return sum(_resident_pages(_read(Path(f"/proc/{each}/statm"))) for each in family(pid)) * _PAGE


@contextmanager
def kept_apart(*servers: int) -> Generator[None]:
    """Inside the block the servers share one core, and this process and what it starts has another.

    On a machine with a single core nothing is kept apart.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for pid in servers:
            _keep_to(cores[0], pid)
        _keep_to(cores[1], os.getpid(), alone=True)
    try:
        yield
    finally:
        for task in _tasks(os.getpid()):
            os.sched_setaffinity(task, cores)


def _keep_to(core: int, pid: int, *, alone: bool = False) -> None:
    """Every thread of the process, and of its descendants, runs on this core; so do threads yet to come."""
    for each in (pid,) if alone else family(pid):
        for task in _tasks(each):
            os.sched_setaffinity(task, {core})


def _tasks(pid: int) -> list[int]:
    try:
        return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:
        return []


def _read(path: Path) -> str:
    """What stands in a file of the process table; nothing when the process has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _ticks(stat: str) -> int:
    fields = stat.rpartition(")")[2].split()  # a program's name may hold spaces; fields count from the state
    return int(fields[11]) + int(fields[12]) if fields else 0


def _resident_pages(statm: str) -> int:
    return int(statm.split()[1]) if statm else 0
