"""Times and spans as people type them: ``2026-11-22``, ``2026-11-22T17:00:00+01:00``, ``90m``, ``7d``."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from muster.model import BadInput, Problem

_SPAN: Final = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since(said: str, now: datetime, *, option: str) -> datetime:
    """The time meant, a span being so long ago.

    Raises:
        BadInput: no time is meant.
    """
    ago = _span(said)
    return _time(said, option) if ago is None else _moved(now, -ago, said, option)


def until(said: str, now: datetime, *, option: str) -> datetime:
    """The time meant, a span being so far ahead.

    Raises:
        BadInput: no time is meant.
    """
    ahead = _span(said)
    return _time(said, option) if ahead is None else _moved(now, ahead, said, option)


def span(said: str, *, option: str) -> timedelta:
    """The span meant.

    Raises:
        BadInput: none is.
    """
    meant = _span(said)
    if meant is None:
        raise _unclear(said, option, "say how long: 90m, 12h, 7d")
    return meant


def _span(said: str) -> timedelta | None:
    match = _SPAN.fullmatch(said)
    return None if match is None else timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})


def _moved(now: datetime, by: timedelta, said: str, option: str) -> datetime:
    try:
        return now + by
    except OverflowError as error:
        raise _unclear(said, option, "give a time between the years 1 and 9999") from error


def _time(said: str, option: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise _unclear(
            said,
            option,
            "give a date (2026-11-22), a time (2026-11-22T17:00:00+01:00), or a span (90m, 12h, 7d)",
        ) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _unclear(said: str, option: str, next_step: str) -> BadInput:
    return BadInput(
        Problem(code="MUSTER-TIME", what="This is not a time", where=f"{option} {said}", next_step=next_step)
    )
