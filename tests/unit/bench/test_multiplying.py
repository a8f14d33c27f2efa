"""Copies of people in a database file that knows nothing of them."""

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.scim_server.multiplying import multiply

SCHEMA = """
CREATE TABLE people (tenant TEXT, id TEXT, name TEXT, shown BLOB, version INTEGER, PRIMARY KEY (tenant, id));
CREATE TABLE log (tenant TEXT, id TEXT, person TEXT, detail TEXT, PRIMARY KEY (tenant, id));
CREATE TABLE members (tenant TEXT, in_group TEXT, person TEXT, PRIMARY KEY (tenant, in_group, person));
CREATE TABLE groups (tenant TEXT, id TEXT, name TEXT, PRIMARY KEY (tenant, id));
INSERT INTO people VALUES ('t', 'id-0', 'p0000000@x', x'70303030303030303a69642d30', 3);
INSERT INTO people VALUES ('t', 'id-1', 'p0000001@x', NULL, 1);
INSERT INTO log VALUES ('t', 'log-0', 'id-0', '{"id-0": "p0000000"}'), ('t', 'log-1', NULL, 'id-0');
INSERT INTO members VALUES ('t', 'g', 'id-0');
INSERT INTO groups VALUES ('t', 'g', 'Everyone');
"""


def multiplied(file: Path) -> tuple[list[str], dict[str, list[tuple[object, ...]]]]:
    """The ids of five people made from two, and the rows of every table after it."""
    numbers = itertools.count(100)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(SCHEMA)
    ids = multiply(file, ["id-0", "id-1"], 5, lambda: f"new-{next(numbers)}")
    with closing(sqlite3.connect(file)) as connection:
        tables = ("people", "log", "members", "groups")
        return ids, {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608


def test_a_copy_has_its_own_id_and_mark_in_every_text(tmp_path: Path) -> None:
    """Numbers are kept, texts and bytes get the new id and mark, whatever column they stand in."""
    ids, rows = multiplied(tmp_path / "a.db")
    assert ["id-0", "id-1", "new-100", "new-101", "new-102"] == ids
    assert ("t", "new-100", "p0000002@x", b"p0000002:new-100", 3) in rows["people"]
    assert ("t", "new-101", "p0000003@x", None, 1) in rows["people"]
    assert 5 == len(rows["people"])


def test_rows_that_belong_to_a_person_are_copied_and_no_others(tmp_path: Path) -> None:
    """A log record of a person is copied under an id of its own, one that only mentions a person is not."""
    _, rows = multiplied(tmp_path / "a.db")
    assert {"id-0", "new-100", "new-102"} == {person for _, _, person in rows["members"]}
    assert [("t", "g", "Everyone")] == rows["groups"]
    copied = [row for row in rows["log"] if row[2] == "new-102"]
    assert ['{"new-102": "p0000004"}'] == [row[3] for row in copied]
    assert len({row[1] for row in rows["log"]}) == len(rows["log"]) == 4
