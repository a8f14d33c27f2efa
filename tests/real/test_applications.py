"""Third-party applications as the demo and the bench start them."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from muster.cli.demo.applications import (
    APPLICATIONS,
    DJANGO_SCIM2,
    SCIM2_SERVER,
    Application,
    Running,
    running,
    start,
)
from muster.model.errors import Unavailable

ADA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada@example.org",
    "externalId": "0192-ada",
}
PARENT = """
import asyncio, sys
from pathlib import Path
from muster.cli.demo.applications import DJANGO_SCIM2, start
async def main() -> None:
    started = await start(DJANGO_SCIM2, Path(sys.argv[1]))
    print(started.process.pid, flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

each_application = pytest.mark.parametrize(
    "application", APPLICATIONS, ids=lambda application: application.name
)


def _session(application: Running) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers={
            "Authorization": f"Bearer {application.token.reveal()}",
            "Content-Type": "application/scim+json",
        }
    )


async def _user_names(application: Running) -> list[str]:
    async with _session(application) as session, session.get(f"{application.url}/Users") as answer:
        return [user["userName"] for user in (await answer.json(content_type=None))["Resources"]]


async def _create_ada(application: Running) -> str:
    async with _session(application) as session:
        async with session.post(f"{application.url}/Users", json=ADA) as answer:
            created: dict[str, str] = await answer.json(content_type=None)
        return created["externalId"]


@each_application
async def test_it_keeps_a_user_and_the_id_we_gave(application: Application, tmp_path: Path) -> None:
    """A user created over SCIM is there for the next reader, with our externalId."""
    async with running(application, tmp_path) as started:
        kept = await _create_ada(started)
        names = await _user_names(started)

    assert (kept, names) == ("0192-ada", ["ada@example.org"])


@each_application
async def test_it_turns_strangers_away(application: Application, tmp_path: Path) -> None:
    """Without the token nothing is answered: the application is not open to whoever is on the machine."""
    async with (
        running(application, tmp_path) as started,
        aiohttp.ClientSession() as session,
        session.get(f"{started.url}/Users") as answer,
    ):
        status = answer.status

    assert status == 401


@each_application
async def test_it_is_gone_after_the_block(application: Application, tmp_path: Path) -> None:
    """Nothing of an application runs on when its block ends, not even when the block fails."""
    with pytest.raises(ZeroDivisionError):
        async with running(application, tmp_path) as started:
            _ = 1 / 0

    with pytest.raises(ProcessLookupError):
        os.kill(started.process.pid, 0)


async def test_a_django_application_keeps_its_users_over_a_restart(tmp_path: Path) -> None:
    """Started again in the same folder, the Django application has the users it had."""
    async with running(DJANGO_SCIM2, tmp_path) as first:
        await _create_ada(first)
    async with running(DJANGO_SCIM2, tmp_path) as second:
        names = await _user_names(second)

    assert names == ["ada@example.org"]


async def test_a_taken_port_is_one_clear_line(scim2_server: Running, tmp_path: Path) -> None:
    """Asked for a port that is taken, it says which, and what to do; nothing is started."""
    port = int(scim2_server.url.split(":")[2].split("/")[0])

    with pytest.raises(Unavailable) as refused:
        await start(SCIM2_SERVER, tmp_path / "second", port=port)

    assert refused.value.problem.code == "MUSTER-DEMO-PORT"
    assert f"127.0.0.1:{port}" in str(refused.value)


async def test_a_failed_start_shows_the_last_words(tmp_path: Path) -> None:
    """An application that ends at once is reported with the end of its log."""
    broken = Application(
        name=DJANGO_SCIM2.name,
        title="broken",
        path="/",
        command=("{bin}/python", "-c", "raise SystemExit('the disk is made of cheese')"),
    )

    with pytest.raises(Unavailable, match="the disk is made of cheese") as refused:
        await start(broken, tmp_path)

    assert refused.value.problem.code == "MUSTER-DEMO-START"


async def test_a_failed_installation_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a package index the error names the application, and says what to look at."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    with pytest.raises(Unavailable) as refused:
        await start(SCIM2_SERVER, tmp_path / "data", venvs=tmp_path / "venvs")

    assert refused.value.problem.code == "MUSTER-DEMO-INSTALL"
    assert "scim2-server" in str(refused.value)


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """Killed outright, Muster leaves no application behind."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    gone = os.pidfd_open(child)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(gone, ended.set)  # a pidfd becomes readable when its process ends
    try:
        async with asyncio.timeout(30):
            await ended.wait()
    finally:
        loop.remove_reader(gone)
        os.close(gone)

    assert ended.is_set()
