"""A Muster in a thread of the test process: own folder, own database, own port."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from muster import audit
from muster.audit import Record, Search
from muster.bootstrap import MusterSettings, open_desk
from muster.db import Transaction
from muster.providers import Wire
from muster.service.desk import Actor, Desk
from muster.service.tokens import add_source
from muster.web import HttpServer, create

SOURCE: Final = "pytest"
_HOST: Final = "127.0.0.1"
_SECONDS: Final = 60  # after which a server that neither starts nor answers nor stops has failed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimServer:
    """A running server.

    ``url`` is the base URL of its SCIM endpoint, ``token`` the bearer token of the source whose people and
    groups these are; that source is named ``pytest``.
    """

    url: str
    token: str = field(repr=False)
    desk: Desk = field(repr=False)
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def users(self) -> list[dict[str, Any]]:
        """Everybody who is there, as SCIM resources, in the order they came; the inactive among them."""
        return self._all("/Users")

    def groups(self) -> list[dict[str, Any]]:
        """Every group that is there, as SCIM resources, in the order they came."""
        return self._all("/Groups")

    def log(self, action: str | None = None) -> list[Record]:
        """The audit log, the oldest record first; of one action, as ``person:create``, or of all."""

        async def read(desk: Desk) -> list[Record]:
            wanted = Search(tenant=desk.tenant, action=action)

            async def search(tx: Transaction) -> list[Record]:
                return await audit.search(tx, wanted)

            return await desk.db.read(search)

        return self.at_desk(read)

    def at_desk(self, action: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
        """What an action of ``muster.service`` returns, carried out where the server runs."""
        return asyncio.run_coroutine_threadsafe(action(self.desk), self.loop).result(_SECONDS)

    def _all(self, path: str) -> list[dict[str, Any]]:
        wire = Wire(provider=SOURCE, url=self.url, token=self.token)
        found: list[dict[str, Any]] = []
        while page := wire.find(path, startIndex=str(len(found) + 1)):
            found += page
        return found


@contextmanager
def serving(home: Path, *, database_url: str = "") -> Generator[ScimServer]:
    """A server that runs until the context ends.

    Args:
        home: An empty folder for what Muster keeps in files.
        database_url: An empty database; SQLite in ``home`` unless given.
    """
    settings = MusterSettings(home=home, database_url=database_url)
    ready: Future[ScimServer] = Future()
    stop = asyncio.Event()
    thread = threading.Thread(
        target=_run, args=(settings, ready, stop), name="muster scim_server", daemon=True
    )
    thread.start()
    server = ready.result(_SECONDS)
    try:
        yield server
    finally:
        server.loop.call_soon_threadsafe(stop.set)
        thread.join(_SECONDS)
        if thread.is_alive():
            raise RuntimeError("the server does not stop")


def _run(settings: MusterSettings, ready: Future[ScimServer], stop: asyncio.Event) -> None:
    try:
        asyncio.run(_serve(settings, ready, stop))
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)


async def _serve(settings: MusterSettings, ready: Future[ScimServer], stop: asyncio.Event) -> None:
    """Serve from before ``ready`` is told until ``stop`` is set."""
    async with open_desk(settings) as desk:
        _, token = await add_source(desk, Actor(name=SOURCE), "scim", SOURCE)
        if token is None:
            raise RuntimeError("a SCIM source comes with a token")
        # Whoever connects from now on waits in the socket's queue until uvicorn takes them.
        with socket.create_server((_HOST, 0)) as listening:
            port = listening.getsockname()[1]
            http = HttpServer(create(desk))
            answering = asyncio.create_task(http.serve(sockets=[listening]))
            ready.set_result(
                ScimServer(
                    url=f"http://{_HOST}:{port}/scim/v2",
                    token=token.reveal(),
                    desk=desk,
                    loop=asyncio.get_running_loop(),
                )
            )
            await stop.wait()
            http.should_exit = True
            await answering
