"""``muster serve``, ``work``, ``migrate``: the processes."""

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import AsyncGenerator, Coroutine, Generator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import typer

from muster.bootstrap import MusterSettings
from muster.cli import acting, showing
from muster.model import Problem, Unavailable
from muster.service.desk import Desk
from muster.sync import Worker
from muster.web import DEFAULT_LIMITS, HttpServer, create

_OTHER_FILES: Final = 128  # that a process has open besides those of its clients


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MUSTER_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; MUSTER_PORT.", min=0, max=65535)
    ] = None,
) -> None:
    """Serve SCIM and do the work, until stopped."""
    acting.at_desk(lambda desk: _serve(desk, host, port))


def work() -> None:
    """Do the work only; as many such processes as wanted may share one PostgreSQL."""
    acting.at_desk(_work)


def migrate() -> None:
    """Bring the database to the schema of this version."""
    acting.at_desk(_migrated)


async def _serve(desk: Desk, host: str | None, port: int | None) -> None:
    settings = acting.settings()
    address = (host or settings.host, settings.port if port is None else port)
    with stop_asked() as asked:
        async with served(desk, settings, listen(*address)) as server:
            showing.line(
                f"Muster serves on {server.url} (SCIM at /scim/v2), database {desk.db.dialect}. "
                "Ctrl-C stops it."
            )
            await server.until(asked)
    showing.line("Stopped in good order.")


async def _work(desk: Desk) -> None:
    with stop_asked() as asked:
        async with Worker(desk.engine) as worker:
            showing.line(f"Muster works on its {desk.db.dialect} database. Ctrl-C stops it.")
            await _first_of(asked.wait(), worker.failed())
    showing.line("Stopped in good order.")


@contextlib.contextmanager
def stop_asked() -> Generator[asyncio.Event]:
    """An event that is set when the process is asked to stop (SIGINT, SIGTERM) while the context lasts."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _first_of(*running: Coroutine[Any, Any, object]) -> None:
    """Return when one of these returns; raise what it raises."""
    tasks = [asyncio.create_task(one) for one in running]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Muster that serves and works."""

    url: str
    worker: Worker
    serving: asyncio.Task[None]

    async def until(self, asked: asyncio.Event) -> None:
        """Return when the event is set; raise what ended the work or the serving before."""

        async def served_out() -> None:
            await asyncio.shield(self.serving)

        await _first_of(asked.wait(), self.worker.failed(), served_out())


@contextlib.asynccontextmanager
async def served(desk: Desk, settings: MusterSettings, listening: socket.socket) -> AsyncGenerator[Server]:
    """The desk, reachable by HTTP and at work until the context ends; what was accepted is finished."""
    app = create(desk, public_url=settings.public_url, requests_per_second=settings.requests_per_second)
    limits = replace(DEFAULT_LIMITS, connections=_connections(settings.connections))
    server = HttpServer(app, log_level=settings.log_level.lower(), limits=limits)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    async with Worker(desk.engine) as worker:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield Server(url=f"http://{shown}:{port}", worker=worker, serving=serving)
        finally:
            server.should_exit = True
            await serving


def _connections(wanted: int) -> int:
    """As many as wanted, or as the process may have open files for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if soft in {-1, resource.RLIM_INFINITY} or soft >= needed:
        return wanted
    allowed = needed if hard in {-1, resource.RLIM_INFINITY} else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, soft), hard))
    return max(1, max(allowed, soft) - _OTHER_FILES)


async def _migrated(desk: Desk) -> None:
    showing.line(f"The {desk.db.dialect} database is at the schema of this version.")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        raise Unavailable(
            Problem(
                code="MUSTER-PORT",
                what="Muster cannot listen",
                where=f"{host}:{port}",
                why=error.strerror or str(error),
                next_step="stop what uses the port, or choose another one: --port or MUSTER_PORT",
            )
        ) from error
    return listening
