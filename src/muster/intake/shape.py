"""A resource with slots where values go, made into a function that fills them.

Where the values of a row go depends only on which of its cells are filled. So the resource is built and
validated once for each such pattern, with slots; every row then only fills them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeAlias, TypeGuard

from muster.scim import JsonValue, Resource

Shape: TypeAlias = Callable[[Sequence[str]], Resource]
"""Makes the resource from the cells of a row."""


Readings: TypeAlias = Mapping[int, Callable[[str], JsonValue]]
"""How a cell becomes a value, by column, where it is none itself."""


class Slot(str):
    """Stands in a resource for the value of one column."""

    __slots__ = ("column",)
    column: int

    def __new__(cls, column: int) -> Self:
        """A text that fits every attribute, and knows its column."""
        slot = super().__new__(cls, f"column {column}")
        slot.column = column
        return slot


def shaped(resource: Resource, readings: Readings | None = None) -> Shape:
    """What makes such a resource of the cells; compiled, because it runs for every row.

    A cell is the value itself, but for those columns that have a reading.

    >>> shaped({"name": {"givenName": Slot(1)}, "active": True})(["E1", "Ana"])
    {'name': {'givenName': 'Ana'}, 'active': True}
    """
    read = readings or {}
    slots = tuple((name, part.column) for name, part in resource.items() if _is_text(part, read))
    others = tuple((name, _part(part, read)) for name, part in resource.items() if not _is_text(part, read))

    def fill(cells: Sequence[str]) -> Resource:
        found: Resource = {name: cells[column] for name, column in slots}
        for name, part in others:
            found[name] = part(cells)
        return found

    return fill


def _is_text(part: JsonValue, readings: Readings) -> TypeGuard[Slot]:
    return isinstance(part, Slot) and part.column not in readings


def _part(part: JsonValue, readings: Readings) -> Callable[[Sequence[str]], JsonValue]:
    match part:
        case Slot():
            value, column = readings.get(part.column, str), part.column
            return lambda cells: value(cells[column])
        case dict():
            return shaped(part, readings)
        case list():
            inner = [_part(item, readings) for item in part]
            return lambda cells: [fill(cells) for fill in inner]
        case _:
            return lambda _: part
