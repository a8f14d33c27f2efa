"""``muster serve``, ``work``, ``migrate``: the processes."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
import uvicorn

from muster.bootstrap import MusterSettings
from muster.cli import acting, showing
from muster.model import Problem, Unavailable
from muster.service.desk import Desk
from muster.sync import Worker
from muster.web import create


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MUSTER_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; MUSTER_PORT.", min=0, max=65535)
    ] = None,
) -> None:
    """Serve SCIM and do the work, until stopped."""
    settings = acting.settings()
    address = (host or settings.host, settings.port if port is None else port)
    acting.at_desk(lambda desk: _serve(desk, settings, *address))


def work() -> None:
    """Do the work only; as many such processes as wanted may share one PostgreSQL."""
    acting.at_desk(_work)


def migrate() -> None:
    """Bring the database to the schema of this version."""
    acting.at_desk(_migrated)


async def _serve(desk: Desk, settings: MusterSettings, host: str, port: int) -> None:
    async with served(desk, settings, host, port) as server:
        showing.line(
            f"Muster serves on {server.url} (SCIM at /scim/v2), database {desk.db.dialect}. Ctrl-C stops it."
        )
        await server.ended()


class Server:
    """A Muster that serves and works."""

    def __init__(self, url: str, serving: asyncio.Task[None], working: asyncio.Task[None]) -> None:
        self.url = url
        self._serving = serving
        self._working = working

    async def ended(self) -> None:
        """Return when it was asked to stop; raise what ended its work otherwise."""
        await asyncio.wait({self._serving, self._working}, return_when=asyncio.FIRST_COMPLETED)
        if self._working.done():
            await self._working


@asynccontextmanager
async def served(desk: Desk, settings: MusterSettings, host: str, port: int) -> AsyncGenerator[Server]:
    """The desk, reachable by HTTP and at work until the context ends.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        create(desk),
        log_level=settings.log_level.lower(),
        lifespan="off",
        access_log=False,
        server_header=False,
        loop="none",
    )
    server = uvicorn.Server(config)
    async with Worker(desk.engine) as worker:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        working = asyncio.create_task(worker.failed())
        try:
            yield Server(f"http://{host}:{listening.getsockname()[1]}", serving, working)
        finally:
            server.should_exit = True
            await serving
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working


async def _work(desk: Desk) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Worker(desk.engine) as worker:
        showing.line(f"Muster works on its {desk.db.dialect} database. Ctrl-C stops it.")
        stopping = asyncio.create_task(stopped.wait())
        watching = asyncio.create_task(worker.failed())
        await asyncio.wait({stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            await watching
        for task in (stopping, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _migrated(desk: Desk) -> None:
    showing.line(f"The {desk.db.dialect} database is at the schema of this version.")


def _listen(host: str, port: int) -> socket.socket:
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
