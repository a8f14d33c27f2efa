"""What one value of a people file must be, whichever format it comes in."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from muster.intake.people import RowCode, RowProblem

LONGEST: Final = 1_024  # characters of one value
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACING: Final = re.compile("[\t\n\r]")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Flaw(NamedTuple):
    """What is wrong with one value of a row; a ``RowProblem`` once it is known whose row it is."""

    column: str
    code: RowCode
    reason: str


def is_plain(text: str) -> bool:
    """Whether no part of the text can need cleaning: no control characters, normal form C throughout."""
    return _CONTROL.search(text) is None and unicodedata.is_normalized("NFC", text)


def cleaned(text: str) -> str:
    """The text in Unicode normal form C, so that one name is always the same characters."""
    return unicodedata.normalize("NFC", text)


def flaw_in(text: str, column: str, *, one_line: bool = False) -> Flaw | None:
    """What is wrong with a text: control characters (in one-line values tabs and breaks too), or too many."""
    found = _CONTROL.search(text) or (_SPACING.search(text) if one_line else None)
    if found is not None:
        reason = f"the character U+{ord(found.group()):04X} at position {found.start() + 1} cannot stand here"
        return Flaw(column, RowCode.CHARACTERS, reason)
    if len(text) > LONGEST:
        return Flaw(column, RowCode.TOO_LONG, f"{len(text):,} characters; at most {LONGEST:,} are kept")
    return None


def no_user_name(column: str) -> Flaw:
    """What is wrong with a row that names nobody."""
    return Flaw(column, RowCode.NO_USER_NAME, "there is no userName; every person needs one")


def truth_of(text: str) -> bool | None:
    """The truth value a cell states; None when it states none.

    >>> truth_of("Yes"), truth_of("0"), truth_of("FALSCH")
    (True, False, None)
    """
    return _TRUTH.get(text.strip().casefold())


def not_a_truth(text: str, column: str) -> Flaw:
    """What is wrong with a cell that is neither true nor false."""
    return Flaw(column, RowCode.BOOLEAN, f"“{text[:40]}” is not one of {', '.join(_TRUTH)}")


def is_date(text: str) -> bool:
    """Whether the text is a day that exists, as ISO 8601 writes it.

    >>> is_date("2026-11-30"), is_date("2026-11-31"), is_date("30.11.2026")
    (True, False, False)
    """
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def not_a_date(text: str, column: str) -> Flaw:
    """What is wrong with a date that is none."""
    return Flaw(column, RowCode.DATE, f"“{text[:40]}” is not a date written as 2026-11-30")


def problems_of(
    flaws: Iterable[Flaw], *, line: int, user_name: str | None, external_id: str | None
) -> tuple[RowProblem, ...]:
    """The problems of one row."""
    return tuple(
        RowProblem(
            line=line,
            column=flaw.column,
            code=flaw.code,
            reason=flaw.reason,
            user_name=user_name,
            external_id=external_id,
        )
        for flaw in flaws
    )
