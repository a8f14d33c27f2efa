"""Tables for people, JSON for programs.

Everything that came from outside is shown as text, never as markup.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import IO, Final, cast

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from muster.model import Problem

_UNWATCHED_WIDTH: Final = 160  # columns where nobody watches: a file, a pipe, a build log
_NARROW: Final = frozenset({"At (UTC)", "Action", "Result", "Took", "App", "Proof", "State", "Status"})
_FOLDED: Final = 14  # columns that a text folded into a cell needs at least
_LONG: Final = 120.0  # seconds; longer spans are told in minutes


class _Console(Console):
    """A console whose command goes on when nobody reads any more (``muster log | head``)."""

    def on_broken_pipe(self) -> None:
        """What is still written goes nowhere."""
        _discard(self.file)


def _discard(stream: IO[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _console(*, stderr: bool) -> Console:
    watched = (sys.stderr if stderr else sys.stdout).isatty() or "COLUMNS" in os.environ
    return _Console(stderr=stderr, highlight=False, width=None if watched else _UNWATCHED_WIDTH)


out: Final = _console(stderr=False)
err: Final = _console(stderr=True)


def data(value: object) -> None:
    """One JSON document on standard output."""
    try:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; empty cells for None. Where it is too wide for the terminal, a list of records instead."""
    cells = [[text(cell) for cell in row] for row in rows]
    if _least_width(columns, cells) > out.width:
        _records(title, columns, cells)
        return
    shown = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in _NARROW)
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row))
    out.print(shown)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """The width in which the table can still be read."""
    width = 3 * len(columns) + 1
    for position, column in enumerate(columns):
        lines = [column, *(line for row in cells for line in row[position].splitlines())]
        natural = max(cell_len(line) for line in lines)
        width += natural if column in _NARROW else min(natural, _FOLDED)
    return width


def _records(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Every row as lines of its own, a line for each cell that says something."""
    out.print(Text(title, style="bold"))
    for row in cells:
        record = Table.grid(padding=(0, 2))
        record.add_column(style="dim", no_wrap=True)
        record.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell:
                record.add_row(column, Text(cell))
        out.print(record)
        out.print()


def line(words: str) -> None:
    """One line on standard output; only the terminal breaks it, so that it can be copied whole."""
    out.print(Text(words), soft_wrap=True)


def problem(what: Problem) -> None:
    """A problem on standard error: what, where, why, what next."""
    err.print(Text.assemble(("Problem ", "bold red"), (what.code, "red")))
    problem_line(f"  {what.what}" + (f" ({what.where})" if what.where else ""))
    if what.why:
        problem_line(f"  Why:  {what.why}")
    if what.next_step:
        problem_line(f"  Next: {what.next_step}")


def problem_line(words: str) -> None:
    """One line on standard error; as ``line``."""
    err.print(Text(words), soft_wrap=True)


def text(cell: object) -> str:
    """How one value stands in a table."""
    match cell:
        case tuple() | list() | frozenset():
            return "\n".join(text(part) for part in cast("Iterable[object]", cell))
        case dict():
            stated = cast("dict[object, object]", cell).items()
            return ", ".join(f"{attribute(str(name))} {text(value)}" for name, value in stated)
        case _:
            return _plain(cell)


def _plain(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case timedelta():
            return duration(cell)
        case bool():
            return "yes" if cell else "no"
        case _:
            return str(cell)


def attribute(name: str) -> str:
    """A SCIM path as people read it: without the URN of its schema."""
    return name.rpartition(":")[2] if name.startswith("urn:") else name


def duration(span: timedelta) -> str:
    """A span in the unit that suits it."""
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _LONG else f"{seconds / 60:.1f} min"


def progress_bar() -> Progress:
    """A bar with count, rate, time spent and time left, on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )
