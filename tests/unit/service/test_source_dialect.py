"""What a source may do beside the letter of SCIM: chosen, kept, and obeyed at once."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from desk import OPERATOR, log, open_desk
from muster.model import BadInput, NotFound
from muster.scim.dialects import EMPTY_TEXT, LISTED_REMOVAL, REPLACE_CREATES, USUAL, Dialect, Unknown
from muster.service import tokens
from muster.service.desk import Desk
from muster.service.dialect_choice import STRICT, Base, Choice, chosen, dialect_of, words_of
from muster.service.finding import source as found_source
from muster.service.source_dialect import set_dialect
from scim_door import USER_URN, Client, serving, speaking, user

OWN = "urn:acme:scim:schemas:staff:1.0:User"


@pytest.fixture
async def desk(database_url: str) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url) as opened:
        yield opened


@pytest.fixture
async def idp(desk: Desk) -> AsyncGenerator[Client]:
    """A source that speaks as is usual."""
    _, token = await tokens.add_source(desk, OPERATOR, "scim", "idp")
    if token is None:
        raise AssertionError
    async with serving(desk) as url, speaking(url, token) as client:
        yield client


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), USUAL),
        (Choice(base=Base.STRICT), STRICT),
        (
            Choice(base=Base.STRICT, accept=frozenset({"empty-text"})),
            Dialect(
                tolerated=frozenset({EMPTY_TEXT}), unknown=Unknown.REFUSE, unknown_extensions=Unknown.REFUSE
            ),
        ),
        (
            Choice(refuse=frozenset({"empty-text"}), accept=frozenset({"replace-creates"})),
            Dialect(tolerated=frozenset({LISTED_REMOVAL, REPLACE_CREATES})),
        ),
        (Choice(unknown=Unknown.REFUSE), Dialect(unknown=Unknown.REFUSE)),
        (Choice(unknown_extensions=Unknown.DROP), Dialect(unknown_extensions=Unknown.DROP)),
    ],
)
async def test_what_is_chosen_is_kept(desk: Desk, choice: Choice, expected: Dialect) -> None:
    """A source that is added with a choice, and one that is given it later, may do the same."""
    added, _ = await tokens.add_source(desk, OPERATOR, "scim", "one", dialect=choice)
    await tokens.add_source(desk, OPERATOR, "scim", "two")
    changed = await set_dialect(desk, OPERATOR, "two", choice)
    stored = await found_source(desk, "one")

    assert expected == dialect_of(added) == dialect_of(changed)
    assert added == stored
    assert changed == await found_source(desk, "two")
    assert chosen(expected) == dict(stored.dialect)


async def test_what_is_not_said_stays(desk: Desk) -> None:
    """One choice after the other; back to the usual leaves nothing kept."""
    await tokens.add_source(desk, OPERATOR, "scim", "idp")
    await set_dialect(desk, OPERATOR, "idp", Choice(unknown=Unknown.REFUSE))
    both = await set_dialect(desk, OPERATOR, "idp", Choice(refuse=frozenset({"empty-text"})))
    usual = await set_dialect(desk, OPERATOR, "idp", Choice(base=Base.USUAL))

    assert {"unknown": "refuse", "empty-text": "refuse"} == dict(both.dialect)
    assert {} == dict(usual.dialect)
    assert words_of(USUAL) == words_of(dialect_of(usual))


async def test_every_change_is_in_the_log(desk: Desk) -> None:
    """With what was and what is; the same choice again is nothing."""
    await tokens.add_source(desk, OPERATOR, "scim", "idp", dialect=Choice(unknown=Unknown.REFUSE))
    for _ in range(2):
        await set_dialect(desk, OPERATOR, "idp", Choice(base=Base.USUAL, unknown_extensions=Unknown.DROP))
    added, updated = await log(desk, "source")

    assert {"name": "idp", "type": "scim", "unknown": "refuse"} == added.after
    assert {"unknown": "refuse", "unknown-extensions": "keep"} == updated.before
    assert {"unknown": "drop", "unknown-extensions": "drop"} == updated.after
    assert {"source": "idp"} == updated.detail
    assert OPERATOR.name == updated.actor


@pytest.mark.parametrize(
    "choice",
    [
        Choice(accept=frozenset({"capital-verbs"})),
        Choice(refuse=frozenset({"nonsense"})),
        Choice(accept=frozenset({"empty-text"}), refuse=frozenset({"empty-text"})),
    ],
)
async def test_what_is_no_choice_is_refused(desk: Desk, choice: Choice) -> None:
    """Forms that can mean one thing only are always accepted, and nothing is accepted and refused."""
    await tokens.add_source(desk, OPERATOR, "scim", "idp")
    told = await log(desk)
    with pytest.raises(BadInput, match="MUSTER-SOURCE-DIALECT"):
        await set_dialect(desk, OPERATOR, "idp", choice)
    with pytest.raises(BadInput, match="MUSTER-SOURCE-DIALECT"):
        await tokens.add_source(desk, OPERATOR, "scim", "other", dialect=choice)

    assert told == await log(desk)


async def test_only_what_speaks_scim_has_a_dialect(desk: Desk) -> None:
    """A source of files has none to choose, and one that is not there neither."""
    await tokens.add_source(desk, OPERATOR, "file", "hr")
    for name, kind in (("hr", BadInput), ("nobody", NotFound)):
        with pytest.raises(kind):
            await set_dialect(desk, OPERATOR, name, Choice(unknown=Unknown.REFUSE))


async def test_a_stored_choice_that_is_none_any_more_is_passed_over(desk: Desk) -> None:
    """Another version of Muster may have had other tolerances; what it kept breaks nothing."""
    source, _ = await tokens.add_source(desk, OPERATOR, "scim", "idp")
    kept = replace(source, dialect={"gone-by": "accept", "unknown": "refuse"})

    assert Dialect(unknown=Unknown.REFUSE) == dialect_of(kept)


async def _answered(client: Client, status: int, **attributes: object) -> dict[str, object]:
    """Ask until the answer has the status; another process may need a moment to notice a choice."""
    for number in range(10_000):
        answer = await client.post("/Users", user(f"ana{number}", **attributes))
        if answer.status == status:
            return dict(answer.body)
    raise AssertionError(status)


async def test_a_source_is_treated_as_was_chosen(desk: Desk, idp: Client) -> None:
    """Unknown attributes and extensions are kept, dropped or refused, each time as chosen last."""
    body = {"shoeSize": 43, OWN: {"badge": "b1"}}
    usual = await _answered(idp, 201, **body)
    await set_dialect(desk, OPERATOR, "idp", Choice(unknown=Unknown.REFUSE))
    refused = await _answered(idp, 400, **body)
    await set_dialect(desk, OPERATOR, "idp", Choice(unknown=Unknown.DROP, unknown_extensions=Unknown.REFUSE))
    own_refused = await _answered(idp, 400, **body)
    await set_dialect(desk, OPERATOR, "idp", Choice(unknown_extensions=Unknown.DROP))
    dropped = await _answered(idp, 201, **body)

    assert ({"badge": "b1"}, False) == (usual[OWN], "shoeSize" in usual)
    assert "shoeSize" in str(refused["detail"])
    assert OWN in str(own_refused["detail"])
    assert [USER_URN] == dropped["schemas"]
    assert OWN not in dropped


async def test_who_cannot_read_of_cursors_is_not_told(desk: Desk, idp: Client) -> None:
    """``pagination`` (RFC 9865) is in the configuration, but for a source that would refuse to read it."""
    _, token = await tokens.add_source(
        desk, OPERATOR, "scim", "other", dialect=Choice(accept=frozenset({"plain-config"}))
    )
    if token is None:
        raise AssertionError
    async with speaking(idp.url, token) as other:
        told = [(await client.get("/ServiceProviderConfig")).body for client in (idp, other)]
    pagination = told[0].pop("pagination")

    assert pagination["cursor"] is True
    assert told[0] == told[1]


async def test_tolerances_are_those_of_the_source(desk: Desk, idp: Client) -> None:
    """A form that one source may use stays refused to another."""
    _, token = await tokens.add_source(
        desk, OPERATOR, "scim", "other", dialect=Choice(accept=frozenset({"replace-creates"}))
    )
    if token is None:
        raise AssertionError
    operation = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ana@acme.example"}
    async with speaking(idp.url, token) as other:
        people = [await client.hire("ana") for client in (idp, other)]
        answers = [
            await client.patch(f"/Users/{ana.id}", operation)
            for client, ana in zip((idp, other), people, strict=True)
        ]

    assert [400, 200] == [answer.status for answer in answers]
    assert "noTarget" == answers[0].body["scimType"]
