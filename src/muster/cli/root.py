"""The command tree."""

import sys
from typing import Annotated, Final, cast

import typer

from muster import __version__
from muster.cli import access, configuring, people, schemas, serving, showing, sources
from muster.cli.acting import Exit
from muster.cli.demo import story

# Typer brings its own click and does not export the base of the errors that mean "this was typed wrong".
_UsageError: Final = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

root: Final = typer.Typer(
    name="muster",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="User provisioning and sync. "
    "Exit codes: 0 done, 1 failed, 2 changes pending, 3 held by the guard, 4 bad input.",
)
root.command("import")(people.import_people)
for name, command in (
    ("sync", access.sync),
    ("provision", access.provision),
    ("plan", access.plan),
    ("out", access.out),
    ("explain", access.explain),
    ("log", access.log),
    ("doctor", access.examine),
    ("serve", serving.serve),
    ("work", serving.work),
    ("migrate", serving.migrate),
    ("demo", story.demo),
):
    root.command(name)(command)
for name, group in (
    ("source", sources.source_app),
    ("token", sources.token_app),
    ("app", configuring.app_app),
    ("rule", configuring.rule_app),
    ("schema", schemas.schema_app),
    ("config", configuring.config_app),
):
    root.add_typer(group, name=name)


@root.callback(invoke_without_command=True)
def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True)
    ] = False,
) -> None:
    if version:
        showing.line(f"muster {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line and end with its exit code."""
    try:
        code = root(standalone_mode=False)
    except typer.Abort:
        code = Exit.FAILED
    except _UsageError as error:
        if told := error.format_message():  # empty where the help itself was the answer
            command = "muster" if error.ctx is None else error.ctx.command_path
            showing.problem_line(f"{told}\nTry `{command} --help`.")
        code = Exit.BAD_INPUT
    sys.exit(code if isinstance(code, int) else Exit.DONE)
