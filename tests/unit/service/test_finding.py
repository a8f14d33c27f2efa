"""From what somebody typed to the person, app or source that is meant."""

import pytest

from desk import scim_source
from muster.model import NotFound
from muster.service import finding, scim_people, tokens
from muster.service.scim_exchange import Caller
from working_desk import Place, people_csv


@pytest.mark.parametrize("said", ["ana.ruiz", "ANA.Ruiz", "E-ana.ruiz", "ana.ruiz@acme.example", "the id"])
async def test_a_person_is_found_by_any_of_their_names(place: Place, said: str) -> None:
    """An id, a userName in any letter case, the source's own id and a mail address all mean the person."""
    await place.hire("ana.ruiz", "ben")
    ana = (await place.everybody())["ana.ruiz"]

    assert await finding.person(place.desk, ana.id if said == "the id" else said) == ana


async def test_a_name_two_people_have_is_a_question(place: Place) -> None:
    """Where two sources call somebody so, both are named with their ids, and either id answers."""
    await place.hire("ana")
    await place.hire("ana", source="contractors")
    with pytest.raises(NotFound) as asked:
        await finding.person(place.desk, "ana")
    known = [one.id for one in await finding.everybody(place.desk)]

    assert asked.value.problem.code == "MUSTER-PERSON-AMBIGUOUS"
    assert all(each in str(asked.value) for each in known)
    assert [(await finding.person(place.desk, each)).id for each in known] == known


@pytest.mark.parametrize("said", ["ana", "E1", "ana@acme.example"])
async def test_who_is_there_comes_before_who_is_gone(place: Place, said: str) -> None:
    """A name that a person has, and one their source deleted had, means the one who is there."""
    token = await scim_source(place.desk, "entra")
    bearer = await tokens.authenticate(place.desk, token)
    assert bearer is not None
    caller = Caller(bearer=bearer, base="https://muster.example/scim/v2")
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ana",
        "externalId": "E1",
        "emails": [{"value": "ana@acme.example"}],
    }
    gone = await scim_people.create(place.desk, caller, dict(user))
    await scim_people.delete(place.desk, caller, gone.id)
    await place.bring(people_csv({"userName": "ana", "externalId": "E1", "email": "ana@acme.example"}))
    found = await finding.person(place.desk, said)

    assert found.id != gone.id


@pytest.mark.parametrize("said", ["zoe", "", "'; DROP TABLE people; --", "名前"])
async def test_nobody_is_meant(place: Place, said: str) -> None:
    """A name nobody has is answered with what can be given instead."""
    await place.hire("ana")
    with pytest.raises(NotFound) as refused:
        await finding.person(place.desk, said)

    assert refused.value.problem.code == "MUSTER-PERSON-UNKNOWN"
    assert "userName" in refused.value.problem.next_step


async def test_apps_and_sources_that_are_not_there(place: Place) -> None:
    """An app or a source nobody configured is answered with those that are, or how to see them."""
    await place.add_app("chat")
    with pytest.raises(NotFound, match="Configured are: chat"):
        await finding.app(place.desk, "wiki")
    with pytest.raises(NotFound, match="MUSTER-SOURCE-UNKNOWN"):
        await finding.source(place.desk, "hr")
