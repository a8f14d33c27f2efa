"""Opens the desk, runs one action, and turns problems into messages and exit codes."""

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import NoReturn, TypeVar

import typer
import uvloop
from pydantic import ValidationError

from muster.bootstrap import MusterSettings, open_desk
from muster.cli import logs, showing
from muster.model import BadInput, Held, MusterError, NotFound, Problem
from muster.service.desk import Actor, Desk

Result = TypeVar("Result")


class Exit(IntEnum):
    """What the exit code says."""

    DONE = 0
    FAILED = 1
    PENDING = 2  # changes are pending: a plan that is not empty, work that is not finished
    HELD = 3  # the guard holds what destroys
    BAD_INPUT = 4  # what was given cannot be used; nothing changed


def settings(**given: object) -> MusterSettings:
    """What the environment says, but for what is given.

    Raises:
        BadInput: a variable has a value that cannot be.
    """
    try:
        return MusterSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            Problem(
                code="MUSTER-SETTINGS",
                what="A setting has a value that cannot be",
                where=f"MUSTER_{'_'.join(str(part) for part in first['loc']).upper()}",
                why=first["msg"],
                next_step="correct the environment variable",
            )
        ) from error


def actor() -> Actor:
    """Who types: the user the process runs as, whatever the environment says."""
    try:
        return Actor(name=f"cli:{pwd.getpwuid(os.getuid()).pw_name}")
    except KeyError:
        return Actor(name=f"cli:{os.getuid()}")


def at_desk(action: Callable[[Desk], Awaitable[Result]]) -> Result:
    """What the action gives, run at an open desk.

    A problem ends the program with its message and exit code.
    """

    async def run() -> Result:
        async with open_desk(settings()) as desk:
            return await action(desk)

    try:
        logs.configure(settings().log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except MusterError as error:
        fail(error)
    except KeyboardInterrupt:
        showing.problem_line(
            "stopped; what was begun is finished by the next `muster serve`, `muster work` or `muster sync`"
        )
        raise typer.Exit(Exit.FAILED) from None


def fail(error: MusterError) -> NoReturn:
    """Say what is wrong and end with the code that fits."""
    showing.problem(error.problem)
    match error:
        case Held():
            code = Exit.HELD
        case BadInput() | NotFound():
            code = Exit.BAD_INPUT
        case _:
            code = Exit.FAILED
    raise typer.Exit(code)
