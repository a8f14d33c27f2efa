"""The connector of an accounts table: every call is one short transaction, in a thread of its own."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TypeVar

from muster.connectors.sql import statements
from muster.connectors.sql.mapping import (
    Stored,
    changes_of,
    described,
    remote,
    remote_id,
    row_of,
)
from muster.connectors.sql.sqlite import Sqlite
from muster.connectors.sql.table import Columns, Table, discover
from muster.kit.contract import EXTERNAL_ID, Cursor, Delta, New, Page
from muster.kit.manifest import AttributeType, Case, Manifest
from muster.model import ACCOUNT, Gone, Kind, Misconfigured, OperationId, RemoteId, RemoteObject, Unsupported

Answer = TypeVar("Answer")


class SqlConnector:
    """The core. A table has no versions: an update writes its columns whatever else changed meanwhile."""

    def __init__(self, manifest: Manifest, database: Sqlite, columns: Columns) -> None:
        self._manifest = manifest
        self._database = database
        self._columns = columns
        self._writer = (
            asyncio.Lock()
        )  # SQLite takes one writer; ours queue here, fairly, not in its busy wait

    async def describe(self) -> Manifest:
        """Give the manifest with the table's columns, and with power ``disable`` if it has an active one."""
        return await self._read(lambda _, table: described(self._manifest, table))

    async def probe(self) -> str:
        """Say which table answers; proves that it could be written to, and writes nothing."""

        def look(connection: sqlite3.Connection, table: Table) -> str:
            connection.execute(statements.delete_none(table))
            (count,) = connection.execute(statements.count(table)).fetchone()
            return f"table {table.name} with {count} rows in SQLite file {self._database.path}"

        return await self._write(look)

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Give the next rows by id; a cursor is the last id given. Rows without an id make it incomplete."""
        _check(kind)

        def look(connection: sqlite3.Connection, table: Table) -> Page:
            binds = (limit + 1,) if after is None else (after, limit + 1)
            rows = connection.execute(statements.page(table, following=after is not None), binds).fetchall()
            items = [remote(table, row) for row in rows[:limit]]
            if len(rows) > limit:
                return Page(items=items, next=Cursor(items[-1].id), complete=False)
            (strays,) = connection.execute(statements.without_id(table)).fetchone()
            return Page(items=items, next=None, complete=not strays)

        return await self._read(look)

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give one account."""
        _check(kind)
        return await self._read(lambda connection, table: _row(connection, table, id))

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give every account whose column holds the value."""
        _check(kind)

        def look(connection: sqlite3.Connection, table: Table) -> Sequence[RemoteObject]:
            column, case = _searched(self._manifest, table, attribute)
            query = statements.holding(table, column, ignoring_case=case is Case.IGNORE)
            found = [remote(table, row) for row in connection.execute(query, (value,))]
            return [each for each in found if _same(_held(each, attribute), value, case)]

        return await self._read(look)

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Insert a row and give it as the table then shows it, triggers included."""
        _check(new.kind)

        def act(connection: sqlite3.Connection, table: Table) -> RemoteObject:
            cells = row_of(table, new)
            statement = statements.insert(table, list(cells))
            ((key,),) = connection.execute(statement, list(cells.values())).fetchall()
            return _row(connection, table, remote_id(key))

        return await self._write(act)

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Write the named columns of one row."""
        return await self._write(
            lambda connection, table: _update(connection, table, seen.id, changes_of(table, delta.set))
        )

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Delete the row."""

        def act(connection: sqlite3.Connection, table: Table) -> None:
            with suppress(Gone):
                row = _row(connection, table, seen.id)
                connection.execute(statements.delete(table), (row.id,))

        await self._write(act)

    async def _read(self, act: Callable[[sqlite3.Connection, Table], Answer]) -> Answer:
        return await asyncio.to_thread(self._act, self._database.reading, act)

    async def _write(self, act: Callable[[sqlite3.Connection, Table], Answer]) -> Answer:
        async with self._writer:
            return await asyncio.to_thread(self._act, self._database.writing, act)

    def _act(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        act: Callable[[sqlite3.Connection, Table], Answer],
    ) -> Answer:
        with transaction() as connection:
            # the table is looked at in the same transaction, so it is as it was looked at
            return act(connection, discover(connection, self._columns))


class DisablingSqlConnector(SqlConnector):
    """The connector of a table with an active column."""

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Write 1 or 0 into the active column."""

        def act(connection: sqlite3.Connection, table: Table) -> RemoteObject:
            if table.active is None:
                raise Misconfigured("no active column is named in the settings")
            return _update(connection, table, seen.id, {table.active.name: int(active)})

        return await self._write(act)


def _check(kind: Kind) -> None:
    if kind != ACCOUNT:
        raise Unsupported(f"an accounts table has no objects of kind {kind}")


def _row(connection: sqlite3.Connection, table: Table, id: RemoteId) -> RemoteObject:
    for row in connection.execute(statements.one(table), (id,)):
        found = remote(table, row)
        if found.id == id:  # a text such as "1.0" equals the number 1 to SQLite
            return found
    raise Gone(f"the table {table.name} has no row with this {table.id.name}")


def _update(
    connection: sqlite3.Connection, table: Table, id: RemoteId, cells: Mapping[str, Stored]
) -> RemoteObject:
    seen = _row(connection, table, id)
    if cells:
        connection.execute(statements.update(table, list(cells)), [*cells.values(), id])
    return _row(connection, table, seen.id)


def _searched(manifest: Manifest, table: Table, attribute: str) -> tuple[str, Case]:
    """Give the column that is searched for an attribute, and how letter case counts there."""
    if attribute == EXTERNAL_ID:
        if table.external_id is None:
            raise Unsupported("no external id column is named in the settings")
        return table.external_id.name, Case.EXACT
    column = table.attributes.get(attribute)
    if column is None or column.type is AttributeType.FLAG:
        raise Unsupported(f"the table {table.name} cannot be searched by {attribute}")
    return column.name, described(manifest, table).kinds[ACCOUNT].attributes[attribute].case


def _held(each: RemoteObject, attribute: str) -> str:
    value = each.external_id if attribute == EXTERNAL_ID else each.attributes.get(attribute)
    return str(value)


def _same(held: str, value: str, case: Case) -> bool:
    return held.casefold() == value.casefold() if case is Case.IGNORE else held == value
