"""Who joins, moves, leaves or comes back by a people file."""

from dataclasses import replace

import pytest

from muster.intake.changes import Changes, compare, guard_leavers
from muster.intake.columns import ColumnMap
from muster.intake.merging import Difference
from muster.intake.people import PeopleFile, RowCode
from muster.intake.people_file import read_people
from muster.model import Held, Identity, PersonId, SourceId, Stage, Tenant

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def csv(text: str) -> PeopleFile:
    """What a CSV file says."""
    return read_people(text.encode(), format="csv", columns=ColumnMap())


def json(text: str) -> PeopleFile:
    """What a JSON file says."""
    return read_people(text.encode(), format="json", columns=ColumnMap())


def known(*people: Identity) -> dict[PersonId, Identity]:
    """The people known from the source."""
    return {person.id: person for person in people}


def person(name: str, external_id: str | None = None, **attributes: object) -> Identity:
    """An active person of the source."""
    return Identity(
        tenant=Tenant("acme"),
        id=PersonId(f"id-{name}"),
        source=SourceId("hr"),
        user_name=name,
        stage=Stage.ACTIVE,
        version=1,
        external_id=external_id,
        attributes={"userName": name, **attributes},
    )


def left(identity: Identity) -> Identity:
    """The same person, gone."""
    return replace(identity, stage=Stage.LEFT)


def summary(changes: Changes) -> dict[str, list[str]]:
    """Names by what happens to them."""
    found = {
        "joins": [one.row.user_name for one in changes.joiners],
        "moves": [one.person.user_name for one in changes.movers],
        "leaves": [one.person.user_name for one in changes.leavers],
        "returns": [one.person.user_name for one in changes.returning],
        "stays": [one.user_name for one in changes.unchanged],
        "passed over": [row.user_name for row in changes.passed_over],
        "problem": [problem.user_name or "" for problem in changes.problems],
    }
    return {word: names for word, names in found.items() if names}


def test_every_fate_is_told_apart() -> None:
    """Joiner, mover, leaver by word and by absence, returning, unchanged, inactive and unknown."""
    people = known(
        person("ana", "E1", title="Designer"),
        person("bo", "E2"),
        person("cy", "E3"),
        left(person("di", "E4")),
        person("ed", "E5"),
        left(person("fa", "E6")),
    )
    file = csv(
        "externalId,userName,title,active\nE1,ana,Engineer,\nE2,bo,,\nE3,cy,,no\nE4,di,,\nE7,gil,,\nE8,hu,,no\n"
        "E6,fa,,no\n"
    )

    assert summary(compare(people, file)) == {
        "joins": ["gil"],
        "moves": ["ana"],
        "leaves": ["cy", "ed"],
        "returns": ["di"],
        "stays": ["bo", "fa"],
        "passed over": ["hu"],
    }


def test_a_mover_carries_before_and_after_by_path() -> None:
    """The dry run shows what changes, value by value, extensions by their short names."""
    ana = replace(
        person(
            "ana",
            "E1",
            title="Designer",
            emails=[{"type": "work", "value": "a@acme.example", "primary": True}],
            **{ENTERPRISE: {"department": "Design", "manager": {"value": "E9"}}},
        ),
        groups=frozenset({"Design Team", "All staff"}),
    )
    file = csv(
        "externalId,userName,title,email,department,manager,groups\n"
        "E1,ana.ruiz,Designer,ana@acme.example,Engineering,,All staff|Engineering Team\n"
    )
    mover = compare(known(ana), file).movers[0]

    assert set(mover.differences) == {
        Difference(path="userName", before="ana", after="ana.ruiz"),
        Difference(path='emails[type eq "work"].value', before="a@acme.example", after="ana@acme.example"),
        Difference(path="department", before="Design", after="Engineering"),
        Difference(path="manager", before="E9", after=None),
        Difference(
            path="groups", before=("All staff", "Design Team"), after=("All staff", "Engineering Team")
        ),
    }


def test_a_column_the_file_does_not_have_changes_nothing() -> None:
    """Attributes and groups outside the columns stay; an empty cell of a column clears."""
    ana = replace(
        person("ana", "E1", title="Designer", nickName="Nan", **{ENTERPRISE: {"department": "Design"}}),
        groups=frozenset({"Design Team"}),
    )
    mover = compare(known(ana), csv("userName,title,displayName\nana,,Ana\n")).movers[0]

    assert mover.row.attributes == {
        "userName": "ana",
        "nickName": "Nan",
        "displayName": "Ana",
        ENTERPRISE: {"department": "Design"},
    }
    assert mover.row.groups == {"Design Team"}
    assert mover.row.external_id == "E1"


def test_a_json_person_is_the_whole_person() -> None:
    """In JSON an attribute that is not stated is not set any more."""
    mover = compare(known(person("ana", title="x")), json('[{"userName": "ana", "nickName": "n"}]')).movers[0]

    assert mover.row.attributes == {"userName": "ana", "nickName": "n"}


def test_a_stated_work_address_takes_over_being_primary() -> None:
    """There is never more than one primary address."""
    home = {"type": "home", "value": "h@acme.example", "primary": True}
    file = csv("userName,email\nana,w@acme.example\n")
    mover = compare(known(person("ana", emails=[home])), file).movers[0]

    assert mover.row.attributes["emails"] == [
        {"type": "home", "value": "h@acme.example"},
        {"type": "work", "value": "w@acme.example", "primary": True},
    ]


def test_a_person_is_known_by_id_first_and_by_name_where_an_id_is_missing() -> None:
    """A new userName is a move; a first externalId is adopted; a name matches in any case and width."""
    people = known(person("ana", "E1"), person("bo"))
    changes = compare(people, csv("externalId,userName\nE1,ana.ruiz\nE2,\uff22\uff2f\n"))

    assert summary(changes) == {"moves": ["ana", "bo"]}
    assert changes.movers[1].row.external_id == "E2"


def test_groups_are_the_same_in_any_letter_case() -> None:
    """A group that exists keeps its name; another spelling in the file moves nobody."""
    ana = replace(person("ana"), groups=frozenset({"Design Team"}))
    changes = compare(known(ana), csv("userName,groups\nana,design team|DESIGN TEAM\n"))

    assert summary(changes) == {"stays": ["ana"]}


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("E9,ana", "a name with another id may be a new person of that name"),
        ("E1,bo", "id and name of two different people"),
        ("E1,ana.ruiz\n,ana", "two rows about one person"),
    ],
)
def test_contradictions_are_problems_and_nobody_they_may_mean_is_absent(rows: str, what: str) -> None:
    """Nothing is guessed, nothing is taken over, nobody leaves because of a contradiction."""
    people = known(person("ana", "E1"), person("bo", "E2"), person("cy", "E3"))
    changes = compare(people, csv(f"externalId,userName\nE2,bo.lind\nE3,cy\n{rows}\n"))

    assert changes.leavers == (), what
    assert changes.joiners == ()
    assert {problem.code for problem in changes.problems} == {RowCode.CLASH}
    assert "ana" not in summary(changes).get("moves", [])


def test_a_source_that_renamed_its_ids_changes_nobody() -> None:
    """All names with other ids: every row is a question, no one leaves or joins."""
    people = known(*(person(f"p{number}", f"E{number}") for number in range(10)))
    rows = "".join(f"X{number},p{number}\n" for number in range(10))
    changes = compare(people, csv(f"externalId,userName\n{rows}"))

    assert changes.is_nothing
    assert len(changes.problems) == 10


def test_whoever_a_bad_row_names_is_not_absent() -> None:
    """A row that was refused still says that its person is there."""
    people = known(person("ana", "E1"), person("bo", "E2"))
    changes = compare(people, csv("externalId,userName,startDate\nE1,ana,soon\nE3,cy,\n"))

    assert summary(changes) == {"joins": ["cy"], "leaves": ["bo"], "problem": ["ana"]}


@pytest.mark.parametrize("text", ["userName,title\nbo,\nx\n", "userName,title\nbo,"])
def test_nobody_leaves_by_absence_from_an_incomplete_file(text: str) -> None:
    """A row nobody could read, or a missing last line break, may hide whoever seems to be missing."""
    assert compare(known(person("ana"), person("bo")), csv(text)).leavers == ()


def test_an_incomplete_file_still_ends_whom_it_calls_inactive() -> None:
    """A word is no absence."""
    changes = compare(known(person("ana"), person("bo")), csv("userName,active\nana,false\nx\n"))

    assert summary(changes)["leaves"] == ["ana"]


@pytest.mark.parametrize(
    ("active", "leaving", "held"),
    [(10, 5, False), (10, 6, True), (100, 20, False), (100, 21, True), (1, 1, False)],
)
def test_more_leavers_than_the_limit_are_held(active: int, leaving: int, held: bool) -> None:
    """Five people, or a fifth of all, may leave by one file; more wait for a word."""
    people = known(*(person(f"p{number}") for number in range(active)))
    file = csv("userName\nnewcomer\n" + "".join(f"p{number}\n" for number in range(leaving, active)))
    changes = compare(people, file)

    assert len(changes.leavers) == leaving
    if held:
        with pytest.raises(Held, match=f"--allow-leavers {leaving}") as caught:
            guard_leavers(changes, active)
        assert caught.value.problem.code == "MUSTER-IMPORT-HELD"
        assert f"{leaving} of {active}" in caught.value.problem.what
    else:
        guard_leavers(changes, active)


def test_the_limits_of_the_guard_are_arguments() -> None:
    """Whoever knows that many leave can say how many."""
    people = known(*(person(f"p{number}") for number in range(10)))
    changes = compare(people, csv("userName\np0\n"))

    guard_leavers(changes, 10, limit_count=9)
    with pytest.raises(Held):
        guard_leavers(changes, 10, limit_count=0, limit_percent=80)
