"""How results stand on the terminal: plans, outcomes, receipts, access pages and the log."""

from typing import Final

import typer

from muster.audit import Action, Record, Result
from muster.cli import showing
from muster.cli.acting import Exit
from muster.model import Operation, Verb
from muster.service.converging import Outcome, Preview
from muster.service.explaining import AccessPage
from muster.service.leaving import Departure

_SIGNS: Final = {Verb.CREATE: "+", Verb.DISABLE: "-", Verb.DELETE: "-", Verb.UNLINK: "-", Verb.ASK: "!"}


def show_outcome(outcome: Outcome, *, json: bool) -> None:
    """What became of the accounts; the exit code says whether anything is left."""
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


def show_plan(previews: list[Preview], *, json: bool) -> None:
    """What a sync would do; the exit code says whether that is something."""
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
