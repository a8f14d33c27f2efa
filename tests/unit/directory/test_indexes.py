"""What every inbound change asks is answered by an index, however many people there are."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from muster.db import Statement, open_database
from muster.directory import people

OF_SOURCE = {"tenant": "acme", "source": "hr"}


def plan(file: Path, statement: Statement, parameters: dict[str, Any]) -> list[str]:
    """How SQLite goes about the statement: one line for each table or index it looks at."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement.sqlite}", parameters).fetchall()
    return [detail for *_, detail in rows if detail.startswith(("SCAN people", "SEARCH people"))]


@pytest.mark.parametrize(
    ("statement", "parameters", "looked_at"),
    [
        (
            people._BY_EXTERNAL_ID,
            {"external_id": "x-1"},
            [
                "people_external_id (tenant=? AND source=? AND external_id=?)",
                "people_former_external_id (tenant=? AND source=? AND external_id=?)",
            ],
        ),
        (people._COUNT_LEFT, {"since": 0}, ["people_left (tenant=? AND source=? AND left_at>?)"]),
    ],
)
async def test_nobody_else_is_looked_at(
    sqlite_database_url: str, statement: Statement, parameters: dict[str, Any], looked_at: list[str]
) -> None:
    """Those a source calls so, there or gone, and those who left lately are found by whole index entries."""
    await (await open_database(sqlite_database_url, migrate=True)).close()
    file = Path(sqlite_database_url.removeprefix("sqlite:///"))

    found = plan(file, statement, {**OF_SOURCE, **parameters})

    assert looked_at == [line.partition("INDEX ")[2] for line in found]
