"""`muster serve` is asked to stop in the middle of everything: what it accepted is done, and it does end."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from muster.model import Secret
from raw_http import Connection, connected, head, request
from terminal import Running, run, running

CLIENTS: Final = 24
JSON: Final = "Content-Type: application/scim+json"


def _body(name: str) -> bytes:
    return b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"%b"}' % name.encode()


@asynccontextmanager
async def _serving(home: Path, **more: str) -> AsyncGenerator[tuple[Running, Secret]]:
    """A Muster that serves, and the token of a source it has."""
    token = Secret(run(home, "source", "add", "scim", "idp", "--json", **more).data["token"])
    async with running(home, "serve", "--port", "0", MUSTER_REQUESTS_PER_SECOND="0", **more) as muster:
        yield muster, token


class Load:
    """Clients that add people one after another until the server is gone."""

    def __init__(self, url: str, token: Secret) -> None:
        self._url = url
        self._token = token
        self.answered: set[str] = set()
        self.refused: set[str] = set()  # or never answered

    async def run(self, number: int) -> None:
        """One client."""
        async with connected(self._url) as connection:
            for count in range(1_000_000):
                if not await self._adds(connection, f"user-{number}-{count}"):
                    return

    async def _adds(self, connection: Connection, name: str) -> bool:
        await connection.send(request("POST", "/scim/v2/Users", self._token, _body(name), JSON))
        try:
            answer = await connection.answer()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.refused.add(name)
            return False
        (self.answered if answer.status == 201 else self.refused).add(name)
        return answer.header("connection") != "close"


def _stored(home: Path, **more: str) -> set[str]:
    """Everybody whose arrival the log tells."""
    told = run(home, "log", "--action", "person:create", "--limit", "100000", "--json", **more)
    assert (0, "") == (told.code, told.err)
    return {record["after"]["userName"] for record in told.data}


async def test_what_was_accepted_is_answered_and_stored(tmp_path: Path, database_url: str) -> None:
    """SIGTERM under load: who was answered is stored, who was not is not, and the process ends with 0."""
    where = {"MUSTER_DATABASE_URL": database_url}
    async with _serving(tmp_path, **where) as (muster, token):
        load = Load(muster.url, token)
        clients = [asyncio.create_task(load.run(number)) for number in range(CLIENTS)]
        while len(load.answered) < 5 * CLIENTS:  # noqa: ASYNC110 - until all are at it
            await asyncio.sleep(0.01)
        code, out, err = await muster.stop(signal.SIGTERM)
        await asyncio.gather(*clients, return_exceptions=True)
    stored = _stored(tmp_path, **where)

    assert (code, err) == (0, "")
    assert "Stopped in good order." in out
    assert load.answered == stored
    assert not load.refused & stored


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"])
async def test_nobody_holds_up_the_end(tmp_path: Path, number: signal.Signals) -> None:
    """Clients that are silent, or stop in the middle of a head, a body or an answer, are let go."""
    async with _serving(tmp_path) as (muster, token), AsyncExitStack() as stack:

        async def client() -> Connection:
            return await stack.enter_async_context(connected(muster.url))

        silent, idle, half_head, half_body = [await client() for _ in range(4)]
        whole = request("POST", "/scim/v2/Users", token, _body("ana"), JSON)
        await idle.send(head("GET", "/scim/v2/Users", token))
        before = await idle.answer()
        await half_head.send(whole[:40])
        await half_body.send(whole[:-10])
        code, out, err = await muster.stop(number)
        refused = await half_body.answer()
        rests = [await one.rest() for one in (silent, idle, half_head, half_body)]
    stored = _stored(tmp_path)

    assert (200, 503, [b""] * 4) == (before.status, refused.refusal, rests)
    assert (code, err) == (0, "")
    assert "Stopped in good order." in out
    assert set() == stored


async def test_a_body_on_its_way_may_arrive(tmp_path: Path) -> None:
    """A request whose head was there before the signal is finished when its body follows soon."""
    async with _serving(tmp_path) as (muster, token), connected(muster.url) as connection:
        whole = request("POST", "/scim/v2/Users", token, _body("ana"), JSON)
        await connection.send(whole[:-10])
        async with connected(muster.url) as other:  # when it is answered, the first was read
            await other.send(head("GET", "/scim/v2/Users", token))
            await other.answer()
            muster.process.send_signal(signal.SIGTERM)
            assert b"" == await other.rest()  # the end has begun
        await connection.send(whole[-10:])
        answer, rest = await connection.answer(), await connection.rest()
        code, _, err = await muster.stop(signal.SIGTERM)
    stored = _stored(tmp_path)

    assert (201, "close", b"") == (answer.status, answer.header("connection"), rest)
    assert (code, err) == (0, "")
    assert {"ana"} == stored
