"""Third-party applications, installed from their lock files and run as processes of their own.

They are real software from other authors and know nothing of Muster. The demo, the tests and the bench
start them here::

    async with running(SCIM2_SERVER, folder) as application:
        ...  # application.url, application.token

Each has its own environment, made once from ``requirements/apps/NAME.txt`` and kept in a cache folder. Each
listens on loopback only, and ends with the process that started it, even when that one is killed.
"""

import asyncio
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp

from muster.model.errors import Problem, Unavailable
from muster.model.secret import Secret

HOST: Final = "127.0.0.1"
START_WITHIN: Final = 60.0  # seconds; a cold start on a busy machine takes 3
STOP_WITHIN: Final = 10.0  # seconds between asking an application to end and killing it
_MADE_FROM: Final = ".made-from"  # in an environment: which lock file and which Python it was made from
_HERE: Final = Path(__file__).resolve().parent
_CHECKOUT: Final = _HERE.parents[3]
_FROM_CHECKOUT: Final = (_CHECKOUT / "requirements" / "apps").is_dir()
_USERS_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHE: Final = _CHECKOUT / ".venvs" if _FROM_CHECKOUT else _USERS_CACHE / "muster" / "venvs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """How one application is started; ``name`` is also that of its lock file and of its environment.

    ``command`` and ``environment`` are filled in with ``bin`` (its programs), ``here`` (this folder),
    ``folder`` (its data), ``port`` and ``token``. ``path`` is where SCIM begins.
    """

    name: str
    title: str
    path: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One application that answers at ``url`` for who shows ``token``."""

    application: Application
    url: str
    token: Secret
    log: Path
    process: asyncio.subprocess.Process


SCIM2_SERVER: Final = Application(
    name="scim2-server",
    title="scim2-server 0.8",
    path="/v2",
    command=(
        *("{bin}/scim2-server", "--hostname", HOST, "--port", "{port}"),
        "--bearer-token={token}",  # one word, as a token may begin with "-"; it reads it from nowhere else
    ),
)
DJANGO_SCIM2: Final = Application(
    name="django-scim2",
    title="a Django application with django-scim2 0.23",
    path="/scim/v2",
    command=("{bin}/python", "-m", "django_scim_app", "--folder", "{folder}", "--port", "{port}"),
    environment={"PYTHONPATH": "{here}", "DJANGO_SCIM_TOKEN": "{token}"},
)
APPLICATIONS: Final = (SCIM2_SERVER, DJANGO_SCIM2)


@asynccontextmanager
async def running(
    application: Application, folder: Path, *, venvs: Path | None = None, port: int | None = None
) -> AsyncGenerator[Running, None]:
    """The application answers inside the block and is gone after it. Arguments and errors as ``start``."""
    process = await start(application, folder, venvs=venvs, port=port)
    try:
        yield process
    finally:
        await stop(process)


async def start(
    application: Application, folder: Path, *, venvs: Path | None = None, port: int | None = None
) -> Running:
    """The application is installed, runs, and has answered a call.

    Args:
        application: which one.
        folder: where it keeps its data and its log; made when missing. scim2-server keeps its data in memory.
        venvs: the cache of environments; ``CACHE`` unless given.
        port: where it shall listen; by default any free port.

    Raises:
        Unavailable: the port is taken, or it cannot be installed or started; the message says why.
    """
    programs = await asyncio.to_thread(install, application, venvs or CACHE)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    chosen = _free_port(application, port)
    token = secrets.token_urlsafe(24)
    values = {
        "bin": str(programs),
        "here": str(_HERE),
        "folder": str(folder),
        "port": str(chosen),
        "token": token,
    }
    started = Running(
        application=application,
        url=f"http://{HOST}:{chosen}{application.path}",
        token=Secret(token),
        log=folder / f"{application.name}.log",
        process=await _spawn(application, values, folder / f"{application.name}.log"),
    )
    try:
        await _answers(started)
    except BaseException:
        await stop(started)
        raise
    return started


async def stop(running: Running) -> None:
    """The application's process is gone: asked to end first, killed when it does not."""
    if running.process.returncode is not None:
        return
    running.process.terminate()
    try:
        await asyncio.wait_for(running.process.wait(), STOP_WITHIN)
    except TimeoutError:
        running.process.kill()
        await running.process.wait()


def install(application: Application, venvs: Path) -> Path:
    """The application's own environment is as its lock file says; gives the folder of its programs.

    Several processes may ask at once; one installs and the others wait for it.

    Raises:
        Unavailable: installing failed; the message holds pip's last words.
    """
    lock = _lock_file(application)
    home = venvs / application.name
    with _alone(application, venvs):
        if not is_installed(application, venvs):
            pip = (str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input")
            locked = ("--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(lock))
            _run(application, sys.executable, "-m", "venv", "--clear", str(home))
            _run(application, *pip, "install", *locked)
            (home / _MADE_FROM).write_text(_wanted(application))
    return home / "bin"


def is_installed(application: Application, venvs: Path = CACHE) -> bool:
    """Whether the application's environment is as its lock file says."""
    made_from = venvs / application.name / _MADE_FROM
    return made_from.exists() and made_from.read_text() == _wanted(application)


def _wanted(application: Application) -> str:
    """What an environment is made from, as a short text."""
    return hashlib.sha256(_lock_file(application).read_bytes() + sys.version.encode()).hexdigest()


@contextmanager
def _alone(application: Application, venvs: Path) -> Generator[None]:
    """No other process installs the application while the context lasts."""
    try:
        venvs.mkdir(parents=True, exist_ok=True)
        one_at_a_time = (venvs / f".{application.name}.lock").open("w")
    except OSError as error:
        raise _not_installed(application, venvs, error.strerror or str(error)) from error
    with one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        yield


def _lock_file(application: Application) -> Path:
    """The lock file in the checkout, or where the installed package carries it."""
    file = f"{application.name}.txt"
    in_checkout = _CHECKOUT / "requirements" / "apps" / file
    return in_checkout if in_checkout.exists() else _HERE / "requirements" / file


def _run(application: Application, *command: str) -> None:
    misleading = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PYTHONPATH", "PYTHONHOME"}  # past the environment
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    done = subprocess.run(  # noqa: S603  the command is ours, and no shell reads it
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise _not_installed(application, command[0], _last_words(done.stdout))


def _not_installed(application: Application, where: str | Path, why: str) -> Unavailable:
    return Unavailable(
        Problem(
            code="MUSTER-DEMO-INSTALL",
            what=f"{application.title} cannot be installed",
            where=str(where),
            why=why,
            next_step="check the network and pip's configuration, then run it again",
        )
    )


def _free_port(application: Application, port: int | None) -> int:
    """The port asked for, found to be free; or any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            raise Unavailable(
                Problem(
                    code="MUSTER-DEMO-PORT",
                    what=f"{application.title} cannot listen",
                    where=f"{HOST}:{port}",
                    why=error.strerror or str(error),
                    next_step="stop what listens there, or choose another port",
                )
            ) from error
        chosen: int = probe.getsockname()[1]
        return chosen


async def _spawn(
    application: Application, values: Mapping[str, str], log: Path
) -> asyncio.subprocess.Process:
    command = [part.format_map(values) for part in application.command]
    own = {name: value.format_map(values) for name, value in application.environment.items()}
    tether = shutil.which("setpriv")  # util-linux: the kernel ends the child when its parent ends
    if tether:
        command = [tether, "--pdeathsig", "TERM", "--", *command]
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **own},
            cwd=log.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for Muster, which then stops it in order
        )


async def _answers(started: Running) -> None:
    """The application answered a call that needs the token."""
    headers = {"Authorization": f"Bearer {started.token.reveal()}"}
    last = "it has not answered yet"
    try:
        async with asyncio.timeout(START_WITHIN), aiohttp.ClientSession(headers=headers) as session:
            while started.process.returncode is None:
                try:
                    async with session.get(f"{started.url}/Users?count=0") as answer:
                        if answer.status == HTTPStatus.OK:
                            return
                        last = f"it answers with status {answer.status}"
                except aiohttp.ClientError as error:
                    last = str(error)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise _not_started(started, f"no good answer within {START_WITHIN:.0f} seconds: {last}") from None
    raise _not_started(started, f"it ended with code {started.process.returncode}")


def _not_started(started: Running, why: str) -> Unavailable:
    words = _last_words(started.log.read_text(errors="replace"))
    return Unavailable(
        Problem(
            code="MUSTER-DEMO-START",
            what=f"{started.application.title} did not start",
            where=started.url,
            why=f"{why}; last lines of its log: {words}",
            next_step=f"read {started.log}",
        )
    )


def _last_words(output: str) -> str:
    """The last three lines that say something, as one."""
    return (
        " | ".join([line.strip() for line in output.splitlines() if line.strip()][-3:]) or "(it said nothing)"
    )
