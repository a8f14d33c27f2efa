"""PostgreSQL: any number of processes on any number of machines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, Literal, TypeVar, cast
from urllib.parse import urlsplit

import asyncpg

from muster.db.columns import refuse_nul
from muster.db.database import Duplicate, Row, Transaction
from muster.db.statement import Statement
from muster.model import Problem, Unavailable

Result = TypeVar("Result")

_CHANNEL: Final = "muster_work"
_NOTIFY_SECONDS: Final = (
    0.01  # announcements are gathered this long: NOTIFY takes a lock that all of a server shares
)
_TRIES: Final = 5  # a deadlock or serialisation failure is run again
_POOL: Final = 16
_CLOSE_SECONDS: Final = 5.0
_AWAY: Final = (  # the server, or what it needs, is not there; another try may find it back
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # it is a standby now
    asyncpg.PostgresSystemError,
)


class _Transaction:
    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        self._connection = connection
        self.announced = False
        self.spoilt: Duplicate | None = None  # the server refuses everything after it, COMMIT included

    async def all(self, statement: Statement, /, **parameters: Any) -> list[Row]:  # noqa: ANN401
        text, values = _prepared(statement, parameters)
        try:
            return cast("list[Row]", await self._connection.fetch(text, *values))
        except asyncpg.UniqueViolationError as error:
            raise self._duplicate(error) from error

    async def one(self, statement: Statement, /, **parameters: Any) -> Row | None:  # noqa: ANN401
        text, values = _prepared(statement, parameters)
        try:
            return cast("Row | None", await self._connection.fetchrow(text, *values))
        except asyncpg.UniqueViolationError as error:
            raise self._duplicate(error) from error

    async def run(self, statement: Statement, /, **parameters: Any) -> int:  # noqa: ANN401
        text, values = _prepared(statement, parameters)
        try:
            status = await self._connection.execute(text, *values)
        except asyncpg.UniqueViolationError as error:
            raise self._duplicate(error) from error
        return int(status.rpartition(" ")[2]) if status[-1:].isdigit() else 0

    async def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        text, _ = statement.for_postgresql
        try:
            await self._connection.executemany(text, [_prepared(statement, row)[1] for row in rows])
        except asyncpg.UniqueViolationError as error:
            raise self._duplicate(error) from error

    def announce(self) -> None:
        self.announced = True

    def _duplicate(self, error: asyncpg.UniqueViolationError) -> Duplicate:
        self.spoilt = Duplicate(error.constraint_name or str(error))
        return self.spoilt


def _prepared(statement: Statement, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    values = statement.in_order(parameters)
    refuse_nul(values)
    return statement.for_postgresql[0], values


class PostgresDatabase:
    """A database on a PostgreSQL server; open it with ``await PostgresDatabase.open(url)``."""

    dialect = "postgresql"

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._url = url
        self._pool = pool
        self._callbacks: list[Callable[[], None]] = []
        self._to_announce = asyncio.Event()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks = (
            asyncio.create_task(self._notify_forever()),
            asyncio.create_task(self._listen_forever()),
        )

    @classmethod
    async def open(cls, url: str) -> PostgresDatabase:
        """Connect to the server.

        Raises:
            Unavailable: it cannot be reached or refuses us.
        """
        try:
            # JIT costs more than it gives on statements of a millisecond.
            pool = await asyncpg.create_pool(url, min_size=1, max_size=_POOL, server_settings={"jit": "off"})
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _unavailable(url, error) from error
        return cls(url, pool)

    async def read(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Run the function on one snapshot."""
        return await self._accepted(self._attempt(work, isolation="repeatable_read", readonly=True))

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Run the function and commit; run again after a deadlock."""
        return await self._accepted(self._attempt(work, isolation="read_committed", readonly=False))

    async def _accepted(self, running: Coroutine[Any, Any, Result]) -> Result:
        """Carry it out; ``close`` waits for it."""
        self._under_way += 1
        self._idle.clear()
        try:
            return await running
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _attempt(
        self,
        work: Callable[[Transaction], Awaitable[Result]],
        *,
        isolation: Literal["read_committed", "repeatable_read"],
        readonly: bool,
    ) -> Result:
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._pool.acquire() as connection:
                    transaction = _Transaction(connection)
                    async with connection.transaction(isolation=isolation, readonly=readonly):
                        result = await work(transaction)
                        if transaction.spoilt is not None:
                            raise transaction.spoilt
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if attempt == _TRIES:
                    raise _unavailable(self._url, error) from error
                await asyncio.sleep(0.005 * 2**attempt)
            except _AWAY as error:
                raise _unavailable(self._url, error) from error
            else:
                if transaction.announced:
                    self._announce()
                    self._to_announce.set()
                return result
        raise AssertionError  # the last attempt returns or raises

    def on_announcement(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Call back after every announcement of this or another process."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def close(self) -> None:
        """Finish what was accepted and let go of every connection."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout=_CLOSE_SECONDS)
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        try:
            await asyncio.wait_for(self._pool.close(), timeout=_CLOSE_SECONDS)
        except TimeoutError:
            self._pool.terminate()

    async def _notify_forever(self) -> None:
        """Tell other processes, at most once in a while.

        Losing one only costs the time until their next poll.
        """
        while True:
            await self._to_announce.wait()
            await asyncio.sleep(_NOTIFY_SECONDS)
            self._to_announce.clear()
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._pool.execute(f"NOTIFY {_CHANNEL}")

    async def _listen_forever(self) -> None:
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen()
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._url)
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(_CHANNEL, self._heard)
            await ended.wait()
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1)

    def _heard(self, *_: object) -> None:
        self._announce()

    def _announce(self) -> None:
        for callback in tuple(self._callbacks):
            callback()


def _unavailable(url: str, error: Exception) -> Unavailable:
    parts = urlsplit(url)
    return Unavailable(
        Problem(
            code="MUSTER-DB-UNAVAILABLE",
            what="The database cannot be used",
            where=f"postgresql://{parts.hostname or ''}:{parts.port or 5432}{parts.path}",
            why=str(error) or type(error).__name__,
            next_step="check MUSTER_DATABASE_URL and that the server runs and accepts this user",
        )
    )
