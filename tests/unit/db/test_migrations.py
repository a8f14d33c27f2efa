"""A database is brought to the schema of this program, and one that is newer is refused."""

import asyncio
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from muster.db import open_database
from muster.db.tables import metadata
from muster.model import BadInput, Unavailable

Found = TypeVar("Found")
OURS = {"alembic_version", "migration_turn"}  # how migrating itself keeps its place; no data
PROCESSES = 4


async def on_connection(url: str, act: Callable[[Connection], Found]) -> Found:
    """Run the function on a plain connection and commit."""
    if url.startswith("sqlite"):
        engine = create_engine(url)
        with engine.begin() as connection:
            found = act(connection)
        engine.dispose()
        return found
    server = create_async_engine("postgresql+asyncpg://" + url.partition("://")[2])
    async with server.begin() as connection:
        found = await connection.run_sync(act)
    await server.dispose()
    return found


def differences(connection: Connection) -> list[object]:
    """What Alembic would still change to arrive at ``tables.metadata``."""

    def counts(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name in OURS)

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "include_object": counts}
    )
    return compare_metadata(context, metadata)


async def migrated(url: str) -> None:
    """Open and close, migrating."""
    await (await open_database(url, migrate=True)).close()


async def test_the_migrations_build_exactly_the_tables_of_the_program(database_url: str) -> None:
    """Nothing is missing, nothing is left over, no type differs."""
    await migrated(database_url)

    assert await on_connection(database_url, differences) == []


async def test_the_comparison_sees_a_difference(database_url: str) -> None:
    """The test above would notice: a dropped index and a foreign table are both told."""
    await migrated(database_url)
    await on_connection(database_url, lambda connection: connection.execute(text("DROP INDEX audit_person")))
    await on_connection(database_url, lambda connection: connection.execute(text("CREATE TABLE t (a INT)")))

    told = {difference[0] for difference in await on_connection(database_url, differences)}  # type: ignore[index]

    assert told == {"add_index", "remove_table"}


async def test_migrating_what_is_current_changes_nothing(database_url: str) -> None:
    """A second start finds nothing to do, and what is stored stays."""
    await migrated(database_url)
    add = text("INSERT INTO sources (tenant, id, name, type, created_at) VALUES ('t', 's', 'hr', 'file', 0)")
    await on_connection(database_url, lambda connection: connection.execute(add))

    await migrated(database_url)

    count = text("SELECT COUNT(*) FROM sources")
    assert await on_connection(database_url, lambda connection: connection.execute(count).scalar()) == 1


async def test_a_newer_schema_is_refused(database_url: str) -> None:
    """Neither migrating nor plain opening touches a database that a newer Muster migrated."""
    await migrated(database_url)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await on_connection(database_url, lambda connection: connection.execute(newer))

    for migrate in (True, False):
        with pytest.raises(Unavailable) as caught:
            await open_database(database_url, migrate=migrate)

        assert caught.value.problem.code == "MUSTER-DB-NEWER"
        assert "9999" in caught.value.problem.why


async def test_an_empty_database_is_refused_without_leave_to_migrate(database_url: str) -> None:
    """Only who may migrate makes tables; the others say what to run."""
    with pytest.raises(Unavailable) as caught:
        await open_database(database_url, migrate=False)

    assert caught.value.problem.code == "MUSTER-DB-OLDER"
    assert "muster migrate" in caught.value.problem.next_step


async def test_the_latest_step_is_undone_by_none_and_found_by_all(database_url: str) -> None:
    """A current database opens without leave to migrate."""
    await migrated(database_url)

    await (await open_database(database_url, migrate=False)).close()


async def test_a_database_that_is_not_there_is_told() -> None:
    """Where nobody listens, the error names the place and the setting."""
    with pytest.raises(Unavailable) as caught:
        await open_database("postgresql://nobody@127.0.0.1:1/nothing", migrate=True)

    assert caught.value.problem.code == "MUSTER-DB-UNAVAILABLE"
    assert "MUSTER_DATABASE_URL" in caught.value.problem.next_step


@pytest.mark.parametrize("url", ["mysql://db/muster", "sqlite:relative.db", "", "muster.db"])
async def test_a_url_of_no_supported_database_is_refused(url: str) -> None:
    """Before anything is opened."""
    with pytest.raises(BadInput) as caught:
        await open_database(url, migrate=True)

    assert caught.value.problem.code == "MUSTER-DB-URL"


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    """All of them find the schema complete; none of them fails."""
    assert _exit_codes(database_url) == [0] * PROCESSES
    assert asyncio.run(on_connection(database_url, differences)) == []


def test_a_new_file_is_opened_and_closed_by_many_at_once(tmp_path: Path) -> None:
    """No process meets the locks by which SQLite switches a new file to its write-ahead log, or closes it.

    Without patience of our own, every third round fails.
    """
    for number in range(10):
        assert _exit_codes(f"sqlite:///{tmp_path}/{number}.db") == [0] * PROCESSES


def _exit_codes(url: str) -> list[int | None]:
    """How processes end that open the database at the same moment."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(PROCESSES)
    children = [context.Process(target=_migrate, args=(url, start)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return [child.exitcode for child in children]


def _migrate(url: str, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait()
    asyncio.run(migrated(url))
