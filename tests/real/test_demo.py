"""``muster demo`` as somebody runs it: to the end, again, stopped, kept, and where it cannot be."""

import asyncio
import os
import pty
import shutil
import signal
import socket
from pathlib import Path

import aiohttp
from rich.cells import cell_len

import muster
from terminal import SECONDS, command, environment, run, running

CHECKOUT = Path(__file__).parents[2]


def _at_work_in(folder: Path) -> list[int]:
    """The processes whose working folder lies in this one."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            at = (process / "cwd").readlink()
        except OSError:  # it is gone, or not ours
            continue
        if at.is_relative_to(folder):
            found.append(int(process.name))
    return found


async def test_the_demo_holds_every_claim_and_can_be_run_again(tmp_path: Path) -> None:
    """Every claim holds, into a pipe and again, in the same folder, on a narrow terminal; nothing runs on."""
    folder = tmp_path / "demo"
    first = await asyncio.to_thread(run, tmp_path, "demo", "--folder", str(folder))
    (folder / "of the first run").write_text("", encoding="utf-8")
    code, second = await _on_a_terminal(tmp_path, "demo", "--folder", str(folder))

    assert (first.code, first.err, code) == (0, "", 0)
    assert "20 of 20 checks hold" in first.out
    assert "20 of 20 checks hold" in second
    assert "145/145" in second
    assert "BROKEN" not in first.out + second
    assert (_at_work_in(folder), (folder / "of the first run").exists()) == ([], False)
    assert max(cell_len(line) for line in first.out.splitlines() if line[:1] in set("┏┃┡│└")) <= 160
    assert "\x1b" not in first.out


async def _on_a_terminal(home: Path, *words: str) -> tuple[int, str]:
    """The exit code of a command typed on a terminal of eighty columns, and everything shown there."""
    watched, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command(*words),
        env=environment(home, TERM="xterm", COLUMNS="80"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = await asyncio.to_thread(_read_all, watched)
    async with asyncio.timeout(SECONDS):
        return await process.wait(), said


def _read_all(terminal: int) -> str:
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:  # how Linux says that nobody writes to the terminal any more
        pass
    finally:
        os.close(terminal)
    return said.decode()


async def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """Stopped while the applications run, the demo ends them, says so, and ends with 1."""
    folder = tmp_path / "demo"
    async with running(tmp_path, "demo", "--folder", str(folder)) as demo:
        assert demo.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while b"wiki" not in await demo.process.stdout.readline():
                pass
        meanwhile = _at_work_in(folder)
        code, _, err = await demo.stop(signal.SIGINT)

    assert len(meanwhile) == 2
    assert code == 1
    assert "Stopped; the applications of the demo have ended with it." in err
    assert "Traceback" not in err
    assert _at_work_in(folder) == []


async def test_a_kept_demo_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """With ``--keep`` Muster and the applications answer until Ctrl-C; then they are gone, with 0."""
    folder = tmp_path / "demo"
    async with running(tmp_path, "demo", "--keep", "--folder", str(folder)) as demo:
        url = ""
        assert demo.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while b"go on until Ctrl-C" not in (line := await demo.process.stdout.readline()):
                if line.startswith(b"Muster answered on "):
                    url = line.decode().split()[3].rstrip(";")
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
            ready = await answer.json()
        looked = await asyncio.to_thread(run, folder / "home", "doctor")
        meanwhile = _at_work_in(folder)
        code, _, err = await demo.stop(signal.SIGINT)

    assert ready["status"] == "ready"
    assert (looked.code, len(meanwhile)) == (0, 2)
    assert (code, err) == (0, "")
    assert _at_work_in(folder) == []


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    """With ``--port`` taken it is one problem, exit code 1, and no application was started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run(tmp_path, "demo", "--port", str(port), "--folder", str(tmp_path / "demo"))

    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("Problem MUSTER-PORT\n")
    assert f"127.0.0.1:{port}" in told.err


def test_an_installed_muster_without_a_network(tmp_path: Path) -> None:
    """As a package, with no index to install the applications from, it says which, and what to check."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    shutil.copytree(
        Path(muster.__file__).parent, site / "muster", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(CHECKOUT / "requirements" / "apps", site / "muster" / "cli" / "demo" / "requirements")
    told = run(
        tmp_path,
        *("demo", "--folder", str(tmp_path / "demo"), "--examples", str(CHECKOUT / "examples" / "acme")),
        PYTHONPATH=str(site),
        XDG_CACHE_HOME=str(cache),
        PIP_NO_INDEX="1",
        PIP_CONFIG_FILE=os.devnull,
    )

    assert told.code == 1
    assert "Installing scim2-server" in told.out
    assert told.err.startswith("Problem MUSTER-DEMO-INSTALL\n")
    assert "scim2-server 0.8 cannot be installed" in told.err
    assert (cache / "muster" / "venvs").is_dir()
