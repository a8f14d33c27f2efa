"""HTTP by hand, for what no client library would send."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from muster.model import Secret

SECONDS: Final = 60.0  # a hang is a failure, however slow the machine
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response, as it was sent."""

    status: int
    headers: list[tuple[str, str]]  # names in small letters
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of a header; None without it."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise AssertionError(f"{name} twice: {values}")
        return values[0] if values else None

    @property
    def data(self) -> Any:  # noqa: ANN401 - JSON
        """The body as a value."""
        return msgspec.json.decode(self.body)

    @property
    def refusal(self) -> int:
        """The status, if the body is the SCIM error message of this status (RFC 7644 §3.12)."""
        if self.header("content-type") != "application/scim+json":
            raise AssertionError(self)
        if (self.data["schemas"], self.data["status"]) != ([ERROR], str(self.status)):
            raise AssertionError(self)
        return self.status


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """These bytes are on their way; a server that lets go meanwhile is no error."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    def end(self) -> None:
        """Nothing more comes from this side."""
        with suppress(OSError):  # the server has let go already
            self.writer.write_eof()

    async def answer(self, *, head_only: bool = False) -> Answer:
        """The next response; ``head_only`` for one to HEAD."""
        async with asyncio.timeout(SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            pairs = [line.partition(":") for line in lines]
            headers = [(name.lower(), value.strip()) for name, _, value in pairs]
            length = int(dict(headers).get("content-length", "0"))
            body = b"" if head_only else await self.reader.readexactly(length)
            return Answer(status=int(first.split()[1]), headers=headers, body=body)

    async def rest(self) -> bytes:
        """Everything until the server lets go."""
        async with asyncio.timeout(SECONDS):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Connection]:
    """A connection to the server at this URL."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=64 * 2**20)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def head(
    method: str, target: str, token: Secret | None, *lines: str | bytes, host: str | None = "muster.example"
) -> bytes:
    """The head of a request of this client, with these lines more."""
    said: list[str | bytes] = [f"{method} {target} HTTP/1.1"]
    said += [] if host is None else [f"Host: {host}"]
    said += [] if token is None else [f"Authorization: Bearer {token.reveal()}"]
    said += lines
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in said) + b"\r\n\r\n"


def request(method: str, target: str, token: Secret | None, body: bytes, *lines: str | bytes) -> bytes:
    """A request with a body and its length."""
    return head(method, target, token, f"Content-Length: {len(body)}", *lines) + body


async def exchange(url: str, data: bytes) -> Answer:
    """The response to these bytes, on a connection of their own."""
    async with connected(url) as connection:
        await connection.send(data)
        return await connection.answer(head_only=data.startswith(b"HEAD"))
