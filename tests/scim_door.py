"""The SCIM endpoint of a desk behind a real server on loopback, and a client that speaks to it."""

import asyncio
import io
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from starlette.types import ASGIApp

from muster.model import Secret
from muster.scim.patch_request import PATCH_URN
from muster.service.desk import Desk
from muster.web import HttpServer, create
from muster.web.connection import DEFAULT_LIMITS, ConnectionLimits

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]  # names in small letters
    body: Any

    @property
    def id(self) -> str:
        """The id of the resource in the body."""
        return str(self.body["id"])

    @property
    def etag(self) -> str:
        """The entity tag of the resource."""
        return self.headers["etag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Speaks for one source, by its token."""

    http: aiohttp.ClientSession
    url: str
    token: Secret
    content_type: str = "application/scim+json"
    prefix: str = "/scim/v2"
    extra: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send one request; bytes go as they are, another body as JSON; ``If_Match`` means ``If-Match``."""
        sent = {"Authorization": f"Bearer {self.token.reveal()}", **self.extra}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        data: io.BytesIO | None = None
        if body is not None:
            sent.setdefault("Content-Type", self.content_type)
            data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
        target = f"{self.url}{self.prefix}{path}"
        async with self.http.request(method, target, data=data, headers=sent) as response:
            text = await response.read()
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=msgspec.json.decode(text) if text else None,
            )

    async def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: object) -> Answer:
        """POST."""
        return await self.ask("POST", path, body)

    async def put(self, path: str, body: object, **headers: str) -> Answer:
        """PUT."""
        return await self.ask("PUT", path, body, **headers)

    async def patch(self, path: str, *operations: dict[str, object], **headers: str) -> Answer:
        """PATCH with these operations."""
        body = {"schemas": [PATCH_URN], "Operations": list(operations)}
        return await self.ask("PATCH", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        """DELETE."""
        return await self.ask("DELETE", path, **headers)

    async def hire(self, user_name: str, **attributes: object) -> Answer:
        """Create a user; the answer must be 201."""
        answer = await self.post("/Users", user(user_name, **attributes))
        if answer.status != 201:
            raise AssertionError(answer)
        return answer

    async def gather(self, name: str, *members: str, **attributes: object) -> Answer:
        """Create a group of these ids; the answer must be 201."""
        answer = await self.post("/Groups", group(name, *members, **attributes))
        if answer.status != 201:
            raise AssertionError(answer)
        return answer


def user(user_name: str, **attributes: object) -> dict[str, object]:
    """The smallest user, and what is added to it."""
    return {"schemas": [USER_URN], "userName": user_name, **attributes}


def group(name: str, *members: str, **attributes: object) -> dict[str, object]:
    """A group of these ids."""
    listed = [{"value": member} for member in members]
    return {"schemas": [GROUP_URN], "displayName": name, "members": listed, **attributes}


@asynccontextmanager
async def serving(
    desk: Desk, app: ASGIApp | None = None, *, limits: ConnectionLimits = DEFAULT_LIMITS
) -> AsyncGenerator[str]:
    """The base URL of a server that serves this desk, in this event loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = HttpServer(app or create(desk), log_level="error", limits=limits)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def speaking(url: str, token: Secret) -> AsyncGenerator[Client]:
    """A client that speaks with this token."""
    async with aiohttp.ClientSession() as http:
        yield Client(http=http, url=url, token=token)
