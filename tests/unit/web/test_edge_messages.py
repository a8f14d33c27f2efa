"""Bytes that are no HTTP, or could be read in two ways: refused as SCIM, and the next client is served."""

import pytest

from raw_http import connected, exchange, head, request
from scim_door import Client, user

BODY = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana"}'
JSON = "Content-Type: application/scim+json"


@pytest.fixture
def database_url(sqlite_database_url: str) -> str:
    """One database will do: none of this reaches it."""
    return sqlite_database_url


async def _alive(hr: Client) -> bool:
    return (await hr.get("/Users")).status == 200


def _get(lines: bytes, rest: bytes = b"") -> bytes:
    return b"GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n" + rest


def _post(lines: bytes, rest: bytes = b"") -> bytes:
    return b"POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n" + rest


UNREADABLE = {
    "nothing that is HTTP": b"\x00\x01\x02\x03\r\n\r\n",
    "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /scim/v2/Users\r\n\r\n",
    "a version there is not": b"GET /scim/v2/Users HTTP/9.9\r\nHost: x\r\n\r\n",
    "a method there is not": b"FROBNICATE /scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in small letters": b"get /scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    "two spaces and no address": b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address with a space": b"GET /scim/v2/Us ers HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address with a NUL": b"GET /scim/v2/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address in another encoding": b"GET /scim/v2/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": _get(b"nonsense"),
    "a space before the colon": b"GET /scim/v2/Users HTTP/1.1\r\nHost : x\r\n\r\n",
    "a header with a NUL": _get(b"X: a\x00b"),
    "a header with a bare return": _get(b"X: a\rb: c"),
    "a folded header": _get(b"X: a\r\n b"),
    "two lengths": _post(b"Content-Length: 2\r\nContent-Length: 3", b"{}"),
    "the same length twice": _post(b"Content-Length: 2\r\nContent-Length: 2", b"{}"),
    "a list of lengths": _post(b"Content-Length: 2, 2", b"{}"),
    "a length below nothing": _post(b"Content-Length: -1"),
    "a length with a sign": _post(b"Content-Length: +2", b"{}"),
    "a length in hexadecimal": _post(b"Content-Length: 0x2", b"{}"),
    "a length beyond 64 bits": _post(b"Content-Length: 99999999999999999999"),
    "a length and chunks": _post(b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    "chunks of a strange kind": _post(b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
    "a chunk that has no length": _post(b"Transfer-Encoding: chunked", b"xyz\r\n"),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_a_400(hr: Client, url: str, data: bytes) -> None:
    """400 as SCIM words it, and the connection ends: what follows could be anything."""
    async with connected(url) as connection:
        await connection.send(data)
        answer = await connection.answer()
        rest = await connection.rest()

    assert 400 == answer.refusal
    assert "close" == answer.header("connection")
    assert b"" == rest
    assert await _alive(hr)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Host: a.example", "Host: b.example"),
        ("Host: a.example", "Host: a.example"),
        ("Host:",),
        ("Host: a b",),
        ("Host: a.example/x",),
        ("Host: u@a.example",),
        ("Host: a.example:port",),
        ("Host: a.example:999999",),
        ("Host: [::1",),
        ("Host: <script>",),
        ("Host: %0d%0a",),
        (b"Host: \xe4.example",),
        ("Host: " + "x" * 300,),
    ],
    ids=str,
)
async def test_a_host_that_is_none_is_refused(hr: Client, url: str, lines: tuple[str | bytes, ...]) -> None:
    """No Host, two, or one that can be none (RFC 9112 §3.2): 400 before the token is looked at."""
    answer = await exchange(url, head("GET", "/scim/v2/Users", hr.token, *lines, host=None))

    assert 400 == answer.refusal
    assert await _alive(hr)


@pytest.mark.parametrize(
    "lines",
    [
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: CHUNKED",),
        ("Transfer-Encoding: chunked", "TE: trailers"),
    ],
    ids=str,
)
async def test_a_body_in_chunks_is_read(hr: Client, url: str, lines: tuple[str, ...]) -> None:
    """Without a length, in chunks of any size, with extensions of chunks."""
    body = BODY.replace(b"ana", b"ana\\u0041")
    chunks = b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in (body[:1], body[1:7], body[7:]))
    answer = await exchange(
        url, head("POST", "/scim/v2/Users", hr.token, JSON, *lines) + chunks + b"0\r\n\r\n"
    )

    assert 201 == answer.status
    assert "anaA" == answer.data["userName"]


async def test_what_follows_a_body_is_no_header(hr: Client, url: str) -> None:
    """Fields in a trailer change nothing: neither the host, nor the token, nor the type of the body."""
    chunks = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)
    trailer = b"Authorization: Bearer x\r\nHost: evil.example\r\nContent-Type: text/html\r\n\r\n"
    encoded = "Transfer-Encoding: chunked"
    taken = await exchange(url, head("POST", "/scim/v2/Users", hr.token, JSON, encoded) + chunks + trailer)
    token = f"Authorization: Bearer {hr.token.reveal()}\r\n\r\n".encode()
    refused = await exchange(url, head("POST", "/scim/v2/Users", None, JSON, encoded) + chunks + token)

    assert 201 == taken.status
    assert "http://muster.example/scim/v2/Users/" in (taken.header("location") or "")
    assert 401 == refused.refusal


@pytest.mark.parametrize("name", ["Authorization", "Content-Type"])
async def test_a_header_that_is_said_twice_is_refused(hr: Client, url: str, name: str) -> None:
    """Nobody knows which of two a proxy went by: 400, and nothing is stored."""
    twice = {"Authorization": f"Authorization: Bearer {hr.token.reveal()}", "Content-Type": JSON}[name]
    lines = [JSON, twice]
    answer = await exchange(url, request("POST", "/scim/v2/Users", hr.token, BODY, *lines))

    assert 400 == answer.refusal
    assert name.lower() in answer.data["detail"]
    assert 0 == (await hr.get("/Users")).body["totalResults"]


@pytest.mark.parametrize(
    "name",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"],
)
async def test_nothing_overrides_method_and_address(hr: Client, url: str, name: str) -> None:
    """What a request is stands in its first line: headers that claim otherwise are not heard."""
    ana = await hr.hire("ana")
    value = "DELETE" if "Method" in name else f"/scim/v2/Users/{ana.id}"
    answer = await exchange(url, head("GET", f"/scim/v2/Users/{ana.id}", hr.token, f"{name}: {value}"))
    other = await exchange(url, head("GET", "/scim/v2/nothing", hr.token, f"{name}: {value}"))
    deep = await exchange(url, head("GET", f"/scim/v2/Users/{ana.id}?_method=DELETE", hr.token))

    assert (200, 404, 200) == (answer.status, other.status, deep.status)
    assert ana.body["userName"] == (await hr.get(f"/Users/{ana.id}")).body["userName"]


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "PROPFIND", "MKCOL", "LINK", "SEARCH", "QUERY", "POST"]
)
@pytest.mark.parametrize("path", ["/Users/1", "/Schemas", "/ServiceProviderConfig"])
async def test_methods_that_mean_nothing_here(hr: Client, url: str, method: str, path: str) -> None:
    """405 with what is possible; TRACE sends nothing back of what it was asked."""
    answer = await exchange(url, head(method, f"/scim/v2{path}", hr.token, "Content-Length: 0"))

    assert 405 == answer.refusal
    assert "GET" in (answer.header("allow") or "")
    assert hr.token.reveal().encode() not in answer.body


async def test_head_is_get_without_a_body(hr: Client, url: str) -> None:
    """The same status, length and tag as of GET, and the connection goes on with the next request."""
    ana = await hr.hire("ana")
    target = f"/scim/v2/Users/{ana.id}"
    async with connected(url) as connection:
        await connection.send(head("HEAD", target, hr.token) + head("GET", target, hr.token))
        first, second = await connection.answer(head_only=True), await connection.answer()

    assert (200, 200) == (first.status, second.status)
    for name in ("content-length", "content-type", "etag", "location"):
        assert first.header(name) == second.header(name) is not None
    assert ana.id == second.data["id"]


async def test_an_offer_to_upgrade_is_passed_over(hr: Client, url: str) -> None:
    """Clients that offer HTTP/2 or a web socket are answered as if they had not; what follows is read."""
    offer = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    )
    socket = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Version: 13",
    )
    async with connected(url) as connection:
        await connection.send(
            head("GET", "/scim/v2/Users", hr.token, *offer)
            + head("GET", "/scim/v2/Groups", hr.token, *socket)
            + request("POST", "/scim/v2/Users", hr.token, BODY, JSON, *offer)
            + head("GET", "/scim/v2/Schemas", hr.token)
        )
        statuses = [(await connection.answer()).status for _ in range(4)]

    assert [200, 200, 201, 200] == statuses


async def test_requests_in_a_row_are_answered_in_their_order(hr: Client, url: str) -> None:
    """A client that does not wait for answers gets them all, each to its own request."""
    names = [f"user{number}" for number in range(20)]
    bodies = [BODY.replace(b"ana", name.encode()) for name in names]
    async with connected(url) as connection:
        await connection.send(
            b"".join(request("POST", "/scim/v2/Users", hr.token, body, JSON) for body in bodies)
            + head("GET", "/scim/v2/Users?count=0", hr.token)
        )
        answers = [await connection.answer() for _ in range(21)]

    assert [201] * 20 + [200] == [answer.status for answer in answers]
    assert names == [answer.data["userName"] for answer in answers[:20]]
    assert 20 == answers[20].data["totalResults"]


async def test_what_came_before_rubbish_is_answered(hr: Client, url: str) -> None:
    """Requests that arrived as a whole get their answers first; then the refusal, and the connection ends."""
    async with connected(url) as connection:
        await connection.send(
            request("POST", "/scim/v2/Users", hr.token, BODY, JSON)
            + head("GET", "/scim/v2/Users?count=0", hr.token)
            + b"\x00rubbish\r\n\r\n"
        )
        first, second, third = [await connection.answer() for _ in range(3)]
        rest = await connection.rest()

    assert (201, 200, 400, b"") == (first.status, second.status, third.refusal, rest)
    assert 1 == second.data["totalResults"]


async def test_a_client_that_only_listens_is_answered(hr: Client, url: str) -> None:
    """One that closes its own direction after the request still gets the answer."""
    async with connected(url) as connection:
        await connection.send(request("POST", "/scim/v2/Users", hr.token, BODY, JSON))
        connection.end()
        answer, rest = await connection.answer(), await connection.rest()

    assert (201, b"") == (answer.status, rest)


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(hr: Client, url: str) -> None:
    """Half a body is no request: nothing is stored, and nobody waits for the rest."""
    whole = request("POST", "/scim/v2/Users", hr.token, BODY, JSON)
    for length in (10, len(whole) - 40, len(whole) - 1):
        async with connected(url) as connection:
            await connection.send(whole[:length])
            connection.end()
            assert b"" == await connection.rest()

    assert 0 == (await hr.get("/Users")).body["totalResults"]


async def test_an_old_client_without_a_host_is_served(hr: Client, url: str) -> None:
    """HTTP/1.0 knows no Host; resources are then named by the address they were asked at."""
    data = (
        f"GET /scim/v2/ServiceProviderConfig HTTP/1.0\r\nAuthorization: Bearer {hr.token.reveal()}\r\n\r\n"
    ).encode()
    async with connected(url) as connection:
        await connection.send(data)
        answer, rest = await connection.answer(), await connection.rest()

    assert (200, b"") == (answer.status, rest)
    assert f"{url}/scim/v2/ServiceProviderConfig" == answer.data["meta"]["location"]


async def test_no_value_gets_into_a_header(hr: Client) -> None:
    """Line breaks in names stay in the body, as JSON: headers hold our own ids alone."""
    evil = "ana\r\nSet-Cookie: a=b\r\n\r\n<html>"
    answer = await hr.post("/Users", user(evil, externalId=evil))
    listed = await hr.get(
        "/Users?filter=userName%20eq%20%22ana%5Cr%5CnSet-Cookie%3A%20a%3Db%5Cr%5Cn%5Cr%5Cn%3Chtml%3E%22"
    )

    assert evil == answer.body["userName"]
    assert answer.headers["location"].endswith(f"/Users/{answer.id}")
    assert "set-cookie" not in answer.headers
    assert 1 == listed.body["totalResults"]
