"""The SQL the connector says: identifiers come from the table itself and are quoted, values are bound."""

from collections.abc import Sequence

from muster.connectors.sql.mapping import shown
from muster.connectors.sql.table import Table


def quoted(name: str) -> str:
    """Give an identifier that can only be an identifier (https://www.sqlite.org/lang_keywords.html).

    >>> print(quoted('an "odd" name'))
    "an ""odd"" name"
    """
    return '"' + name.replace('"', '""') + '"'


def page(table: Table, *, following: bool) -> str:
    """Select the next rows by id; binds the last id if there was one, then the limit."""
    key = quoted(table.id.name)
    where = f"{key} > ?" if following else f"{key} IS NOT NULL"
    return f"{_select(table)} WHERE {where} ORDER BY {key} LIMIT ?"


def without_id(table: Table) -> str:
    """Tell whether some row has no id; binds nothing."""
    return f"SELECT EXISTS (SELECT 1 FROM {quoted(table.name)} WHERE {quoted(table.id.name)} IS NULL)"  # noqa: S608


def count(table: Table) -> str:
    """Count the rows; binds nothing."""
    return f"SELECT count(*) FROM {quoted(table.name)}"  # noqa: S608


def one(table: Table) -> str:
    """Select the row with an id; binds it."""
    return f"{_select(table)} WHERE {quoted(table.id.name)} = ?"


def holding(table: Table, column: str, *, ignoring_case: bool) -> str:
    """Select the rows whose column holds a value; binds it."""
    collation = " COLLATE NOCASE" if ignoring_case else " COLLATE BINARY"
    return f"{_select(table)} WHERE {quoted(column)} = ?{collation} ORDER BY {quoted(table.id.name)}"


def insert(table: Table, columns: Sequence[str]) -> str:
    """Insert a row and give its id; binds the columns' values."""
    names = ", ".join(quoted(name) for name in columns)
    places = ", ".join("?" for _ in columns)
    into = f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({places})"  # noqa: S608
    return f"{into} RETURNING {quoted(table.id.name)}"


def update(table: Table, columns: Sequence[str]) -> str:
    """Write columns of the row with an id; binds their values, then the id."""
    sets = ", ".join(f"{quoted(name)} = ?" for name in columns)
    return f"UPDATE {quoted(table.name)} SET {sets} WHERE {quoted(table.id.name)} = ?"  # noqa: S608


def delete(table: Table) -> str:
    """Delete the row with an id; binds it."""
    return f"DELETE FROM {quoted(table.name)} WHERE {quoted(table.id.name)} = ?"  # noqa: S608


def delete_none(table: Table) -> str:
    """Delete no row: refused where the file may only be read; binds nothing."""
    return f"DELETE FROM {quoted(table.name)} WHERE 0"  # noqa: S608


def _select(table: Table) -> str:
    names = ", ".join(quoted(name) for name in shown(table))
    return f"SELECT {names} FROM {quoted(table.name)}"  # noqa: S608
