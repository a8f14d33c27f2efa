"""Who is let in, and how often: what every request passes first.

A valid token is trusted for a second without asking the database again, or until anything in the database
announces a change, which every change of a token does. So a token that is revoked is refused at once by the
process that revoked it, within moments by the others, and within a second whatever happens. A person's own
token is never trusted so: it ends with the person, and people leave without announcing it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from muster.directory import tokens as stored
from muster.directory.tokens import Bearer
from muster.model import Secret, Unavailable
from muster.scim.errors import TooManyRequests
from muster.service.desk import Desk
from muster.service.request_rate import Bucket
from muster.service.tokens import authenticate
from muster.vault import token_hash

_TRUSTED_SECONDS: Final = 1.0
_NOTED_EVERY: Final = timedelta(minutes=1)
_MOST_KNOWN: Final = 10_000  # tokens in memory

_log: Final = structlog.stdlib.get_logger(__name__)


class _Known:
    """A token that was valid when we last looked."""

    __slots__ = ("bearer", "bucket", "generation", "noted_at", "until")

    def __init__(self) -> None:
        self.bearer: Bearer | None = None
        self.bucket: Bucket | None = None
        self.generation = -1
        self.until = 0.0
        self.noted_at: datetime | None = None


class Admission:
    """The gate of one process; ``seconds`` is a steady clock.

    ``requests_per_second`` is what each token may make that has no rate of its own; 0 is any number. The
    count is kept in memory: each process that serves has its own.
    """

    def __init__(self, desk: Desk, *, seconds: Callable[[], float], requests_per_second: int = 0) -> None:
        self._desk = desk
        self._seconds = seconds
        self._usual_rate = requests_per_second
        self._known: dict[str, _Known] = {}
        self._generation = 0  # moves whenever something changed
        self._noting: set[asyncio.Task[None]] = set()
        desk.db.on_announcement(self._doubt)

    async def admit(self, header: str | None) -> Bearer | None:
        """Who speaks, by the ``Authorization`` header (RFC 6750 §2.1); None when no SCIM source does.

        Raises:
            TooManyRequests: the token makes more than it may.
        """
        token = _token(header)
        if token is None:
            return None
        hashed, now = token_hash(token), self._seconds()
        known = self._known.get(hashed)
        if known is None or known.generation != self._generation or now >= known.until:
            known = await self._look(token, hashed)
            if known is None:
                return None
        bucket = known.bucket
        if bucket is not None and (seconds := bucket.take(at=now)):
            raise TooManyRequests(
                f"this token may make {bucket.per_second} requests a second", seconds=seconds
            )
        return known.bearer

    def _doubt(self) -> None:
        """Whatever is remembered is looked up again when it is next needed."""
        self._generation += 1

    async def _look(self, token: Secret, hashed: str) -> _Known | None:
        generation = self._generation  # of before: what changes while we read is looked up again
        bearer = await authenticate(self._desk, token)
        if bearer is None:
            self._known.pop(hashed, None)
            return None
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        known = self._known.setdefault(hashed, _Known())
        known.bearer, known.generation = bearer, generation
        now = self._seconds()
        known.until = now + self._trusted(bearer)
        rate = bearer.token.requests_per_second
        rate = self._usual_rate if rate is None else rate
        if (known.bucket.per_second if known.bucket else 0) != rate:
            known.bucket = Bucket(rate, at=now) if rate else None
        self._note(known, bearer)
        return known

    def _trusted(self, bearer: Bearer) -> float:
        """Seconds for which the token need not be looked up again."""
        if bearer.token.person is not None:
            return 0.0
        if bearer.token.expires_at is None:
            return _TRUSTED_SECONDS
        return min(_TRUSTED_SECONDS, (bearer.token.expires_at - self._desk.clock()).total_seconds())

    def _note(self, known: _Known, bearer: Bearer) -> None:
        """That the token was used is stored once a minute; the request does not wait for it."""
        at, last = self._desk.clock(), known.noted_at or bearer.token.last_used_at
        if last is None or at - last >= _NOTED_EVERY:
            known.noted_at = at
            task = asyncio.create_task(self._store_use(bearer, at))
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)

    async def _store_use(self, bearer: Bearer, at: datetime) -> None:
        source, token = bearer.source, bearer.token
        try:
            await self._desk.db.write(lambda tx: stored.note_use(tx, source.tenant, token.id, at=at))
        except Unavailable as error:
            _log.warning("the use of a token is not noted", token=token.id, problem=str(error.problem))


def _token(header: str | None) -> Secret | None:
    scheme, _, token = (header or "").strip().partition(" ")
    return Secret(token.strip()) if scheme.lower() == "bearer" else None
