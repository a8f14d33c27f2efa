"""``muster sync``, ``provision``, ``plan``, ``out``, ``explain``, ``log``, ``doctor``.

What people have, and making it right.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from muster import audit
from muster.audit import Action, Record, Result, Search
from muster.cli import acting, showing
from muster.cli.acting import Exit
from muster.db import system_clock
from muster.model import AppName, BadInput, Operation, Problem, Verb
from muster.service import converging, doctor, explaining, finding, leaving
from muster.service.converging import Outcome, Preview
from muster.service.desk import Desk
from muster.service.explaining import AccessPage
from muster.service.leaving import Departure

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
_SIGNS: Final = {Verb.CREATE: "+", Verb.DISABLE: "-", Verb.DELETE: "-", Verb.UNLINK: "-", Verb.ASK: "!"}
_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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
    _show_outcome(outcome, json=json)


def provision(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    app: Annotated[str | None, typer.Option(help="One app; all of them without it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    json: Json = False,
) -> None:
    """Make one person's accounts as they should be, now."""
    if dry_run:
        _show_plan(acting.at_desk(lambda desk: converging.plan(desk, app=app, who=person)), json=json)
        return
    _show_outcome(
        acting.at_desk(lambda desk: converging.provision(desk, acting.actor(), person, app=app)), json=json
    )


def plan(
    app: Annotated[str | None, typer.Option(help="One app; all of them without it.")] = None,
    person: Annotated[str | None, typer.Option(help="One person; everybody without it.")] = None,
    json: Json = False,
) -> None:
    """Say what a sync would do now; exit code 2 when that is something."""
    _show_plan(acting.at_desk(lambda desk: converging.plan(desk, app=app, who=person)), json=json)


def out(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")] = "no reason given",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the applications at most.")] = 60.0,
    undo: Annotated[bool, typer.Option("--undo", help="Let the person back: no source can do that.")] = False,
    json: Json = False,
) -> None:
    """Muster a person out: end every account at once, and show a receipt from each application."""
    if undo:
        _show_outcome(
            acting.at_desk(
                lambda desk: leaving.let_back(desk, acting.actor(), person, reason=reason, patience=wait)
            ),
            json=json,
        )
        return
    departure = acting.at_desk(
        lambda desk: leaving.muster_out(desk, acting.actor(), person, reason=reason, patience=wait)
    )
    show_departure(departure, json=json)
    if not departure.proven:
        raise typer.Exit(Exit.FAILED)


def explain(
    person: Annotated[str, typer.Argument(help="userName, id, the source's own id, or mail address.")],
    app: Annotated[str | None, typer.Argument(help="One app; all of them without it.")] = None,
    json: Json = False,
) -> None:
    """Say why a person has, or has not, what they have."""
    show_access(acting.at_desk(lambda desk: explaining.access_of(desk, person, app=app)), json=json)


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
            since=None if since is None else _since(since, desk.clock()),
            most=limit,
        )
        return await desk.db.read(lambda tx: audit.search(tx, wanted))

    show_log(acting.at_desk(read), json=json)


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


# -- how results are shown
# -------------------------------------------------------------------------------------------


def _show_outcome(outcome: Outcome, *, json: bool) -> None:
    if json:
        showing.data(outcome)
    else:
        did = ", ".join(f"{count} {verb}" for verb, count in sorted(outcome.did.items())) or "nothing to do"
        showing.line(f"{outcome.keys} accounts looked at in {outcome.seconds:.1f} s: {did}.")
        if outcome.left:
            rows = [
                (one.key.app, one.key.subject, one.state, one.attempts, one.due, one.reason)
                for one in outcome.left
            ]
            showing.table(
                "Not as it should be yet", ("App", "Person", "State", "Attempts", "Next try", "Why"), rows
            )
    if outcome.held:
        raise typer.Exit(Exit.HELD)
    if outcome.left:
        raise typer.Exit(Exit.FAILED if any(one.state == "parked" for one in outcome.left) else Exit.PENDING)


def _show_plan(previews: list[Preview], *, json: bool) -> None:
    if json:
        showing.data([_preview_as_data(one) for one in previews])
    else:
        rows = [
            (
                one.plan.key.app,
                _SIGNS.get(step.verb, "~"),
                _who(one),
                step.verb.value,
                changes(step),
                step.because,
            )
            for one in previews
            for step in one.plan.operations
        ]
        if rows:
            showing.table("Plan", ("App", "", "Person", "What", "Change", "Because"), rows)
        for one in previews:
            if one.error is not None:
                showing.problem(one.error.problem)
        showing.line(summary(previews))
    if any(one.error is not None for one in previews):
        raise typer.Exit(Exit.FAILED)
    if previews:
        raise typer.Exit(Exit.PENDING)


def summary(previews: list[Preview]) -> str:
    """A plan in one line."""
    verbs = [step.verb for one in previews for step in one.plan.operations]
    create, link = verbs.count(Verb.CREATE), verbs.count(Verb.LINK)
    change = verbs.count(Verb.UPDATE) + verbs.count(Verb.ENABLE)
    take = sum(verb.destroys for verb in verbs)
    ask = verbs.count(Verb.ASK)
    return (
        f"+ {create} accounts   = {link} recognised   ~ {change} changes   - {take} taken away   "
        f"! {ask} need a person"
    )


def _preview_as_data(one: Preview) -> dict[str, object]:
    return {
        "app": one.plan.key.app,
        "person": None if one.person is None else one.person.user_name,
        "person_id": one.plan.key.subject,
        "operations": [
            {
                "verb": step.verb.value,
                "remote_id": step.remote_id,
                "before": dict(step.before),
                "after": dict(step.after),
                "because": list(step.because),
            }
            for step in one.plan.operations
        ],
        "problem": None if one.error is None else str(one.error),
    }


def _who(one: Preview) -> str:
    return one.plan.key.subject if one.person is None else one.person.user_name


def changes(step: Operation) -> list[str]:
    """What an operation changes, a line each."""
    if step.verb is Verb.CREATE:
        stated = {name: value for name, value in step.after.items() if value is not None}
        return [f"{showing.attribute(name)}: {showing.text(value)}" for name, value in stated.items()]
    return [
        f"{showing.attribute(name)}: {showing.text(step.before.get(name))} → {showing.text(value)}"
        for name, value in step.after.items()
    ]


def show_departure(departure: Departure, *, json: bool = False) -> None:
    """The receipts of one leaver."""
    if json:
        showing.data(departure)
        return
    person = departure.person
    rows = [
        (one.app, one.proof.value, one.account, one.state, one.took, one.why) for one in departure.receipts
    ]
    showing.table(
        f"Mustered out: {person.label} ({person.user_name}), decided "
        f"{departure.decided_at:%Y-%m-%d %H:%M:%S} UTC",
        ("App", "Proof", "Account", "State", "Took", "Why"),
        rows,
    )
    showing.line(
        "Every account is ended and read back."
        if departure.proven
        else "Not everything is proven yet; Muster goes on."
    )


def show_access(page: AccessPage, *, json: bool = False) -> None:
    """Everything one person can reach, and why."""
    if json:
        showing.data(page)
        return
    person = page.person
    showing.line(
        f"{person.label} ({person.user_name}), {person.stage.value}, from source {page.source} since "
        f"{page.since:%Y-%m-%d}"
    )
    if page.groups:
        showing.line("Groups: " + ", ".join(page.groups))
    rows = [
        (
            one.app,
            one.status,
            None if one.link is None else one.link.remote_id,
            one.because,
            None if one.link is None else one.link.verified_at,
            None
            if one.latest is None
            else f"{one.latest.action.value} {one.latest.result.value}, {one.latest.cause}",
            one.health_reason if one.waiting is None else one.waiting.reason or one.health_reason,
        )
        for one in page.access
    ]
    showing.table(
        "Access", ("App", "Status", "Account", "Because", "Verified (UTC)", "Last change", "Trouble"), rows
    )


def show_log(records: list[Record], *, json: bool = False) -> None:
    """Audit records, oldest first."""
    if json:
        showing.data(records)
        return
    rows = [
        (one.at, one.actor, one.action.value, one.result.value, one.app, _told(one), one.cause, one.duration)
        for one in records
    ]
    showing.table(
        f"Log, {len(records)} records",
        ("At (UTC)", "Actor", "Action", "Result", "App", "What", "Cause", "Took"),
        rows,
    )


def _told(record: Record) -> list[str]:
    """What changed, a line each, and why if that was told."""
    before, after = record.before, record.after
    if record.result is Result.DONE and record.action is Action.ACCOUNT_CREATE:
        return [f"account {record.detail.get('remote_id')}"]  # its values stand in the record of the intent
    if before:
        names = [*before, *(name for name in after if name not in before)]
        told = [
            f"{showing.attribute(name)}: {showing.text(before.get(name))} → {showing.text(after.get(name))}"
            for name in names
        ]
    else:
        told = [
            f"{showing.attribute(name)}: {showing.text(value)}"
            for name, value in after.items()
            if value is not None
        ]
    why = record.detail.get("why")
    return [*told, str(why)] if why else told


def _since(said: str, now: datetime) -> datetime:
    if match := _AGO.fullmatch(said):
        return now - timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise BadInput(
            Problem(
                code="MUSTER-TIME",
                what="This is not a time",
                where=f"--since {said}",
                next_step="give a date (2026-11-22), a time (2026-11-22T17:00:00+01:00), "
                "or how long ago (90m, 12h, 7d)",
            )
        ) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
