"""Rows ⇄ remote objects, and the table as a manifest. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from muster.connectors.sql.table import Column, Table
from muster.kit.contract import New, Power
from muster.kit.manifest import (
    AttributeManifest,
    AttributeType,
    Case,
    KindManifest,
    Manifest,
    Mutable,
)
from muster.model import (
    ACCOUNT,
    Attributes,
    Garbled,
    Invalid,
    Misconfigured,
    RemoteId,
    RemoteObject,
    Unsupported,
    Value,
)

Stored: TypeAlias = str | int | float | bytes | None  # what SQLite keeps in a cell


def described(manifest: Manifest, table: Table) -> Manifest:
    """Give the manifest with what the table really has; of the default mapping only what has a column."""
    default = manifest.kinds[ACCOUNT]
    spelled = {name.casefold(): name for name in table.attributes}
    writable = {name for name, column in table.attributes.items() if not column.generated}
    match_on = tuple(spelled[name] for name in default.match_on if name in spelled)
    kind = KindManifest(
        anchor=table.id.name,
        attributes={name: _declared(table, column) for name, column in table.attributes.items()},
        match_on=match_on or tuple(sorted(table.unique)),
        mapping={
            spelled[name]: mapped
            for name, mapped in default.mapping.items()
            if name in spelled and spelled[name] in writable
        },
        unique=tuple(sorted(table.unique)),
        external_id=table.external_id is not None,
    )
    powers = manifest.powers if table.active else manifest.powers - {Power.DISABLE}
    return replace(manifest, kinds={ACCOUNT: kind}, powers=powers)


def remote(table: Table, row: Sequence[Stored]) -> RemoteObject:
    """Give the account a row shows; its cells are in the order of ``shown``."""
    cells = dict(zip(shown(table), row, strict=True))
    external_id = cells[table.external_id.name] if table.external_id else None
    return RemoteObject(
        kind=ACCOUNT,
        id=remote_id(cells[table.id.name]),
        attributes={
            name: value
            for name, column in table.attributes.items()
            if (value := value_of(column, cells[name])) is not None
        },
        # only 0 is out of use: whatever else stands there, a leaver's account is written to
        active=cells[table.active.name] != 0 if table.active else None,
        external_id=None if external_id is None else _text(external_id),
    )


def shown(table: Table) -> Sequence[str]:
    """Give the columns a row is read in."""
    parts = [part.name for part in (table.id, table.external_id, table.active) if part]
    return [*parts, *table.attributes]


def row_of(table: Table, new: New) -> Mapping[str, Stored]:
    """Give the cells to insert for a new account, in use, with our id where there is a column for it."""
    cells = dict(changes_of(table, new.attributes))
    if not table.id.filled:
        if table.id.type is not AttributeType.TEXT:
            raise Unsupported(f"the table gives new accounts no {table.id.name}, and our id is not a number")
        cells[table.id.name] = new.external_id
    if table.external_id:
        cells[table.external_id.name] = new.external_id
    if table.active:
        cells[table.active.name] = 1
    return cells


def changes_of(table: Table, attributes: Attributes) -> Mapping[str, Stored]:
    """Give the cells to write for these attributes.

    Raises:
        Misconfigured: the mapping names a column the table does not have or does not let anybody write.
        Invalid: a value cannot stand in a cell.
    """
    unknown = sorted(name for name in attributes if name not in table.attributes)
    if unknown:
        raise Misconfigured(f"the mapping names what is no column of {table.name}: {', '.join(unknown)}")
    computed = sorted(name for name in attributes if table.attributes[name].generated)
    if computed:
        raise Misconfigured(f"the mapping names columns that {table.name} computes: {', '.join(computed)}")
    return {name: _stored(name, value) for name, value in attributes.items()}


def value_of(column: Column, stored: Stored) -> Value:
    """Give what a cell shows; what does not fit the column's type as text, so that it is seen to differ.

    >>> value_of(Column(name="admin", type=AttributeType.FLAG), 1)
    True
    """
    match column.type, stored:
        case AttributeType.FLAG, 0 | 1:
            return bool(stored)
        case AttributeType.NUMBER, int() | float():
            return stored
        case _, None:
            return None
        case _:
            return _text(stored)


def remote_id(stored: Stored) -> RemoteId:
    """Give the id a cell shows.

    Raises:
        Garbled: the cell holds none.
    """
    if stored is None or isinstance(stored, bytes):
        raise Garbled("an account has no id that can be read")
    return RemoteId(str(stored))


def _declared(table: Table, column: Column) -> AttributeManifest:
    return AttributeManifest(
        case=Case.IGNORE if column.name in table.ignores_case else Case.EXACT,
        mutable=Mutable.NEVER if column.generated else Mutable.ALWAYS,
        required=column.required and not column.generated,
        type=column.type or AttributeType.TEXT,
    )


def _stored(name: str, value: Value) -> Stored:
    if isinstance(value, tuple):
        raise Invalid(f"a cell holds one value, and {name} would get several")
    return int(value) if isinstance(value, bool) else value


def _text(stored: str | float | bytes) -> str:
    return f"x'{stored.hex()}'" if isinstance(stored, bytes) else str(stored)
