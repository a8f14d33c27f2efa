"""A plain SCIM client: seeds the servers, and asks them outside of what is timed."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp

START_WITHIN: Final = 60.0  # seconds
_LOOK_EVERY: Final = 0.002  # seconds
_LONGEST: Final = aiohttp.ClientTimeout(total=300)  # seconds; a peer needs 25 for its group of 10,000


class Wrong(Exception):
    """A server's answer is not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Speaks to one server. ``url`` is the base of its SCIM endpoint."""

    url: str
    token: str
    session: aiohttp.ClientSession = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with every request."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}

    async def call(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        """Status and document of the answer."""
        async with self.session.request(
            method, self.url + path, data=body, headers=self.headers, timeout=_LONGEST
        ) as answer:
            content = await answer.read()
            return answer.status, json.loads(content) if content else None

    async def expect(self, method: str, path: str, body: str | None = None) -> Any:  # noqa: ANN401  JSON
        """The document of an answer that says success.

        Raises:
            Wrong: It says something else.
        """
        status, document = await self.call(method, path, body)
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Wrong(f"{method} {path[:60]} is answered with {status}: {json.dumps(document)[:300]}")
        return document

    async def until_it_answers(self, path: str = "/Users?count=1") -> float:
        """Seconds until the first good answer.

        Raises:
            Wrong: There was none within a minute.
        """
        start = time.perf_counter()
        while time.perf_counter() - start < START_WITHIN:
            try:
                if (await self.call("GET", path))[0] == HTTPStatus.OK:
                    return time.perf_counter() - start
            except aiohttp.ClientError:
                await asyncio.sleep(_LOOK_EVERY)
        raise Wrong(f"{self.url} has not answered within {START_WITHIN:.0f} seconds")


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncGenerator[Client]:
    """A client for the server at this URL."""
    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connections, skip_auto_headers=("User-Agent",)) as session:
        yield Client(url=url, token=token, session=session)
