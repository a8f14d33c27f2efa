"""One connection: what may come through it before anybody is asked who speaks.

uvicorn reads requests and starts the application. It sets no limit to the head of a request, to how long one
may take to arrive, or to how much is sent after it was refused; and what it refuses itself it answers in
plain text. All of that is done here. The server looks at every connection twice a second (``sweep``), so that
a request costs no timer.
"""

# uvicorn forgets the parser of a lost connection; nothing comes from there any more.
# pyright: reportOptionalMemberAccess=false

import asyncio
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from muster.scim.errors import BadRequest, ScimError
from muster.web.refusals import HeadTooLarge, Stopping, TooBusy, TooLongAddress, TooSlow, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What one client, and all of them together, may take."""

    connections: int = 1_000
    address_bytes: int = 16_384
    head_bytes: int = 32_768  # the address among them
    body_bytes: int = 16_777_216  # as sent, with what chunks add; the endpoint sets closer limits
    head_seconds: float = 10.0  # from the first moment of a connection, or from the first byte of a head
    body_seconds: float = 60.0
    idle_seconds: float = 75.0  # longer than proxies keep connections, so that they close first
    unread_seconds: float = 60.0  # while the client does not take the answer
    ignored_seconds: float = 5.0  # while it goes on to send what was refused
    stopping_seconds: float = 3.0  # for whatever is on its way when the server is asked to stop


DEFAULT_LIMITS: Final = ConnectionLimits()
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # close without waiting for anything


class EdgeConfig(Config):
    """uvicorn's configuration, and our limits."""

    limits: ConnectionLimits = DEFAULT_LIMITS


class EdgeState(ServerState):
    """What all connections of a server share."""

    stopping: bool = False


class Stage(IntEnum):
    """What a connection waits for."""

    HEAD = 0  # of a request
    BODY = 1
    ANSWER = 2  # from the application
    NEXT = 3  # request; the last one is answered
    QUIET = 4  # of a client that was answered and still sends


class _Refused(Exception):
    """Ends the parser's work on a connection."""


class _Ignored(list[tuple[bytes, bytes]]):
    """Header fields that follow a body: no head of anything (RFC 9110 §6.5.1)."""

    def append(self, _: tuple[bytes, bytes], /) -> None:
        """Forget it."""


_NOWHERE: Final = _Ignored()


class Connection(HttpToolsProtocol):
    """A connection within limits, whose refusals are SCIM messages."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.stage: Stage = Stage.HEAD
        self.waited: float = 0.0  # seconds, in this stage
        self._limits = config.limits if isinstance(config, EdgeConfig) else DEFAULT_LIMITS
        self._state = cast(EdgeState, server_state)
        self._received = 0  # bytes of the head or body that is on its way
        self._at_once = 0  # bytes, the last time
        self._answering: RequestResponseCycle | None = None
        self._refusal: ScimError | None = None  # that a callback of the parser decided on
        self._due: ScimError | None = None  # a refusal that waits until what came before is answered
        self._deaf = False  # nothing that still comes is read

    # What the transport, the parser and the application tell.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; one too many takes the place of one that is idle, or is turned away."""
        super().connection_made(cast(asyncio.Transport, transport))
        if self._state.stopping:
            self.transport.close()
        elif len(self.connections) > self._limits.connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, within limits."""
        self._at_once = len(data)
        self._received += self._at_once
        if self._deaf:
            if self._received > self._limits.body_bytes:
                self.transport.close()
            return
        if self.stage is Stage.NEXT:
            self._enter(Stage.HEAD)
            self._received = self._at_once
        elif self._received > self._limits.body_bytes:
            self.refuse(BadRequest("the request does not end"))
        if not self._deaf:
            self._feed(data)
        if self._received > self._limits.head_bytes and self.stage in {Stage.HEAD, Stage.ANSWER}:
            self.refuse(self._too_large())

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offered:
                data = self._without_offer() + data[offered.args[0] :]
            except httptools.HttpParserError:
                refusal, self._refusal = self._refusal, None
                self.refuse(refusal or BadRequest("this is not a request that can be read (RFC 9112)"))
                return
            else:
                return

    def _without_offer(self) -> bytes:
        """The head of the request again, without its offer to upgrade (RFC 9110 §7.8).

        Clients offer HTTP/2 all the time and go on as before when nobody takes it up. The parser, though,
        takes what follows such a head for the other protocol.
        """
        closes = any(name == b"connection" and b"close" in value.lower() for name, value in self.headers)
        kept = [one for one in self.headers if one[0] not in {b"connection", b"upgrade", b"http2-settings"}]
        kept += [(b"connection", b"close")] if closes else []
        version = self.parser.get_http_version().encode("ascii")
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        lines += [name + b": " + value for name, value in kept]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def on_headers_complete(self) -> None:
        """The head is there; the application is started."""
        least = self._limits.address_bytes
        if self._received > least or self._at_once > least:  # it may be too large: count
            head = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) > least or head > self._limits.head_bytes:
                self._refusal = self._too_large()
                raise _Refused
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _Refused
            return  # the head comes again
        super().on_headers_complete()
        self.headers = _NOWHERE
        self._received = 0
        self._enter(Stage.BODY)

    def on_message_complete(self) -> None:
        """The request is there as a whole."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self.cycle.more_body = False
        self._received = 0
        self._enter(Stage.NEXT if self.cycle.response_complete else Stage.ANSWER)

    def on_response_complete(self) -> None:
        """The answer is given; go on with the next request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            self._enter(Stage.BODY if self.cycle.more_body else Stage.ANSWER)
        elif self._due is not None:
            self.refuse(self._due)
        elif not self.cycle.more_body:
            self._enter(Stage.HEAD if self._received else Stage.NEXT)
        elif self.expect_100_continue:
            self.transport.close()  # nobody knows whether the body still comes (RFC 9110 §10.1.1)
        else:
            self._enter(Stage.QUIET)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - an application
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def eof_received(self) -> bool | None:  # type: ignore[override] # uvicorn always lets go
        """Nothing more will come: what came as a whole is still answered."""
        if self._deaf or not self._is_answering() or self.cycle.more_body:
            return None
        self._newest().keep_alive = False
        return True

    def shutdown(self) -> None:
        """Finish what is on its way and take nothing new."""
        if self.stage in {Stage.BODY, Stage.ANSWER}:
            self.cycle.keep_alive = False
            self.waited = 0.0
        else:
            self.transport.close()

    # What the server asks for.

    def sweep(self, seconds: float) -> None:
        """So much time passed: end what takes too long."""
        self.waited += seconds
        limits = self._limits
        if self.transport.is_closing():  # and still holds what the client does not take
            if self.waited > limits.unread_seconds:
                self.abort()
            return
        match self.stage:
            case Stage.HEAD if self.waited > self._at_most(limits.head_seconds):
                self._end_of_patience("the head of the request did not arrive in time")
            case Stage.BODY if self.waited > self._at_most(limits.body_seconds):
                self._end_of_patience("the body of the request did not arrive in time")
            case Stage.ANSWER if not self.flow.write_paused:
                self.waited = 0.0
            case Stage.ANSWER if self.waited > limits.unread_seconds:
                self.abort()
            case Stage.NEXT if self.waited > limits.idle_seconds:
                self.transport.close()
            case Stage.QUIET if self.waited > self._at_most(limits.ignored_seconds):
                self.transport.close()
            case _:
                pass

    def refuse(self, error: ScimError, *, wait: bool = True) -> None:
        """Nothing more is read; the client is told why, once what came before is answered, and let go."""
        self._deaf = True
        newest = cast(RequestResponseCycle | None, self.cycle)
        unfinished = newest if newest is not None and newest.more_body else None
        if self.pipeline and self.pipeline[0][0] is unfinished:
            self.pipeline.popleft()
        if self._is_answering() and self._answering is not unfinished:
            self._due = error
            return
        if unfinished is not None:
            unfinished.disconnected = True
            unfinished.message_event.set()
        if self.transport.is_closing() or (unfinished is not None and unfinished.response_started):
            self.transport.close()
            return
        self.transport.write(_message(error, self.server_state.default_headers))
        if not wait:
            self.transport.close()
            return
        # A connection that is closed while the client still sends takes the answer along with it.
        self.transport.write_eof()
        self._received = 0
        self._enter(Stage.QUIET)

    def abort(self) -> None:
        """Let go of the client and what it did not take; what it asked for goes on and is not answered."""
        for cycle in (self._answering, cast(RequestResponseCycle | None, self.cycle)):
            if cycle is not None:
                cycle.disconnected = True
                cycle.message_event.set()
        opened = self.transport.get_extra_info("socket")
        if opened is not None:  # else the kernel would keep what is not taken for minutes
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    # Inside.

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self.waited = 0.0

    def _at_most(self, seconds: float) -> float:
        return min(seconds, self._limits.stopping_seconds) if self._state.stopping else seconds

    def _is_answering(self) -> bool:
        return self._answering is not None and not self._answering.response_complete

    def _newest(self) -> RequestResponseCycle:
        """The last of the requests that wait for their answer."""
        return self.pipeline[0][0] if self.pipeline else cast(RequestResponseCycle, self._answering)

    def _end_of_patience(self, why: str) -> None:
        if self._state.stopping:
            self.refuse(Stopping("Muster is being stopped, and did nothing of this request"))
        elif self.stage is Stage.HEAD and not self._received:
            self.transport.close()
        else:
            self.refuse(TooSlow(why))

    def _too_large(self) -> ScimError:
        if len(self.url) > self._limits.address_bytes:
            return TooLongAddress(f"an address has at most {self._limits.address_bytes:,} bytes")
        return HeadTooLarge(f"the head of a request has at most {self._limits.head_bytes:,} bytes")

    def _make_room(self) -> None:
        ours = (cast(Connection, one) for one in self.connections)
        idle = [one for one in ours if one.stage >= Stage.NEXT and not one.transport.is_closing()]
        if idle:
            max(idle, key=lambda one: one.waited).transport.close()
        else:
            self.refuse(TooBusy("too many clients are connected"), wait=False)


def _message(error: ScimError, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    """The whole answer, as bytes."""
    response = refused(error)
    headers = [*default_headers, *response.raw_headers, (b"connection", b"close")]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[response.status_code] + lines + b"\r\n" + bytes(response.body)
