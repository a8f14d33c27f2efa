"""Sources and tokens: who is added, who speaks, and what the log tells of it."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from desk import OPERATOR, StoppedClock, as_tenant, log, open_desk, scim_source
from muster.model import SOURCE_SCOPES, BadInput, NotFound, PersonId, Scope
from muster.service import tokens
from muster.service.desk import Desk
from muster.service.rights import Rights


@pytest.fixture
def clock() -> StoppedClock:
    """The time of the desk."""
    return StoppedClock()


@pytest.fixture
async def desk(database_url: str, clock: StoppedClock) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url, clock) as opened:
        yield opened


async def test_the_token_of_a_source_speaks_for_it(desk: Desk) -> None:
    """Each of two sources is known by its own token."""
    hr, contractors = await scim_source(desk, "hr"), await scim_source(desk, "contractors")
    one = await tokens.authenticate(desk, hr)
    two = await tokens.authenticate(desk, contractors)

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
    until = clock.now + timedelta(hours=1) if end == "expired" else None
    ending = await tokens.add_token(desk, OPERATOR, source, Rights(expires_at=until))
    before = await tokens.authenticate(desk, ending.secret)
    assert before is not None
    if end == "revoked":
        await tokens.revoke_token(desk, OPERATOR, before.token.id)
    clock.forward(hours=1)

    assert await tokens.authenticate(desk, ending.secret) is None
    assert await tokens.authenticate(desk, first) is not None


async def test_a_token_may_do_what_its_source_may(desk: Desk) -> None:
    """A token made without rights of its own has every scope of a source, no end and no rate."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    token = (await tokens.list_tokens(desk, source))[0]

    assert set(token.scopes) == SOURCE_SCOPES
    assert (None, None, None) == (token.expires_at, token.person, token.requests_per_second)


async def test_a_token_keeps_the_rights_it_was_given(desk: Desk, clock: StoppedClock) -> None:
    """Scopes, rate and end are what was asked for, in the list, for who authenticates, and in the log."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    until = clock.now + timedelta(days=90)
    rights = Rights(
        scopes=frozenset({Scope.USERS_READ, Scope.GROUPS_READ}), expires_at=until, requests_per_second=5
    )
    new = await tokens.add_token(desk, OPERATOR, source, rights)
    bearer = await tokens.authenticate(desk, new.secret)
    listed = (await tokens.list_tokens(desk, source))[-1]
    logged = (await log(desk, "token:add"))[-1].after

    assert bearer is not None
    assert new.token == listed == bearer.token
    assert (("groups:read", "users:read"), until, 5) == (
        listed.scopes,
        listed.expires_at,
        listed.requests_per_second,
    )
    assert (["groups:read", "users:read"], until.isoformat(), 5) == (
        logged["scopes"],
        logged["expires"],
        logged["requests_per_second"],
    )


@pytest.mark.parametrize(
    ("rights", "code"),
    [
        (Rights(scopes=frozenset({Scope.ME_READ})), "MUSTER-TOKEN-SCOPE"),
        (Rights(scopes=frozenset({Scope.USERS_READ, Scope.ME_WRITE})), "MUSTER-TOKEN-SCOPE"),
        (Rights(expires_at=StoppedClock().now), "MUSTER-TOKEN-ENDED"),
        (Rights(requests_per_second=-1), "MUSTER-TOKEN-RATE"),
        (Rights(requests_per_second=1_000_001), "MUSTER-TOKEN-RATE"),
        (Rights(person=PersonId("nobody")), "MUSTER-TOKEN-PERSON"),
    ],
)
async def test_rights_that_cannot_be_are_refused(desk: Desk, rights: Rights, code: str) -> None:
    """Nothing is made and nothing logged when scopes, end, rate and person do not fit each other."""
    await scim_source(desk, "hr")
    source = (await tokens.list_sources(desk))[0]
    before = await tokens.list_tokens(desk, source), await log(desk)
    with pytest.raises(BadInput) as caught:
        await tokens.add_token(desk, OPERATOR, source, rights)

    assert code == caught.value.problem.code
    assert before == (await tokens.list_tokens(desk, source), await log(desk))


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
    bearer = await tokens.authenticate(desk, token)
    elsewhere = as_tenant(desk, "other")

    assert bearer is not None
    assert await tokens.authenticate(elsewhere, token) is None
    with pytest.raises(NotFound):
        await tokens.revoke_token(elsewhere, OPERATOR, bearer.token.id)


async def test_a_file_source_takes_no_token(desk: Desk) -> None:
    """What `muster import` reads is spoken for by nobody."""
    source, token = await tokens.add_source(desk, OPERATOR, "file", "people-file")

    assert token is None
    with pytest.raises(BadInput) as caught:
        await tokens.add_token(desk, OPERATOR, source)
    assert "MUSTER-SOURCE-TAKES-NO-TOKENS" == caught.value.problem.code
    with pytest.raises(BadInput) as caught:
        await tokens.add_source(desk, OPERATOR, "file", "other", Rights(requests_per_second=1))
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
