"""A new token takes the place of old ones without a moment in which none is valid."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from desk import OPERATOR, StoppedClock, log, open_desk, scim_source
from muster.model import BadInput, NotFound, Scope, Secret
from muster.service import rotation, tokens
from muster.service.desk import Desk
from muster.service.rights import Rights

DAY = timedelta(days=1)
READING = frozenset({Scope.USERS_READ})


@pytest.fixture
def clock() -> StoppedClock:
    """The time of the desk."""
    return StoppedClock()


@pytest.fixture
async def desk(database_url: str, clock: StoppedClock) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url, clock) as opened:
        yield opened


async def _speaks(desk: Desk, token: Secret) -> bool:
    return await tokens.authenticate(desk, token) is not None


async def test_old_and_new_overlap(desk: Desk, clock: StoppedClock) -> None:
    """Both speak during the overlap; at its end every old one is out, and the new one goes on."""
    old = await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    older = await tokens.add_token(desk, OPERATOR, source)
    done = await rotation.rotate(desk, OPERATOR, source, overlap=DAY)
    clock.forward(hours=23.9)
    during = [await _speaks(desk, one) for one in (old, older.secret, done.new.secret)]
    clock.forward(hours=0.1)
    after = [await _speaks(desk, one) for one in (old, older.secret, done.new.secret)]

    assert ([True, True, True], [False, False, True]) == (during, after)


async def test_without_overlap_the_old_one_ends_at_once(desk: Desk) -> None:
    """An overlap of nothing is a revocation."""
    old = await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    done = await rotation.rotate(desk, OPERATOR, source, overlap=timedelta())

    assert [False, True] == [await _speaks(desk, one) for one in (old, done.new.secret)]


async def test_the_new_one_may_do_what_the_old_one_may(desk: Desk, clock: StoppedClock) -> None:
    """Scopes and rate are kept, and it lives as long as the old one was made for, unless told otherwise."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    first = (await tokens.list_tokens(desk, source))[0]
    await tokens.revoke_token(desk, OPERATOR, first.id)
    rights = Rights(scopes=READING, expires_at=clock.now + 90 * DAY, requests_per_second=7)
    await tokens.add_token(desk, OPERATOR, source, rights)
    clock.forward(days=80)
    second = await rotation.rotate(desk, OPERATOR, source, overlap=DAY)
    clock.forward(days=2)
    third = await rotation.rotate(desk, OPERATOR, source, overlap=DAY, expires_at=clock.now + DAY)

    assert (("users:read",), 7) == (second.new.token.scopes, second.new.token.requests_per_second)
    assert second.new.token.created_at + 90 * DAY == second.new.token.expires_at
    assert clock.now + DAY == third.new.token.expires_at
    assert (second.new.token.id,) == tuple(one.id for one in third.replaced)


async def test_an_end_is_never_put_off(desk: Desk, clock: StoppedClock) -> None:
    """A token that would end during the overlap ends when it would have."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    until = clock.now + timedelta(hours=1)
    await tokens.revoke_token(desk, OPERATOR, (await tokens.list_tokens(desk, source))[0].id)
    await tokens.add_token(desk, OPERATOR, source, Rights(expires_at=until))
    await rotation.rotate(desk, OPERATOR, source, overlap=DAY, expires_at=clock.now + 30 * DAY)

    assert until == (await tokens.list_tokens(desk, source))[1].expires_at


async def test_tokens_that_differ_are_replaced_one_by_one(desk: Desk) -> None:
    """Where nobody knows what the new one may do, nothing happens; by its id, one is replaced alone."""
    everything = await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    reading = await tokens.add_token(desk, OPERATOR, source, Rights(scopes=READING))
    before = await tokens.list_tokens(desk, source), await log(desk)
    with pytest.raises(BadInput) as caught:
        await rotation.rotate(desk, OPERATOR, source, overlap=DAY)
    unchanged = await tokens.list_tokens(desk, source), await log(desk)
    done = await rotation.rotate(desk, OPERATOR, source, overlap=timedelta(), only=reading.token.id)

    assert "MUSTER-TOKEN-ROTATE" == caught.value.problem.code
    assert reading.token.id in caught.value.problem.why
    assert before == unchanged
    assert ("users:read",) == done.new.token.scopes
    assert [True, False] == [await _speaks(desk, one) for one in (everything, reading.secret)]


async def test_what_is_not_valid_is_not_replaced(desk: Desk) -> None:
    """Without a valid token, or by an id that no valid token has, there is nothing to replace."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    first = (await tokens.list_tokens(desk, source))[0]
    await tokens.revoke_token(desk, OPERATOR, first.id)
    with pytest.raises(BadInput) as nothing:
        await rotation.rotate(desk, OPERATOR, source, overlap=DAY)
    with pytest.raises(NotFound) as unknown:
        await rotation.rotate(desk, OPERATOR, source, overlap=DAY, only=first.id)

    assert ("MUSTER-TOKEN-ROTATE", "MUSTER-TOKEN-UNKNOWN") == (
        nothing.value.problem.code,
        unknown.value.problem.code,
    )


async def test_the_log_tells_of_the_rotation(desk: Desk, clock: StoppedClock) -> None:
    """Who replaced which token by which, and until when the old one goes on."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    old = (await tokens.list_tokens(desk, source))[0]
    done = await rotation.rotate(desk, OPERATOR, source, overlap=DAY)
    records = await log(desk, "token")

    assert ["token:add", "token:add", "token:rotate"] == [record.action.value for record in records]
    assert {
        "token": done.new.token.id,
        "replaces": [old.id],
        "ends": (clock.now + DAY).isoformat(),
    } == records[-1].after
    assert ("cli:test", "hr") == (records[-1].actor, records[-1].detail["source"])
