"""The command line, typed: in this process for speed, or as a process of its own."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from muster.cli.demo.accounts_table import AccountsTable
from muster.cli.root import main
from working_desk import people_csv

SECONDS: Final = 60.0  # for what takes a tenth of one on an idle machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """The one JSON document on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal whose Muster lives in a folder of its own, with the file ``people.csv`` at hand."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *words: str) -> Told:
        """Type ``muster`` and these words."""
        self.monkeypatch.setattr(sys, "argv", ["muster", *words])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        return Told(code=int(ended.value.code or 0), out=said.out, err=said.err)

    def done(self, *words: str) -> Told:
        """As a call; the exit code must be 0."""
        told = self(*words)
        if told.code:
            raise AssertionError(told)
        return told

    @property
    def people(self) -> str:
        """Where the people file is."""
        return str(self.folder / "people.csv")

    def staff(self, *names: str, **values: str) -> str:
        """The people file has these people, each with these values."""
        rows = [{"userName": name, **values} for name in names]
        Path(self.people).write_text(people_csv(*rows), encoding="utf-8")
        return self.people

    @property
    def studio(self) -> AccountsTable:
        """An application that keeps its accounts in a table; made when first asked for."""
        return AccountsTable.made_in(self.folder)

    def add_studio(self, *words: str) -> Told:
        """The studio is configured and granted to everyone."""
        columns = ("table=accounts", "id_column=id", "external_id_column=external_id", "active_column=active")
        settings = [word for one in (f"url={self.studio.url}", *columns) for word in ("--set", one)]
        return self("app", "add", "sql", "studio", *settings, "--everyone", *words)

    def accounts(self) -> dict[str, bool]:
        """Who has an account in the studio, and whether it is in use, as its own database tells."""
        return {str(row["username"]): bool(row["active"]) for row in self.studio.accounts()}


def command(*words: str) -> list[str]:
    """How ``muster`` and these words are started as a process."""
    return [sys.executable, "-m", "muster.cli", *words]


def environment(home: Path, **more: str) -> Mapping[str, str]:
    """The environment of such a process: its Muster lives in the folder, and nothing else leads it away."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "COLUMNS"))}
    return {**ours, "MUSTER_HOME": str(home), **more}


def run(home: Path, *words: str, **more: str) -> Told:
    """Type ``muster`` and these words in a process of its own; both outputs are pipes."""
    done = subprocess.run(
        command(*words),
        env=environment(home, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Told(code=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A Muster that goes on until it is stopped."""

    process: asyncio.subprocess.Process
    first_line: str

    @property
    def url(self) -> str:
        """Where it serves."""
        found = re.search(r"http://[\d.]+:\d+", self.first_line)
        return "" if found is None else found.group()

    async def stop(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send it the signal; give its exit code and the rest of what it said."""
        self.process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            out, err = await self.process.communicate()
        return self.process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def running(home: Path, *words: str, **more: str) -> AsyncGenerator[Running]:
    """The command runs and has said its first line; it is gone after the block."""
    process = await asyncio.create_subprocess_exec(
        *command(*words),
        env=environment(home, **more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            first = b"" if process.stdout is None else await process.stdout.readline()
        yield Running(process=process, first_line=first.decode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
