"""Everything that is not well, each in a sentence with the command that mends it.

And everything that was looked at.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from muster import work
from muster.db import Transaction
from muster.directory import apps, sources
from muster.directory.tokens import Token
from muster.model import App, Health, Problem, Source, TargetError
from muster.service import finding, tokens
from muster.service.desk import Desk

_LATE: Final = timedelta(minutes=5)
_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``problem`` is None when it is well."""

    subject: str
    says: str
    problem: Problem | None = None


async def examine(desk: Desk, *, probe: bool = True) -> list[Finding]:
    """Look at the database, the workers, the backlog, every app and the tokens of every source.

    ``probe`` also asks the applications who they are.
    """
    found = [await _database(desk), await _workers(desk), *await _backlog(desk)]
    found.extend([await _app(desk, app, probe=probe) for app in await finding.all_apps(desk)])
    known = await desk.db.read(lambda tx: sources.all_sources(tx, desk.tenant))
    found.extend([await _tokens(desk, source) for source in known if source.type == "scim"])
    if not known:
        found.append(
            Finding(
                subject="sources",
                says="no source yet: `muster import people.csv` or `muster source add scim NAME`",
            )
        )
    return found


async def _database(desk: Desk) -> Finding:
    async def read(tx: Transaction) -> int:
        return len(await apps.all_apps(tx, desk.tenant))

    count = await desk.db.read(read)
    return Finding(subject="database", says=f"{desk.db.dialect} answers; {count} apps configured")


async def _workers(desk: Desk) -> Finding:
    alive = await desk.db.read(lambda tx: work.alive(tx, at=desk.clock()))
    if alive:
        return Finding(subject="workers", says=f"{alive} at work")
    waiting = await desk.db.read(lambda tx: work.backlog(tx, desk.tenant))
    if not any(one.state in {"due", "retry"} for one in waiting):
        return Finding(subject="workers", says="none runs, and nothing is due")
    problem = Problem(
        code="MUSTER-NO-WORKER",
        what="Work is due and no process does it",
        next_step="start `muster serve`, or `muster work`; `muster sync` does what is due now",
    )
    return Finding(subject="workers", says="none runs", problem=problem)


async def _backlog(desk: Desk) -> list[Finding]:
    found: list[Finding] = []
    at = desk.clock()
    for one in await desk.db.read(lambda tx: work.backlog(tx, desk.tenant)):
        subject = f"app {one.app}"
        age = at - one.oldest
        state = _STATES.get(one.state, one.state)
        says = f"{one.keys} accounts {state}, the oldest for {int(age.total_seconds())} s"
        problem = _stuck(one.app, one.state, one.keys) if one.state != "due" or age > _LATE else None
        found.append(Finding(subject=subject, says=says, problem=problem))
    return found


_STATES: Final = {
    "due": "are due",
    "retry": "are being retried",
    "held": "are held by the guard",
    "parked": "need a person",
}


def _stuck(app: str, state: str, keys: int) -> Problem:
    next_step = {
        "held": f"`muster sync {app} --approve-removals` if these removals are right",
        "parked": f"`muster log --app {app}` says why; correct the cause, then `muster sync {app}`",
        "retry": f"`muster log --app {app}` says what fails; Muster goes on trying by itself",
        "due": "check that `muster serve` or `muster work` runs",
    }[state]
    return Problem(
        code="MUSTER-NOT-CONVERGED",
        what=f"{keys} accounts are not as they should be",
        where=f"app {app}",
        next_step=next_step,
    )


async def _app(desk: Desk, app: App, *, probe: bool) -> Finding:
    subject = f"app {app.name}"
    if app.health is Health.QUARANTINED:
        when = "" if app.retry_at is None else f"; probed again at {app.retry_at:%Y-%m-%d %H:%M:%S} UTC"
        problem = Problem(
            code="MUSTER-APP-QUARANTINED",
            what="The application is not called",
            where=app.name,
            why=app.health_reason,
            next_step=f"mend its credential or settings with `muster app add {app.connector} {app.name} …`",
        )
        return Finding(subject=subject, says=f"in quarantine{when}", problem=problem)
    if not probe:
        return Finding(subject=subject, says="in good health")
    try:
        target = await desk.engine.targets.open(app)
        says = await target.connector.probe()
    except TargetError as error:
        return Finding(subject=subject, says="does not answer as it should", problem=error.problem)
    return Finding(subject=subject, says=says)


async def _tokens(desk: Desk, source: Source) -> Finding:
    subject, at = f"source {source.name}", desk.clock()
    speaking = [one for one in await tokens.list_tokens(desk, source) if one.person is None]
    valid = [one for one in speaking if one.is_valid(at)]
    if not valid:
        problem = Problem(
            code="MUSTER-TOKEN-NONE",
            what="Nobody can speak for the source",
            where=source.name,
            why="It has no valid token",
            next_step=f"`muster token add {source.name}` makes one for the identity provider",
        )
        return Finding(subject=subject, says="no valid token", problem=problem)
    for one in valid:
        if (
            one.expires_at is not None
            and one.expires_at <= at + _SOON
            and one.last_used_at is not None
            and not any(_follows(other, one) for other in valid)
        ):
            return Finding(
                subject=subject,
                says=f"{one.prefix}… ends at {one.expires_at:%Y-%m-%d %H:%M} UTC",
                problem=_ends(source, one),
            )
    return Finding(subject=subject, says=f"{len(valid)} valid tokens")


def _follows(other: Token, one: Token) -> bool:
    """Whether the other one is in use instead of this one, and lasts longer."""
    lasts = other.expires_at is None or (one.expires_at is not None and other.expires_at > one.expires_at)
    used = other.last_used_at
    return lasts and used is not None and (one.last_used_at is None or used > one.last_used_at)


def _ends(source: Source, token: Token) -> Problem:
    return Problem(
        code="MUSTER-TOKEN-ENDS",
        what="A token that is in use ends soon",
        where=f"{source.name}: {token.prefix}… ({token.id})",
        why="Whoever uses it is locked out then",
        next_step=f"`muster token rotate {source.name}` makes the next one; give it to the identity provider",
    )
