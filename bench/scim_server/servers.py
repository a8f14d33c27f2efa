"""The servers that are measured: how each is installed, set up and started."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from bench.scim_server.client import Client, connected
from bench.scim_server.processes import HOST, free_port, started
from muster.cli.demo import applications
from muster.cli.demo.applications import CACHE, Application, Running

_PEERS: Final = Path(__file__).resolve().parents[1] / "peers"
_MUSTER: Final = Path(sys.executable).with_name("muster")
_RATE: Final = "1000000"  # requests are counted, as always, and never too many
_SCIM2_SERVER: Final = Application(
    name="scim2-server-uvicorn",
    title="scim2-server 0.8.3",
    path="/v2",
    command=(
        *("{bin}/uvicorn", "--app-dir", str(_PEERS), "--host", HOST, "--port", "{port}"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
        "scim2_server_app:application",
    ),
    environment={"TOKEN": "{token}"},
)


class NotHere(Exception):
    """A peer cannot be started on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server that answers."""

    name: str
    client: Client
    pid: int


Starts: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Server]]


@asynccontextmanager
async def muster(folder: Path) -> AsyncGenerator[Server]:
    """Muster as a user runs it, with one source and one app that everyone is granted.

    So every change of a person is logged and marks that person's account, in one durable transaction. The
    app refuses Muster's credential and is in quarantine, as an app can be: marks are made, nothing is sent.
    """
    async with refusing() as application:
        token = await set_up(folder, application)
        async with serving(folder, token) as server:
            yield server


@asynccontextmanager
async def serving(home: Path, token: str) -> AsyncGenerator[Server]:
    """``muster serve`` on a home that is set up."""
    port = free_port()
    command = [str(_MUSTER), "serve", "--port", str(port)]
    environment = {"MUSTER_HOME": str(home), "MUSTER_REQUESTS_PER_SECOND": _RATE}
    async with (
        started(command, environment, home / "serve.log") as pid,
        connected(f"http://{HOST}:{port}/scim/v2", token) as client,
    ):
        await client.until_it_answers()
        yield Server(name="Muster", client=client, pid=pid)


async def set_up(home: Path, application: str) -> str:
    """The home holds a source and an app; gives the token of the source."""
    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    told = await _muster(home, "source", "add", "scim", "load", "--json")
    settings = ("--url", application, "--token", "refused", "--everyone")
    await _muster(home, "app", "add", "scim", "refusing", *settings)
    token: str = json.loads(told)["token"]
    return token


async def _muster(home: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        str(_MUSTER),
        *arguments,
        env={**os.environ, "MUSTER_HOME": str(home)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"muster {arguments[0]} {arguments[1]} ended with code {process.returncode}")
    return output.decode()


@asynccontextmanager
async def refusing() -> AsyncGenerator[str]:
    """An application that answers every call with 401; gives its URL."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(refuse, HOST, 0)
    async with listening:
        yield f"http://{HOST}:{listening.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def bare_handler(folder: Path) -> AsyncGenerator[Server]:
    """The floor: the same HTTP server and the same database, and as little as possible between them."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    port, token = free_port(), secrets.token_urlsafe(24)
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_PEERS), "--host", HOST, "--port", str(port)]
    quiet = ["--no-access-log", "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"]
    environment = {"TOKEN": token, "DATABASE": str(folder / "bare.db")}
    async with (
        started([*command, *quiet, "bare_handler:application"], environment, folder / "bare.log") as pid,
        connected(f"http://{HOST}:{port}", token) as client,
    ):
        await client.until_it_answers()
        yield Server(name=FLOOR, client=client, pid=pid)


@asynccontextmanager
async def scim2_server(folder: Path) -> AsyncGenerator[Server]:
    """scim2-server behind uvicorn, in memory."""
    async with _third_party(_SCIM2_SERVER, folder) as server:
        yield server


@asynccontextmanager
async def django_scim2(folder: Path) -> AsyncGenerator[Server]:
    """django-scim2 on SQLite, behind waitress with eight threads."""
    async with _third_party(applications.DJANGO_SCIM2, folder) as server:
        yield server


@asynccontextmanager
async def _third_party(application: Application, folder: Path) -> AsyncGenerator[Server]:
    async with applications.running(application, folder) as running, _speaking_to(running) as client:
        yield Server(name=_TITLES[application.name], client=client, pid=running.process.pid)


def _speaking_to(running: Running) -> AbstractAsyncContextManager[Client]:
    return connected(running.url, running.token.reveal())


_TITLES: Final = {"scim2-server-uvicorn": "scim2-server 0.8.3", "django-scim2": "django-scim2 0.23"}


@asynccontextmanager
async def scimmy(folder: Path) -> AsyncGenerator[Server]:
    """SCIMMY behind Express 4, in memory.

    Raises:
        NotHere: This machine has no node or npm, or npm cannot install it.
    """
    home = await asyncio.to_thread(_install_scimmy)
    port, token = free_port(), secrets.token_urlsafe(24)
    environment = {"PORT": str(port), "TOKEN": token, "NODE_ENV": "production"}
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    command = [str(shutil.which("node")), str(home / "server.js")]
    async with (
        started(command, environment, folder / "scimmy.log") as pid,
        connected(f"http://{HOST}:{port}/scim", token) as client,
    ):
        await client.until_it_answers()
        yield Server(name="SCIMMY 1.3.5", client=client, pid=pid)


def _install_scimmy() -> Path:
    """The folder with SCIMMY and what it needs, as its lock file says."""
    npm, home, mine = shutil.which("npm"), CACHE / "scimmy", _PEERS / "scimmy"
    if npm is None or shutil.which("node") is None:
        raise NotHere("node and npm are not on this machine. Next: apt-get install nodejs npm")
    lock = "package-lock.json"
    fresh = (home / "node_modules").is_dir() and (home / lock).read_bytes() == (mine / lock).read_bytes()
    shutil.copytree(mine, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    if not fresh:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit", "dev"]
        done = subprocess.run(  # noqa: S603  the command is ours, and no shell reads it
            command, cwd=home, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            shutil.rmtree(home / "node_modules", ignore_errors=True)
            raise NotHere(f"npm cannot install it: {done.stderr.strip().rpartition(chr(10))[2]}")
    return home


FLOOR: Final = "bare handler"
PEERS: Final[dict[str, Starts]] = {
    "scim2-server 0.8.3": scim2_server,
    "SCIMMY 1.3.5": scimmy,
    "django-scim2 0.23": django_scim2,
}
