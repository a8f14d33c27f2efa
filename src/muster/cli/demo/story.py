"""``muster demo``: what happens, in order."""

import asyncio
import os
import shlex
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop

from muster import audit
from muster.audit import Search
from muster.bootstrap import MusterSettings, open_desk
from muster.cli import acting, logs, serving, showing
from muster.cli.demo import applications, checks, company
from muster.cli.demo.accounts_table import AccountsTable
from muster.cli.demo.applications import Application, Running
from muster.cli.demo.checks import Verdict
from muster.cli.demo.company import Company
from muster.cli.demo.folder import emptied
from muster.cli.people import show_import
from muster.cli.results import changes, show_access, show_departure, show_log, summary
from muster.db import system_clock
from muster.model import MusterError
from muster.service import configuration, converging, explaining, finding, importing, leaving
from muster.service.configuring import keys_of_app
from muster.service.desk import Desk

_CHECKOUT: Final = Path(__file__).resolve().parents[4]
_RENAMED: Final = "ana.ruiz"
_NEW_NAME: Final = "Ruiz-Keller"
_LEAVER: Final = "jonas.keller"
_SHOWN: Final = 8  # rows of the plan; the rest is counted


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave Muster and the applications running until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port for Muster; 0 takes a free one.", min=0, max=65535)] = 0,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data; made anew every time.")] = Path(
        ".demo"
    ),
    examples: Annotated[Path, typer.Option(help="The folder of the example company.")] = _CHECKOUT
    / "examples"
    / "acme",
) -> None:
    """Muster a hundred hires into three real applications, and one leaver out; every claim is checked."""
    logs.configure("error")
    verdict = Verdict()
    home = folder.absolute()
    try:
        settings = acting.settings(
            home=home / "home", database_url="", host=applications.HOST, port=port, log_level="error"
        )
        hired = company.read(examples, who=(_RENAMED, _LEAVER))
        with emptied(home), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_tell(verdict, settings, hired, examples, keep=keep))
    except MusterError as error:
        acting.fail(error)
    except KeyboardInterrupt:
        showing.problem_line("Stopped; the applications of the demo have ended with it.")
        raise typer.Exit(acting.Exit.FAILED) from None
    if verdict.broken:
        raise typer.Exit(acting.Exit.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Everything that runs while the story is told."""

    desk: Desk
    settings: MusterSettings
    chat: Running
    wiki: Running
    studio: AccountsTable
    verdict: Verdict
    examples: Path


async def _tell(
    verdict: Verdict, settings: MusterSettings, hired: Company, examples: Path, *, keep: bool
) -> None:
    folder = settings.folder.parent
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(closing(serving.listen(settings.host, settings.port)))
        desk = await stack.enter_async_context(open_desk(settings))
        _title("Three applications that know nothing of Muster")
        chat = await _started(stack, applications.SCIM2_SERVER, folder / "apps")
        showing.line(f"chat    {chat.application.title} at {chat.url}")
        wiki = await _started(stack, applications.DJANGO_SCIM2, folder / "apps")
        showing.line(f"wiki    {wiki.application.title} at {wiki.url}")
        studio = AccountsTable.made_in(folder / "apps")
        showing.line(f"studio  an accounts table in {studio.path}")
        stage = _Stage(
            desk=desk,
            settings=settings,
            chat=chat,
            wiki=wiki,
            studio=studio,
            verdict=verdict,
            examples=examples,
        )
        await _configure(stage)
        await _import_hired(stage, hired)
        server = await stack.enter_async_context(serving.served(desk, settings, listening))
        await _muster_in(stage, hired)
        now = await _change_two(stage, hired)
        await _muster_out(stage, now)
        _conclude(stage, server.url, folder)
        if keep and not verdict.broken:
            with serving.stop_asked() as asked:
                showing.line(
                    "Muster and the applications go on until Ctrl-C. In another terminal: "
                    f"export {_here(stage)}"
                )
                await server.until(asked)


async def _started(stack: AsyncExitStack, application: Application, folder: Path) -> Running:
    """The application runs until the stack unwinds; that it is installed first, is told before."""
    if not applications.is_installed(application):
        showing.line(f"Installing {application.title} from its lock file; this is done once.")
    return await stack.enter_async_context(applications.running(application, folder))


async def _configure(stage: _Stage) -> None:
    _title("Apps and rules, from examples/acme/muster.yaml")
    environment = {
        "CHAT_URL": stage.chat.url,
        "CHAT_TOKEN": stage.chat.token.reveal(),
        "WIKI_URL": stage.wiki.url,
        "WIKI_TOKEN": stage.wiki.token.reveal(),
        "STUDIO_URL": stage.studio.url,
    }
    text = configuration.read(stage.examples / "muster.yaml")
    await configuration.apply(stage.desk, acting.actor(), text, {**os.environ, **environment})
    rules = await finding.all_rules(stage.desk)
    showing.table(
        "Rules", ("Rule", "App", "Granted to"), [(one.name, one.app, str(one.when)) for one in rules]
    )


async def _import_hired(stage: _Stage, hired: Company) -> None:
    _title("A hundred hires in a file")
    data = (stage.examples / "people.csv").read_bytes()
    done = await importing.import_people(
        stage.desk, acting.actor(), data, format="csv", name="people.csv", source="hr"
    )
    show_import(done)
    stage.verdict.check(f"all {len(hired.rows)} people of the file came in", done.joiners == len(hired.rows))
    planned = await converging.plan(stage.desk)
    steps = [(one, step) for one in planned for step in one.plan.operations]
    rows = [
        (
            one.plan.key.app,
            "" if one.person is None else one.person.user_name,
            step.verb.value,
            ", ".join(changes(step)),
        )
        for one, step in steps[:_SHOWN]
    ]
    showing.table(
        f"The plan, its first {len(rows)} of {len(steps)} steps", ("App", "Person", "What", "Values"), rows
    )
    showing.line(summary(planned))


async def _muster_in(stage: _Stage, hired: Company) -> None:
    _title("Muster in")
    keys = frozenset(
        {key for app in await finding.all_apps(stage.desk) for key in await keys_of_app(stage.desk, app)}
    )
    started = system_clock()
    with showing.progress_bar() as bar:
        task = bar.add_task("Accounts", total=len(keys), rate="")

        def show(done: int, total: int) -> None:
            seconds = max((system_clock() - started).total_seconds(), 0.001)
            bar.update(task, completed=done, total=total, rate=f"{done / seconds:.0f}/s")

        left = await converging.see_through(stage.desk, keys, patience=120, progress=show)
    seconds = (system_clock() - started).total_seconds()
    showing.line(f"{len(keys)} accounts in {seconds:.1f} s: {len(keys) / seconds:.0f} accounts/s.")
    stage.verdict.check("every account converged", not left)
    await _check_everybody(stage, hired)
    again = await converging.plan(stage.desk)
    showing.line(f"A second run: {summary(again)}")
    stage.verdict.check("a second run has nothing to do", not again)


async def _change_two(stage: _Stage, hired: Company) -> Company:
    mover = next(
        row["userName"] for row in hired.rows if _designs(row) and row["userName"] not in {_RENAMED, _LEAVER}
    )
    _title("The next file: a new name, and a move")
    showing.line(f"{_RENAMED} has a new name, {mover} goes from Design to Engineering.")
    given = hired.person(_RENAMED)["name.givenName"]
    now = hired.changed(_RENAMED, name__familyName=_NEW_NAME, displayName=f"{given} {_NEW_NAME}")
    groups = hired.person(mover)["groups"].replace("Design Team", "Engineering Team")
    now = now.changed(mover, department="Engineering", groups=groups)
    data = now.as_csv()
    preview = await importing.import_people(
        stage.desk, acting.actor(), data, format="csv", name="people.csv", source="hr", dry_run=True
    )
    show_import(preview)
    stage.verdict.check(
        "the next file changes exactly two people", (preview.movers, preview.leavers) == (2, 0)
    )
    await importing.import_people(
        stage.desk, acting.actor(), data, format="csv", name="people.csv", source="hr"
    )
    keys = frozenset(
        {key for app in await finding.all_apps(stage.desk) for key in await keys_of_app(stage.desk, app)}
    )
    left = await converging.see_through(stage.desk, keys, patience=60)
    stage.verdict.check("both changes converged", not left)
    await _check_everybody(stage, now)
    await _check_changes(stage, mover)
    return now


async def _muster_out(stage: _Stage, now: Company) -> None:
    _title(f"Muster out: {_LEAVER}")
    departure = await leaving.muster_out(
        stage.desk, acting.actor(), _LEAVER, reason="resigned, last day today"
    )
    show_departure(departure)
    stage.verdict.check(
        f"{_LEAVER} has a receipt from every application", departure.proven and bool(departure.receipts)
    )
    show_access(await explaining.access_of(stage.desk, _LEAVER))
    since = departure.decided_at
    wanted = Search(tenant=stage.desk.tenant, person=departure.person.id, since=since)
    show_log(await stage.desk.db.read(lambda tx: audit.search(tx, wanted)))
    again = await importing.import_people(
        stage.desk, acting.actor(), now.as_csv(), format="csv", name="people.csv", source="hr"
    )
    stage.verdict.check(f"the same file again does not bring {_LEAVER} back", not again.changes_anything)
    remaining = Company(
        columns=now.columns, rows=tuple(row for row in now.rows if row["userName"] != _LEAVER)
    )
    await _check_everybody(stage, remaining)
    await _check_left(stage)


async def _check_everybody(stage: _Stage, people: Company) -> None:
    """The active accounts of each application are exactly those its people should have."""
    everyone = [row["userName"] for row in people.rows]
    designers = [row["userName"] for row in people.rows if _designs(row)]
    engineers = [row["userName"] for row in people.rows if row["department"] == "Engineering"]
    stage.verdict.check_accounts("chat", await checks.scim_accounts(stage.chat), everyone)
    stage.verdict.check_accounts("wiki", await checks.scim_accounts(stage.wiki), engineers)
    stage.verdict.check_accounts("studio", checks.table_accounts(stage.studio), designers)


async def _check_changes(stage: _Stage, mover: str) -> None:
    renamed = checks.of(await checks.scim_accounts(stage.chat), _RENAMED)
    shown = renamed is not None and renamed.facts.get("name", {}).get("familyName") == _NEW_NAME
    stage.verdict.check(f"chat shows the new name of {_RENAMED}", shown)
    studio = checks.of(checks.table_accounts(stage.studio), mover)
    stage.verdict.check(
        f"studio has disabled, not lost, the account of {mover}", studio is not None and not studio.active
    )
    wiki = checks.of(await checks.scim_accounts(stage.wiki), mover)
    stage.verdict.check(f"wiki has an account for {mover}", wiki is not None and wiki.active)


async def _check_left(stage: _Stage) -> None:
    seen = [
        *await checks.scim_accounts(stage.chat),
        *await checks.scim_accounts(stage.wiki),
        *checks.table_accounts(stage.studio),
    ]
    theirs = [one for one in seen if one.user_name == _LEAVER]
    ended = bool(theirs) and not any(one.active for one in theirs)
    stage.verdict.check(f"no application lets {_LEAVER} in any more", ended)


def _conclude(stage: _Stage, url: str, folder: Path) -> None:
    _title("What the applications themselves say")
    rows = [("holds", claim) for claim in stage.verdict.held] + [
        ("BROKEN", claim) for claim in stage.verdict.broken
    ]
    showing.table(f"{len(stage.verdict.held)} of {len(rows)} checks hold", ("", "Claim"), rows)
    showing.line(f"Muster answered on {url}; its data is in {folder}.")
    showing.line(f"Look around: {_here(stage)} muster log --person {_LEAVER}")


def _here(stage: _Stage) -> str:
    """What leads other commands to the demo's data."""
    away = "MUSTER_DATABASE_URL= " if os.environ.get("MUSTER_DATABASE_URL") else ""
    return f"{away}MUSTER_HOME={shlex.quote(str(stage.settings.folder))}"


def _designs(row: dict[str, str]) -> bool:
    return "Design Team" in row["groups"].split("|")


def _title(words: str) -> None:
    showing.line("")
    showing.out.rule(words, align="left")
