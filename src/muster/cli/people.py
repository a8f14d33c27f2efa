"""``muster import``: people in from a file."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from muster.cli import acting, showing
from muster.cli.acting import Exit
from muster.model import BadInput, Problem
from muster.service import importing
from muster.service.desk import Desk
from muster.service.importing import Import

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def import_people(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; - reads standard input as CSV.")],
    source: Annotated[
        str, typer.Option(help="The source these people belong to; made when it is new.")
    ] = "file",
    columns: Annotated[
        Path | None, typer.Option(help="YAML that says which column means which attribute.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show joiners, movers and leavers; change nothing.")
    ] = False,
    allow_leavers: Annotated[
        int | None, typer.Option(help="Answer for so many leavers, beyond what the guard allows.", min=0)
    ] = None,
    json: Json = False,
) -> None:
    """Take people in from a file that lists everybody; who was in it before and is not any more leaves."""

    async def run(desk: Desk) -> Import:
        data, format_ = _read(file)
        text = None if columns is None else _text(columns)
        return await importing.import_people(
            desk,
            acting.actor(),
            data,
            format=format_,
            name=str(file),
            source=source,
            columns=text,
            dry_run=dry_run,
            allow_leavers=allow_leavers,
        )

    done = acting.at_desk(run)
    show_import(done, json=json)
    if done.problems:
        raise typer.Exit(Exit.FAILED)
    if dry_run and done.changes_anything:
        raise typer.Exit(Exit.PENDING)


def show_import(done: Import, *, json: bool = False) -> None:
    """What came in, and every row that did not."""
    if json:
        showing.data(done)
        return
    rows = [(kind, one.user_name, one.changes) for kind, people in done.shown for one in people]
    if rows and done.dry_run:
        showing.table("People", ("", "Person", "Change"), rows)
    for problem in done.problems:
        showing.problem_line(f"line {problem.line}, {problem.column}: {problem.reason} [{problem.code}]")
    would = "would be " if done.dry_run else ""
    showing.line(
        f"{would}{done.joiners} joined, {done.movers} changed, {done.leavers} left, {done.returning} "
        "returned, "
        f"{done.unchanged} unchanged; {len(done.problems)} rows could not be read."
    )
    if done.nobody_ended_because:
        showing.line(f"Nobody was ended by absence: {done.nobody_ended_because}")


def _read(file: Path) -> tuple[bytes, Literal["csv", "json"]]:
    if str(file) == "-":
        return sys.stdin.buffer.read(), "csv"
    try:
        return file.read_bytes(), "json" if file.suffix.lower() == ".json" else "csv"
    except OSError as error:
        raise _unreadable(file, error) from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-FILE",
            what="The file cannot be read",
            where=str(file),
            why=getattr(error, "strerror", None) or str(error),
            next_step="check the path and its permissions",
        )
    )
