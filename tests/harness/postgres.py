"""A PostgreSQL server of the test run's own: real, durable as delivered, on loopback, gone at the end.

It is started from the programs of the machine's PostgreSQL, in a fresh folder and on a free port, and touches
no server that runs already. PostgreSQL refuses to be root; a run as root starts it as the user ``postgres``.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
SUPERUSER: Final = "muster"
START_WITHIN: Final = 60.0  # seconds; usually a tenth of one
STOP_WITHIN: Final = 30.0  # seconds
DEBIAN: Final = Path("/usr/lib/postgresql")  # one folder for each version
ATTEMPTS: Final = 3  # a free port may be taken by another program before the server has it
HOW_TO_INSTALL: Final = "apt-get install --yes --no-install-recommends postgresql"


class Missing(Exception):
    """PostgreSQL's server programs are not on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "PostgreSQL's server programs are not on this machine, and tests on it are never skipped. "
            f"Next: {HOW_TO_INSTALL}"
        )


class NotStarted(Exception):
    """The server did not start; its last words are the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server; anyone on this machine may connect as its superuser."""

    programs: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        """Where a database of this server is."""
        return f"postgresql://{SUPERUSER}@{HOST}:{self.port}/{database}"

    @contextmanager
    def database(self) -> Generator[str, None, None]:
        """A fresh, empty database exists inside the block; gives its URL."""
        name = f"test_{secrets.token_hex(6)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        command = [str(self.programs / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        subprocess.run(
            [*command, f"--dbname={self.url()}", f"--command={statement}"],
            check=True,
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )


@contextmanager
def serve() -> Generator[Server, None, None]:
    """A fresh server runs inside the block; nothing of it is left after.

    Raises:
        Missing: PostgreSQL is not installed.
        NotStarted: it is, and does not start.
    """
    programs = find_programs()
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="muster-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if user:
            shutil.chown(folder, user)
        _make_cluster(programs, folder, user)
        server = _start(programs, folder, user)
        try:
            yield server
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def find_programs() -> Path:
    """The folder of the newest PostgreSQL server programs on this machine."""
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda path: -float(path.parent.name))
    elsewhere = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    for folder in [*debian, *elsewhere]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing


def _unprivileged() -> str | None:
    """The user to be instead of root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        name = "muster-postgres"
        subprocess.run(["useradd", "--system", "--user-group", name], check=False)
        return pwd.getpwnam(name).pw_name


def _environment() -> dict[str, str]:
    """Ours, without what would lead PostgreSQL's programs to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _make_cluster(programs: Path, folder: Path, user: str | None) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", SUPERUSER]
    done = subprocess.run(
        [*command, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"],
        check=False,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NotStarted(done.stderr)


def _start(programs: Path, folder: Path, user: str | None) -> Server:
    for attempt in range(ATTEMPTS):
        server = _launch(programs, folder, user)
        try:
            _wait_until_ready(server)
        except NotStarted as failed:
            _stop(server)
            if attempt + 1 == ATTEMPTS or "Address already in use" not in str(failed):
                raise
        except BaseException:
            _stop(server)
            raise
        else:
            return server
    raise AssertionError


def _launch(programs: Path, folder: Path, user: str | None) -> Server:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_tether(), *command, "-c", f"listen_addresses={HOST}"],
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop it in order
        )
    return Server(programs=programs, folder=folder, port=port, process=process)


def _tether() -> Sequence[str]:
    """What makes the kernel end the server when the test run is killed (util-linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", "--"] if setpriv else []


def _wait_until_ready(server: Server) -> None:
    """The server accepts connections, looked at until it does."""
    give_up = time.monotonic() + START_WITHIN
    ask = [str(server.programs / "pg_isready"), "--quiet", f"--dbname={server.url()}"]
    while time.monotonic() < give_up and server.process.poll() is None:
        if subprocess.run(ask, check=False, env=_environment()).returncode == 0:
            return
        time.sleep(0.02)
    raise NotStarted((server.folder / "log").read_text(errors="replace"))


def _stop(server: Server) -> None:
    """The server is gone: asked to end at once and in order, killed when it does not."""
    server.process.send_signal(signal.SIGINT)  # a fast shutdown; no effect on one that is gone
    try:
        server.process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
