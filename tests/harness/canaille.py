"""canaille, an identity provider by other authors that pushes its users and groups over SCIM.

It runs as a process of its own, from ``requirements/apps/canaille.txt``. Whatever is saved in it, it sends at
once: when a form has been answered, the other side has been told. What the other side refuses it only writes
to its log.

canaille shows the other side a token that canaille itself issued. Its command line can issue a given one:
that is where the other side's token is entered.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from harness.web_pages import Browser, Page, Typed, browsing
from muster.cli.demo.applications import CACHE, Application, install

HOST: Final = "127.0.0.1"
WITHIN: Final = 90.0  # seconds; it starts in three on an idle machine
STOP_WITHIN: Final = 10.0  # seconds between asking it to end and killing it
ADMIN: Final = "admin"
PASSWORD: Final = "correct-horse-battery-staple"
APPLICATION: Final = Application(name="canaille", title="canaille 0.3", path="", command=("{bin}/canaille",))
CONFIGURATION: Final = """
SECRET_KEY = "only-for-tests"
SERVER_NAME = "{server}"
PREFERRED_URL_SCHEME = "http"

[CANAILLE]
FORCE_HTTPS = false

[CANAILLE.ACL.DEFAULT]
PERMISSIONS = []

[CANAILLE.ACL.ADMIN]
FILTER = {{user_name = "admin"}}
PERMISSIONS = ["manage_users", "manage_all_groups", "delete_account"]
READ = []
WRITE = [
    "user_name", "given_name", "family_name", "display_name", "emails", "phone_numbers", "title",
    "street", "postal_code", "locality", "region", "department", "organization", "employee_number",
    "profile_url", "preferred_language", "groups", "lock_date",
]

[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{folder}/canaille.sqlite"

[CANAILLE_SCIM]
ENABLE_CLIENT = true

[CANAILLE_OIDC]
TRUSTED_DOMAINS = ["127.0.0.1"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """Where ``canaille`` is typed: its programs, and the folder with its configuration and its data."""

    programs: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of every canaille that works in the folder."""
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "LANG": "C.UTF-8", "CANAILLE_CONFIG": str(self.folder / "canaille.toml")}

    async def told(self, *words: str, given: str = "") -> str:
        """What ``canaille`` and these words write to standard output, given that input; it must be done."""
        done = await asyncio.to_thread(
            subprocess.run,
            [str(self.programs / "canaille"), *words],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaille:
    """A canaille that serves, and its administrator's browser."""

    command_line: CommandLine
    url: str
    browser: Browser
    process: subprocess.Popen[bytes]

    async def add_user(self, *, emails: tuple[str, ...], **fields: Typed) -> None:
        """Fill in the form for a new account, with a line more for each further address."""
        page = await self.browser.open(f"{self.url}/profile")
        for number in range(1, len(emails)):
            page = await self.browser.press(page, f"emails-{number - 1}")
        lines = {f"emails-{number}": email for number, email in enumerate(emails)}
        done = await self.browser.press(page, "create-profile", **lines, **fields)
        _says(done, "User account creation succeeded")

    async def edit_user(self, user_name: str, **fields: Typed) -> None:
        """Change what the profile of the account says."""
        _says(await self._press(f"/profile/{user_name}", "edit-profile", **fields), "Profile updated")

    async def lock_user(self, user_name: str) -> None:
        """Lock the account, and confirm it."""
        asked = await self._press(f"/profile/{user_name}/settings", "lock-confirm")
        _says(await self.browser.press(asked, "lock-execute"), "has been locked")

    async def unlock_user(self, user_name: str) -> None:
        """Unlock the account."""
        _says(await self._press(f"/profile/{user_name}/settings", "unlock"), "has been unlocked")

    async def delete_user(self, user_name: str) -> None:
        """Delete the account, and confirm it."""
        asked = await self._press(f"/profile/{user_name}/settings", "delete-confirm")
        _says(await self.browser.press(asked, "delete-execute"), "has been successfully deleted")

    async def put_in_groups(self, user_name: str, *groups: str) -> None:
        """The account is in these groups and in no others."""
        page = await self.browser.open(f"{self.url}/profile/{user_name}/settings")
        listed = page.form_with("edit-settings").choices.get("groups", {})
        chosen = tuple(listed[group] for group in groups)
        _says(await self.browser.press(page, "edit-settings", groups=chosen), "Profile updated")

    async def add_group(self, name: str, description: str) -> None:
        """Fill in the form for a new group; its first member is the administrator."""
        fields = {"display_name": name, "description": description}
        _says(await self._press("/groups/add", "edit", **fields), "has been successfully created")

    async def rename_group(self, name: str, new_name: str) -> None:
        """Rename the group, from the command line as no form offers it."""
        await self.command_line.told("set", "group", name, "--display-name", new_name)

    async def delete_group(self, name: str) -> None:
        """Delete the group, and confirm it."""
        asked = await self._press(f"/groups/{name}", "confirm-delete")
        _says(await self.browser.press(asked, "delete"), "has been successfully deleted")

    def complaints(self) -> list[str]:
        """What the other side refused, as canaille's log tells."""
        log = (self.command_line.folder / "canaille.log").read_text(encoding="utf-8")
        return [line for line in log.splitlines() if "SCIM" in line or "Traceback" in line]

    async def _press(self, path: str, button: str, **fields: Typed) -> Page:
        return await self.browser.press(await self.browser.open(self.url + path), button, **fields)


def _says(page: Page, words: str) -> None:
    """The page says what it says when the thing is done."""
    if words not in page.text:
        raise AssertionError(page.text)


@asynccontextmanager
async def running(folder: Path, *, pushes_to: str, token: str) -> AsyncGenerator[Canaille]:
    """A canaille with one user, its administrator, serves inside the block; the administrator is signed in.

    Args:
        folder: Where it keeps its data; made when missing.
        pushes_to: The base URL of a SCIM endpoint, which must answer already.
        token: What it shows there.
    """
    programs = await asyncio.to_thread(install, APPLICATION, CACHE)
    server = f"{HOST}:{_free_port()}"
    await asyncio.to_thread(_configure, folder, server)
    command_line = CommandLine(programs=programs, folder=folder)
    await _fill(command_line, pushes_to, token)
    process = await asyncio.to_thread(_start, command_line, server)
    try:
        async with browsing() as browser:
            canaille = Canaille(
                command_line=command_line, url=f"http://{server}", browser=browser, process=process
            )
            await _answers(canaille)
            await _sign_in(canaille)
            yield canaille
    finally:
        await asyncio.to_thread(_stop, process)


def _configure(folder: Path, server: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = CONFIGURATION.format(server=server, folder=folder)
    (folder / "canaille.toml").write_text(text, encoding="utf-8")


async def _fill(canaille: CommandLine, pushes_to: str, token: str) -> None:
    """It has its tables, the application to push to with the token to show there, and its administrator."""
    await canaille.told("install")
    administrator = {
        "user_name": ADMIN,
        "password": PASSWORD,
        "given_name": "Ada",
        "family_name": "Min",
        "formatted_name": "Ada Min",
        "emails": ["ada@example.com"],
    }
    application = {"client_id": "muster", "client_name": "Muster", "client_uri": pushes_to}
    shown = {
        "token_id": "1",
        "access_token": token,
        "type": "access_token",
        "client": "the-application",
        "issue_date": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "lifetime": 86400,
    }
    dump = {
        "user": [{"id": "the-administrator", **administrator}],
        "client": [{"id": "the-application", **application}],
        "token": [{"id": "the-token", **shown}],
    }
    await canaille.told("restore", given=json.dumps(dump))


def _start(command_line: CommandLine, server: str) -> subprocess.Popen[bytes]:
    with (command_line.folder / "canaille.log").open("wb") as log:
        return subprocess.Popen(
            [
                *(*_tether(), str(command_line.programs / "canaille"), "run", "--bind", server),
                *("--workers", "0"),  # it serves itself, and has no processes that could outlive it
            ],
            cwd=command_line.folder,
            env=command_line.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop it in order
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """It is gone: asked to end first, killed when it does not."""
    process.terminate()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _tether() -> list[str]:
    """What makes the kernel end it when the test run is killed (util-linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


async def _answers(canaille: Canaille) -> None:
    """It answers, looked at until it does."""
    async with asyncio.timeout(WITHIN):
        while canaille.process.poll() is None:
            try:
                async with canaille.browser.session.get(f"{canaille.url}/login"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    raise AssertionError((canaille.command_line.folder / "canaille.log").read_text(encoding="utf-8"))


async def _sign_in(canaille: Canaille) -> None:
    asked = await canaille.browser.open(f"{canaille.url}/login")
    password = await canaille.browser.press(asked, "", login=ADMIN)
    profile = await canaille.browser.press(password, "", password=PASSWORD)
    if not profile.url.endswith(f"/profile/{ADMIN}"):
        raise AssertionError(profile.text)
