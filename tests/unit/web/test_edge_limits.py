"""Size, time and number: nobody takes more of the server than one client may, and nobody waits for ever."""

import asyncio
import select
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from desk import OPERATOR
from muster.service import tokens
from muster.service.desk import Desk
from muster.service.rights import Rights
from muster.web import create
from muster.web.connection import DEFAULT_LIMITS
from raw_http import SECONDS, Connection, connected, exchange, head, request
from scim_door import Client, serving

BODY = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana"}'
JSON = "Content-Type: application/scim+json"


@pytest.fixture
def database_url(sqlite_database_url: str) -> str:
    """One database will do: none of this depends on it."""
    return sqlite_database_url


@asynccontextmanager
async def _limited(desk: Desk, **limits: Any) -> AsyncGenerator[str]:  # noqa: ANN401 - fields of the limits
    async with serving(desk, limits=replace(DEFAULT_LIMITS, **limits)) as url:
        yield url


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_too_long_an_address_is_a_414(hr: Client, url: str, method: str) -> None:
    """16 KiB and no more, whether it comes at once or in pieces."""
    fits = await exchange(url, head("GET", "/scim/v2/Users?x=" + "y" * 16_000, hr.token))
    data = head(method, "/scim/v2/Users?x=" + "y" * 17_000, hr.token, "Content-Length: 0")
    whole = await exchange(url, data)
    async with connected(url) as connection:
        for start in range(0, len(data), 1_000):
            await connection.send(data[start : start + 1_000])
        pieces = await connection.answer()

    assert (200, 414, 414) == (fits.status, whole.refusal, pieces.refusal)


@pytest.mark.parametrize(
    "lines",
    [
        ("X: " + "y" * 33_000,),
        tuple(f"X-{number}: y" for number in range(4_000)),
        ("Cookie: " + "a=b; " * 7_000,),
        ("Authorization: Bearer " + "x" * 33_000,),
    ],
    ids=["long", "many", "cookies", "token"],
)
async def test_too_large_a_head_is_a_431(hr: Client, url: str, lines: tuple[str, ...]) -> None:
    """32 KiB in all, whether it comes at once or in pieces, and a head that never ends is not waited for."""
    data = head("GET", "/scim/v2/Users", hr.token, *lines)
    whole = await exchange(url, data)
    async with connected(url) as connection:
        await connection.send(data[: len(data) // 2])
        await connection.send(data[len(data) // 2 : -4])
        unfinished = await connection.answer()
    alive = await hr.get("/Users")

    assert (431, 431, 200) == (whole.refusal, unfinished.refusal, alive.status)


async def test_a_large_head_behind_another_request_is_refused_in_its_turn(hr: Client, url: str) -> None:
    """The first request is answered, the second refused, and the connection ends."""
    async with connected(url) as connection:
        await connection.send(
            head("GET", "/scim/v2/Users", hr.token)
            + head("GET", "/scim/v2/Users", hr.token, "X: " + "y" * 40_000)
        )
        first, second = await connection.answer(), await connection.answer()
        rest = await connection.rest()

    assert (200, 431, b"") == (first.status, second.refusal, rest)


async def test_a_body_is_counted_as_it_comes(hr: Client, url: str) -> None:
    """Without a length, too: more than 1 MiB is 413, told before the rest is there."""
    chunk = b"%x\r\n%b\r\n" % (65_536, b"y" * 65_536)
    async with connected(url) as connection:
        await connection.send(
            head("POST", "/scim/v2/Users", hr.token, JSON, "Transfer-Encoding: chunked") + chunk * 17
        )
        answer = await connection.answer()

    assert 413 == answer.refusal


async def test_a_length_that_is_too_large_needs_no_body(hr: Client, url: str) -> None:
    """A client that announces too much is refused before it sends any of it."""
    async with connected(url) as connection:
        await connection.send(head("POST", "/scim/v2/Users", hr.token, JSON, "Content-Length: 1048577"))
        answer = await connection.answer()

    assert 413 == answer.refusal


async def test_who_asks_first_is_refused_before_the_body(hr: Client, url: str) -> None:
    """With ``Expect: 100-continue`` a refusal comes instead of the 100, and the connection ends with it."""
    expecting = ("Expect: 100-continue", f"Content-Length: {len(BODY)}")
    async with connected(url) as connection:
        await connection.send(head("POST", "/scim/v2/Users", None, JSON, *expecting))
        refused, rest = await connection.answer(), await connection.rest()
    async with connected(url) as connection:
        await connection.send(head("POST", "/scim/v2/Users", hr.token, JSON, *expecting))
        go_on = await connection.answer()
        await connection.send(BODY + head("GET", "/scim/v2/Users", hr.token))
        made, listed = await connection.answer(), await connection.answer()

    assert (401, b"") == (refused.refusal, rest)
    assert (100, 201, 200) == (go_on.status, made.status, listed.status)


async def test_a_refused_body_is_read_over(hr: Client, url: str) -> None:
    """Who goes on to send a refused body is heard out, within bounds, and the next request is answered."""
    long = b'{"x":"' + b"y" * 2_000_000 + b'"}'
    async with connected(url) as connection:
        sending = asyncio.create_task(
            connection.send(
                request("POST", "/scim/v2/Users", None, long, JSON) + head("GET", "/scim/v2/Users", hr.token)
            )
        )
        first, second = await connection.answer(), await connection.answer()
        await sending

    assert (401, 200) == (first.refusal, second.status)


async def test_who_never_ends_a_refused_body_is_let_go(desk: Desk, hr: Client) -> None:
    """A client that answers a refusal with more and more is not listened to for ever."""
    async with _limited(desk, ignored_seconds=0.1) as url, connected(url) as connection:
        await connection.send(head("POST", "/scim/v2/Users", None, JSON, "Content-Length: 1000000") + b"{")
        answer, rest = await connection.answer(), await connection.rest()

    assert (401, b"") == (answer.refusal, rest)


async def test_who_goes_on_after_a_refusal_is_let_go(desk: Desk, hr: Client) -> None:
    """What comes after rubbish is neither read nor kept, and more of it than anybody needs ends it."""
    async with _limited(desk, body_bytes=100_000) as url, connected(url) as connection:
        await connection.send(b"rubbish\r\n\r\n")
        answer = await connection.answer()
        for _ in range(100):
            await connection.send(b"x" * 10_000)
        rest = await connection.rest()

    assert (400, b"") == (answer.refusal, rest)
    assert 200 == (await hr.get("/Users")).status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /scim/v2/Users HT", 408),
        (b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nX: y", 408),
        (b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r", 408),
        (b"\r\n", 408),
    ],
)
async def test_a_head_that_does_not_arrive_is_not_waited_for(desk: Desk, sent: bytes, status: int) -> None:
    """Half a head, however it is cut: 408 after a while, and the connection ends."""
    async with _limited(desk, head_seconds=0.1) as url, connected(url) as connection:
        await connection.send(sent)
        answer, rest = await connection.answer(), await connection.rest()

    assert (status, b"") == (answer.refusal, rest)


async def test_a_head_that_drips_is_not_waited_for(desk: Desk) -> None:
    """The time is for the whole head: a byte now and then does not renew it."""
    async with _limited(desk, head_seconds=0.1) as url, connected(url) as connection:

        async def drip() -> None:
            for number in range(100_000):
                await connection.send(b"GET /scim/v2/Users HTTP/1.1\r\nX: y" if not number else b"y")
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        answer = await connection.answer()
        dripping.cancel()

    assert 408 == answer.refusal


async def test_a_silent_client_is_let_go(desk: Desk, hr: Client) -> None:
    """Who says nothing, at once or after a request, is not kept; nothing is said to them either."""
    async with _limited(desk, head_seconds=0.1, idle_seconds=0.1) as url:
        async with connected(url) as connection:
            never = await connection.rest()
        async with connected(url) as connection:
            await connection.send(head("GET", "/scim/v2/Users", hr.token))
            answer, after = await connection.answer(), await connection.rest()

    assert (b"", 200, b"") == (never, answer.status, after)


@pytest.mark.parametrize("sent", [b"", b"{", BODY[:-1]])
@pytest.mark.parametrize("encoding", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_arrive_is_not_waited_for(
    desk: Desk, hr: Client, sent: bytes, encoding: str
) -> None:
    """Half a body: 408 after a while, nothing is stored, and the connection ends."""
    part = sent if "Length" in encoding else b"%x\r\n%b" % (len(BODY), sent)
    async with _limited(desk, body_seconds=0.1) as url, connected(url) as connection:
        await connection.send(head("POST", "/scim/v2/Users", hr.token, JSON, encoding) + part)
        answer, rest = await connection.answer(), await connection.rest()

    assert (408, b"") == (answer.refusal, rest)
    assert 0 == (await hr.get("/Users")).body["totalResults"]


async def test_a_body_that_is_mostly_packaging_is_not_read_for_ever(desk: Desk, hr: Client) -> None:
    """What chunks carry beside their content counts as well: notes on chunks, and fields behind the body."""
    encoded = head("POST", "/scim/v2/Users", hr.token, JSON, "Transfer-Encoding: chunked")
    async with _limited(desk, body_bytes=100_000) as url:
        for packaging in (b"1;" + b"x" * 200_000, b"0\r\nX: " + b"y" * 200_000):
            async with connected(url) as connection:
                await connection.send(encoded + packaging[:50_000])
                await connection.send(packaging[50_000:])
                answer, rest = await connection.answer(), await connection.rest()

            assert (400, b"") == (answer.refusal, rest)


async def test_an_answer_nobody_takes_is_given_up(desk: Desk, hr: Client) -> None:
    """A client that asks for much and reads nothing loses the connection, not the server its memory."""
    for number in range(3):
        await hr.hire(f"user{number}", title="x" * 1_000_000)
    async with _limited(desk, unread_seconds=0.1, idle_seconds=0.1) as url:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            parts = urlsplit(url)
            client.connect((parts.hostname, parts.port))
            client.sendall(head("GET", "/scim/v2/Users", hr.token) * 8)  # 24 MB of answers
            ended = select.poll()
            ended.register(client, 0)  # told of the end of the connection, and of nothing else
            told = await asyncio.to_thread(ended.poll, SECONDS * 1_000)

    assert told
    assert (await hr.get("/Users")).status == 200


async def test_a_client_too_many_takes_the_place_of_an_idle_one(desk: Desk, hr: Client) -> None:
    """When no more may connect, one that is idle makes room; the others go on."""
    async with _limited(desk, connections=3) as url, AsyncExitStack() as stack:
        clients: list[Connection] = []
        for _ in range(4):
            clients.append(await stack.enter_async_context(connected(url)))
            await clients[-1].send(head("GET", "/scim/v2/Users", hr.token))
            assert 200 == (await clients[-1].answer()).status
        ends = {asyncio.create_task(one.rest()): one for one in clients}
        done, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        again = []
        for task in waiting:
            await ends[task].send(head("GET", "/scim/v2/Users", hr.token))
            again.append((await ends[task].answer()).status)

    assert (1, [200, 200, 200]) == (len(done), again)
    assert clients[-1] not in {ends[task] for task in done}


async def test_when_all_are_busy_one_more_is_told_to_come_back(desk: Desk, hr: Client) -> None:
    """503 as SCIM words it, with ``Retry-After``; those who are there are served."""
    bodies = [BODY.replace(b"ana", name) for name in (b"ana", b"ben")]
    async with _limited(desk, connections=2) as url, AsyncExitStack() as stack:
        busy = [await stack.enter_async_context(connected(url)) for _ in bodies]
        for one, body in zip(busy, bodies, strict=True):
            await one.send(request("POST", "/scim/v2/Users", hr.token, body, JSON)[: -len(body)])
        refused = await (await stack.enter_async_context(connected(url))).answer()
        for one, body in zip(busy, bodies, strict=True):
            await one.send(body)
        made = [(await one.answer()).status for one in busy]

    assert (503, [201, 201]) == (refused.refusal, made)
    assert refused.header("retry-after") is not None


async def test_too_many_requests_of_a_token_are_a_429(desk: Desk, hr: Client) -> None:
    """429 as SCIM words it, with ``Retry-After``, for this token alone; nothing of the request is done."""
    source = (await tokens.list_sources(desk))[0]
    slow = await tokens.add_token(desk, OPERATOR, source, Rights(requests_per_second=1))
    client = replace(hr, token=slow.secret)
    async with serving(desk, create(desk, requests_per_second=1_000)) as url:
        answers = [
            await exchange(url, request("POST", "/scim/v2/Users", client.token, BODY, JSON)) for _ in range(3)
        ]
        other = await exchange(url, head("GET", "/scim/v2/Users", hr.token))

    assert [201, 409, 429] == [answer.status for answer in answers]
    assert 429 == answers[2].refusal
    assert "1" == answers[2].header("retry-after")
    assert "1 requests a second" in answers[2].data["detail"]
    assert 200 == other.status
