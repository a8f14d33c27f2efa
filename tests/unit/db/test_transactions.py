"""A transaction commits as a whole or not at all, alone or in a group, on both databases."""

import asyncio
import multiprocessing
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from muster.db import Database, Duplicate, Statement, Transaction, open_database
from muster.model import BadInput, Unavailable

CREATE = Statement("CREATE TABLE purse (name TEXT PRIMARY KEY, coins BIGINT NOT NULL)")
INSERT = Statement("INSERT INTO purse (name, coins) VALUES (:name, :coins)")
ADD = Statement("UPDATE purse SET coins = coins + :coins WHERE name = :name")
ALL = Statement("SELECT name, coins FROM purse ORDER BY name")
NONSENSE = Statement("SELECT * FROM no_such_table")
PROCESSES = 3
ROUNDS = 25


class OddError(Exception):
    """Something a transaction function may raise."""


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An open database with an empty table of purses."""
    opened = await open_database(database_url, migrate=True)
    await opened.write(lambda tx: tx.run(CREATE))
    yield opened
    await opened.close()


async def purses(db: Database) -> dict[str, int]:
    """What is committed."""
    return {row["name"]: row["coins"] for row in await db.read(lambda tx: tx.all(ALL))}


async def test_what_a_function_wrote_is_there_once_write_returns(db: Database) -> None:
    """A committed transaction is seen by every later read, and its result is the function's."""

    async def work(tx: Transaction) -> str:
        await tx.run(INSERT, name="ana", coins=1)
        await tx.run(INSERT, name="bob", coins=2)
        return "both"

    answer = await db.write(work)

    assert answer == "both"
    assert await purses(db) == {"ana": 1, "bob": 2}


async def test_an_exception_undoes_everything_the_function_wrote(db: Database) -> None:
    """The caller gets the function's own exception, and nothing of the transaction is left."""

    async def work(tx: Transaction) -> None:
        await tx.run(INSERT, name="ana", coins=1)
        raise OddError

    with pytest.raises(OddError):
        await db.write(work)

    assert await purses(db) == {}


async def test_statements_see_their_own_transaction_and_nobody_else_does(db: Database) -> None:
    """Inside a transaction its writes are there; a failed one never shows them to a reader."""
    inside: list[int] = []

    async def work(tx: Transaction) -> None:
        await tx.run(INSERT, name="ana", coins=7)
        row = await tx.one(ALL)
        inside.append(row["coins"] if row is not None else -1)
        raise OddError

    with pytest.raises(OddError):
        await db.write(work)

    assert inside == [7]
    assert await purses(db) == {}


async def test_one_bad_transaction_among_many_touches_no_other(db: Database) -> None:
    """Transactions that arrive together are committed together, except for those that raise."""

    async def work(tx: Transaction, number: int) -> int:
        await tx.run(INSERT, name=f"p{number:03}", coins=number)
        if number % 5 == 0:
            raise OddError
        return number

    answers = await asyncio.gather(
        *(db.write(lambda tx, number=number: work(tx, number)) for number in range(60)),
        return_exceptions=True,
    )

    good = [number for number in range(60) if number % 5]
    assert [answer for answer in answers if not isinstance(answer, OddError)] == good
    assert sum(isinstance(answer, OddError) for answer in answers) == 12
    assert await purses(db) == {f"p{number:03}": number for number in good}


async def test_concurrent_writers_lose_no_update(db: Database) -> None:
    """A hundred increments at once add up to a hundred."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=0))

    await asyncio.gather(*(db.write(lambda tx: tx.run(ADD, name="ana", coins=1)) for _ in range(100)))

    assert await purses(db) == {"ana": 100}


async def test_a_taken_unique_value_is_a_duplicate(db: Database) -> None:
    """The database's own word for it does not reach the caller."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))

    with pytest.raises(Duplicate) as caught:
        await db.write(lambda tx: tx.run(INSERT, name="ana", coins=2))

    assert "purse" in caught.value.name
    assert await purses(db) == {"ana": 1}


async def test_a_transaction_function_sees_the_duplicate_itself(db: Database) -> None:
    """``run`` raises it where the statement stands, not only when the transaction ends."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))

    async def work(tx: Transaction) -> None:
        try:
            await tx.run(INSERT, name="ana", coins=2)
        except Duplicate as error:
            raise OddError from error

    with pytest.raises(OddError):
        await db.write(work)

    assert await purses(db) == {"ana": 1}


async def test_swallowing_a_duplicate_does_not_commit_the_rest(db: Database) -> None:
    """A transaction that met a taken value is refused as a whole, whatever its function makes of it."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))

    async def work(tx: Transaction) -> str:
        await tx.run(INSERT, name="bob", coins=2)
        try:
            await tx.run(INSERT, name="ana", coins=2)
        except Duplicate:
            return "never mind"
        return "fine"

    with pytest.raises(Duplicate):
        await db.write(work)

    assert await purses(db) == {"ana": 1}


async def test_rows_written_in_bulk_are_one_transaction(db: Database) -> None:
    """One taken value among many rows and none of them is there."""
    rows = [{"name": name, "coins": 1} for name in ("ana", "bob", "ana")]

    with pytest.raises(Duplicate):
        await db.write(lambda tx: tx.run_many(INSERT, rows))

    assert await purses(db) == {}


async def test_the_number_of_rows_a_statement_touched_is_told(db: Database) -> None:
    """Nothing, one and several rows are told apart."""
    rows = [{"name": name, "coins": 1} for name in ("ana", "bob")]
    await db.write(lambda tx: tx.run_many(INSERT, rows))
    everyone = Statement("UPDATE purse SET coins = :coins")

    touched = [
        await db.write(lambda tx: tx.run(ADD, name="nobody", coins=1)),
        await db.write(lambda tx: tx.run(ADD, name="ana", coins=1)),
        await db.write(lambda tx: tx.run(everyone, coins=9)),
    ]

    assert touched == [0, 1, 2]


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
async def test_nul_is_refused_the_same_way_on_both(db: Database, text: str) -> None:
    """What one database cannot hold, the other does not take either."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))

    with pytest.raises(BadInput) as caught:
        await db.write(lambda tx: tx.run(INSERT, name=text, coins=1))
    with pytest.raises(BadInput):
        await db.write(lambda tx: tx.run_many(INSERT, [{"name": text, "coins": 1}]))

    assert caught.value.problem.code == "MUSTER-INPUT-NUL"
    assert await purses(db) == {"ana": 1}


async def test_a_read_sees_one_state_however_long_it_takes(db: Database) -> None:
    """What commits while a read goes on does not show up in the middle of it."""
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))
    writes: list[asyncio.Task[int]] = []

    async def work(tx: Transaction) -> list[int]:
        first = await tx.one(ALL)
        writes.append(asyncio.create_task(db.write(lambda other: other.run(ADD, name="ana", coins=1))))
        if db.dialect == "postgresql":
            await writes[0]
        second = await tx.one(ALL)
        return [row["coins"] for row in (first, second) if row is not None]

    seen = await db.read(work)
    await asyncio.gather(*writes)

    assert seen == [1, 1]
    assert await purses(db) == {"ana": 2}


async def test_a_read_cannot_write(db: Database) -> None:
    """A write that was given to ``read`` by mistake is refused, not lost in silence."""
    with pytest.raises(Exception, match=r"read-?only"):
        await db.read(lambda tx: tx.run(INSERT, name="ana", coins=1))

    assert await purses(db) == {}


async def test_the_database_goes_on_after_a_statement_it_cannot_carry_out(db: Database) -> None:
    """A broken statement fails its own transaction and no later one."""
    with pytest.raises(Exception, match="no_such_table"):
        await db.write(lambda tx: tx.run(NONSENSE))
    with pytest.raises(Exception, match="no_such_table"):
        await db.read(lambda tx: tx.all(NONSENSE))

    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=1))

    assert await purses(db) == {"ana": 1}


async def test_what_was_accepted_before_closing_is_committed(database_url: str) -> None:
    """Closing finishes the transactions that wait."""
    db = await open_database(database_url, migrate=True)
    await db.write(lambda tx: tx.run(CREATE))
    tasks = [
        asyncio.create_task(db.write(lambda tx, n=n: tx.run(INSERT, name=f"p{n}", coins=n)))
        for n in range(40)
    ]
    await asyncio.sleep(0)

    await asyncio.gather(db.close(), *tasks)

    again = await open_database(database_url, migrate=False)
    assert len(await purses(again)) == 40
    await again.close()


async def test_a_sqlite_transaction_that_waits_for_the_world_is_refused(sqlite_database_url: str) -> None:
    """Awaiting anything but the transaction would hold the only writer while the world moves on."""
    db = await open_database(sqlite_database_url, migrate=True)
    await db.write(lambda tx: tx.run(CREATE))

    async def write(tx: Transaction) -> None:
        await tx.run(INSERT, name="ana", coins=1)
        await asyncio.sleep(0)

    async def read(tx: Transaction) -> None:
        await tx.all(ALL)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaited something other than its transaction"):
        await db.write(write)
    with pytest.raises(RuntimeError, match="awaited something other than its transaction"):
        await db.read(read)

    assert await purses(db) == {}
    await db.close()


async def test_a_sqlite_commit_survives_the_loss_of_power(sqlite_database_url: str) -> None:
    """The file is in WAL mode with full synchronisation: a commit is on the disk when it is answered."""
    db = await open_database(sqlite_database_url, migrate=True)
    mode = await db.read(lambda tx: tx.one(Statement("PRAGMA journal_mode")))
    level = await db.write(lambda tx: tx.one(Statement("PRAGMA synchronous")))
    await db.close()

    assert (mode[0], level[0]) == ("wal", 2)  # type: ignore[index]


async def test_who_arrives_one_after_the_other_shares_a_commit_on_sqlite(sqlite_database_url: str) -> None:
    """While each turn of the loop brings another transaction, none is committed before the last has come."""
    db = await open_database(sqlite_database_url, migrate=True)
    await db.write(lambda tx: tx.run(CREATE))
    with closing(sqlite3.connect(sqlite_database_url.removeprefix("sqlite:///"))) as elsewhere:

        async def work(tx: Transaction, number: int) -> int:
            await tx.run(INSERT, name=f"p{number}", coins=number)
            return int(elsewhere.execute("SELECT COUNT(*) FROM purse").fetchone()[0])

        async def arrive(number: int) -> int:
            for _ in range(number):
                await asyncio.sleep(0)
            return await db.write(lambda tx: work(tx, number))

        committed_before = await asyncio.gather(*(arrive(number) for number in range(8)))
    await db.close()

    assert committed_before == [0] * 8


async def test_a_caller_who_gives_up_harms_nobody(db: Database) -> None:
    """A write whose caller was cancelled commits or does not; those after it are not disturbed."""
    given_up = asyncio.create_task(db.write(lambda tx: tx.run(INSERT, name="ana", coins=1)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    await db.write(lambda tx: tx.run(INSERT, name="bob", coins=2))

    assert (await purses(db))["bob"] == 2


async def test_a_database_that_is_closed_says_so(database_url: str) -> None:
    """Using a closed database is an error with a code, not a hang."""
    db = await open_database(database_url, migrate=True)
    await db.close()

    with pytest.raises(Unavailable) as caught:
        await asyncio.wait_for(db.write(lambda tx: tx.run(CREATE)), timeout=20)

    assert caught.value.problem.code == "MUSTER-DB-UNAVAILABLE"


async def test_a_file_that_is_no_database_is_told(sqlite_database_url: str) -> None:
    """Garbage in the place of the database is named, with a next step."""
    path = sqlite_database_url.removeprefix("sqlite:///")
    with open(path, "wb") as file:  # noqa: ASYNC230, PTH123 - a test writes one small file
        file.write(b"this is no database at all" * 100)

    with pytest.raises(Unavailable) as caught:
        await open_database(sqlite_database_url, migrate=True)

    assert caught.value.problem.code == "MUSTER-DB-UNAVAILABLE"
    assert caught.value.problem.next_step


def test_processes_that_write_at_once_lose_nothing(database_url: str) -> None:
    """Several processes with a database open each add to one row: every addition counts."""
    asyncio.run(_prepare(database_url))
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_add_many, args=(database_url,)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    for child in children:
        child.join()

    assert [child.exitcode for child in children] == [0] * PROCESSES
    assert asyncio.run(_coins(database_url)) == {"ana": PROCESSES * ROUNDS}


async def _prepare(url: str) -> None:
    db = await open_database(url, migrate=True)
    await db.write(lambda tx: tx.run(CREATE))
    await db.write(lambda tx: tx.run(INSERT, name="ana", coins=0))
    await db.close()


async def _coins(url: str) -> dict[str, int]:
    db = await open_database(url, migrate=False)
    found = await purses(db)
    await db.close()
    return found


def _add_many(url: str) -> None:
    asyncio.run(_add(url))


async def _add(url: str) -> None:
    """Add, and read, and open anew in between: what restarts do to neighbours."""
    for _ in range(5):
        db = await open_database(url, migrate=True)
        for _ in range(ROUNDS // 5):
            await db.write(lambda tx: tx.run(ADD, name="ana", coins=1))
            await purses(db)
        await db.close()


def test_sqlite_knows_the_statements_both_databases_share() -> None:
    """The embedded library is new enough for RETURNING and upserts (3.35)."""
    assert sqlite3.sqlite_version_info >= (3, 35)
