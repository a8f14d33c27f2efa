"""Many people in little time: copies of people whom the interface made, in the file of a stopped Muster.

What the copies look like is not known here. Every row of every table that belongs to a person, having the
person's id in a column of its own, is copied, with another id and another mark in the place of the person's
wherever they stand in a text; a row with an id of its own gets a new one. So a copy is what the interface
would have made of a person with this mark, whatever tables there are. ``check_copies`` looks whether that is
so.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.scim_server.client import Client, Wrong
from bench.scim_server.people import mark, user, user_name

_SAMPLE: Final = 20  # copies that are compared with their originals


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    key: int  # its place in the primary key, from 1 on; 0 of others
    owner: bool  # holds the id of the person that the row belongs to


def multiply(file: Path, originals: Sequence[str], most: int, new_id: Callable[[], str]) -> list[str]:
    """The file holds people of the numbers up to ``most``; gives all their ids, by number.

    Args:
        file: The database of a Muster that does not run.
        originals: Ids of the people whom the interface made, by number, from 0 on.
        most: How many people there shall be.
        new_id: Makes an id.
    """
    ids = [*originals, *(new_id() for _ in range(len(originals), most))]
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # nothing is lost but the copies, should it break off
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -524288")
        connection.create_function("new_id", 0, new_id)
        connection.execute("BEGIN EXCLUSIVE")
        _list_copies(connection, ids, len(originals))
        for table in _tables(connection):
            _copy_rows(connection, table)
        connection.execute("COMMIT")
    return ids


def _list_copies(connection: sqlite3.Connection, ids: Sequence[str], originals: int) -> None:
    connection.execute("CREATE TEMP TABLE originals (id TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO originals VALUES (?)", ((id_,) for id_ in ids[:originals]))
    connection.execute("CREATE TEMP TABLE copies (of TEXT, old TEXT, id TEXT, new TEXT)")
    rows = (
        (ids[number % originals], mark(number % originals), ids[number], mark(number))
        for number in range(originals, len(ids))
    )
    connection.executemany("INSERT INTO copies VALUES (?, ?, ?, ?)", rows)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found if not name.startswith("sqlite_")]


def _copy_rows(connection: sqlite3.Connection, table: str) -> None:
    columns = _columns(connection, table)
    owner = next((column.name for column in columns if column.owner), None)
    if owner is None:
        return
    rows = f'main."{table}" WHERE "{owner}" IN originals'
    connection.execute(f"CREATE TEMP TABLE t AS SELECT * FROM {rows}")  # noqa: S608  names of tables and columns
    connection.execute(f'CREATE INDEX temp.t_owner ON t ("{owner}")')
    values = ", ".join(_copied(column) for column in columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    connection.execute(
        f'INSERT INTO main."{table}" ({names}) SELECT {values}'  # noqa: S608  as above
        f' FROM copies c CROSS JOIN t WHERE t."{owner}" = c.of ORDER BY {_order(connection, table, columns)}'
    )
    connection.execute("DROP TABLE temp.t")


def _order(connection: sqlite3.Connection, table: str, columns: Sequence[_Column]) -> str:
    """The order to insert in: by number, or that of the key where the rows are kept in it."""
    query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    kept_by_key = connection.execute(query, (table,)).fetchone()[0]
    places = {column.key: str(place) for place, column in enumerate(columns, start=1) if column.key}
    return ", ".join(places[key] for key in sorted(places)) if kept_by_key else "c.rowid"


def _columns(connection: sqlite3.Connection, table: str) -> list[_Column]:
    listed = connection.execute(f'PRAGMA main.table_info("{table}")').fetchall()
    return [
        _Column(name=name, key=key, owner=_holds_originals(connection, table, name))
        for _, name, _, _, _, key in listed
    ]


def _holds_originals(connection: sqlite3.Connection, table: str, column: str) -> bool:
    found = connection.execute(
        f'SELECT EXISTS (SELECT 1 FROM main."{table}" WHERE "{column}" IN originals)'  # noqa: S608  as above
    )
    return bool(found.fetchone()[0])


def _copied(column: _Column) -> str:
    """The value of the column in a copy, as SQL."""
    if column.key and column.name == "id" and not column.owner:
        return "new_id()"
    text = f'replace(replace(t."{column.name}", c.of, c.id), c.old, c.new)'
    return (
        f"CASE typeof(t.\"{column.name}\") WHEN 'text' THEN {text}"
        f" WHEN 'blob' THEN CAST({text} AS BLOB) ELSE t.\"{column.name}\" END"
    )


async def check_copies(client: Client, ids: Sequence[str], originals: int) -> None:
    """Return when copies answer as their originals do, but for id and mark, and are found and kept unique.

    Raises:
        Wrong: They do not.
    """
    total = (await client.expect("GET", "/Users?count=1"))["totalResults"]
    _require(total == len(ids), f"{total:,} people where {len(ids):,} should be")
    for number in _spread(range(originals, len(ids))):
        await _check_copy(client, ids, number, number % originals)


def _spread(numbers: range) -> Iterable[int]:
    return numbers[:: max(1, len(numbers) // _SAMPLE)]


async def _check_copy(client: Client, ids: Sequence[str], number: int, original: int) -> None:
    copy = await client.expect("GET", f"/Users/{ids[number]}")
    template = json.dumps(await client.expect("GET", f"/Users/{ids[original]}"))
    meant = json.loads(template.replace(ids[original], ids[number]).replace(mark(original), mark(number)))
    _require(copy == meant, f"the copy {number} is {copy}, not {meant}")
    given = user(number)
    _require({name: copy.get(name) for name in given} == given, f"the copy {number} is no person {number}")
    for name, value in (
        ("userName", user_name(number)),
        ("externalId", given["externalId"]),
        ("id", copy["id"]),
    ):
        found = await client.expect("GET", f"/Users?filter={name}%20eq%20%22{value}%22")
        _require([one["id"] for one in found["Resources"]] == [ids[number]], f"{name} does not find {number}")
    status, _ = await client.call("POST", "/Users", json.dumps(given))
    _require(status == 409, f"a second person {number} is answered with {status}")


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Wrong(f"copies are not as people made by the interface: {what}")
