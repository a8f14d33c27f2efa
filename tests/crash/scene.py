"""Where the killing takes place: three applications outside the process, one source, people who come and go.

The applications are tables of a SQLite file of their own, reached by the real connector. Nothing in them is
unique, so that an account made twice is there twice.
"""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final

from muster.bootstrap import GROUP, Installed, MusterSettings, open_desk
from muster.db import Transaction
from muster.directory import sources
from muster.model import (
    AppName,
    AttributeEquals,
    Condition,
    Copied,
    Everyone,
    Limits,
    Removal,
    Rule,
    Source,
    SourceId,
)
from muster.service.configuring import AppSpec, put_app, put_rule
from muster.service.desk import Actor, Desk

LEASE: Final = timedelta(milliseconds=600)
RENEW_EVERY: Final = timedelta(milliseconds=100)
SETTLE_SECONDS: Final = 0.05
DEPARTMENT: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
DEPARTMENTS: Final = ("Sales", "Research")
OPERATOR: Final = Actor(name="cli:crash")
SOURCE: Final = "hr"
COLUMNS: Final = "id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT, title TEXT, active INTEGER"
SQL: Final = Installed({"sql": EntryPoint(name="sql", value="muster.connectors.sql", group=GROUP)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One table that people have accounts in."""

    name: str
    removal: Removal
    when: Condition
    external_id: bool = True


APPLICATIONS: Final = (
    Application(name="chat", removal=Removal.DISABLE, when=Everyone()),
    Application(
        name="wiki", removal=Removal.DELETE, when=AttributeEquals(attribute=DEPARTMENT, value="Sales")
    ),
    Application(
        name="old",
        removal=Removal.DISABLE,
        when=AttributeEquals(attribute=DEPARTMENT, value="Research"),
        external_id=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One database of Muster and one file of applications, in a folder of their own."""

    folder: Path
    database_url: str

    @property
    def target(self) -> Path:
        """The applications' file."""
        return self.folder / "applications.db"

    @property
    def acknowledged(self) -> Path:
        """Where a process writes down what it was told is committed."""
        return self.folder / "acknowledged"

    @property
    def settings(self) -> MusterSettings:
        """How a process finds its way here."""
        return MusterSettings(home=self.folder, database_url=self.database_url)

    @asynccontextmanager
    async def desk(self, reached: Callable[[str], None] | None = None) -> AsyncGenerator[Desk]:
        """An open Muster."""
        async with open_desk(self.settings, migrate=False, reached=reached, installed=SQL) as desk:
            yield desk

    def rows(self, application: Application) -> list[sqlite3.Row]:
        """Every account there."""
        with closing(sqlite3.connect(self.target)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(f"SELECT * FROM {application.name} ORDER BY id").fetchall()  # noqa: S608


async def set_up(scene: Scene) -> None:
    """Applications, rules and the source are there, and nobody is."""
    with closing(sqlite3.connect(scene.target)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for application in APPLICATIONS:
            more = ", external_id TEXT" if application.external_id else ""
            connection.execute(f"CREATE TABLE {application.name} ({COLUMNS}{more})")
        connection.commit()
    async with open_desk(scene.settings, installed=SQL) as desk:
        for application in APPLICATIONS:
            await put_app(desk, OPERATOR, _spec(scene, application))
            rule = Rule(
                tenant=desk.tenant,
                name=application.name,
                app=AppName(application.name),
                when=application.when,
            )
            await put_rule(desk, OPERATOR, rule)
        source = Source(tenant=desk.tenant, id=SourceId(desk.new_id()), name=SOURCE, type="file")

        async def add(tx: Transaction) -> None:
            await sources.insert(tx, source, at=desk.clock())

        await desk.db.write(add)


def _spec(scene: Scene, application: Application) -> AppSpec:
    settings = {"url": f"sqlite:///{scene.target}", "table": application.name, "active_column": "active"}
    if application.external_id:
        settings["external_id_column"] = "external_id"
    return AppSpec(
        name=application.name,
        connector="sql",
        settings=settings,
        mapping={"username": Copied(attribute="userName"), "title": Copied(attribute="title")},
        match_on=("username",),
        removal=application.removal,
        limits=Limits(concurrency=4, settle_seconds=SETTLE_SECONDS, destroy_count=1_000_000),
    )
