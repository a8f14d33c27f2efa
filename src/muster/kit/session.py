"""Outbound HTTP for connectors: credential, bounds and error classes are in place before the first call.

One ``Session`` belongs to one application and speaks to one base URL. It sends a call once and says what came
of it: an ``Answer``, or the ``TargetError`` whose class tells the engine what to do next. Which failures mean
"nothing was sent" and which mean "nobody knows" is decided here, because only here it is known:

==========================================  =============  ===============================
what happened                               when it reads  when it writes
==========================================  =============  ===============================
no address, refused, TLS failed, too slow   Unreachable    Unreachable: nothing was sent
to get a connection
sent, then dropped or timed out             Unreachable    OutcomeUnknown
sent, then truncated, too large, not JSON,  Garbled        OutcomeUnknown
not HTTP
an error status                             ``answers``    ``answers``
==========================================  =============  ===============================

The only module that imports aiohttp.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import msgspec
from yarl import URL

from muster import __version__
from muster.kit.answers import Answer, failure
from muster.kit.contract import Settings
from muster.kit.credential import Credential, credential_of, shown
from muster.kit.manifest import ErrorRule, Manifest
from muster.model import BadInput, Garbled, OutcomeUnknown, Problem, TargetError, Unreachable
from muster.scim import JsonValue

CODE: Final = "MUSTER-SESSION"
SUCCESS: Final = frozenset(range(200, 300))

# Idle connections are given up before usual servers do it (gunicorn after 2 s, uvicorn and Node after 5 s):
# a write sent while the other side is closing would be of unknown outcome for no good reason.
_KEEP_ALIVE_SECONDS: Final = 1.5
_MOST_ERROR_BYTES: Final = 65_536  # of an error's body; what is longer is cut and is no JSON
_JSON: Final = "application/json"
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most a call may take."""

    connect_seconds: float = 10.0  # to a usable connection, TLS included
    total_seconds: float = 30.0  # from the first step to the last byte
    max_bytes: int = 16_000_000  # of an answer's body, after decompression
    concurrency: int = 16  # connections at a time

    def __post_init__(self) -> None:
        # Only while a connection is made it is certain that nothing was sent: its clock must ring first.
        if self.connect_seconds >= self.total_seconds:
            object.__setattr__(self, "connect_seconds", self.total_seconds / 2)


class Session:
    """Calls one application.

    Args:
        base_url: where the service lives, as ``https://app.example.org/scim/v2``.
        credential: shown with every call.
        now: the time, asked only for a ``Retry-After`` that is a date.
        bounds: the most a call may take.
        errors: the manifest's error table; it goes before the usual meaning of a status.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credential: Credential,
        now: Callable[[], datetime],
        bounds: Bounds | None = None,
        errors: Sequence[ErrorRule] = (),
    ) -> None:
        self._base = _checked(base_url)
        self._bounds = bounds or Bounds()
        self._shown = shown(credential)
        self._now = now
        self._errors = tuple(errors)
        self._client: aiohttp.ClientSession | None = None

    @classmethod
    def of(cls, manifest: Manifest, settings: Settings, *, now: Callable[[], datetime]) -> Self:
        """Give the session a manifest and an operator's settings ask for.

        The setting ``url`` is the address; ``credential_of`` says which settings are the credential.
        """
        limits = manifest.limits
        return cls(
            str(settings.get("url", "")),
            credential=credential_of(settings),
            now=now,
            bounds=Bounds(
                total_seconds=limits.timeout_seconds,
                max_bytes=limits.max_bytes,
                concurrency=limits.concurrency,
            ),
            errors=manifest.errors,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        writes: bool,
        body: JsonValue = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        expect: frozenset[int] = SUCCESS,
    ) -> Answer:
        """Send one request once and give its answer.

        Args:
            method: the HTTP method, in capitals.
            path: below the base URL; parts that are data have gone through ``segment``.
            writes: whether the call may change something there; says what a lost answer means.
            body: sent as JSON; None sends none.
            query: parameters, encoded here.
            headers: further ones; ``Content-Type`` and ``Accept`` replace ``application/json``.
            expect: statuses to be given as an ``Answer``; every other one is raised.

        Raises:
            TargetError: as ``muster.kit.answers`` and this module's table say.
        """
        request = f"{method} /{path}"
        answer: Answer | TargetError
        sending = self._request(method, self._url(path, query), body, headers, writes=writes)
        try:
            async with sending as response:
                answer = await self._answer(response, request, writes=writes, expect=expect)
        except (aiohttp.ClientError, TimeoutError) as error:
            # Not raised in here: aiohttp's errors may carry the request, credential included, as context.
            answer = self._lost(error, request, writes=writes)
        if isinstance(answer, Answer):
            return answer
        raise answer

    def failure(self, answer: Answer, *, writes: bool) -> TargetError:
        """Give the error for an answer that ``expect`` let through but that turned out to be no use."""
        return failure(answer, writes=writes, rules=self._errors, now=self._now, hide=self._shown.hide)

    def _url(self, path: str, query: Mapping[str, str] | None) -> URL:
        url = f"{self._base}/{path}" if path else self._base
        # A space as %20: some servers take the plus sign of HTML forms literally.
        return URL(f"{url}?{urlencode(query, quote_via=quote)}" if query else url, encoded=True)

    def _request(
        self, method: str, url: URL, body: JsonValue, headers: Mapping[str, str], *, writes: bool
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        client = self._client or self._open()
        data = None if body is None else _ENCODER.encode(body)
        return client.request(
            method,
            url,
            data=data,
            headers=headers if data is None else {"Content-Type": _JSON, **headers},
            allow_redirects=False,
            middlewares=_ONCE if writes else (),
        )

    def _open(self) -> aiohttp.ClientSession:
        bounds = self._bounds
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=bounds.concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS, ttl_dns_cache=60
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"Muster/{__version__}", "Accept": _JSON, **self._shown.headers},
            timeout=aiohttp.ClientTimeout(total=bounds.total_seconds, connect=bounds.connect_seconds),
        )
        return self._client

    async def _answer(
        self, response: aiohttp.ClientResponse, request: str, *, writes: bool, expect: frozenset[int]
    ) -> Answer | TargetError:
        success = response.status in SUCCESS
        data = await _bytes(response.content, self._bounds.max_bytes if success else _MOST_ERROR_BYTES)
        if success and data.cut:
            return self._useless(request, f"more than {self._bounds.max_bytes} bytes", writes=writes)
        body, is_json = (None, False) if data.cut else _decoded(data.bytes)
        if success and not is_json:
            return self._useless(request, "a body that is not JSON", writes=writes)
        text = "" if success else data.bytes.decode("utf-8", "replace")
        answer = Answer(
            status=response.status, headers=response.headers, body=body, request=request, text=text
        )
        return answer if response.status in expect else self.failure(answer, writes=writes)

    def _useless(self, request: str, what: str, *, writes: bool) -> TargetError:
        return (OutcomeUnknown if writes else Garbled)(
            self._shown.hide(f"{request} was answered with {what}")
        )

    def _lost(self, error: aiohttp.ClientError | TimeoutError, request: str, *, writes: bool) -> TargetError:
        why = self._shown.hide(f"{request} {_story(error)}")
        match error:
            case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError() | aiohttp.InvalidURL():
                return Unreachable(why)
            case _ if writes:
                return OutcomeUnknown(why)
            case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
                return Garbled(why)
            case _:
                return Unreachable(why)


def segment(text: str) -> str:
    """Give a piece of data as one segment of a path.

    >>> segment("ada/lovelace?")
    'ada%2Flovelace%3F'

    Raises:
        Garbled: a server would take it for a step in the path instead of a name.
    """
    if text in {"", ".", ".."}:
        raise Garbled(f"the application's id {text!r} cannot be part of an address")
    return quote(text, safe="")


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending PUT or DELETE again on a fresh connection when a kept one dies under it.

    RFC 9110 §9.2.2 allows that, but a write that was read before the connection died would be done twice,
    perhaps over somebody else's change in between. aiohttp repeats on these two classes only, so they leave
    here as another.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _DroppedError from error


class _DroppedError(aiohttp.ClientError):
    """The connection died after the request was handed to it."""


_ONCE: Final = (_once,)


@dataclass(frozen=True, slots=True)
class _Data:
    bytes: bytes
    cut: bool  # there was more than the bound


async def _bytes(content: aiohttp.StreamReader, most: int) -> _Data:
    parts: list[bytes] = []
    size = 0
    async for part in content.iter_any():
        size += len(part)
        parts.append(part)
        if size > most:
            return _Data(b"".join(parts)[:most], cut=True)
    return _Data(b"".join(parts), cut=False)


def _decoded(data: bytes) -> tuple[JsonValue, bool]:
    """Give what the bytes say and whether they are JSON or nothing at all; too deep a nesting is not."""
    if not data.strip():
        return None, True
    try:
        body: JsonValue = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, False
    return body, True


def _story(error: aiohttp.ClientError | TimeoutError) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "got no connection in time"
        case aiohttp.ClientConnectorError():
            return f"got no connection to {error.host}: {_connector_story(error)}"
        case TimeoutError():
            return "got no answer in time"
        case aiohttp.ClientPayloadError():
            return "got a truncated answer"
        case aiohttp.ClientResponseError():
            return "got an answer that is not HTTP"
        case _:
            return "was dropped without an answer"


def _connector_story(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name has no address"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not valid ({error.certificate_error})"
    return error.strerror or type(error.os_error).__name__


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _bad("the address of the application is not an http or https URL", "correct the setting url")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise _bad(
            "the address of the application holds more than host and path",
            "leave out user, password, ? and # in the setting url",
        )
    return base_url.rstrip("/")


def _bad(why: str, next_step: str) -> BadInput:
    return BadInput(Problem(code=CODE, what="The application cannot be called", why=why, next_step=next_step))
