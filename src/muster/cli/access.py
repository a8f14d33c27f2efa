"""``muster sync``, ``provision``, ``plan``, ``out``, ``explain``, ``log``, ``doctor``.

What people have, and making it right.
"""

from typing import Annotated

import typer

from muster import audit
from muster.audit import Record, Search
from muster.cli import acting, results, showing, times
from muster.cli.acting import Exit
from muster.db import system_clock
from muster.model import AppName
from muster.service import converging, doctor, explaining, finding, leaving
from muster.service.desk import Desk

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def sync(
    app: Annotated[str | None, typer.Argument(help="One app; all of them without it.")] = None,
    approve_removals: Annotated[
        bool, typer.Option("--approve-removals", help="Answer for what the guard would hold, this one time.")
    ] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 300.0,
    json: Json = False,
) -> None:
    """Look at every account and make it as it should be."""
    with showing.progress_bar() as bar:
        task = bar.add_task(f"Sync {app or 'all apps'}", total=None, rate="")
        started = system_clock()

        def show(done: int, total: int) -> None:
            seconds = max((system_clock() - started).total_seconds(), 0.001)
            bar.update(task, completed=done, total=total, rate=f"{done / seconds:.0f}/s")

        outcome = acting.at_desk(
            lambda desk: converging.sync(
                desk,
                acting.actor(),
                app=app,
                approve_removals=approve_removals,
                patience=wait,
                progress=None if json else show,
            )
        )
    results.show_outcome(outcome, json=json)


def provision(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    app: Annotated[str | None, typer.Option(help="One app; all of them without it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    json: Json = False,
) -> None:
    """Make one person's accounts as they should be, now."""
    if dry_run:
        results.show_plan(acting.at_desk(lambda desk: converging.plan(desk, app=app, who=person)), json=json)
        return
    results.show_outcome(
        acting.at_desk(lambda desk: converging.provision(desk, acting.actor(), person, app=app)), json=json
    )


def plan(
    app: Annotated[str | None, typer.Option(help="One app; all of them without it.")] = None,
    person: Annotated[str | None, typer.Option(help="One person; everybody without it.")] = None,
    json: Json = False,
) -> None:
    """Say what a sync would do now; exit code 2 when that is something."""
    results.show_plan(acting.at_desk(lambda desk: converging.plan(desk, app=app, who=person)), json=json)


def out(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")] = "no reason given",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the applications at most.")] = 60.0,
    undo: Annotated[bool, typer.Option("--undo", help="Let the person back: no source can do that.")] = False,
    json: Json = False,
) -> None:
    """Muster a person out: end every account at once, and show a receipt from each application."""
    if undo:
        results.show_outcome(
            acting.at_desk(
                lambda desk: leaving.let_back(desk, acting.actor(), person, reason=reason, patience=wait)
            ),
            json=json,
        )
        return
    departure = acting.at_desk(
        lambda desk: leaving.muster_out(desk, acting.actor(), person, reason=reason, patience=wait)
    )
    results.show_departure(departure, json=json)
    if not departure.proven:
        raise typer.Exit(Exit.FAILED)


def explain(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    app: Annotated[str | None, typer.Argument(help="One app; all of them without it.")] = None,
    json: Json = False,
) -> None:
    """Say why a person has, or has not, what they have."""
    results.show_access(acting.at_desk(lambda desk: explaining.access_of(desk, person, app=app)), json=json)


def log(
    person: Annotated[str | None, typer.Option(help="Only about this person.")] = None,
    app: Annotated[str | None, typer.Option(help="Only about this app.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this action (account:create) or subject (account).")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="2026-11-22, 2026-11-22T17:00:00+01:00, or 90m, 12h, 7d ago.")
    ] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1, max=100_000)] = 200,
    json: Json = False,
) -> None:
    """Show what was done, tried and refused: who, what, when, why, before and after."""

    async def read(desk: Desk) -> list[Record]:
        who = None if person is None else (await finding.person(desk, person)).id
        wanted = Search(
            tenant=desk.tenant,
            person=who,
            app=None if app is None else AppName(app),
            action=action,
            since=None if since is None else times.since(since, desk.clock(), option="--since"),
            most=limit,
        )
        return await desk.db.read(lambda tx: audit.search(tx, wanted))

    results.show_log(acting.at_desk(read), json=json)


def examine(
    no_probe: Annotated[bool, typer.Option("--no-probe", help="Do not call the applications.")] = False,
    json: Json = False,
) -> None:
    """Say what is not well and which command mends it."""
    findings = acting.at_desk(lambda desk: doctor.examine(desk, probe=not no_probe))
    if json:
        showing.data(findings)
    else:
        rows = [
            (
                "ok" if one.problem is None else "!",
                one.subject,
                one.says,
                None if one.problem is None else str(one.problem),
            )
            for one in findings
        ]
        showing.table("Doctor", ("", "What", "Finding", "Problem and what to do"), rows)
    if any(one.problem is not None for one in findings):
        raise typer.Exit(Exit.FAILED)
