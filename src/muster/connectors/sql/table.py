"""What the accounts table is like: its columns, their types and what is unique, as the database tells."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster.kit.contract import EXTERNAL_ID
from muster.kit.manifest import AttributeType
from muster.model import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the settings say about the table."""

    table: str
    id: str
    external_id: str | None = None
    active: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``type`` is None where Muster cannot keep its values apart: no declared type, or bytes."""

    name: str
    type: AttributeType | None
    required: bool = False  # NOT NULL without a default
    generated: bool = False  # computed by the database, never written
    numbered: bool = False  # the row's own number
    filled: bool = False  # the database has a value for it when nothing is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The accounts table; names are as the table spells them."""

    name: str
    id: Column
    external_id: Column | None
    active: Column | None
    attributes: Mapping[str, Column]
    unique: frozenset[str] = frozenset()
    ignores_case: frozenset[str] = frozenset()  # unique names that differ in ASCII letter case are one


def discover(connection: sqlite3.Connection, columns: Columns) -> Table:
    """Give the table the settings speak of.

    Raises:
        Misconfigured: it, or a column that is named, is not there or not fit for its part.
    """
    name = _table_name(connection, columns.table)
    found = {column.name.casefold(): column for column in _columns(connection, name)}
    collations = dict(_unique(connection, name, found))
    key = _part(found, columns.id, "id_column")
    active = _part(found, columns.active, "active_column") if columns.active else None
    external_id = _part(found, columns.external_id, "external_id_column") if columns.external_id else None
    _check_parts(key, external_id, active)
    if key.name not in collations and not key.numbered:
        raise Misconfigured(f"the id column {key.name} of {name} is not unique; name one that is")
    parts = {key.name, *(part.name for part in (external_id, active) if part)}
    attributes = {
        column.name: column
        for column in found.values()
        if column.name not in parts and column.type is not None and column.name != EXTERNAL_ID
    }
    return Table(
        name=name,
        id=key,
        external_id=external_id,
        active=active,
        attributes=attributes,
        unique=frozenset(collations) & frozenset(attributes),
        ignores_case=frozenset(each for each, collation in collations.items() if collation == "NOCASE"),
    )


def _table_name(connection: sqlite3.Connection, asked: str) -> str:
    query = "SELECT name, type FROM sqlite_master WHERE lower(name) = lower(?) AND type IN ('table', 'view')"
    for name, what in connection.execute(query, (asked,)):
        if what != "table":
            raise Misconfigured(f"{name} is a {what}; accounts must be rows of a table")
        return str(name)
    raise Misconfigured(f"there is no table {asked} in the database")


def _columns(connection: sqlite3.Connection, table: str) -> Iterable[Column]:
    rows = list(connection.execute("SELECT * FROM pragma_table_xinfo(?)", (table,)))
    keys = [row for row in rows if row[_PK]]
    for row in rows:
        # the one key column declared INTEGER is the row's number, given by SQLite: sqlite.org/rowidtable.html
        numbered = keys == [row] and str(row[_TYPE]).upper() == "INTEGER"
        filled = row[_DEFAULT] is not None or numbered
        yield Column(
            name=str(row[_NAME]),
            type=attribute_type(str(row[_TYPE])),
            required=bool(row[_NOT_NULL]) and not filled,
            generated=row[_HIDDEN] in _GENERATED,
            numbered=numbered,
            filled=filled,
        )


def attribute_type(declared: str) -> AttributeType | None:
    """Give what a column of this declared type holds (https://www.sqlite.org/datatype3.html §3.1).

    >>> attribute_type("VARCHAR(80)"), attribute_type("BOOLEAN"), attribute_type("bigint")
    (<AttributeType.TEXT: 'text'>, <AttributeType.FLAG: 'flag'>, <AttributeType.NUMBER: 'number'>)
    """
    upper = declared.upper()
    if not upper or "BLOB" in upper:
        return None
    if "BOOL" in upper:
        return AttributeType.FLAG
    numeric = any(word in upper for word in ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC"))
    return AttributeType.NUMBER if numeric else AttributeType.TEXT


def _unique(
    connection: sqlite3.Connection, table: str, found: Mapping[str, Column]
) -> Iterable[tuple[str, str]]:
    """Give the columns no two rows share a value of, each with the collation that compares them."""
    indexes = connection.execute(
        'SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial', (table,)
    )
    for (index,) in indexes.fetchall():
        query = "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key"
        keys: Sequence[tuple[str | None, str]] = connection.execute(query, (index,)).fetchall()
        if len(keys) == 1 and keys[0][0] is not None:
            yield found[keys[0][0].casefold()].name, keys[0][1].upper()


def _part(found: Mapping[str, Column], name: str, setting: str) -> Column:
    column = found.get(name.casefold())
    if column is None:
        raise Misconfigured(f"the table has no column {name}, which {setting} names")
    return column


def _check_parts(id: Column, external_id: Column | None, active: Column | None) -> None:
    parts = [part.name for part in (id, external_id, active) if part]
    if len(parts) != len(set(parts)):
        raise Misconfigured("one column cannot be id, external id and active at a time; name different ones")
    if id.type not in {AttributeType.TEXT, AttributeType.NUMBER}:
        raise Misconfigured(f"the id column {id.name} must be declared as text or number")
    if active and active.type not in {AttributeType.FLAG, AttributeType.NUMBER}:
        raise Misconfigured(f"the active column {active.name} must be declared to hold 0 and 1")
    if external_id and external_id.type is not AttributeType.TEXT:
        raise Misconfigured(f"the external id column {external_id.name} must be declared as text")
    if any(part.generated for part in (external_id, active) if part):
        raise Misconfigured("the external id and active columns must be ones that can be written")


_NAME: Final = 1  # positions in pragma_table_xinfo: https://www.sqlite.org/pragma.html#pragma_table_xinfo
_TYPE: Final = 2
_NOT_NULL: Final = 3
_DEFAULT: Final = 4
_PK: Final = 5
_HIDDEN: Final = 6
_GENERATED: Final = frozenset({2, 3})
