"""People in from a file: who joins, moves, leaves and returns, what it marks, and what it never touches."""

import pytest

from desk import OPERATOR, scim_source
from muster.directory import groups, sources
from muster.model import BadInput, Held, InGroup, Priority, Stage
from muster.service import converging, tokens
from working_desk import Place, people_csv

STAFF = tuple(f"person{number:02}" for number in range(30))


async def _members(place: Place, group: str) -> set[str]:
    """The userNames in a group of the source `hr`."""
    source = await place.desk.db.read(lambda tx: sources.by_name(tx, place.desk.tenant, "hr"))
    assert source is not None
    found = await place.desk.db.read(lambda tx: groups.by_name(tx, place.desk.tenant, group, source.id))
    names = {one.id: name for name, one in (await place.everybody()).items()}
    tenant = place.desk.tenant
    inside = await place.desk.db.read(lambda tx: groups.people_inside(tx, tenant, [one.id for one in found]))
    return {names[member] for member in inside}


async def test_people_join(place: Place) -> None:
    """Everybody in the first file is known and active, and due in the app they are granted."""
    await place.add_app("chat")
    done = await place.hire("ana", "ben")
    everybody = await place.everybody()

    assert (done.joiners, done.movers, done.leavers, done.returning, done.unchanged) == (2, 0, 0, 0, 0)
    assert {"ana": Stage.ACTIVE, "ben": Stage.ACTIVE} == {name: one.stage for name, one in everybody.items()}
    assert everybody["ana"].attributes["displayName"] == "Ana"
    assert await place.due() == {("chat", "ana"), ("chat", "ben")}


async def test_a_person_moves(place: Place) -> None:
    """Other values in the next file change that person alone, in a new version, and say so line by line."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    done = await place.bring(people_csv({"userName": "ana", "title": "CTO"}, {"userName": "ben"}))
    everybody = await place.everybody()

    assert (done.movers, done.unchanged) == (1, 1)
    assert dict(done.shown)["mover"][0].changes == ("title: (not set) → CTO",)
    assert (everybody["ana"].version, everybody["ben"].version) == (2, 1)
    assert everybody["ana"].attributes["title"] == "CTO"
    assert await place.due() == {("chat", "ana")}


async def test_a_person_leaves_by_absence(place: Place) -> None:
    """Who is not in the file any more has left, and their accounts come first."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    done = await place.hire("ana")
    waiting = await place.waiting()

    assert done.leavers == 1
    assert (await place.person("ben")).stage is Stage.LEFT
    assert [Priority.LEAVER] == [one.priority for one in waiting]
    assert await place.due() == {("chat", "ben")}


async def test_a_person_leaves_by_word(place: Place) -> None:
    """A row that says “not active” ends a person; the row of a stranger who is not active changes nothing."""
    await place.hire("ana", "ben")
    rows = ({"userName": "ana"}, {"userName": "ben", "active": "no"}, {"userName": "cem", "active": "no"})
    done = await place.bring(people_csv(*rows))

    assert (done.joiners, done.leavers) == (0, 1)
    assert (await place.person("ben")).stage is Stage.LEFT
    assert "cem" not in await place.everybody()


async def test_a_person_returns_as_themselves(place: Place) -> None:
    """Who left and is in the file again is the same person, and their old account is taken up again."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    before = await place.person("ben")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    gone = place.accounts("chat")
    done = await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)

    assert done.returning == 1
    assert (await place.person("ben")).id == before.id
    assert gone == {"ana": True, "ben": False}
    assert place.accounts("chat") == {"ana": True, "ben": True}


async def test_the_same_file_again_is_nothing(place: Place) -> None:
    """A file imported twice leaves no new version, no record and no work, groups included."""
    await place.add_app("chat")
    rows = [{"userName": "ana", "groups": "Design Team|All staff"}, {"userName": "ben", "title": "Lead"}]
    await place.bring(people_csv(*rows))
    await converging.sync(place.desk, OPERATOR)
    told, people = await place.log(), await place.everybody()
    done = await place.bring(people_csv(*rows))

    assert (done.changes_anything, done.unchanged) == (False, 2)
    assert await place.log() == told
    assert await place.everybody() == people
    assert await place.waiting() == []


async def test_groups_are_made_joined_and_left(place: Place) -> None:
    """A group is there with the first who names it, and has exactly those who name it, in any writing."""
    await place.bring(people_csv({"userName": "ana", "groups": "Design Team"}, {"userName": "ben"}))
    first = await _members(place, "Design Team")
    rows = ({"userName": "ana", "groups": "design team"}, {"userName": "ben", "groups": "Design Team"})
    await place.bring(people_csv(*rows))
    both = await _members(place, "Design Team")
    await place.bring(people_csv({"userName": "ana"}, {"userName": "ben", "groups": "Design Team"}))
    last = await _members(place, "Design Team")

    assert (first, both, last) == ({"ana"}, {"ana", "ben"}, {"ben"})


async def test_a_group_grants_and_takes(place: Place) -> None:
    """Joining a group by file makes exactly the new member due in the app it grants; leaving it, too."""
    await place.add_app("studio", when=InGroup(group="Design Team"))
    await place.hire("ana", "ben")
    nobody = await place.due()
    rows = ({"userName": "ana", "groups": "Design Team"}, {"userName": "ben"})
    await place.bring(people_csv(*rows))
    granted = await place.due()
    await converging.sync(place.desk, OPERATOR)
    await place.hire("ana", "ben")
    taken = await place.due()
    await converging.sync(place.desk, OPERATOR)

    assert (nobody, granted, taken) == (set(), {("studio", "ana")}, {("studio", "ana")})
    assert place.accounts("studio") == {"ana": False}


async def test_a_file_without_groups_leaves_groups_alone(place: Place) -> None:
    """A file that has no column for groups says nothing of them."""
    await place.bring(people_csv({"userName": "ana", "groups": "Design Team"}))
    await place.bring("externalId,userName,title\nE-ana,ana,Lead\n")

    assert await _members(place, "Design Team") == {"ana"}


async def test_too_many_leavers_change_nothing(place: Place) -> None:
    """A file that would end more people than the guard allows is held as a whole, its joiners included."""
    await place.hire(*STAFF)
    told, people = await place.log(), await place.everybody()
    with pytest.raises(Held) as held:
        await place.hire(*STAFF[:20], "newcomer")

    assert held.value.problem.code == "MUSTER-IMPORT-HELD"
    assert "--allow-leavers 10" in str(held.value)
    assert await place.everybody() == people
    assert await place.log() == told
    assert await place.waiting() == []


async def test_a_dry_run_is_held_like_the_run(place: Place) -> None:
    """What the import would refuse, its dry run refuses, with the same code."""
    await place.hire(*STAFF)
    with pytest.raises(Held) as held:
        await place.hire(*STAFF[:20], dry_run=True)

    assert held.value.problem.code == "MUSTER-IMPORT-HELD"


async def test_somebody_answers_for_leavers(place: Place) -> None:
    """Told how many may leave, it ends so many, whose accounts are then ended without another question."""
    await place.add_app("chat")
    await place.hire(*STAFF)
    await converging.sync(place.desk, OPERATOR)
    with pytest.raises(Held):
        await place.hire(*STAFF[:20], allow_leavers=9)
    still = [one.stage for one in (await place.everybody()).values()].count(Stage.ACTIVE)
    done = await place.hire(*STAFF[:20], allow_leavers=10)
    outcome = await converging.sync(place.desk, OPERATOR)

    assert (still, done.leavers) == (30, 10)
    assert (outcome.left, outcome.did) == ((), {"disable": 10})
    assert [True] * 20 + [False] * 10 == [place.accounts("chat")[name] for name in STAFF]


async def test_a_dry_run_changes_nothing(place: Place) -> None:
    """A dry run tells what would happen and leaves no person, no group, no source, no record and no work."""
    await place.add_app("chat")
    told = await place.log()
    first = await place.hire("ana", "ben", dry_run=True)
    nobody = await place.everybody(), await tokens.list_sources(place.desk), await place.log()
    await place.hire("ana", "ben")
    people, told_since = await place.everybody(), await place.log()
    rows = ({"userName": "ana", "title": "CTO", "groups": "Leads"}, {"userName": "cem"})
    second = await place.bring(people_csv(*rows), dry_run=True)

    assert (first.dry_run, first.joiners, nobody) == (True, 2, ({}, [], told))
    assert (second.joiners, second.movers, second.leavers) == (1, 1, 1)
    assert (await place.everybody(), await place.log()) == (people, told_since)


async def test_people_of_another_source_are_untouched(place: Place) -> None:
    """A file speaks of its own source: others' people neither leave nor change, even under the same name."""
    await place.hire("ana", "ben")
    await place.hire("ana", "zoe", source="contractors")
    done = await place.hire("zoe", source="contractors")
    everybody = await place.everybody()
    ours = [one for one in await place.log("person") if one.detail["source"] == "hr"]

    assert done.leavers == 1
    assert everybody["ben"].stage is Stage.ACTIVE
    assert len(ours) == 2


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "run"])
async def test_a_scim_source_takes_no_file(place: Place, dry_run: bool) -> None:
    """Importing into a source that speaks SCIM is refused, also in a dry run, and ends none of its people."""
    await scim_source(place.desk, "entra")
    with pytest.raises(BadInput) as refused:
        await place.hire("ana", source="entra", dry_run=dry_run)

    assert refused.value.problem.code == "MUSTER-SOURCE-TYPE"
    assert await place.everybody() == {}


async def test_bad_rows_do_not_end_anybody(place: Place) -> None:
    """Rows that cannot be read are told one by one; the rest comes in, and nobody is taken for absent."""
    await place.hire("ana", "ben", "cem")
    done = await place.bring(
        people_csv({"userName": "ana", "title": "CTO"}, {"userName": "", "externalId": ""})
    )

    assert [3] == [problem.line for problem in done.problems]
    assert (done.movers, done.leavers) == (1, 0)
    assert done.nobody_ended_because != ""
    assert (await place.person("ben")).stage is Stage.ACTIVE


async def test_an_import_is_told_once(place: Place) -> None:
    """One record sums the import up, and each person has one of their own, all by who asked."""
    await place.hire("ana", "ben")
    [run] = await place.log("import")
    people = await place.log("person")

    assert (run.detail["joiners"], run.actor, run.cause) == (2, OPERATOR.name, "import of people.csv")
    assert {(OPERATOR.name, "person:create")} == {(one.actor, one.action.value) for one in people}
    assert len(people) == 2


async def test_a_source_needs_a_name(place: Place) -> None:
    """A source that cannot be called so is refused before anything is read or stored."""
    codes: list[str] = []
    names = ("", "HR", "hr department", "9lives", "h" * 64, "hr\n")
    for name in names:
        with pytest.raises(BadInput) as refused:
            await place.hire("ana", source=name)
        codes.append(refused.value.problem.code)

    assert ["MUSTER-NAME"] * len(names) == codes
    assert await place.everybody() == {}
