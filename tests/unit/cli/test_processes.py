"""Muster as a process of its own: exit codes, what goes to which output, and how it ends."""

import asyncio
import contextlib
import os
import pty
import signal
import socket
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from muster import __version__
from muster.cli.demo.accounts_table import AccountsTable
from terminal import SECONDS, command, environment, run, running
from working_desk import people_csv

CHAT_TOKEN = "s3cret-t0ken-of-the-chat"


def _people(folder: Path, *names: str) -> str:
    file = folder / "people.csv"
    file.write_text(people_csv(*({"userName": name} for name in names)), encoding="utf-8")
    return str(file)


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_the_version() -> None:
    """``--version`` says it and ends with 0, without a database."""
    told = run(Path("/nowhere"), "--version")

    assert (told.code, told.out, told.err) == (0, f"muster {__version__}\n", "")


def test_the_exit_codes(tmp_path: Path) -> None:
    """0 done, 1 failed, 2 changes pending, 3 held, 4 bad input: as the process ends, for a script to read."""
    many, one = _people(tmp_path, *(f"p{number}" for number in range(9))), tmp_path / "one.csv"
    one.write_text(people_csv({"userName": "p0"}), encoding="utf-8")
    pending = run(tmp_path, "import", many, "--dry-run")
    done = run(tmp_path, "import", many)
    held = run(tmp_path, "import", str(one))
    bad = run(tmp_path, "explain", "nobody")
    failed = run(tmp_path, "app", "list", MUSTER_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert [0, 1, 2, 3, 4] == [told.code for told in (done, failed, pending, held, bad)]
    assert all("Traceback" not in told.err for told in (done, failed, pending, held, bad))
    assert all(told.out == "" and told.err.startswith("Problem MUSTER-") for told in (failed, held, bad))


def test_json_is_all_there_is(tmp_path: Path) -> None:
    """With ``--json`` standard output is one document and standard error is empty, progress included."""
    imported = run(tmp_path, "import", _people(tmp_path, "ana"), "--json")
    synced = run(tmp_path, "sync", "--json")

    assert (imported.data["joiners"], imported.err) == (1, "")
    assert (synced.data["keys"], synced.err) == (0, "")


@pytest.mark.parametrize("words", ["log", "log --json"])
async def test_a_reader_may_stop_reading(tmp_path: Path, words: str) -> None:
    """When whoever reads has had enough (``| head``), the command ends quietly and with its own exit code."""
    run(tmp_path, "import", _people(tmp_path, *(f"person{number:03}" for number in range(400))))
    async with running(tmp_path, *words.split(), "--limit", "1000") as told:
        assert told.process._transport is not None  # type: ignore[attr-defined]
        told.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        async with asyncio.timeout(SECONDS):
            _, err = await told.process.communicate()

    assert (told.process.returncode, err) == (0, b"")


async def test_progress_is_shown_on_standard_error(tmp_path: Path) -> None:
    """Where somebody watches, progress is on standard error; standard output has the result alone."""
    studio = AccountsTable.made_in(tmp_path)
    columns = ("table=accounts", "id_column=id", "external_id_column=external_id", "active_column=active")
    settings = [word for one in (f"url={studio.url}", *columns) for word in ("--set", one)]
    run(tmp_path, "app", "add", "sql", "studio", *settings, "--everyone")
    run(tmp_path, "import", _people(tmp_path, "ana", "ben"))
    watched, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command("sync"),
        env=environment(tmp_path, TERM="xterm", COLUMNS="100"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody writes to the terminal any more
        while part := os.read(watched, 65536):
            seen += part
    os.close(watched)

    assert process.returncode == 0
    assert "2 accounts looked at" in out.decode()
    assert b"\x1b" not in out
    assert "Sync all apps" in seen.decode()
    assert "2/2" in seen.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"])
@pytest.mark.parametrize("words", ["serve --port 0", "work"])
async def test_a_process_that_is_stopped_ends_in_order(
    tmp_path: Path, words: str, number: signal.Signals
) -> None:
    """Asked to stop it finishes, gives its applications back, and ends with 0."""
    run(tmp_path, "app", "add", "scim", "chat", "--url", "http://127.0.0.1:1", "--token", CHAT_TOKEN)
    async with running(tmp_path, *words.split()) as muster:
        code, out, err = await muster.stop(number)
    with contextlib.closing(sqlite3.connect(tmp_path / "muster.db")) as database:
        workers = database.execute("SELECT COUNT(*) FROM workers").fetchone()
        owners = database.execute("SELECT owner FROM ownership WHERE owner IS NOT NULL").fetchall()

    assert (code, err) == (0, "")
    assert "Stopped in good order." in out
    assert (workers, owners) == ((0,), [])


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Serving where somebody listens already is one problem with the address in it, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run(tmp_path, "serve", "--port", str(port))

    assert told.code == 1
    assert "MUSTER-PORT" in told.err
    assert f"127.0.0.1:{port}" in told.err


async def test_no_secret_is_ever_said(tmp_path: Path) -> None:
    """At the most talkative, neither the log of the process nor any file of Muster holds a token."""
    added = run(tmp_path, "source", "add", "scim", "entra", "--json")
    run(
        tmp_path,
        *("app", "add", "scim", "chat", "--url", "http://127.0.0.1:1", "--token", CHAT_TOKEN, "--everyone"),
    )
    token = added.data["token"]
    async with running(tmp_path, "serve", "--port", "0", MUSTER_LOG_LEVEL="debug") as muster:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana"}
            async with session.post(f"{muster.url}/scim/v2/Users", json=user) as answer:
                status = answer.status
            async with session.get(f"{muster.url}/scim/v2/Users?token={token}") as answer:
                await answer.read()
        _, out, err = await muster.stop(signal.SIGTERM)
    kept = _files(tmp_path)

    assert status == 201
    assert "pass over a key" in err
    for secret in (token, CHAT_TOKEN):
        assert secret not in out + err
        assert [] == [name for name, data in kept.items() if secret.encode() in data]
