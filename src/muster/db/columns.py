"""How values become column values and back, the same in both dialects.

Times are whole microseconds since 1970 in UTC, structured values are JSON text; names that are compared are
kept a second time in normalised form (``muster.model.text``).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec

from muster.model import BadInput, Problem

FOREVER: Final = (
    9_007_199_254_740_992  # 2^53: later than every time, exact in every language that reads the column
)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (at - EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware time of a column value."""
    return EPOCH + timedelta(microseconds=value)


def encode(value: object) -> str:
    """A structured value as JSON text.

    Raises:
        BadInput: it holds a NUL character, which no database column can.
    """
    text = msgspec.json.encode(value).decode()
    if "\\u0000" in text and "\x00" in _strings(value):
        raise _holds_nul()
    return text


def refuse_nul(parameters: Iterable[object]) -> None:
    """Do nothing unless a text among the parameters holds a NUL.

    SQLite would take it and PostgreSQL would not.

    Raises:
        BadInput: one does.
    """
    for value in parameters:
        if type(value) is str and "\x00" in value:
            raise _holds_nul()


def _holds_nul() -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-INPUT-NUL",
            what="A value contains the character NUL (U+0000)",
            why="No directory or database can hold it",
            next_step="remove the character and send the value again",
        )
    )


def _strings(value: object) -> str:
    match value:
        case str():
            return value
        case dict():
            return "".join(
                _strings(part) for pair in cast("dict[object, object]", value).items() for part in pair
            )
        case list() | tuple():
            return "".join(_strings(part) for part in cast("Sequence[object]", value))
        case _:
            return ""


def decode(text: str | bytes | None) -> Any:  # noqa: ANN401 - JSON; the caller knows what it stored
    """The structured value of a JSON column; None of an empty one."""
    return None if text is None else msgspec.json.decode(text)
