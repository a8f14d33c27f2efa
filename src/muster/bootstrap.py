"""The wiring: from settings to an open Muster. The one module that knows concrete parts.

Connectors are found by entry point (group ``muster.connectors``): a package with ``manifest.yaml`` beside it
and a function ``connect(manifest, settings, session)``. They are loaded when first needed.
"""

import os
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol, cast

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from muster.db import Database, Transaction, new_id, open_database, system_clock
from muster.directory import apps
from muster.kit.contract import Connector, Settings
from muster.kit.manifest import Describes, Manifest, of, with_defaults, with_mapped
from muster.kit.session import Session
from muster.model import (
    ACCOUNT,
    App,
    BadInput,
    Misconfigured,
    MusterError,
    Problem,
    Secret,
    TargetError,
    Tenant,
)
from muster.service.desk import Desk
from muster.service.rights import MOST_REQUESTS
from muster.service.secrets import opened
from muster.sync import Engine, Target, Targets
from muster.vault import SealKey, load_or_create_key

GROUP: Final = "muster.connectors"
_ADDRESS: Final = re.compile(
    r"https?://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*"
)


class MusterSettings(BaseSettings):
    """Everything that can be set from outside, as environment variables ``MUSTER_…``."""

    model_config = SettingsConfigDict(env_prefix="MUSTER_", extra="ignore")

    home: Path = Path("~/.muster")  # where the embedded database and the seal key live
    database_url: str = ""  # empty: SQLite in ``home``
    seal_key: str = ""  # base64 of 32 bytes; empty: the file ``seal.key`` in ``home``
    tenant: str = "main"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""  # how others reach us; empty: http at ``host`` and ``port``
    connections: int = Field(default=1_000, ge=1, le=1_000_000)  # clients that may be connected at a time
    requests_per_second: int = Field(default=200, ge=0, le=MOST_REQUESTS)  # of one token; 0: any number
    log_level: str = "warning"  # debug | info | warning | error

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        """The URL without a slash at its end."""
        url = value.rstrip("/")
        if url and not _ADDRESS.fullmatch(url):
            raise ValueError("it must be http:// or https:// with a host, and nothing behind the path")
        return url

    @property
    def address(self) -> str:
        """Where others reach the doors, as far as the settings tell."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def folder(self) -> Path:
        """``home``, with ``~`` resolved."""
        return self.home.expanduser().absolute()

    @property
    def url(self) -> str:
        """The database that counts."""
        return self.database_url or f"sqlite:///{self.folder / 'muster.db'}"


class _ConnectorPackage(Protocol):
    """What a connector package exports."""

    def connect(self, manifest: Manifest, settings: Settings, session: object) -> Connector: ...


class Installed(Mapping[str, Manifest]):
    """The manifests of the installed connectors, by id; each is loaded when it is asked for."""

    def __init__(self, found: Mapping[str, EntryPoint] | None = None) -> None:
        self._found = {entry.name: entry for entry in entry_points(group=GROUP)} if found is None else found

    def package(self, name: str) -> ModuleType:
        """The package of a connector.

        Raises:
            BadInput: no such connector is installed, or it cannot be imported.
        """
        if name not in self._found:
            raise _unknown(name, sorted(self._found))
        try:
            return cast(ModuleType, self._found[name].load())
        except ImportError as error:
            raise _broken(name, error) from error

    def __getitem__(self, name: str) -> Manifest:
        if name not in self._found:
            raise KeyError(name)
        return of(self.package(name))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._found))

    def __len__(self) -> int:
        return len(self._found)


@asynccontextmanager
async def open_desk(
    settings: MusterSettings,
    *,
    migrate: bool = True,
    reached: Callable[[str], None] | None = None,
    installed: Installed | None = None,
) -> AsyncGenerator[Desk]:
    """An open Muster, closed at the end in good order.

    Args:
        settings: from the environment, or given.
        migrate: bring an older database to the current schema; otherwise refuse it.
        reached: told each named point of the engine; for crash tests.
        installed: the connectors to offer; those installed, unless given.

    Raises:
        MusterError: the database or the seal key cannot be used.
    """
    key = load_or_create_key(settings.folder, given=Secret(settings.seal_key) if settings.seal_key else None)
    db = await open_database(settings.url, migrate=migrate)
    offered = installed or Installed()
    connect = _Connect(db, key, offered)
    targets = Targets(connect)
    engine = Engine(
        db=db,
        targets=targets,
        clock=system_clock,
        new_id=new_id,
        chance=random.random,
        reached=reached or _nothing,
    )
    try:
        yield Desk(
            tenant=Tenant(settings.tenant),
            db=db,
            engine=engine,
            clock=system_clock,
            new_id=new_id,
            random=os.urandom,
            seal_key=key,
            connectors=offered,
            describe=connect.describe,
        )
    finally:
        await targets.close()
        await db.close()


def _nothing(_point: str, /) -> None:
    """Named points matter to crash tests only."""


class _Connect:
    """Builds the target of an app: manifest, settings, opened secrets, session, connector."""

    def __init__(self, db: Database, key: SealKey, installed: Installed) -> None:
        self._db = db
        self._key = key
        self._installed = installed

    async def __call__(self, app: App) -> Target:
        """The app, opened for calls.

        Raises:
            Misconfigured: its settings or secrets cannot be used, or its connector is not installed.
            TargetError: it was asked what it has, and did not tell.
        """
        try:
            return await self._target(app)
        except TargetError:
            raise  # the application was asked what it has: its error is as telling as any
        except MusterError as error:
            raise Misconfigured(str(error.problem)) from error

    async def _target(self, app: App) -> Target:
        package = self._installed.package(app.connector)
        manifest = with_mapped(of(package), ACCOUNT, app.mapping)

        async def read(tx: Transaction) -> Mapping[str, str]:
            return await apps.sealed(tx, app.tenant, app.name)

        sealed = await self._db.read(read)
        secrets = opened(self._key, app.tenant, app.name, sealed)
        connector, close = self._connector(package, manifest, {**app.settings, **secrets})
        if isinstance(connector, Describes):
            manifest = await connector.describe()
        return Target(app=app, manifest=manifest, connector=connector, close=close)

    async def describe(self, manifest: Manifest, settings: Settings, /) -> Manifest:
        """The manifest as it is for this very target.

        Raises:
            TargetError: the target was asked and did not tell.
        """
        connector, close = self._connector(self._installed.package(manifest.id), manifest, settings)
        try:
            return await connector.describe() if isinstance(connector, Describes) else manifest
        finally:
            await close()

    def _connector(
        self, package: ModuleType, manifest: Manifest, given: Settings
    ) -> tuple[Connector, Callable[[], Awaitable[None]]]:
        """A connector, and the function that lets go of its connections."""
        settings = with_defaults(manifest, given)
        speaks_http = manifest.settings.get("url") is not None and str(settings.get("url", "")).startswith(
            "http"
        )
        session = Session.of(manifest, settings, now=system_clock) if speaks_http else None
        connector = cast(_ConnectorPackage, package).connect(manifest, settings, session)

        async def close() -> None:
            if session is not None:
                await session.close()

        return connector, close


def _broken(name: str, error: ImportError) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-CONNECTOR-BROKEN",
            what="The connector is installed and cannot be loaded",
            where=name,
            why=str(error),
            next_step="install what it needs, or install it anew",
        )
    )


def _unknown(name: str, known: list[str]) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-CONNECTOR-UNKNOWN",
            what="No such connector is installed",
            where=name,
            why=f"Installed are: {', '.join(known)}",
            next_step="use one of these, or install the package that brings it",
        )
    )
