import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from fakes.http import FakeHttp, Script, Wire, fake_http, plain
from muster.kit.credential import Basic, Bearer, Credential
from muster.kit.manifest import ErrorRule
from muster.kit.session import Bounds, Session, segment
from muster.model import (
    AuthFailed,
    BadInput,
    Changed,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Secret,
    TargetError,
    Unreachable,
    Unsupported,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOKEN = "s3cret/t0ken+=="


@pytest.fixture
async def fake() -> AsyncIterator[FakeHttp]:
    """Give a server that does what each test scripts."""
    async with fake_http() as running:
        yield running


def session(
    fake: FakeHttp,
    *,
    credential: Credential = None,
    bounds: Bounds | None = None,
    errors: tuple[ErrorRule, ...] = (),
) -> Session:
    """Give a session that calls the fake."""
    return Session(fake.url, credential=credential, now=lambda: NOW, bounds=bounds, errors=errors)


async def failed(fake: FakeHttp, *, writes: bool, method: str = "", **options: object) -> TargetError:
    """Give what a call of ``/x`` raises."""
    async with session(fake, **options) as calls:
        with pytest.raises(TargetError) as caught:
            await calls.call(method or ("POST" if writes else "GET"), "x", writes=writes)
    return caught.value


def says(status: int, body: bytes = b"", **headers: str) -> Script:
    """Give a script that answers so."""

    async def script(wire: Wire) -> None:
        await wire.answer(status, body, **headers)

    return script


async def test_an_answer_comes_as_status_headers_and_json(fake: FakeHttp) -> None:
    """A call gives what the application said; query and body arrive there as they were meant."""
    fake.scripts["/x"] = says(201, b'{"id": "1"}', Location="/x/1")

    async with session(fake, credential=Bearer(token=Secret(TOKEN))) as calls:
        answer = await calls.call("POST", "x", writes=True, body={"a": ["ä"]}, query={"filter": 'a eq "b c"'})

    assert (201, {"id": "1"}, "/x/1") == (answer.status, answer.body, answer.headers["location"])
    sent = fake.seen[0]
    assert "/x?filter=a%20eq%20%22b%20c%22" == sent.target
    assert {"a": ["ä"]} == json.loads(sent.body)
    assert f"Bearer {TOKEN}" == sent.headers["authorization"]
    assert "application/json" == sent.headers["content-type"]
    assert sent.headers["user-agent"].startswith("Muster/")


async def test_basic_credentials_are_sent_as_rfc_7617_says(fake: FakeHttp) -> None:
    """Name and password travel base64-encoded in the Authorization header."""
    fake.scripts["/x"] = says(200, b"{}")

    async with session(fake, credential=Basic(user="Aladdin", password=Secret("open sesame"))) as calls:
        await calls.call("GET", "x", writes=False)

    assert "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" == fake.seen[0].headers["authorization"]


async def test_an_empty_success_has_no_body(fake: FakeHttp) -> None:
    """204, and 200 without a body, are answers whose body is None."""
    fake.scripts["/x"] = says(204)

    async with session(fake) as calls:
        answer = await calls.call("DELETE", "x", writes=True)

    assert (204, None) == (answer.status, answer.body)


@pytest.mark.parametrize(
    ("status", "reading", "writing"),
    [
        (301, Misconfigured, Misconfigured),
        (304, Misconfigured, Misconfigured),
        (308, Misconfigured, Misconfigured),
        (400, Invalid, Invalid),
        (401, AuthFailed, AuthFailed),
        (402, Invalid, Invalid),
        (403, Forbidden, Forbidden),
        (404, Gone, Gone),
        (405, Unsupported, Unsupported),
        (408, Unreachable, OutcomeUnknown),
        (409, Conflict, Conflict),
        (410, Gone, Gone),
        (412, Changed, Changed),
        (413, Invalid, Invalid),
        (415, Unsupported, Unsupported),
        (422, Invalid, Invalid),
        (429, RateLimited, RateLimited),
        (500, Unreachable, OutcomeUnknown),
        (501, Unsupported, Unsupported),
        (502, Unreachable, OutcomeUnknown),
        (503, Unreachable, OutcomeUnknown),
        (504, Unreachable, OutcomeUnknown),
    ],
)
async def test_a_status_means_one_error(
    fake: FakeHttp, status: int, reading: type[TargetError], writing: type[TargetError]
) -> None:
    """Every error status becomes the class that tells the engine what to do, by what the call does."""
    fake.scripts["/x"] = says(status, b"" if status == 304 else b'{"detail": "no"}')

    read, written = await failed(fake, writes=False), await failed(fake, writes=True)

    assert (reading, writing) == (type(read), type(written))
    assert (status, status) == (read.status, written.status)


async def test_no_cookie_is_kept(fake: FakeHttp) -> None:
    """Each call stands for itself: what an application wants to be reminded of is not brought back."""
    fake.scripts["/x"] = says(200, b"{}", Set_Cookie="session=1; Path=/")
    fake.url = fake.url.replace("127.0.0.1", "localhost")  # aiohttp never keeps the cookies of bare addresses

    async with session(fake) as calls:
        for _ in range(2):
            await calls.call("GET", "x", writes=False)

    assert not any("cookie" in request.headers for request in fake.seen)


async def test_a_redirect_is_not_followed(fake: FakeHttp) -> None:
    """The credential never travels to the address a redirect names, and the person reads which one it is."""
    fake.scripts["/x"] = says(302, Location="/y?code=1")
    fake.scripts["/y"] = says(200, b"{}")

    error = await failed(fake, writes=False, credential=Bearer(token=Secret(TOKEN)))

    assert isinstance(error, Misconfigured)
    assert ["/x"] == [request.target for request in fake.seen]
    assert "sent on to /y" in error.why
    assert "code=1" not in error.why


@pytest.mark.parametrize("body", [b"<html>Not Found</html>", b"", b"not found", b'"gone"', b'{"detail": '])
async def test_a_404_that_is_not_the_protocols_own_is_not_gone(fake: FakeHttp, body: bytes) -> None:
    """A web page, a text or nothing with 404 means that the address leads nowhere, not that one is gone."""
    fake.scripts["/x"] = says(404, body)

    assert isinstance(await failed(fake, writes=True, method="PUT"), Misconfigured)
    assert isinstance(await failed(fake, writes=False), Misconfigured)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("999999", 86_400.0),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("Thu, 99 Foo 2026 12:01:30 GMT", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_understood(
    fake: FakeHttp, status: int, said: str, seconds: float | None
) -> None:
    """Both forms of Retry-After become seconds, bounded; nonsense becomes no wait at all."""
    fake.scripts["/x"] = says(status, Retry_After=said)

    error = await failed(fake, writes=True)

    assert (RateLimited, seconds) == (type(error), error.retry_after)


async def test_the_error_table_goes_first(fake: FakeHttp) -> None:
    """A rule of the manifest that fits status and text decides; one whose text does not occur does not."""
    rules = (
        ErrorRule(status=403, body="no such text", error=Conflict),
        ErrorRule(status=403, body="secondary rate limit", error=RateLimited),
    )
    fake.scripts["/x"] = says(403, b'{"message": "secondary rate limit"}')

    error = await failed(fake, writes=True, errors=rules)

    assert isinstance(error, RateLimited)
    assert error.why.endswith("403: secondary rate limit")


async def test_refused_means_nothing_was_sent(fake: FakeHttp) -> None:
    """A write to a port where nobody listens is Unreachable, not of unknown outcome."""
    async with fake_http() as gone:
        pass

    assert isinstance(await failed(gone, writes=True), Unreachable)


async def test_a_name_without_address_means_nothing_was_sent() -> None:
    """A host that does not resolve is Unreachable, and the text names it."""
    error = await failed(FakeHttp(url="http://nobody.invalid"), writes=True)

    assert isinstance(error, Unreachable)
    assert "nobody.invalid" in error.why


async def test_a_failed_tls_handshake_means_nothing_was_sent(fake: FakeHttp) -> None:
    """A server that speaks no TLS where TLS is expected is Unreachable."""

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await failed(FakeHttp(url=f"https://127.0.0.1:{port}"), writes=True)

    assert isinstance(error, Unreachable)


async def test_no_connection_in_time_means_nothing_was_sent(fake: FakeHttp) -> None:
    """A call that waits too long for a free connection is Unreachable even when it writes."""
    arrived, release = asyncio.Event(), asyncio.Event()

    async def hold(wire: Wire) -> None:
        arrived.set()
        await release.wait()
        await wire.answer(200, b"{}")

    fake.scripts["/x"] = hold
    bounds = Bounds(concurrency=1, connect_seconds=0.5, total_seconds=60)
    async with session(fake, bounds=bounds) as calls:
        first = asyncio.ensure_future(calls.call("GET", "x", writes=False))
        await arrived.wait()
        with pytest.raises(Unreachable, match="no connection in time"):
            await calls.call("POST", "x", writes=True)
        release.set()
        await first

    assert 1 == len(fake.seen)


async def test_time_out_after_sending(fake: FakeHttp) -> None:
    """An answer that does not come in time leaves a write of unknown outcome and a read unreachable."""

    async def mute(wire: Wire) -> None:
        await asyncio.Event().wait()

    fake.scripts["/x"] = mute
    bounds = Bounds(connect_seconds=0.9, total_seconds=1)

    assert isinstance(await failed(fake, writes=True, bounds=bounds), OutcomeUnknown)
    assert isinstance(await failed(fake, writes=False, bounds=bounds), Unreachable)


async def test_a_body_that_never_ends_times_out(fake: FakeHttp) -> None:
    """Headers in time do not save a call whose body does not come."""

    async def stall(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await asyncio.Event().wait()

    fake.scripts["/x"] = stall

    assert isinstance(
        await failed(fake, writes=True, bounds=Bounds(connect_seconds=0.9, total_seconds=1)), OutcomeUnknown
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("warm", [False, True])
async def test_a_write_that_was_read_is_never_sent_again(fake: FakeHttp, method: str, warm: bool) -> None:
    """Dropped after the application read it: unknown, and read once, on new and kept connections alike."""

    async def drop(wire: Wire) -> None:
        wire.hang_up()

    fake.scripts |= {"/x": drop, "/warm": says(200, b"{}")}
    async with session(fake) as calls:
        if warm:
            await calls.call("GET", "warm", writes=False)
        with pytest.raises(OutcomeUnknown):
            await calls.call(method, "x", writes=True, body={})

    assert 1 == len([request for request in fake.seen if request.target == "/x"])
    assert 1 == fake.connections


async def test_a_connection_closed_in_between_costs_nothing(fake: FakeHttp) -> None:
    """When the application closed the connection after its answer, the next write opens a new one."""

    async def answer_and_leave(wire: Wire) -> None:
        await wire.answer(200, b"{}")
        wire.writer.close()
        await wire.writer.wait_closed()

    fake.scripts["/x"] = answer_and_leave
    async with session(fake) as calls:
        await calls.call("POST", "x", writes=True)
        for _ in range(10):  # rounds of the loop, in which it reads that the other side left
            await asyncio.sleep(0)
        answer = await calls.call("POST", "x", writes=True)

    assert 200 == answer.status
    assert (2, 2) == (len(fake.seen), fake.connections)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", id="truncated"),
        pytest.param(plain(200, b'{"id": '), id="malformed JSON"),
        pytest.param(plain(200, b"<html>Please log in</html>"), id="web page"),
        pytest.param(plain(200, b"\xff\xfe"), id="no UTF-8"),
        pytest.param(plain(200, b'"\xff"'), id="no UTF-8 in a text"),
        pytest.param(plain(200, b"[" * 200_000), id="too deep"),
        pytest.param(plain(200, b'"' + b"x" * 20_000_000 + b'"'), id="20 MB"),
        pytest.param(b"220 mail.example.org ESMTP\r\n\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", id="huge header"),
    ],
)
async def test_an_answer_that_cannot_be_used(fake: FakeHttp, raw: bytes) -> None:
    """A useless answer leaves a write of unknown outcome; a read is garbled and may be asked again."""

    async def babble(wire: Wire) -> None:
        await wire.send(raw)
        wire.writer.close()

    fake.scripts["/x"] = babble

    assert isinstance(await failed(fake, writes=True), OutcomeUnknown)
    assert isinstance(await failed(fake, writes=False), Garbled)


async def test_dropped_reads_are_unreachable(fake: FakeHttp) -> None:
    """A read whose connection dies changed nothing and may be asked again."""

    async def drop(wire: Wire) -> None:
        wire.hang_up()

    fake.scripts["/x"] = drop

    assert isinstance(await failed(fake, writes=False), Unreachable)


async def test_expected_statuses_are_answers(fake: FakeHttp) -> None:
    """A caller may ask for an error as an answer, and may still turn it into its error."""
    fake.scripts["/x"] = says(404, b'{"detail": "no such user"}')

    async with session(fake) as calls:
        answer = await calls.call("GET", "x", writes=False, expect=frozenset({200, 404}))
        error = calls.failure(answer, writes=False)

    assert {"detail": "no such user"} == answer.body
    assert isinstance(error, Gone)
    assert "GET /x was answered 404: no such user" == error.why


async def test_a_success_nobody_expects_is_no_success(fake: FakeHttp) -> None:
    """202 where only 201 counts: a write may have happened, a read is garbled."""
    fake.scripts["/x"] = says(202, b"{}")
    async with session(fake) as calls:
        with pytest.raises(OutcomeUnknown):
            await calls.call("POST", "x", writes=True, expect=frozenset({201}))
        with pytest.raises(Garbled):
            await calls.call("GET", "x", writes=False, expect=frozenset({200}))


@pytest.mark.parametrize(
    ("credential", "secret"),
    [
        (Bearer(token=Secret(TOKEN)), TOKEN),
        (Basic(user="ada", password=Secret(TOKEN)), TOKEN),
        (Basic(user="ada", password=Secret(TOKEN)), "YWRhOnMzY3JldC90MGtlbis9PQ=="),
        (Bearer(token=Secret(TOKEN)), "s3cret/t0ken%2B%3D%3D"),
        (Bearer(token=Secret("t0ken/s3cret")), "t0ken%2Fs3cret"),
    ],
)
@pytest.mark.parametrize("padding", [0, 290])
@pytest.mark.parametrize("status", [302, 400, 401, 500])
async def test_no_error_shows_the_secret(
    fake: FakeHttp, credential: Credential, secret: str, padding: int, status: int
) -> None:
    """An application that repeats our secret in its answer gets no piece of it into an error."""
    echo = "x" * padding + secret
    fake.scripts["/x"] = says(status, json.dumps({"detail": echo}).encode(), Location=f"/{secret}")

    error = await failed(fake, writes=True, credential=credential)

    shown = f"{error!r} {error} {error.why} {error.problem!r} {error.__context__!r} {error.__cause__!r}"
    assert secret[:6] not in shown


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_no_error_carries_the_request(fake: FakeHttp, raw: bytes) -> None:
    """What aiohttp raises holds the request with its credential; none of it hangs on our errors."""

    async def babble(wire: Wire) -> None:
        await wire.send(raw)
        wire.writer.close()

    fake.scripts["/x"] = babble

    error = await failed(fake, writes=True, credential=Bearer(token=Secret(TOKEN)))

    assert (None, None) == (error.__context__, error.__cause__)


async def test_the_applications_words_are_kept_short_and_on_one_line(fake: FakeHttp) -> None:
    """At most 300 characters of what the application says stand in an error, without control characters."""
    fake.scripts["/x"] = says(400, json.dumps({"detail": "line\r\n\x1b[31mred" + "y" * 1000}).encode())

    error = await failed(fake, writes=True)

    said = error.why.partition("400: ")[2]
    assert 300 == len(said)
    assert said.isprintable()
    assert said.startswith("line [31mred")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://app.example.org",
        "app.example.org",
        "https://",
        "https://ada:pw@app.example.org",
        "https://a/?b=c",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """No session is made for an address that cannot be called safely; the refusal does not repeat it."""
    with pytest.raises(BadInput) as caught:
        Session(url, credential=None, now=lambda: NOW)

    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("token", ["line\nbreak", "tab\t", "schlüssel"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    """A token with a line break or letters beyond ASCII is refused before the first call, unshown."""
    with pytest.raises(BadInput) as caught:
        Session("https://app.example.org", credential=Bearer(token=Secret(token)), now=lambda: NOW)

    assert token not in str(caught.value)


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_an_id_that_is_a_step_in_the_path_is_refused(id: str) -> None:
    """An id a server would take for another address never gets into one."""
    with pytest.raises(Garbled):
        segment(id)


async def test_an_id_with_odd_characters_stays_one_segment(fake: FakeHttp) -> None:
    """Slashes, question marks and percent signs of an id arrive encoded."""
    fake.scripts["/Users/a%2F..%2Fb%3F%25%20%C3%A4"] = says(200, b"{}")

    async with session(fake) as calls:
        answer = await calls.call("GET", f"Users/{segment('a/../b?% ä')}", writes=False)

    assert 200 == answer.status
