"""A resource with slots where values go, made into a function that fills them.

Where the values of a row go depends only on which of its cells are filled. So the resource is built and
validated once for each such pattern, with slots; every row then only fills them.
"""

from collections.abc import Callable, Sequence
from typing import Self, TypeAlias

from muster.scim import JsonValue, Resource

Shape: TypeAlias = Callable[[Sequence[str]], Resource]
"""Makes the resource from the cells of a row."""


class Slot(str):
    """Stands in a resource for the value of one column."""

    __slots__ = ("column",)
    column: int

    def __new__(cls, column: int) -> Self:
        """A text that fits every attribute, and knows its column."""
        slot = super().__new__(cls, f"column {column}")
        slot.column = column
        return slot


def shaped(resource: Resource) -> Shape:
    """What makes such a resource of the cells; compiled, because it runs for every row.

    >>> shaped({"name": {"givenName": Slot(1)}, "active": True})(["E1", "Ana"])
    {'name': {'givenName': 'Ana'}, 'active': True}
    """
    slots = tuple((name, part.column) for name, part in resource.items() if isinstance(part, Slot))
    others = tuple((name, _part(part)) for name, part in resource.items() if not isinstance(part, Slot))

    def fill(cells: Sequence[str]) -> Resource:
        found: Resource = {name: cells[column] for name, column in slots}
        for name, part in others:
            found[name] = part(cells)
        return found

    return fill


def _part(part: JsonValue) -> Callable[[Sequence[str]], JsonValue]:
    match part:
        case dict():
            return shaped(part)
        case list():
            inner = [_part(item) for item in part]
            return lambda cells: [fill(cells) for fill in inner]
        case _:
            return lambda _: part
