"""Whoever waits for new work is woken by every process that announces some."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from muster.db import Database, Statement, Transaction, open_database

CREATE = Statement("CREATE TABLE note (text TEXT PRIMARY KEY)")
INSERT = Statement("INSERT INTO note (text) VALUES (:text)")
PATIENCE = 20  # seconds until a test that hangs is a test that failed


@pytest.fixture
async def pair(database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """One database, opened twice as two processes would."""
    one = await open_database(database_url, migrate=True)
    await one.write(lambda tx: tx.run(CREATE))
    other = await open_database(database_url, migrate=False)
    yield one, other
    await other.close()
    await one.close()


async def announced(tx: Transaction, text: str) -> None:
    """A transaction that announces."""
    await tx.run(INSERT, text=text)
    tx.announce()


async def test_an_announcement_wakes_our_own_process(pair: tuple[Database, Database]) -> None:
    """The callback comes once the transaction is committed, so what it announces can be read."""
    one, _ = pair
    woken = asyncio.Event()
    one.on_announcement(woken.set)

    await one.write(lambda tx: announced(tx, "a"))

    await asyncio.wait_for(woken.wait(), PATIENCE)


async def test_an_announcement_reaches_another_process(pair: tuple[Database, Database]) -> None:
    """Announcements go on until one arrives: a single one is only a hint and may be lost."""
    one, other = pair
    woken = asyncio.Event()
    other.on_announcement(woken.set)

    async def announce_again_and_again() -> None:
        for number in range(10_000):
            await one.write(lambda tx, number=number: announced(tx, f"n{number}"))
            await asyncio.sleep(0.02)

    announcing = asyncio.create_task(announce_again_and_again())
    await asyncio.wait_for(woken.wait(), PATIENCE)
    announcing.cancel()
    await asyncio.gather(announcing, return_exceptions=True)

    assert woken.is_set()


async def test_a_transaction_that_failed_announces_nothing(pair: tuple[Database, Database]) -> None:
    """Nobody is woken for what was undone."""
    one, _ = pair
    calls: list[str] = []
    one.on_announcement(lambda: calls.append("called"))

    async def work(tx: Transaction) -> None:
        await announced(tx, "a")
        raise LookupError

    with pytest.raises(LookupError):
        await one.write(work)

    assert calls == []


async def test_who_stopped_listening_is_not_called(pair: tuple[Database, Database]) -> None:
    """The function that ``on_announcement`` gives ends it, for that callback alone."""
    one, _ = pair
    ended: list[str] = []
    kept: list[str] = []
    stop = one.on_announcement(lambda: ended.append("called"))
    one.on_announcement(lambda: kept.append("called"))

    stop()
    await one.write(lambda tx: announced(tx, "a"))

    assert ended == []
    assert kept
