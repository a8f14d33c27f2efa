"""A configuration file as a whole: applied, applied again, or not at all."""

import pytest

from desk import OPERATOR
from muster.model import BadInput
from muster.service import configuration, finding, schemas
from muster.service.desk import Desk
from working_desk import Place, people_csv

TOKEN = "s3cret-0f-the-app"
FILE = """
apps:
  chat: {connector: memory, settings: {token: "${CHAT_TOKEN}"}}
  wiki: {connector: memory, match_on: [MATCH]}
rules:
  - {name: all-chat, app: chat, when: everyone}
  - {name: it-wiki, app: wiki, when: {attribute: department, equals: IT}}
"""
GOOD = FILE.replace("MATCH", "userName")


async def _apply(desk: Desk, text: str) -> configuration.Applied:
    return await configuration.apply(desk, OPERATOR, text, {"CHAT_TOKEN": TOKEN})


async def test_a_file_is_applied(place: Place) -> None:
    """Apps and rules stand as the file says, those they grant something are due, and what else is stays."""
    await place.add_app("mail")
    rows = ({"userName": "ana", "department": "IT"}, {"userName": "ben"})
    await place.bring(people_csv(*rows))
    await place.settle()
    applied = await _apply(place.desk, GOOD)

    assert (applied.apps, applied.rules) == (("chat", "wiki"), ("all-chat", "it-wiki"))
    assert ["chat", "mail", "wiki"] == [one.name for one in await finding.all_apps(place.desk)]
    assert await place.due() == {("chat", "ana"), ("chat", "ben"), ("wiki", "ana")}
    assert TOKEN not in repr(await place.log()) + await place.stored_apps()


OWN = """
schemas:
  - id: urn:acme:scim:schemas:staff:1.0:User
    attributes: [{name: badge}]
apps:
  doors: {connector: memory, mapping: {title: "urn:acme:scim:schemas:staff:1.0:User:badge"}}
rules:
  - {name: badged, app: doors, when: {attribute: "urn:acme:scim:schemas:staff:1.0:User:badge", equals: b1}}
"""


async def test_attributes_of_ones_own_and_what_names_them_stand_in_one_file(place: Place) -> None:
    """A rule and a mapping may name what a schema of the same file describes, and nothing else."""
    wrong = OWN.replace("name: badge", "name: batch")
    with pytest.raises(BadInput, match="MUSTER-POLICY-NO-SUCH-ATTRIBUTE"):
        await _apply(place.desk, wrong)
    nothing = await schemas.all_schemas(place.desk)
    applied = await _apply(place.desk, OWN)
    told = await place.log()
    await _apply(place.desk, OWN)

    assert [] == nothing
    assert ("urn:acme:scim:schemas:staff:1.0:User",) == applied.schemas
    assert ["badge"] == [one.name for one in (await schemas.all_schemas(place.desk))[0].schema.attributes]
    assert told == await place.log()


async def test_a_file_applied_twice_is_nothing(place: Place) -> None:
    """The same file again leaves no record and no work."""
    await place.hire("ana")
    await _apply(place.desk, GOOD)
    await place.settle()
    told, stored = await place.log(), await place.stored_apps()
    await _apply(place.desk, GOOD)

    assert (await place.log(), await place.stored_apps(), await place.waiting()) == (told, stored, [])


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        GOOD.replace("attribute: department", 'attribute: "no such["'),
        GOOD.replace("connector: memory, match", "connector: clumsy, match"),
        GOOD.replace("app: wiki, when", "app: forge, when"),
        GOOD.replace("${CHAT_TOKEN}", "${NOT_SET}"),
    ],
    ids=["match_on", "attribute", "removal", "rule of no app", "environment"],
)
async def test_a_file_is_applied_as_a_whole_or_not_at_all(place: Place, text: str) -> None:
    """One thing in it that cannot be, and nothing of it stands, not even what could."""
    await place.hire("ana")
    told = await place.log()
    with pytest.raises(BadInput):
        await _apply(place.desk, text)

    assert (await finding.all_apps(place.desk), await finding.all_rules(place.desk)) == ([], [])
    assert (await place.log(), await place.waiting()) == (told, [])
