"""The gate every request passes: who is let in, how long that is believed, and how often."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk import OPERATOR, StoppedClock, as_tenant, open_desk, scim_source
from muster.db import Transaction, open_database
from muster.model import Problem, Secret, Source, Unavailable
from muster.scim.errors import TooManyRequests
from muster.service import rotation, tokens
from muster.service.admission import Admission
from muster.service.desk import Desk
from muster.service.rights import Rights


class Counting:
    """The database of a desk, with a count of what was asked of it."""

    def __init__(self, desk: Desk) -> None:
        self._db = desk.db
        self.dialect = desk.db.dialect
        self.on_announcement = desk.db.on_announcement
        self.close = desk.db.close
        self.reads = 0
        self.writes = 0
        self.away = False

    async def read(self, work: Callable[[Transaction], Awaitable[Any]], /) -> Any:  # noqa: ANN401
        """Read, counted."""
        self.reads += 1
        return await self._db.read(work)

    async def write(self, work: Callable[[Transaction], Awaitable[Any]], /) -> Any:  # noqa: ANN401
        """Write, counted; unless the disk is full."""
        self.writes += 1
        if self.away:
            raise Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="full"))
        return await self._db.write(work)


@pytest.fixture
def clock() -> StoppedClock:
    """The time of the desk, and of the gate."""
    return StoppedClock()


@pytest.fixture
async def desk(database_url: str, clock: StoppedClock) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url, clock) as opened:
        yield opened


@pytest.fixture
def counting(desk: Desk) -> Counting:
    """Its database, counted."""
    return Counting(desk)


def _gate(desk: Desk, clock: StoppedClock, db: Counting | None = None, *, rate: int = 0) -> Admission:
    behind = desk if db is None else replace(desk, db=db)
    return Admission(behind, seconds=clock.monotonic, requests_per_second=rate)


def _header(token: Secret) -> str:
    return f"Bearer {token.reveal()}"


async def _source(desk: Desk) -> Source:
    return (await tokens.list_sources(desk))[0]


async def _settled(gate: Admission) -> None:
    """What is stored beside the requests is stored."""
    while gate._noting:
        await asyncio.wait(gate._noting)


async def _spent(gate: Admission, token: str, *, most: int = 100) -> tuple[int, float]:
    """How many requests were let in before one was refused, and how long that one is to wait."""
    for count in range(most):
        try:
            await gate.admit(token)
        except TooManyRequests as refused:
            return count, refused.seconds
    return most, 0.0


async def test_the_header_names_the_token(desk: Desk, clock: StoppedClock) -> None:
    """The scheme counts in any letter case and spaces do not; another scheme or no token is nobody."""
    gate, token = _gate(desk, clock), await scim_source(desk, "hr")
    text = token.reveal()
    named = [await gate.admit(header) for header in (f"Bearer {text}", f"bearer  {text} ", f" BEARER {text}")]
    unknown = [None, "", "Bearer", "Bearer ", f"Basic {text}", text, f"Bearer {text}x", f"Bearer {text[:-1]}"]

    assert ["hr"] * 3 == [one.source.name for one in named if one]
    assert [None] * len(unknown) == [await gate.admit(header) for header in unknown]


async def test_a_valid_token_is_believed_for_a_second(
    desk: Desk, clock: StoppedClock, counting: Counting
) -> None:
    """The database is asked at the first request and again a second later, not in between."""
    gate, token = _gate(desk, clock, counting), _header(await scim_source(desk, "hr"))
    reads = []
    for seconds in (0, 0.4, 0.5, 0.2):
        clock.forward(seconds=seconds)
        assert await gate.admit(token)
        reads.append(counting.reads)

    assert [1, 1, 1, 2] == reads


async def test_what_is_malformed_never_reaches_the_database(
    desk: Desk, clock: StoppedClock, counting: Counting
) -> None:
    """The checksum tells a mistyped token apart; a well-formed unknown one is looked up each time."""
    gate, token = _gate(desk, clock, counting), (await scim_source(desk, "hr")).reveal()
    for wrong in (token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), "mst_", "x" * 53):
        assert await gate.admit(f"Bearer {wrong}") is None
    malformed = counting.reads
    other = await scim_source(as_tenant(desk, "other"), "hr")
    for _ in range(2):
        assert await gate.admit(_header(other)) is None

    assert (0, 2) == (malformed, counting.reads)


@pytest.mark.parametrize("end", ["revoked", "rotated"])
async def test_a_token_ends_at_once_in_this_process(desk: Desk, clock: StoppedClock, end: str) -> None:
    """When the revocation is done, the very next request is refused, although the token was just believed."""
    gate, token = _gate(desk, clock), _header(await scim_source(desk, "hr"))
    bearer = await gate.admit(token)
    assert bearer is not None
    if end == "revoked":
        await tokens.revoke_token(desk, OPERATOR, bearer.token.id)
    else:
        await rotation.rotate(desk, OPERATOR, bearer.source, overlap=timedelta())

    assert await gate.admit(token) is None


async def test_a_token_that_is_revoked_elsewhere_ends_within_a_second(
    desk: Desk, database_url: str, clock: StoppedClock
) -> None:
    """Another process revokes it, and no announcement arrives: a second later it is refused all the same."""
    gate, token = _gate(desk, clock), _header(await scim_source(desk, "hr"))
    gate._doubt = lambda: None  # type: ignore[method-assign] # announcements are only hints
    bearer = await gate.admit(token)
    assert bearer is not None
    elsewhere = await open_database(database_url, migrate=False)
    try:
        await tokens.revoke_token(replace(desk, db=elsewhere), OPERATOR, bearer.token.id)
    finally:
        await elsewhere.close()
    clock.forward(seconds=1)

    assert await gate.admit(token) is None


async def test_a_revocation_while_we_look_is_not_missed(
    desk: Desk, clock: StoppedClock, counting: Counting
) -> None:
    """What was read before the revocation is not believed after it."""
    gate, token = _gate(desk, clock, counting), _header(await scim_source(desk, "hr"))
    read = counting.read

    async def slow(work: Callable[[Transaction], Awaitable[Any]], /) -> Any:  # noqa: ANN401
        found = await read(work)
        await tokens.revoke_token(desk, OPERATOR, found.token.id)
        return found

    counting.read = slow  # type: ignore[method-assign]
    await gate.admit(token)
    counting.read = read  # type: ignore[method-assign]

    assert await gate.admit(token) is None


async def test_a_token_ends_to_the_moment(desk: Desk, clock: StoppedClock) -> None:
    """Its end is heeded although it was believed a tenth of a second ago."""
    await scim_source(desk, "hr")
    until = clock.now + timedelta(seconds=0.5)
    new = await tokens.add_token(desk, OPERATOR, await _source(desk), Rights(expires_at=until))
    gate, token = _gate(desk, clock), _header(new.secret)
    answers = []
    for seconds in (0, 0.4, 0.1):
        clock.forward(seconds=seconds)
        answers.append(await gate.admit(token) is not None)

    assert [True, True, False] == answers


async def test_more_requests_than_allowed_are_refused(desk: Desk, clock: StoppedClock) -> None:
    """Two seconds' worth at once, then as many as the rate says, and the refusal tells how long to wait."""
    gate, token = _gate(desk, clock, rate=8), _header(await scim_source(desk, "hr"))
    spent = []
    for seconds in (0, 0.125, 0, 1, 60):
        clock.forward(seconds=seconds)
        spent.append(await _spent(gate, token))

    assert [(16, 0.125), (1, 0.125), (0, 0.125), (8, 0.125), (16, 0.125)] == spent


async def test_each_token_has_room_of_its_own(desk: Desk, clock: StoppedClock) -> None:
    """One that asks too often takes nothing from another of the same source; its own rate goes before."""
    first = _header(await scim_source(desk, "hr"))
    source = await _source(desk)
    slow = _header((await tokens.add_token(desk, OPERATOR, source, Rights(requests_per_second=1))).secret)
    free = _header((await tokens.add_token(desk, OPERATOR, source, Rights(requests_per_second=0))).secret)
    gate = _gate(desk, clock, rate=3)
    counts = [(await _spent(gate, token, most=50))[0] for token in (first, slow, free)]

    assert [6, 2, 50] == counts


async def test_looking_again_gives_no_room(desk: Desk, clock: StoppedClock) -> None:
    """When the memory of a token is doubted, what it has used up stays used up."""
    gate, token = _gate(desk, clock, rate=1), _header(await scim_source(desk, "hr"))
    for _ in range(2):
        await gate.admit(token)
    gate._doubt()
    with pytest.raises(TooManyRequests):
        await gate.admit(token)


async def test_the_use_is_noted_once_a_minute(desk: Desk, clock: StoppedClock, counting: Counting) -> None:
    """``last_used_at`` moves with the first request and again after a minute, however many there are."""
    gate, token = _gate(desk, clock, counting), _header(await scim_source(desk, "hr"))
    source, seen = await _source(desk), []
    for seconds in (0, 0, 30, 31):
        clock.forward(seconds=seconds)
        await gate.admit(token)
        await _settled(gate)
        seen.append((await tokens.list_tokens(desk, source))[0].last_used_at)

    assert seen[0] == seen[1] == seen[2] == clock.now - timedelta(seconds=61)
    assert clock.now == seen[3]
    assert 2 == counting.writes


async def test_who_only_reads_needs_no_room_to_write(
    desk: Desk, clock: StoppedClock, counting: Counting
) -> None:
    """A database that cannot store that a token was used lets it in all the same."""
    gate, token = _gate(desk, clock, counting), _header(await scim_source(desk, "hr"))
    counting.away = True
    bearer = await gate.admit(token)
    await _settled(gate)

    assert bearer is not None
    assert 1 == counting.writes
