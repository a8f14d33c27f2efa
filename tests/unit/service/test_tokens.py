"""Sources and tokens: who is added, who speaks, and what the log tells of it."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from desk import OPERATOR, StoppedClock, as_tenant, log, open_desk, scim_source
from muster.model import BadInput, NotFound, Secret
from muster.service import tokens
from muster.service.desk import Desk


@pytest.fixture
def clock() -> StoppedClock:
    """The time of the desk."""
    return StoppedClock()


@pytest.fixture
async def desk(database_url: str, clock: StoppedClock) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url, clock) as opened:
        yield opened


def _header(token: Secret) -> str:
    return f"Bearer {token.reveal()}"


async def test_the_token_of_a_source_speaks_for_it(desk: Desk) -> None:
    """Each of two sources is known by its own token, whatever the letter case of the scheme."""
    hr, contractors = await scim_source(desk, "hr"), await scim_source(desk, "contractors")
    one = await tokens.authenticate(desk, _header(hr))
    two = await tokens.authenticate(desk, f"bearer  {contractors.reveal()} ")

    assert one is not None
    assert two is not None
    assert ("hr", "contractors") == (one.source.name, two.source.name)


async def test_the_token_is_kept_nowhere(desk: Desk) -> None:
    """Neither the list of tokens nor the log holds more than its beginning."""
    token = (await scim_source(desk, "hr")).reveal()
    source = (await tokens.list_sources(desk))[0]
    kept = repr(await tokens.list_tokens(desk, source)) + repr(await log(desk))

    assert token not in kept
    assert token[12:] not in kept
    assert token[:10] in kept


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_a_token_ends(desk: Desk, clock: StoppedClock, end: str) -> None:
    """A revoked or expired token speaks for nobody; the other tokens of the source go on."""
    first = await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    ending = await tokens.add_token(
        desk, OPERATOR, source, expires_at=clock.now + timedelta(hours=1) if end == "expired" else None
    )
    before = await tokens.authenticate(desk, _header(ending))
    assert before is not None
    if end == "revoked":
        await tokens.revoke_token(desk, OPERATOR, before.token_id)
    clock.forward(hours=1)

    assert await tokens.authenticate(desk, _header(ending)) is None
    assert await tokens.authenticate(desk, _header(first)) is not None


async def test_a_token_is_revoked_once(desk: Desk) -> None:
    """Revoking what is revoked, or unknown, says so."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    token = (await tokens.list_tokens(desk, source))[0]
    await tokens.revoke_token(desk, OPERATOR, token.id)
    for ended in (token.id, "unknown"):
        with pytest.raises(NotFound) as caught:
            await tokens.revoke_token(desk, OPERATOR, ended)

        assert "MUSTER-TOKEN-UNKNOWN" == caught.value.problem.code


async def test_a_token_ends_at_the_border_of_its_tenant(desk: Desk) -> None:
    """A token of one tenant neither speaks nor can be revoked at the desk of another."""
    token = await scim_source(desk, "hr")
    bearer = await tokens.authenticate(desk, _header(token))
    elsewhere = as_tenant(desk, "other")

    assert bearer is not None
    assert await tokens.authenticate(elsewhere, _header(token)) is None
    with pytest.raises(NotFound):
        await tokens.revoke_token(elsewhere, OPERATOR, bearer.token_id)


async def test_a_file_source_takes_no_token(desk: Desk) -> None:
    """What `muster import` reads is spoken for by nobody."""
    source, token = await tokens.add_source(desk, OPERATOR, "file", "people-file")

    assert token is None
    with pytest.raises(BadInput) as caught:
        await tokens.add_token(desk, OPERATOR, source)
    assert "MUSTER-SOURCE-TAKES-NO-TOKENS" == caught.value.problem.code


@pytest.mark.parametrize(
    ("type", "name", "code"),
    [
        ("scim", "hr", "MUSTER-SOURCE-EXISTS"),
        ("scim", "HR", "MUSTER-NAME"),
        ("scim", "9lives", "MUSTER-NAME"),
        ("scim", "x" * 64, "MUSTER-NAME"),
        ("scim", "", "MUSTER-NAME"),
        ("ldap", "hr2", "MUSTER-SOURCE-TYPE"),
    ],
)
async def test_a_source_that_cannot_be_is_refused(desk: Desk, type: str, name: str, code: str) -> None:
    """A taken or impossible name, or an unknown type: nothing is added, nothing logged."""
    await scim_source(desk, "hr")
    before = await log(desk)
    with pytest.raises(BadInput) as caught:
        await tokens.add_source(desk, OPERATOR, type, name)

    assert code == caught.value.problem.code
    assert ["hr"] == [source.name for source in await tokens.list_sources(desk)]
    assert before == await log(desk)


async def test_the_log_tells_who_opened_and_closed_the_door(desk: Desk) -> None:
    """Adding a source, adding a token and revoking it are records with the actor and the source."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    token = (await tokens.list_tokens(desk, source))[0]
    await tokens.revoke_token(desk, OPERATOR, token.id)
    records = await log(desk)

    assert ["source:add", "token:add", "token:revoke"] == [record.action.value for record in records]
    assert {("cli:test", "hr")} == {(record.actor, record.detail["source"]) for record in records}
