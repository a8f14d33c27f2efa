"""The databases that storage tests stand on."""

import sqlite3

import asyncpg
import pytest

from harness import postgres


async def _tables(url: str) -> int:
    """How many tables of its own a database has; connecting to SQLite makes the file."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        count = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        connection.close()
        return count
    server = await asyncpg.connect(url)
    count = int(await server.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
    await server.close()
    return count


async def _make_table(url: str) -> None:
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("CREATE TABLE mark (id INTEGER)")
        connection.close()
        return
    server = await asyncpg.connect(url)
    await server.execute("CREATE TABLE mark (id INTEGER)")
    await server.close()


@pytest.mark.parametrize("round_", [1, 2])
async def test_every_test_gets_an_empty_database(database_url: str, round_: int) -> None:
    """Whatever an earlier test left behind, a test's database is empty when it begins."""
    before = await _tables(database_url)
    await _make_table(database_url)
    after = await _tables(database_url)

    assert (before, after) == (0, 1)


async def test_the_server_keeps_what_it_commits(postgres_url: str) -> None:
    """Storage tests run on PostgreSQL as delivered: durability is not switched off for speed."""
    server = await asyncpg.connect(postgres_url)
    durable = [await server.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    await server.close()

    assert durable == ["on", "on"]


async def test_a_database_is_dropped_under_a_connection(postgres_server: postgres.Server) -> None:
    """A test that forgets to close a connection leaves no database behind."""
    with postgres_server.database() as url:
        left_open = await asyncpg.connect(url)
    name = url.rpartition("/")[2]
    server = await asyncpg.connect(postgres_server.url())
    left = await server.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name)
    await server.close()
    left_open.terminate()

    assert left == 0


def test_a_machine_without_postgresql_fails_and_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Where the server is missing, nothing is skipped: the error has the line to type."""
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(postgres.Missing, match="apt-get install --yes --no-install-recommends postgresql"):
        postgres.find_programs()
