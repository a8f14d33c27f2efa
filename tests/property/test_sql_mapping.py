"""Whatever can be written into an accounts table comes back as it was."""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import muster.connectors.sql
from muster.connectors.sql import connect
from muster.connectors.sql.mapping import value_of
from muster.connectors.sql.statements import quoted
from muster.connectors.sql.table import Column, attribute_type
from muster.kit.contract import Delta, New
from muster.kit.manifest import AttributeType, of
from muster.model import ACCOUNT, Attributes, OperationId, Value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBER = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False).filter(lambda number: number % 1 != 0)
VALUES = st.fixed_dictionaries(
    {}, optional={"title": st.none() | TEXT, "pay": st.none() | NUMBER, "admin": st.none() | st.booleans()}
)
TABLE = "CREATE TABLE accounts (id INTEGER PRIMARY KEY, title TEXT, pay NUMERIC, admin BOOLEAN)"


async def _round_trip(path: Path, first: Attributes, then: Attributes) -> None:
    connector = connect(of(muster.connectors.sql), {"url": f"sqlite:///{path}"}, None)
    made = await connector.create(New(kind=ACCOUNT, external_id="p1", attributes=first), OperationId("1"))
    updated = await connector.update(made, Delta(set=then), OperationId("2"))

    assert _set(first) == made.attributes
    assert _set({**first, **then}) == updated.attributes
    assert updated == await connector.get(ACCOUNT, made.id)


def _set(attributes: Attributes) -> Attributes:
    return {name: value for name, value in attributes.items() if value is not None}


@settings(max_examples=60, deadline=None)
@given(first=VALUES.filter(bool), then=VALUES)
def test_what_is_written_comes_back(first: dict[str, Value], then: dict[str, Value]) -> None:
    """Creating and updating show exactly the values given, with their types."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(TABLE)
        asyncio.run(_round_trip(path, first, then))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_any_name_is_only_a_name(name: str) -> None:
    """A quoted identifier is one column of that name, whatever characters it has."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({quoted(name)} TEXT)")
        names = [row[1] for row in connection.execute("PRAGMA table_info(t)")]

    assert [name] == names


@given(
    st.sampled_from([*AttributeType, None]),
    st.none() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary(max_size=8),
)
def test_every_cell_can_be_shown(type: AttributeType | None, stored: float | str | bytes | None) -> None:
    """No cell is unreadable: what is set is shown as a value, what is not as None."""
    shown = value_of(Column(name="x", type=type), stored)

    assert (stored is None) == (shown is None)
    assert shown is None or isinstance(shown, str | bool | int | float)


@given(st.text(max_size=20))
def test_every_declared_type_is_understood(declared: str) -> None:
    """SQLite takes any word as a type, and so do we."""
    assert attribute_type(declared) in {*AttributeType, None}
