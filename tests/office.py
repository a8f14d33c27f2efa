"""One Muster and everybody around it, for tests with real processes: commands are typed, calls are made."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from muster.cli.demo.applications import Running as Application
from terminal import Told, run, running

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WITHIN: Final = 90.0  # seconds; a lease of 6 and a settle time of 5 are in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One Muster: its folder and its database."""

    home: Path
    database_url: str

    async def muster(self, *words: str) -> Told:
        """Type a command; it must be done."""
        told = await asyncio.to_thread(run, self.home, *words, MUSTER_DATABASE_URL=self.database_url)
        if told.code:
            raise AssertionError(told)
        return told

    def running(self, *words: str) -> Any:  # noqa: ANN401 - a context manager
        """A process that goes on."""
        return running(self.home, *words, MUSTER_DATABASE_URL=self.database_url)

    async def grant(self, name: str, application: Application, *, leaves_out: tuple[str, ...] = ()) -> None:
        """Everybody is granted an account in the application, which is called once at a time."""
        app = {
            "connector": "scim",
            "settings": {"url": application.url, "token": application.token.reveal()},
            "mapping": dict.fromkeys(leaves_out),
            "limits": {"concurrency": 1, "settle_seconds": 1},
        }
        rule = {"name": f"everyone-{name}", "app": name, "when": "everyone"}
        file = self.home / f"{name}.yaml"  # JSON is YAML, too
        file.write_text(json.dumps({"apps": {name: app}, "rules": [rule]}), encoding="utf-8")
        await self.muster("config", "apply", str(file))

    async def converged(self) -> dict[str, Any]:
        """What a sync that waits for the running processes leaves and did."""
        told = await self.muster("sync", "--json", "--wait", str(WITHIN))
        found: dict[str, Any] = told.data
        return found


@asynccontextmanager
async def speaking(token: str) -> AsyncGenerator[aiohttp.ClientSession]:
    """An identity provider with its token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
        yield session


async def until(holds: Callable[[], Awaitable[bool]], *, every: float = 0.05) -> None:
    """Return when it holds; fail when it does not in time."""
    async with asyncio.timeout(WITHIN):
        while not await holds():  # noqa: ASYNC110 - an application tells nobody
            await asyncio.sleep(every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The SCIM endpoint of a Muster that serves, and the token of a source that may speak to it."""

    url: str
    token: str

    async def resources(self, kind: str) -> list[dict[str, Any]]:
        """Every user or group the source has, as the endpoint shows them."""
        async with speaking(self.token) as session, session.get(f"{self.url}/{kind}") as answer:
            found: list[dict[str, Any]] = (await answer.json(content_type=None))["Resources"]
            return found


@asynccontextmanager
async def serving(office: Office, source: str, *choices: str) -> AsyncGenerator[Door]:
    """Muster serves inside the block, to a new source; it ends in order and has complained of nothing.

    ``choices`` are options of the command that adds the source.
    """
    token = (await office.muster("source", "add", "scim", source, *choices, "--json")).data["token"]
    async with office.running("serve", "--port", "0") as muster:
        yield Door(url=f"{muster.url}/scim/v2", token=token)
        ended, _, complained = await muster.stop(signal.SIGTERM)
    if (ended, complained) != (0, ""):
        raise AssertionError(f"it ended with {ended}: {complained}")
