"""A fake HTTP server on loopback that says exactly the bytes a test wants, and hangs up when told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Wire"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived."""

    method: str
    target: str  # path and query
    headers: dict[str, str]  # names in small letters
    body: bytes


@dataclass(frozen=True, slots=True)
class Wire:
    """What a script sees of one request, and where it writes its answer."""

    request: Request
    writer: asyncio.StreamWriter

    async def send(self, raw: bytes) -> None:
        """Write bytes and wait until they have left."""
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Write a well-formed answer; an underscore in a header's name stands for a hyphen."""
        await self.send(plain(status, body, **headers))

    def hang_up(self) -> None:
        """Close the connection at once."""
        self.writer.transport.abort()


def plain(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Give a well-formed answer as bytes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class FakeHttp:
    """The server: ``scripts`` by path, else ``otherwise``; every request it has read is kept in ``seen``."""

    url: str = ""
    scripts: dict[str, Script] = field(default_factory=dict)
    otherwise: Script | None = None
    seen: list[Request] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        self.connections += 1
        try:
            while request := await _read(reader):
                self.seen.append(request)
                script = self.scripts.get(request.target.partition("?")[0]) or self.otherwise
                assert script is not None, f"nothing is scripted for {request.target}"
                await script(Wire(request, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left, as some tests want
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body)


@asynccontextmanager
async def fake_http() -> AsyncIterator[FakeHttp]:
    """Give a running server; it is gone afterwards, with every connection it still had."""
    fake = FakeHttp()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(fake.serve(reader, writer))
        connections.add(task)
        await asyncio.wait([task])
        connections.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await server.wait_closed()
