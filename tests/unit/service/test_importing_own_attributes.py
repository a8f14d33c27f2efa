"""People files and attributes of the operator's own."""

import json
from typing import Any

import pytest

from desk import OPERATOR
from muster.model import AttributeEquals, BadInput
from muster.scim import custom_schema
from muster.scim.values import JsonValue, Resource
from muster.service import importing, schemas
from muster.service.import_schemas import check_version
from muster.service.importing import Import
from muster.service.scim_types import STANDARD
from working_desk import Place

URN = "urn:acme:scim:schemas:staff:1.0:User"
ATTRIBUTES: list[JsonValue] = [
    {"name": "badge", "uniqueness": "server"},
    {"name": "hired", "mutability": "immutable"},
    {"name": "floor", "type": "integer"},
    {"name": "quota", "type": "decimal"},
    {"name": "onCall", "type": "boolean"},
    {"name": "since", "type": "dateTime"},
    {"name": "pin", "mutability": "writeOnly"},
    {"name": "level", "mutability": "readOnly"},
    {"name": "tags", "multiValued": True},
    {
        "name": "locker",
        "type": "complex",
        "subAttributes": [{"name": "number"}, {"name": "floor", "type": "integer"}],
    },
    {
        "name": "cars",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [{"name": "type"}, {"name": "value"}],
    },
]


async def define(place: Place, *attributes: JsonValue, **more: JsonValue) -> None:
    """The operator has defined these attributes."""
    document: Resource = {"id": URN, "attributes": list(attributes or ATTRIBUTES), **more}
    await schemas.put_schema(place.desk, OPERATOR, custom_schema(document))


async def bring(place: Place, *people: dict[str, Any]) -> Import:
    """These people come as a JSON file."""
    return await importing.import_people(
        place.desk, OPERATOR, json.dumps(people).encode(), format="json", name="people.json", source="hr"
    )


async def own(place: Place, name: str) -> object:
    """What the person has under the URN."""
    return (await place.person(name)).attributes.get(URN)


async def test_columns_are_named_by_the_attributes(place: Place) -> None:
    """By full name or short, in any letter case; cells become what the schema says."""
    await define(place)
    columns = ["userName", "badge", f"{URN.upper()}:FLOOR"]
    columns += ["quota", "oncall", "since", "locker.number", "hired"]
    cells = ["ana", "b1", "3", "0.5", "yes", "2026-01-01T09:00:00Z", "7", "2020"]
    header = ",".join([*columns, '"cars[type eq ""own""].value"'])
    done = await place.bring(f"{header}\n{','.join(cells)},HH 1\nben{',' * len(columns)}\n")

    assert (2, ()) == (done.joiners, done.problems)
    assert {
        "badge": "b1",
        "floor": 3,
        "quota": 0.5,
        "onCall": True,
        "since": "2026-01-01T09:00:00Z",
        "locker": {"number": "7"},
        "hired": "2020",
        "cars": [{"type": "own", "value": "HH 1"}],
    } == await own(place, "ana")
    assert await own(place, "ben") is None


async def test_a_map_may_name_them(place: Place) -> None:
    """Other headers are given a meaning, as for any attribute."""
    await define(place)
    columns = f"columns:\n  Etage: {URN}:floor\n  Ausweis: badge\n"
    done = await place.bring("userName,Etage,Ausweis\nana,3,b1\n", columns=columns)

    assert () == done.problems
    assert {"floor": 3, "badge": "b1"} == await own(place, "ana")


async def test_what_a_file_does_not_speak_of_stays(place: Place) -> None:
    """A column the file does not have means nothing; an empty cell means not set."""
    await define(place)
    await place.bring("userName,floor,badge\nana,3,b1\n")
    await place.bring("userName,floor\nana,4\n")
    kept = await own(place, "ana")
    await place.bring("userName,floor\nana,\n")

    assert {"floor": 4, "badge": "b1"} == kept
    assert {"badge": "b1"} == await own(place, "ana")


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("floor", "third", "“third” is not a whole number"),
        ("floor", "3.5", "is not a whole number"),
        ("floor", "99999999999999999999", "is not a whole number"),
        ("quota", "1e400", "is not a number in digits"),
        ("onCall", "perhaps", "is not true or false"),
        ("since", "yesterday", "is not a time written as"),
    ],
)
async def test_a_cell_that_says_no_such_value_is_named(
    place: Place, column: str, cell: str, says: str
) -> None:
    """The row is not taken; the others are."""
    await define(place)
    done = await place.bring(f"userName,{column}\nana,{cell}\nben,\n")

    assert 1 == done.joiners
    assert [(2, column)] == [(one.line, one.column) for one in done.problems]
    assert says in done.problems[0].reason


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("desk", "is not known"),
        ("flor", "did you mean floor"),
        ("pin", "not for sources to state"),
        ("level", "not for sources to state"),
        ("tags", "a cell holds one"),
        ("locker", "has parts; name one, as locker.number"),
        (URN, "whole extension"),
        (f"{URN}:desk", "is not known"),
    ],
)
async def test_a_column_that_cannot_be_is_named(place: Place, column: str, says: str) -> None:
    """Nothing is imported, as for any other column."""
    await define(place)
    with pytest.raises(BadInput, match="MUSTER-IMPORT-COLUMNS") as caught:
        await place.bring(f"userName,{column}\nana,x\n")

    assert says in caught.value.problem.why


async def test_json_has_them_in_their_extension_or_beside(place: Place) -> None:
    """Lists and parts among them; what no schema knows is still a problem of its row."""
    await define(place)
    ana = {"userName": "ana", URN: {"tags": ["a"], "cars": [{"value": "HH 1"}], "floor": 3, "pin": "1"}}
    ben = {"userName": "ben", "badge": "b2", URN: {"TAGS": ["a", "b"]}}
    eve = {"userName": "eve", URN: {"desk": "12"}}
    done = await bring(place, ana, ben, eve)

    assert {"tags": ["a"], "cars": [{"value": "HH 1"}], "floor": 3} == await own(place, "ana")
    assert {"tags": ["a", "b"], "badge": "b2"} == await own(place, "ben")
    assert [f"{URN}:desk"] == [one.column for one in done.problems]


async def test_people_of_one_pattern_are_read_each_by_themselves(place: Place) -> None:
    """A list of one text is remembered as a pattern, and filled with each person's own."""
    await define(place)
    await bring(place, *({"userName": name, URN: {"tags": [f"t-{name}"]}} for name in ("ana", "ben", "eve")))

    assert [{"tags": [f"t-{name}"]} for name in ("ana", "ben", "eve")] == [
        await own(place, name) for name in ("ana", "ben", "eve")
    ]


async def test_what_is_set_for_good_stays(place: Place) -> None:
    """Another value is a problem of the row, which changes nothing; no value leaves the old one."""
    await define(place)
    await bring(place, {"userName": "ana", URN: {"hired": "2020"}}, {"userName": "ben"})
    said = {"userName": "ana", URN: {"floor": 3}}, {"userName": "ben", URN: {"hired": "2021"}}
    silent = await bring(place, *said)
    wrong = await place.bring("userName,hired,floor\nana,2019,9\nben,2021,\n")

    assert (2, ()) == (silent.movers, silent.problems)
    assert [(2, "hired")] == [(one.line, one.column) for one in wrong.problems]
    assert "cannot be changed" in wrong.problems[0].reason
    assert 0 == wrong.leavers
    assert {"hired": "2020", "floor": 3} == await own(place, "ana")
    assert {"hired": "2021"} == await own(place, "ben")


async def test_what_is_unique_stays_unique(place: Place) -> None:
    """Two people of one value are refused, dry or not; values may change hands within one file."""
    await define(place)
    await place.bring("userName,badge\nana,b1\nben,b2\n")
    for dry_run in (True, False):
        with pytest.raises(BadInput, match=f"MUSTER-IMPORT-UNIQUE.*{URN}:badge: ana, eve"):
            await place.bring("userName,badge\nana,b1\nben,b2\neve,B1\n", dry_run=dry_run)
    await place.bring("userName,badge\nana,b2\nben,b1\n")
    elsewhere = await place.bring("userName,badge\neve,b1\n", source="contractors")

    assert [{"badge": "b2"}, {"badge": "b1"}] == [await own(place, name) for name in ("ana", "ben")]
    assert 1 == elsewhere.joiners


async def test_a_required_extension_is_required_of_files(place: Place) -> None:
    """A row without it is not taken."""
    await define(place, {"name": "badge", "required": True}, extends={"User": "required"})
    done = await place.bring("userName,badge\nana,b1\nben,\n")

    assert 1 == done.joiners
    assert [3] == [one.line for one in done.problems]


async def test_a_rule_sees_them(place: Place) -> None:
    """Who comes by file is granted what a rule on such an attribute grants."""
    await define(place)
    await place.add_app("doors", when=AttributeEquals(attribute=f"{URN}:floor", value="3"))
    await place.bring("userName,floor\nana,3\nben,4\n")

    assert {("doors", "ana")} == await place.due()


async def test_without_a_schema_nothing_is_known(place: Place) -> None:
    """Attributes are those of the tenant's own schemas, and only while they stand."""
    for columns in ("badge", f"{URN}:badge"):
        with pytest.raises(BadInput, match="MUSTER-IMPORT-COLUMNS"):
            await place.bring(f"userName,{columns}\nana,b1\n")


async def test_a_file_read_by_older_schemas_is_not_stored(place: Place) -> None:
    """Between reading and commit an operator may change a schema."""
    await define(place)
    with pytest.raises(BadInput, match="MUSTER-SCHEMA-CHANGED"):
        await place.desk.db.write(lambda tx: check_version(tx, place.desk, STANDARD))
