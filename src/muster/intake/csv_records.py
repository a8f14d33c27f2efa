"""RFC 4180 read with line numbers, and with the certainty that the end was seen."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from muster.intake.decoding import truncated, unusable

_CUT: Final = "unexpected end of data"  # the words of the csv module, which has no error classes
_ENDLESS: Final = "field larger than field limit"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; ``cells`` is None where its quotes do not pair up. ``line`` is where it begins, from 1."""

    line: int
    cells: list[str] | None


def records(text: str, delimiter: str) -> Iterator[Record]:
    """The records in order, blank lines left out.

    A record whose quotes go wrong in its first line costs that record only; further on it is no longer
    certain where records begin.

    Raises:
        BadInput: a quoted cell is not closed, or broken quotes span lines.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _refuse(str(error), line, reader.line_num)
            yield Record(line, None)
        else:
            if cells is None:
                return
            if cells and "".join(cells).strip():
                yield Record(line, cells)
        line = reader.line_num + 1


def first_record(text: str, delimiter: str) -> list[str]:
    """The cells of the first line, or none where they cannot be told."""
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            return cells
    except csv.Error:
        return []
    return []


def has_closed_end(text: str) -> bool:
    r"""Whether the last line is ended as the lines of this file are; half a ``\r\n`` is none."""
    if text.endswith("\r"):
        return "\r\n" not in text
    return text.endswith("\n")


def _refuse(what: str, line: int, last: int) -> None:
    if what.startswith(_CUT):
        raise truncated(f"inside the quoted cell that begins in line {line}", where=f"line {last}")
    if what.startswith(_ENDLESS) or last > line:
        raise unusable(
            "MUSTER-IMPORT-QUOTES",
            f"the quotes of the record that begins in line {line} do not pair up until line {last}",
            "write quotes inside a quoted cell twice, and close every cell that begins with one",
            where=f"line {line}",
        )
