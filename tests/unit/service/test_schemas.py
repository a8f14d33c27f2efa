"""Schemas of the operator's own: what is stored stays valid whatever the operator changes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from desk import OPERATOR, as_tenant, grant, log, open_desk, scim_source
from muster.db import Statement, decode
from muster.directory import apps
from muster.directory import schemas as stored
from muster.model import AttributeEquals, BadInput, Copied, NotFound, Rule
from muster.scim import USER_URN, CustomSchema, Resource, custom_schema
from muster.scim.builtin import GROUP_URN
from muster.scim.errors import Uniqueness
from muster.scim.values import JsonValue
from muster.service import configuring, schemas, scim_groups, scim_people, tokens
from muster.service.desk import Desk
from muster.service.scim_exchange import Caller, Stored, TypesChanged
from muster.service.types_in_force import TypesInForce

URN = "urn:acme:scim:schemas:staff:1.0:User"
_MOVE = Statement("INSERT INTO schema_versions (tenant, version) VALUES (:tenant, 7)")
_MOVE_AGAIN = Statement("UPDATE schema_versions SET version = 8 WHERE tenant = :tenant")
BADGE: Resource = {"name": "badge"}
FLOOR: Resource = {"name": "floor", "type": "integer"}


def schema(*attributes: JsonValue, **more: JsonValue) -> CustomSchema:
    """A schema with these attributes; badge and floor unless given."""
    document: Resource = {"id": URN, "attributes": list(attributes or (BADGE, FLOOR))}
    return custom_schema({**document, **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class Idp:
    """A source at a desk, speaking without a network."""

    desk: Desk
    caller: Caller

    async def looking(self) -> "Idp":
        """The same source, with what users and groups may hold now."""
        types = await self.desk.db.read(lambda tx: schemas.types_of(tx, self.desk))
        return replace(self, caller=replace(self.caller, types=types))

    async def hire(self, name: str, key: str = URN, **own: JsonValue) -> Stored:
        """There is a user with these attributes of the operator's own."""
        body: Resource = {"schemas": [USER_URN], "userName": name, **({key: own} if own else {})}
        return await scim_people.create(self.desk, (await self.looking()).caller, body)

    async def gather(self, name: str, **own: JsonValue) -> Stored:
        """There is a group with these attributes of the operator's own."""
        body: Resource = {"schemas": [GROUP_URN], "displayName": name, URN: own}
        return await scim_groups.create(self.desk, (await self.looking()).caller, body)

    async def own(self, id: str) -> JsonValue:
        """What the user has under the URN."""
        found = await scim_people.get(self.desk, (await self.looking()).caller, id)
        return decode(found.body).get(URN)


async def speaking(desk: Desk, name: str) -> Idp:
    """A new source at the desk."""
    bearer = await tokens.authenticate(desk, await scim_source(desk, name))
    if bearer is None:
        raise AssertionError(name)
    return Idp(desk=desk, caller=Caller(bearer=bearer, base="https://acme.example/scim/v2"))


class Seconds:
    """A steady clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """So many seconds."""
        return self.now


@pytest.fixture
async def desk(database_url: str) -> AsyncGenerator[Desk]:
    """An open desk, on each database."""
    async with open_desk(database_url) as opened:
        yield opened


@pytest.fixture
async def idp(desk: Desk) -> Idp:
    """A source at the desk."""
    return await speaking(desk, "idp")


async def refusal(desk: Desk, custom: CustomSchema) -> str:
    """Why the schema cannot be put; nothing of it is stored."""
    before, told = await schemas.all_schemas(desk), await log(desk)
    with pytest.raises(BadInput) as caught:
        await schemas.put_schema(desk, OPERATOR, custom)

    assert before == await schemas.all_schemas(desk)
    assert told == await log(desk)
    return f"{caught.value.problem.code} {caught.value.problem.why}"


async def test_a_schema_reads_back_as_it_was_put(desk: Desk) -> None:
    """Everything the document says is stored, and another tenant sees nothing of it."""
    first = schema(BADGE, {"name": "cars", "type": "complex", "subAttributes": [{"name": "plate"}]})
    second = schema(BADGE, id="urn:acme:teams:1.0:Group", extends={"Group": "required"})
    for one in (first, second):
        assert 0 == await schemas.put_schema(desk, OPERATOR, one)

    assert [first, second] == await schemas.all_schemas(desk)
    assert first == await schemas.schema(desk, URN.upper())
    assert [] == await schemas.all_schemas(as_tenant(desk, "other"))


async def test_every_change_is_a_version_and_a_record(desk: Desk) -> None:
    """The same schema again is nothing; another one moves the version and says what differs."""
    for custom in (schema(), schema(), schema(BADGE)):
        await schemas.put_schema(desk, OPERATOR, custom)
    await schemas.remove_schema(desk, OPERATOR, URN.upper())
    told = [(one.action.value, one.detail["schema"]) for one in await log(desk, "schema")]

    assert 3 == await desk.db.read(lambda tx: stored.version(tx, desk.tenant))
    assert [("schema:add", URN), ("schema:update", URN), ("schema:remove", URN)] == told
    updated = (await log(desk, "schema:update"))[0]
    assert ({"attribute floor": {"type": "integer"}}, {}) == (updated.before, updated.after)
    assert OPERATOR.name == updated.actor


async def test_an_unknown_schema_is_named(desk: Desk) -> None:
    """Whoever asks for what is not there is told what is."""
    await schemas.put_schema(desk, OPERATOR, schema())
    for ask in (schemas.schema(desk, "urn:acme:x"), schemas.remove_schema(desk, OPERATOR, "urn:acme:x")):
        with pytest.raises(NotFound, match=URN):
            await ask


async def test_a_schema_that_could_be_taken_for_another_is_refused(desk: Desk) -> None:
    """Two URNs of which one reads as an attribute of the other have no clear meaning."""
    await schemas.put_schema(desk, OPERATOR, schema())

    assert "MUSTER-SCHEMA-CLASH" in await refusal(
        desk, custom_schema({"id": f"{URN}:badge", "attributes": [BADGE]})
    )


async def test_a_wider_schema_is_taken(desk: Desk, idp: Idp) -> None:
    """What makes nothing invalid needs no question: more attributes, words, freedom."""
    narrow = schema({**BADGE, "required": True}, FLOOR, extends={"User": "required"})
    await schemas.put_schema(desk, OPERATOR, narrow)
    ana = await idp.hire("ana", badge="b1", floor=3)
    wider = schema(
        {**BADGE, "description": "The one at the door"}, {**FLOOR, "type": "decimal"}, {"name": "desk"}
    )

    assert 0 == await schemas.put_schema(desk, OPERATOR, wider)
    assert {"badge": "b1", "floor": 3} == await idp.own(ana.id)


TWO: list[Resource] = [{"badge": "b1", "floor": 3}, {"badge": "b2", "floor": 4}]
TWINS: list[Resource] = [{"badge": "b1"}, {"badge": "B1"}]
UNBADGED: list[Resource] = [{"badge": "b1"}, {"floor": 3}]
NOBODY: Resource = {}


@pytest.mark.parametrize(
    ("people", "narrower", "says"),
    [
        (TWO, schema(BADGE), "2 people: floor, the schema has no such attribute"),
        (TWO, schema(BADGE, {"name": "floor"}), "2 people: floor, a string is needed, not a number"),
        (TWO, schema({**BADGE, "type": "integer"}, FLOOR), "2 people: badge, an integer is needed"),
        (TWO, schema({**BADGE, "type": "dateTime"}, FLOOR), "2 people: badge, a date and time"),
        (TWO, schema({**BADGE, "multiValued": True}, FLOOR), "2 people: badge, a list is needed"),
        (TWO, schema({**BADGE, "mutability": "writeOnly"}, FLOOR), "2 people: badge, what is writeOnly"),
        (TWO, schema(extends={"Group": "optional"}), "2 people with values of it"),
        (UNBADGED, schema({**BADGE, "required": True}, FLOOR), "1 person: badge, the attribute is required"),
        ([*TWO, NOBODY], schema(extends={"User": "required"}), "1 person: the extension is required"),
        (
            TWINS,
            schema({**BADGE, "uniqueness": "server"}),
            "1 person: badge, somebody else of the same source",
        ),
    ],
)
async def test_what_would_be_lost_or_invalid_is_refused(
    desk: Desk, idp: Idp, people: list[Resource], narrower: CustomSchema, says: str
) -> None:
    """A narrower schema is refused, with how many people have what it has no place for."""
    await schemas.put_schema(desk, OPERATOR, schema())
    for number, own in enumerate(people):
        await idp.hire(f"person{number}", **own)

    assert f"MUSTER-SCHEMA-IN-USE {says}" in await refusal(desk, narrower)


async def test_uniqueness_that_holds_already_is_taken(desk: Desk, idp: Idp) -> None:
    """Nobody is in the way when the values differ, or belong to different sources or letter case counts."""
    await schemas.put_schema(desk, OPERATOR, schema())
    other = await speaking(desk, "other")
    await idp.hire("ana", badge="b1")
    await idp.hire("ben", badge="B1")
    await other.hire("ana", badge="b1")
    unique = schema({**BADGE, "uniqueness": "server", "caseExact": True}, FLOOR)
    await schemas.put_schema(desk, OPERATOR, unique)
    with pytest.raises(Uniqueness) as caught:
        await other.hire("ben", badge="b1")

    assert f"{URN}:badge" == caught.value.path


async def test_groups_are_measured_as_people_are(desk: Desk, idp: Idp) -> None:
    """The extension of a group is as safe as that of a person."""
    await schemas.put_schema(desk, OPERATOR, schema(extends={"Group": "optional"}))
    await idp.gather("Design", badge="b1")

    assert "1 group: badge, the schema has no such attribute" in await refusal(
        desk, schema(FLOOR, extends={"Group": "optional"})
    )
    with pytest.raises(BadInput, match="1 group with values of it"):
        await schemas.remove_schema(desk, OPERATOR, URN)


async def test_a_schema_with_values_is_not_removed(desk: Desk, idp: Idp) -> None:
    """Values never lose their description; once the source has removed them, the schema can go."""
    await schemas.put_schema(desk, OPERATOR, schema())
    ana = await idp.hire("ana", badge="b1")
    with pytest.raises(BadInput, match="1 person with values of it"):
        await schemas.remove_schema(desk, OPERATOR, URN)
    await scim_people.delete(desk, (await idp.looking()).caller, ana.id)
    await schemas.remove_schema(desk, OPERATOR, URN)

    assert [] == await schemas.all_schemas(desk)


async def test_what_was_kept_before_is_put_into_shape(desk: Desk, idp: Idp) -> None:
    """Values that came under an unknown URN become attributes: spelled and typed, as a change in the log."""
    first = await idp.hire("ana", key=URN.upper(), BADGE="b1", floor=3)
    second = await idp.hire("ben", badge="b2", floor=3)
    told = len(await log(desk))
    described = schema(BADGE, FLOOR, {"name": "onCall", "type": "boolean"})
    reshaped = await schemas.put_schema(desk, OPERATOR, described)

    assert 1 == reshaped
    assert {"badge": "b1", "floor": 3} == await idp.own(first.id)
    assert {"badge": "b2", "floor": 3} == await idp.own(second.id)
    records = (await log(desk))[told:]
    assert ["person:update", "schema:add"] == [record.action.value for record in records]
    assert f"schema {URN}" == records[0].cause
    again = await scim_people.get(desk, (await idp.looking()).caller, first.id)
    assert [USER_URN, URN] == decode(again.body)["schemas"]


async def test_what_was_kept_and_is_nothing_is_no_extension(desk: Desk, idp: Idp) -> None:
    """Null under an unknown URN says nothing: it is in nobody's way, and no extension that is required."""
    await idp.hire("ana", badge=None, floor=None)

    assert "1 person: the extension is required and not there" in await refusal(
        desk, schema(extends={"User": "required"})
    )
    assert 1 == await schemas.put_schema(desk, OPERATOR, schema())
    await schemas.remove_schema(desk, OPERATOR, URN)


async def test_what_was_kept_before_and_has_no_place_is_named(desk: Desk, idp: Idp) -> None:
    """Nothing a source sent disappears because a schema came."""
    await idp.hire("ana", badge="b1", parking="P3")

    assert "1 person: parking, the schema has no such attribute" in await refusal(desk, schema())


async def test_a_rule_keeps_what_it_names(desk: Desk) -> None:
    """A rule or mapping never names an attribute that is no more, nor one that never was."""
    app = await grant(desk, "doors")
    when = AttributeEquals(attribute=f"{URN}:badge", value="b1")
    named = Rule(tenant=desk.tenant, name="badged", app=app.name, when=when)
    with pytest.raises(BadInput, match="MUSTER-POLICY-NO-SUCH-ATTRIBUTE"):
        await configuring.put_rule(desk, OPERATOR, named)
    await schemas.put_schema(desk, OPERATOR, schema())
    await configuring.put_rule(desk, OPERATOR, named)
    for narrower in (schema(FLOOR), schema(extends={"Group": "optional"})):
        assert f"MUSTER-SCHEMA-NAMED rule badged names {URN}:badge" in await refusal(desk, narrower)
    with pytest.raises(BadInput, match="MUSTER-SCHEMA-NAMED"):
        await schemas.remove_schema(desk, OPERATOR, URN)
    await configuring.remove_rule(desk, OPERATOR, "badged")
    await schemas.remove_schema(desk, OPERATOR, URN)

    assert [] == await schemas.all_schemas(desk)


async def test_a_mapping_keeps_what_it_names(desk: Desk) -> None:
    """Also one that an app was given long ago."""
    await schemas.put_schema(desk, OPERATOR, schema())
    app = await grant(desk, "doors")
    mapped = replace(app, mapping={**app.mapping, "title": Copied(attribute=f"{URN.upper()}:BADGE")})
    await desk.db.write(lambda tx: apps.put(tx, mapped, {}, at=desk.clock()))

    assert f"MUSTER-SCHEMA-NAMED app doors names {URN.upper()}:BADGE" in await refusal(desk, schema(FLOOR))


async def test_what_was_checked_by_an_older_schema_is_not_stored(desk: Desk, idp: Idp) -> None:
    """Between the check and the commit an operator may change the schema; then nothing is stored."""
    before = await idp.looking()
    await schemas.put_schema(desk, OPERATOR, schema(BADGE))
    body: Resource = {"schemas": [USER_URN], "userName": "ana", URN: {"parking": "P3"}}
    with pytest.raises(TypesChanged):
        await scim_people.create(desk, before.caller, body)
    ben = await idp.hire("ben")
    with pytest.raises(TypesChanged):
        await scim_people.put(desk, before.caller, ben.id, {**body, "userName": "ben"})

    assert ["ben"] == [record.after["userName"] for record in await log(desk, "person:create")]
    assert [] == await log(desk, "person:update")


async def test_a_schema_and_a_person_at_the_same_moment(desk: Desk, idp: Idp) -> None:
    """Whichever comes first, what is stored in the end fits the schema that stands in the end."""
    await schemas.put_schema(desk, OPERATOR, schema())
    for number in range(8):
        narrower = schema(BADGE, {"name": f"extra{number}"})
        body: Resource = {"schemas": [USER_URN], "userName": f"p{number}", URN: {"floor": number}}
        caller = (await idp.looking()).caller
        _, made = await asyncio.gather(
            schemas.put_schema(desk, OPERATOR, narrower),
            scim_people.create(desk, caller, body),
            return_exceptions=True,
        )
        floors = "floor" in {one.name for one in (await schemas.schema(desk, URN)).schema.attributes}

        assert isinstance(made, Stored) is floors, made
        if not floors:
            await schemas.put_schema(desk, OPERATOR, schema())


async def test_a_process_sees_a_change_at_its_next_look(desk: Desk) -> None:
    """The compiled types stay the same object until the version moves; then they are the new ones."""
    seconds = Seconds()
    types = TypesInForce(desk, seconds=seconds)
    first = await types.now()
    await schemas.put_schema(desk, OPERATOR, schema())
    seconds.now += 0.02
    second = await types.now()
    seconds.now += 10
    third = await types.now()

    assert (0, 1) == (first.version, second.version)
    assert second.user.extension(URN) is not None
    assert second is third


async def test_a_lost_announcement_costs_a_second(desk: Desk) -> None:
    """Without any word from the database the version is looked at again after a second."""
    seconds = Seconds()
    types = TypesInForce(desk, seconds=seconds)
    await types.now()
    await desk.db.write(lambda tx: tx.run(_MOVE, tenant=desk.tenant))
    seconds.now += 0.5
    early = (await types.now()).version
    seconds.now += 0.5

    assert (0, 7) == (early, (await types.now()).version)
    await desk.db.write(lambda tx: tx.run(_MOVE_AGAIN, tenant=desk.tenant))
    assert 8 == (await types.looked_at_again()).version
