"""The example company: believable, whole, and understood to the last row."""

from pathlib import Path

import pytest

from muster.intake.changes import compare
from muster.intake.columns import ColumnMap
from muster.intake.people import LIFECYCLE_URN, PeopleFile, PersonRow
from muster.intake.people_file import read_people
from muster.model import AppName, Tenant
from muster.scim import ENTERPRISE_USER_URN
from muster.service.configuration_file import configuration

ACME = Path(__file__).parents[3] / "examples" / "acme"
DEPARTMENTS = {"Engineering", "Design", "Sales", "Marketing", "Finance", "People", "Support", "IT"}


@pytest.fixture(scope="module")
def people() -> PeopleFile:
    """The hundred hires."""
    return read_people((ACME / "people.csv").read_bytes(), format="csv", columns=ColumnMap())


def enterprise(row: PersonRow) -> dict[str, object]:
    """The enterprise attributes of a hire."""
    found = row.attributes[ENTERPRISE_USER_URN]
    assert isinstance(found, dict)
    return found


def test_a_hundred_people_are_hired(people: PeopleFile) -> None:
    """Every row is taken, nobody may be missing, and all of them join."""
    assert len(people.rows) == 100
    assert (people.problems, people.complete) == ((), True)
    assert len(compare({}, people).joiners) == 100


def test_everybody_has_a_place(people: PeopleFile) -> None:
    """Department, team and first day are there for all; user names are plain ASCII."""
    assert {enterprise(row)["department"] for row in people.rows} == DEPARTMENTS
    for row in people.rows:
        assert {"All staff", f"{enterprise(row)['department']} Team"} <= row.groups
        assert row.user_name.isascii()
        start = row.attributes[LIFECYCLE_URN]
        assert isinstance(start, dict)
        assert "2026-11-01" <= start["startDate"] <= "2027-01-31"


def test_managers_form_a_tree(people: PeopleFile) -> None:
    """Everybody reaches the one person without a manager, and nobody manages half of the company."""
    by_id = {row.external_id: row for row in people.rows}
    above: dict[str | None, str | None] = {}
    for row in people.rows:
        manager = enterprise(row).get("manager")
        above[row.external_id] = manager["value"] if isinstance(manager, dict) else None
    top = [person for person, manager in above.items() if manager is None]
    reports = [sum(manager == person for manager in above.values()) for person in above]

    assert len(top) == 1
    assert max(reports) <= 12
    for person in above:
        at, steps = person, 0
        while (manager := above[at]) is not None:
            assert manager in by_id
            at, steps = manager, steps + 1
            assert steps <= 4
        assert at == top[0]


def test_the_people_of_the_story_are_there(people: PeopleFile) -> None:
    """Ana Ruiz designs; Jonas Keller holds something everywhere, so that leaving shows everywhere."""
    by_name = {row.user_name: row for row in people.rows}

    assert by_name["ana.ruiz"].attributes["title"] == "Product Designer"
    assert "Design Team" in by_name["ana.ruiz"].groups
    assert {"Engineering Team", "Design Team"} <= by_name["jonas.keller"].groups
    assert enterprise(by_name["jonas.keller"])["department"] == "Engineering"


def test_the_configuration_is_understood() -> None:
    """Three apps, each granted by one rule, with every reference resolved."""
    names = ("CHAT_URL", "CHAT_TOKEN", "WIKI_URL", "WIKI_TOKEN", "STUDIO_URL")
    text = (ACME / "muster.yaml").read_text(encoding="utf-8")
    found = configuration(text, {name: f"value of {name}" for name in names}, tenant=Tenant("acme"))

    assert [(app.name, app.connector) for app in found.apps] == [
        ("chat", "scim"),
        ("wiki", "scim"),
        ("studio", "sql"),
    ]
    assert [rule.app for rule in found.rules] == [AppName("chat"), AppName("wiki"), AppName("studio")]
    assert found.apps[0].settings["token"] == "value of CHAT_TOKEN"
