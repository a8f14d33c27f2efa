"""The pattern of a JSON person: what names are given, and where its texts are.

Whether the schema allows a person, and in which spelling, depends on the pattern alone as long as it holds
nothing but texts, truth values and lists of one element. Most people of a file share a few patterns, so that
each pattern needs to be looked at only once.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from muster.intake.shape import Slot
from muster.scim import JsonValue

_DEEPEST: Final = 4  # levels of a SCIM User


class Mark(Enum):
    """What stands in the place of a value."""

    TEXT = "text"
    OTHER = "other"  # a value whose meaning is not a matter of patterns


class Kind(NamedTuple):
    """The type of an element, which is part of the pattern.

    What is given for work is not what is given for home.
    """

    name: str


class One(NamedTuple):
    """A list of one element."""

    element: "Outline"


Members: TypeAlias = tuple[tuple[str, "Outline"], ...]
Outline: TypeAlias = "Mark | bool | Kind | One | Members"


def outlined(value: JsonValue, texts: list[str], depth: int = 0) -> Outline:
    """The pattern of a value; its texts are added to the list, in order."""
    match value:
        case str() if value:
            texts.append(value)
            return Mark.TEXT
        case dict() if depth < _DEEPEST:
            return tuple(
                (
                    name,
                    Kind(part)
                    if name == "type" and isinstance(part, str)
                    else outlined(part, texts, depth + 1),
                )
                for name, part in value.items()
            )
        case [element]:
            return One(outlined(element, texts, depth + 1))
        case bool():
            return value
        case _:
            return Mark.OTHER


def tells_all(outline: Outline) -> bool:
    """Whether the outline and the texts are all there is to the value."""
    match outline:
        case Mark():
            return outline is Mark.TEXT
        case bool() | Kind():
            return True
        case One():
            return tells_all(outline.element)
        case _:
            return all(tells_all(part) for _, part in outline)


def slotted(outline: Outline, columns: Iterator[int]) -> JsonValue:
    """A value of this pattern, with a slot for each text, in the order of the texts."""
    match outline:
        case Mark():
            return Slot(next(columns)) if outline is Mark.TEXT else None
        case bool():
            return outline
        case Kind():
            return outline.name
        case One():
            return [slotted(outline.element, columns)]
        case _:
            return {name: slotted(part, columns) for name, part in outline}


def slots_in(value: JsonValue) -> list[int]:
    """The columns of the slots in a value."""
    match value:
        case Slot():
            return [value.column]
        case dict():
            return [column for part in value.values() for column in slots_in(part)]
        case list():
            return [column for part in value for column in slots_in(part)]
        case _:
            return []
