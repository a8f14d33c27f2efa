"""The SCIM endpoint of a desk in this process, for tests that ask one request after the other.

No network, no server and no coroutine: a property test or a state machine sends thousands of requests.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import msgspec
from starlette.types import ASGIApp

from asgi import Answer, ask
from desk import OPERATOR, StoppedClock, open_desk, scim_source
from muster.directory import people
from muster.model import PersonId, Source
from muster.scim.patch_request import PATCH_URN
from muster.service.desk import Desk
from muster.service.rights import Rights
from muster.service.tokens import add_token, list_sources
from muster.web import create

HOST = "acme.example"
BASE = f"http://{HOST}/scim/v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A desk, its doors, and the event loop that both live in."""

    runner: asyncio.Runner
    desk: Desk
    app: ASGIApp
    clock: StoppedClock

    def source(self, name: str) -> "Speaker":
        """A new source, which speaks by its first token."""
        return Speaker(room=self, token=self.runner.run(scim_source(self.desk, name)).reveal())

    def own(self, person: str) -> "Speaker":
        """The person of this id, who speaks by a token of their own."""
        rights = Rights(person=PersonId(person))
        found = self.runner.run(self._source_of(person))
        return Speaker(
            room=self, token=self.runner.run(add_token(self.desk, OPERATOR, found, rights)).secret.reveal()
        )

    async def _source_of(self, person: str) -> Source:
        known = await self.desk.db.read(lambda tx: people.person(tx, self.desk.tenant, PersonId(person)))
        return next(one for one in await list_sources(self.desk) if known and one.id == known.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Speaks for one source."""

    room: Room
    token: str
    prefix: str = "/scim/v2"
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: object = b"",
        *,
        query: Mapping[str, object] | str = "",
        **headers: str,
    ) -> Answer:
        """What is answered; a body that is not bytes is sent as JSON, ``If_Match`` means ``If-Match``.

        ``path`` is as it stands in a URL, without a query.
        """
        sent = {"Host": HOST, "Authorization": f"Bearer {self.token}", **self.headers}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        written = query if isinstance(query, str) else _query(query)
        return self.room.runner.run(
            ask(
                self.room.app,
                method,
                f"{self.prefix}{unquote(path)}",
                query=written.encode(),
                headers={name.lower().encode(): value.encode("latin-1") for name, value in sent.items()},
                body=body if isinstance(body, bytes) else msgspec.json.encode(body),
            )
        )

    def get(self, path: str, **query: object) -> Answer:
        """GET with these parameters."""
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: object) -> Answer:
        """POST."""
        return self.ask("POST", path, body)

    def put(self, path: str, body: object, **headers: str) -> Answer:
        """PUT."""
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, *operations: object, **headers: str) -> Answer:
        """PATCH with these operations."""
        return self.ask("PATCH", path, {"schemas": [PATCH_URN], "Operations": operations}, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """DELETE."""
        return self.ask("DELETE", path, **headers)


def _query(parameters: Mapping[str, object]) -> str:
    return "&".join(f"{name}={quote(str(value), errors='replace')}" for name, value in parameters.items())


@contextmanager
def open_room(database_url: str) -> Generator[Room]:
    """An open desk with an empty database, in an event loop of its own."""
    clock = StoppedClock()
    with asyncio.Runner() as runner:
        opening = open_desk(database_url, clock)
        desk = runner.run(opening.__aenter__())
        try:
            yield Room(runner=runner, desk=desk, app=create(desk), clock=clock)
        finally:
            runner.run(opening.__aexit__(None, None, None))
