"""Brings a database to the schema of this program, and refuses one that is newer.

Alembic keeps the steps (``migrations/versions``); this page runs them, one process at a time.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from muster.model import Problem, Unavailable

_SCRIPTS: Final = Path(__file__).parent / "migrations"


async def bring_up_to_date(url: str) -> None:
    """Run every migration the database has not seen; nothing when it is current.

    Raises:
        Unavailable: it cannot be reached, or a newer Muster has migrated it.
    """
    await _with_connection(url, _upgrade)


async def require_current(url: str) -> None:
    """Do nothing when the schema is this program's.

    Raises:
        Unavailable: it cannot be reached, or its schema is older or newer.
    """
    await _with_connection(url, _require_current)


async def _with_connection(url: str, act: Callable[[Connection], None]) -> None:
    try:
        if url.startswith("sqlite"):
            await asyncio.to_thread(_on_sqlite, url, act)
        else:
            await _on_postgresql(url, act)
    except (OSError, DBAPIError, SQLAlchemyError) as error:
        raise _unreachable(error) from error


def _on_sqlite(url: str, act: Callable[[Connection], None]) -> None:
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 30})
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # two processes that start at once take turns
        act(connection)
        connection.commit()
    engine.dispose()


async def _on_postgresql(url: str, act: Callable[[Connection], None]) -> None:
    engine = create_async_engine("postgresql+asyncpg://" + url.partition("://")[2], poolclass=pool.NullPool)
    try:
        # Where another process makes it at the same moment, IF NOT EXISTS fails on the catalogue's own index.
        with contextlib.suppress(IntegrityError):
            async with engine.begin() as connection:
                await connection.execute(
                    text("CREATE TABLE IF NOT EXISTS migration_turn (id integer PRIMARY KEY)")
                )
        async with engine.begin() as connection:
            await connection.execute(text("LOCK TABLE migration_turn IN ACCESS EXCLUSIVE MODE"))
            await connection.run_sync(act)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    _refuse_newer(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _require_current(connection: Connection) -> None:
    _refuse_newer(connection)
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != head:
        raise Unavailable(
            Problem(
                code="MUSTER-DB-OLDER",
                what="The database has an older schema than this Muster needs",
                next_step="run muster migrate, or start muster serve, which does it",
            )
        )


def _refuse_newer(connection: Connection) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return
    try:
        known = ScriptDirectory.from_config(_config()).get_revision(revision)
    except CommandError:
        known = None
    if known is None:
        raise Unavailable(
            Problem(
                code="MUSTER-DB-NEWER",
                what="The database was migrated by a newer Muster",
                why=f"Its schema revision is {revision}, which this version does not know",
                next_step="upgrade this Muster; an older one would damage the data",
            )
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


def _unreachable(error: Exception) -> Unavailable:
    cause = getattr(error, "orig", None) or error
    return Unavailable(
        Problem(
            code="MUSTER-DB-UNAVAILABLE",
            what="The database cannot be used",
            why=str(cause).splitlines()[0] if str(cause) else type(cause).__name__,
            next_step="check MUSTER_DATABASE_URL and that the database can be reached and written",
        )
    )
