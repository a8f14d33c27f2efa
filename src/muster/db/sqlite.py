"""SQLite: one file, one writer that groups transactions into one durable commit.

A point read costs 10 µs here and a thread hop ten times that, so statements run on the event loop; only the
commit, which waits for the disk, runs in a thread. Transactions that arrive while it does are gathered: a
savepoint each, one commit for all. Every caller still waits until its own transaction is durable.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from muster.db.columns import refuse_nul
from muster.db.database import Duplicate, Row, Transaction
from muster.db.statement import Statement
from muster.model import Problem, Unavailable

Result = TypeVar("Result")

_BUSY_SECONDS: Final = 30.0  # how long another process may hold the write lock before we say so
_BATCH: Final = 256  # transactions in one commit, so that none waits long for the others
_WATCH_SECONDS: Final = 0.05  # how often we ask whether another process wrote; costs about 5 µs


class _Transaction:
    """Statements on one connection; every method ends without giving way to other tasks."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.announced = False
        self.spoilt: Duplicate | None = None  # as on PostgreSQL, nothing can be committed after it

    async def all(self, statement: Statement, /, **parameters: Any) -> list[Row]:  # noqa: ANN401
        return cast(list[Row], self._execute(statement, parameters).fetchall())

    async def one(self, statement: Statement, /, **parameters: Any) -> Row | None:  # noqa: ANN401
        return cast(Row | None, self._execute(statement, parameters).fetchone())

    async def run(self, statement: Statement, /, **parameters: Any) -> int:  # noqa: ANN401
        return self._execute(statement, parameters).rowcount

    async def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        for parameters in rows:
            self._execute(statement, parameters)

    def announce(self) -> None:
        self.announced = True

    def _execute(self, statement: Statement, parameters: Mapping[str, Any]) -> sqlite3.Cursor:
        refuse_nul(parameters.values())
        try:
            return self._connection.execute(statement.sqlite, parameters)
        except sqlite3.IntegrityError as error:
            if "UNIQUE" in str(error):
                self.spoilt = Duplicate(str(error).partition(": ")[2])
                raise self.spoilt from error
            raise


class _Request:
    """A transaction that waits for its turn."""

    def __init__(self, work: Callable[[Transaction], Awaitable[Any]], answer: asyncio.Future[Any]) -> None:
        self.work = work
        self.answer = answer


class SqliteDatabase:
    """The embedded database."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = _connect(path)
        self._reader.execute("PRAGMA query_only = ON")
        # A reader waits for nobody, but for the moment in which another process recovers or closes the log.
        self._reader.execute("PRAGMA busy_timeout = 5000")
        self._writer = _connect(path)
        self._waiting: asyncio.Queue[_Request | None] = asyncio.Queue()
        self._callbacks: list[Callable[[], None]] = []
        self._tasks = (asyncio.create_task(self._write_forever()), asyncio.create_task(self._watch_forever()))
        self._closed = False
        self._committing = False  # while a thread commits, its connection is left alone

    async def read(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Run the function on one committed state.

        It does not give way, so the state cannot move under it.
        """
        try:
            self._reader.execute("BEGIN")
            try:
                return _complete(work(_Transaction(self._reader)))
            finally:
                self._reader.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from error

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Queue the function for the writer and wait until its commit is durable."""
        if self._closed:
            raise _unavailable(self._path, sqlite3.ProgrammingError("the database is closed"))
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Request(work, answer))
        return await answer

    def on_announcement(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Call back after every commit of ours that announced work, and every commit of another process."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def close(self) -> None:
        """Commit what is waiting and close the file."""
        if self._closed:
            return
        self._closed = True
        self._waiting.put_nowait(None)
        writer, watcher = self._tasks
        await writer
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        self._reader.close()
        self._writer.close()

    async def _write_forever(self) -> None:
        while (first := await self._waiting.get()) is not None:
            batch = [first]
            last = await self._gather(batch)
            await self._commit_together(batch)
            if last:
                return

    async def _gather(self, batch: list[_Request]) -> bool:
        """Add to the batch who else wants to commit; True when nobody will after these.

        Whom one commit answered come back at the same time, but one after the other. As long as every turn of
        the loop brings another, the batch waits for the next, or the first would have a commit to itself and
        the others would wait for it.
        """
        while len(batch) < _BATCH:
            if self._waiting.empty():
                await asyncio.sleep(0)
                if self._waiting.empty():
                    return False
            following = self._waiting.get_nowait()
            if following is None:
                return True
            batch.append(following)
        return False

    async def _commit_together(self, batch: list[_Request]) -> None:
        """Run each transaction in a savepoint of its own, commit once, then answer.

        All or none is durable.
        """
        try:
            await self._begin()
            done, announced = self._run_each(batch)
            await self._commit()
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.rollback()
            for request in batch:
                if not request.answer.done():
                    request.answer.set_exception(_unavailable(self._path, error))
            return
        for request, result in done:
            if not request.answer.done():
                request.answer.set_result(result)
        if announced:
            self._announce()

    def _run_each(self, batch: list[_Request]) -> tuple[list[tuple[_Request, Any]], bool]:
        """What is to be answered after the commit, and whether it announces work.

        Failures are answered at once.
        """
        done: list[tuple[_Request, Any]] = []
        announced = False
        for request in batch:
            if request.answer.cancelled():
                continue
            result, announces, error = self._one_of_many(request)
            if error is None:
                done.append((request, result))
                announced = announced or announces
            else:
                request.answer.set_exception(error)
        return done, announced

    async def _commit(self) -> None:
        self._committing = True
        try:
            await asyncio.to_thread(self._writer.commit)
        finally:
            self._committing = False

    async def _begin(self) -> None:
        """Take the write lock; another process may hold it for a while."""
        deadline = asyncio.get_running_loop().time() + _BUSY_SECONDS
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.002)
            else:
                return

    def _one_of_many(self, request: _Request) -> tuple[Any, bool, BaseException | None]:
        """The result of one transaction, whether it announces work, or the error that undid it alone."""
        transaction = _Transaction(self._writer)
        self._writer.execute("SAVEPOINT one")
        try:
            result = _complete(request.work(transaction))
            if transaction.spoilt is not None:
                raise transaction.spoilt  # noqa: TRY301 - the function caught it, and the same rule holds
        except sqlite3.OperationalError:
            raise  # the file itself is in trouble: nothing of this batch may commit
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, who gets it
            self._writer.execute("ROLLBACK TO one")
            self._writer.execute("RELEASE one")
            return None, False, error
        self._writer.execute("RELEASE one")
        return result, transaction.announced, None

    async def _watch_forever(self) -> None:
        """Notice commits of other processes: ``data_version`` moves on every one of them."""
        seen = self._data_version()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if not self._committing and (now := self._data_version()) != seen:
                seen = now
                self._announce()

    def _data_version(self) -> int:
        # Asked on the writer's connection: commits made there do not count, so only other processes do.
        try:
            return cast(int, self._writer.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1  # only a hint; the safety poll finds the work

    def _announce(self) -> None:
        for callback in tuple(self._callbacks):
            callback()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=0, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA busy_timeout = 0")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32768")
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log.

    Where other processes open or close the file at the same moment, SQLite refuses at once, whatever its
    ``busy_timeout``, since waiting with a lock in hand could wait for ever. So the waiting is done here.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _complete(work: Awaitable[Result]) -> Result:
    """Run a transaction function to its end at once.

    Raises:
        RuntimeError: it awaited something other than its transaction, which would hold the database while
            the world moves on.
    """
    coroutine = cast(Coroutine[Any, Any, Result], work)
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return cast(Result, finished.value)
    coroutine.close()
    msg = "a transaction function awaited something other than its transaction"
    raise RuntimeError(msg)


def _unavailable(path: Path, error: sqlite3.Error) -> Unavailable:
    return Unavailable(
        Problem(
            code="MUSTER-DB-UNAVAILABLE",
            what="The database cannot be used",
            where=str(path),
            why=str(error),
            next_step="check that the folder exists, is writable, has free space, "
            "and that no other program locks the file",
        )
    )
