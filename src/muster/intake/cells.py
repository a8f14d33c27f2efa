"""What a cell says where its column holds no text: truth values, numbers, times.

Every attribute of RFC 7643 that a file may state is a text; those of the operator's own need not be.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from muster.intake.values import truth_of
from muster.scim import JsonValue, Path
from muster.scim.schema import Attribute, Type
from muster.scim.values import instant, is_storable_integer

_WHOLE: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the cells of a column become values; ``sample`` is one such value."""

    sample: JsonValue
    value: Callable[[str], JsonValue]  # None: the cell says no such value
    wanted: str


def reading(path: Path) -> Reading | None:
    """How cells become values of the attribute; None where they are texts.

    Raises:
        ValueError: no cell can hold such a value.
    """
    leaf = leaf_of(path)
    if leaf.type in {Type.STRING, Type.REFERENCE}:
        return None
    # What RFC 7643 itself defines as truth values, as ``primary``, is not for people files.
    if path.extension is None or leaf.type not in _READINGS:
        raise ValueError(f"{leaf.name} holds no text, nor anything else that a cell can say")
    return _READINGS[leaf.type]


def leaf_of(path: Path) -> Attribute:
    """The attribute or sub-attribute that a path leads to.

    Raises:
        ValueError: it leads to a whole extension.
    """
    leaf = path.sub or path.attribute
    if leaf is None:
        raise ValueError("it names a whole extension; name one of its attributes")
    return leaf


def _whole(text: str) -> JsonValue:
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) and is_storable_integer(int(text)) else None


def _number(text: str) -> JsonValue:
    text = text.strip()
    found = float(text) if _NUMBER.fullmatch(text) else math.inf
    return found if math.isfinite(found) else None


def _time(text: str) -> JsonValue:
    return text.strip() if instant(text.strip()) is not None else None


_READINGS: Final[Mapping[Type, Reading]] = MappingProxyType(
    {
        Type.BOOLEAN: Reading(sample=True, value=truth_of, wanted="true or false"),
        Type.INTEGER: Reading(sample=0, value=_whole, wanted="a whole number in digits"),
        Type.DECIMAL: Reading(sample=0.5, value=_number, wanted="a number in digits, with a point"),
        Type.DATE_TIME: Reading(
            sample="2026-11-30T09:00:00Z", value=_time, wanted="a time written as 2026-11-30T09:00:00Z"
        ),
    }
)
