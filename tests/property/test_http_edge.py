"""Whatever bytes a client sends, it is answered as SCIM or let go, and the next client is served."""

import asyncio
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import open_desk, scim_source
from muster.model import Secret
from muster.web.connection import DEFAULT_LIMITS
from raw_http import connected, exchange, head, request
from scim_door import serving

LIMITS = replace(DEFAULT_LIMITS, address_bytes=2_000, head_bytes=4_000, body_bytes=20_000)
TOKEN = b"<token>"  # takes the place of one, so that examples can be shown
BODY = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana"}'
METHODS = st.sampled_from(
    [b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"CONNECT", b"get"]
)
TARGETS = st.sampled_from(
    [
        b"/scim/v2/Users",
        b"/scim/v2/Me",
        b"/scim/v2/Bulk",
        b"/healthz",
        b"*",
        b"/",
        b"//",
        b"http://x/scim/v2/Users",
    ]
) | st.binary(max_size=30).map(lambda tail: b"/scim/v2/" + tail)
LINES = st.sampled_from(
    [
        *(b"Host: x", b"Host:", b"Host: a b", b"Authorization: Bearer " + TOKEN, b"Authorization: Bearer x"),
        *(b"Content-Type: application/json", b"Content-Type: text/html", b"Content-Encoding: gzip"),
        *(b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: 76", b"Content-Length: -1"),
        *(b"Content-Length: 99999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"),
        *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: h2c", b"Expect: 100-continue"),
        *(b"Accept: text/html", b"If-Match: *", b"X: " + b"y" * 3_000, b" folded", b"no colon", b""),
    ]
) | st.binary(max_size=20)
BODIES = st.sampled_from(
    [
        b"",
        BODY,
        BODY[:20],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"{" * 3_000,
    ]
) | st.binary(max_size=50)
REQUESTS = st.builds(
    lambda method, target, version, lines, body: b"\r\n".join(
        [method + b" " + target + b" HTTP/" + version, *lines, b"", body]
    ),
    METHODS,
    TARGETS,
    st.sampled_from([b"1.1", b"1.0", b"2.0", b"1.1 "]),
    st.lists(LINES, max_size=7),
    BODIES,
)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A server in an event loop that runs while it is asked."""

    runner: asyncio.Runner
    url: str
    token: Secret

    def say(self, pieces: list[bytes]) -> bytes:
        """Everything the server says to a client that sends these pieces and then nothing more."""

        async def talk() -> bytes:
            async with connected(self.url) as connection:
                for piece in pieces:
                    await connection.send(piece.replace(TOKEN, self.token.reveal().encode()))
                    await asyncio.sleep(0)
                connection.end()
                return await connection.rest()

        return self.runner.run(talk())

    def is_open(self) -> bool:
        """Whether the server still serves."""
        data = head("GET", "/scim/v2/Users?count=0", self.token)
        return self.runner.run(exchange(self.url, data)).status == 200


@asynccontextmanager
async def _opened(database_url: str) -> AsyncGenerator[tuple[str, Secret]]:
    async with open_desk(database_url) as desk, serving(desk, limits=LIMITS) as url:
        yield url, await scim_source(desk, "hr")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Generator[Door]:
    """One server for all examples, so that none of them can break it for the next."""
    with asyncio.Runner() as runner:
        opened = _opened(f"sqlite:///{tmp_path_factory.mktemp('edge') / 'muster.db'}")
        url, token = runner.run(opened.__aenter__())
        try:
            yield Door(runner=runner, url=url, token=token)
        finally:
            runner.run(opened.__aexit__(None, None, None))


@given(st.lists(REQUESTS | st.binary(max_size=200), min_size=1, max_size=4), st.integers(1, 400))
def test_any_bytes_are_answered_or_let_go(door: Door, requests: list[bytes], length: int) -> None:
    """No status of the server's own fault, no hang, and the server is there for the next client."""
    data = b"".join(requests)
    said = door.say([data[start : start + length] for start in range(0, len(data), length)])
    statuses = [int(status) for status in STATUS.findall(said)]

    assert b"" == said or said.startswith(b"HTTP/1.1 ")
    assert all(status < 500 or status == 501 for status in statuses)
    assert door.is_open()


@given(st.lists(st.integers(0, 2_000), max_size=6), st.integers(1, 4))
def test_how_bytes_are_cut_changes_nothing(door: Door, cuts: list[int], times: int) -> None:
    """Requests in a row are answered the same, one by one and in order, wherever the network cuts them."""
    one = request("POST", "/scim/v2/Users", None, BODY, "Content-Type: application/json")
    other = head("GET", "/scim/v2/Schemas", door.token)
    data = (one + other) * times
    edges = [0, *sorted({cut for cut in cuts if cut < len(data)} - {0}), len(data)]
    said = door.say([data[start:end] for start, end in pairwise(edges)])

    assert [b"401", b"200"] * times == STATUS.findall(said)
