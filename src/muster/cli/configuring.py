"""``muster app``, ``rule``, ``config``: which applications there are, and who is granted them."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from muster.cli import acting, showing
from muster.model import (
    AppName,
    AttributeEquals,
    BadInput,
    Condition,
    Constant,
    Copied,
    Everyone,
    InGroup,
    Limits,
    Mapped,
    Problem,
    Removal,
    Rule,
)
from muster.service import configuration, configuring, finding
from muster.service.configuration_file import AppSpec
from muster.service.desk import Desk

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

app_app: Final = typer.Typer(no_args_is_help=True, help="Applications people have accounts in.")
rule_app: Final = typer.Typer(no_args_is_help=True, help="Who is granted which app.")
config_app: Final = typer.Typer(no_args_is_help=True, help="Configuration as a file.")


@app_app.command("add")
def add_app(
    connector: Annotated[str, typer.Argument(help="What kind of system it is: scim, sql, …")],
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")],
    url: Annotated[str | None, typer.Option(help="Short for --set url=…")] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="Short for --set token=…; @FILE reads a file, $NAME a variable.", metavar="TEXT|@FILE"
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the connector, name=value; repeat.", metavar="NAME=VALUE"),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="target=attribute of the person, target==constant, or target= to leave it out; repeat.",
            metavar="TARGET=SOURCE",
        ),
    ] = None,
    match_on: Annotated[
        list[str] | None, typer.Option(help="Attribute that recognises an existing account; repeat.")
    ] = None,
    removal: Annotated[
        Removal, typer.Option(help="What happens to an account nobody may have any more.")
    ] = Removal.DISABLE,
    concurrency: Annotated[
        int, typer.Option(help="Calls at a time.", min=1, max=1000)
    ] = Limits().concurrency,
    everyone: Annotated[bool, typer.Option("--everyone", help="Grant it to every active person.")] = False,
    json: Json = False,
) -> None:
    """Add an application, or configure it anew; every account in it is looked at again."""
    settings = dict(_pair(text, "--set") for text in set_ or ())
    settings |= {} if url is None else {"url": url}
    settings |= {} if token is None else {"token": _secret(token)}
    spec = AppSpec(
        name=AppName(name),
        connector=connector,
        settings=settings,
        mapping=dict(_mapped(text) for text in map_ or ()),
        match_on=tuple(match_on) if match_on else None,
        removal=removal,
        limits=Limits(concurrency=concurrency),
    )

    async def add(desk: Desk) -> None:
        app = await configuring.put_app(desk, acting.actor(), spec)
        if everyone:
            rule = Rule(tenant=desk.tenant, name=f"everyone-{name}"[:63], app=app.name, when=Everyone())
            await configuring.put_rule(desk, acting.actor(), rule)

    acting.at_desk(add)
    if json:
        showing.data({"name": name, "connector": connector, "everyone": everyone})
    else:
        granted = (
            "granted to every active person" if everyone else f"grant it with: muster rule add NAME {name} …"
        )
        showing.line(f"App {name} is there; {granted}. See what would happen: muster plan --app {name}")


@app_app.command("list")
def list_apps(json: Json = False) -> None:
    """Show every application."""
    found = acting.at_desk(finding.all_apps)
    if json:
        showing.data(found)
    else:
        rows = [
            (
                one.name,
                one.connector,
                one.settings.get("url"),
                one.removal.value,
                one.health.value,
                one.health_reason,
            )
            for one in found
        ]
        showing.table("Apps", ("Name", "Connector", "URL", "Removal", "Health", "Why"), rows)


@rule_app.command("add")
def add_rule(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")],
    app: Annotated[str, typer.Argument(help="The app it grants.")],
    group: Annotated[str | None, typer.Option(help="To the members of this group.")] = None,
    attribute: Annotated[
        str | None, typer.Option(help="To those whose attribute (department, title, …) …")
    ] = None,
    equals: Annotated[str | None, typer.Option(help="… equals this.")] = None,
    everyone: Annotated[bool, typer.Option("--everyone", help="To every active person.")] = False,
) -> None:
    """Grant an app to a group, by an attribute, or to everyone."""

    async def add(desk: Desk) -> None:
        when = _condition(group, attribute, equals, everyone=everyone)
        rule = Rule(tenant=desk.tenant, name=name, app=AppName(app), when=when)
        await configuring.put_rule(desk, acting.actor(), rule)

    acting.at_desk(add)
    showing.line(f"Rule {name} stands. See what it changes: muster plan --app {app}")


@rule_app.command("remove")
def remove_rule(name: Annotated[str, typer.Argument(help="From muster rule list.")]) -> None:
    """Take a rule back; what it alone granted is taken back with it."""
    acting.at_desk(lambda desk: configuring.remove_rule(desk, acting.actor(), name))
    showing.line(f"Rule {name} stands no more.")


@rule_app.command("list")
def list_rules(json: Json = False) -> None:
    """Show every rule."""
    found = acting.at_desk(finding.all_rules)
    if json:
        showing.data([{"name": one.name, "app": one.app, "when": str(one.when)} for one in found])
    else:
        showing.table(
            "Rules", ("Name", "App", "Granted to"), [(one.name, one.app, str(one.when)) for one in found]
        )


@config_app.command("apply")
def apply_config(
    file: Annotated[Path, typer.Argument(help="A YAML file with schemas, apps and rules.")],
    json: Json = False,
) -> None:
    """Make schemas, apps and rules as the file says.

    ${NAME} in it is taken from the environment. What it does not name stays.
    """

    async def apply(desk: Desk) -> configuration.Applied:
        return await configuration.apply(desk, acting.actor(), configuration.read(file), dict(os.environ))

    applied = acting.at_desk(apply)
    if json:
        showing.data(applied)
    else:
        showing.line(
            f"Apps: {', '.join(applied.apps) or 'none'}. Rules: {', '.join(applied.rules) or 'none'}."
            + (f" Schemas: {', '.join(applied.schemas)}." if applied.schemas else "")
        )


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"“{text}” is not NAME=VALUE", param_hint=option)
    return name, value


def _mapped(text: str) -> tuple[str, Mapped | None]:
    """``target=attribute`` or ``target==constant``.

    The target may itself contain ``=`` only inside brackets, which it never does.
    """
    name, source = _pair(text, "--map")
    if not source:
        return name, None
    return name, Constant(value=source[1:]) if source.startswith("=") else Copied(attribute=source)


def _secret(text: str) -> str:
    """A secret as given, from a file (``@path``) or from the environment (``$NAME``).

    So that no shell history keeps it.
    """
    if text.startswith("@"):
        try:
            return Path(text[1:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{text[1:]} cannot be read: {error}", param_hint="--token") from error
    if text.startswith("$"):
        if text[1:] not in os.environ:
            raise typer.BadParameter(f"the environment has no {text[1:]}", param_hint="--token")
        return os.environ[text[1:]]
    return text


def _condition(group: str | None, attribute: str | None, equals: str | None, *, everyone: bool) -> Condition:
    match (group, attribute, equals, everyone):
        case (str(), None, None, False):
            return InGroup(group=group)
        case (None, str(), str(), False):
            return AttributeEquals(attribute=attribute, value=equals)
        case (None, None, None, True):
            return Everyone()
        case _:
            raise BadInput(
                Problem(
                    code="MUSTER-RULE-CONDITION",
                    what="A rule needs exactly one condition",
                    next_step="give --group NAME, or --attribute NAME --equals VALUE, or --everyone",
                )
            )
