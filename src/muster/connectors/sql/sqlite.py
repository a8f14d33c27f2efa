"""SQLite: one connection and one transaction for each call, and what its errors mean.

Another program owns the database, so nothing about it is set but for this connection: foreign keys are
minded, and a lock held by others is waited for no longer than the manifest allows. SQLite's result codes:
https://www.sqlite.org/rescode.html
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from muster.model import (
    Conflict,
    Forbidden,
    Garbled,
    Invalid,
    Misconfigured,
    OutcomeUnknown,
    TargetError,
    Unreachable,
)

_MOST_WORDS: Final = 300  # of a message that the application's own triggers may have written


@dataclass(frozen=True, slots=True, kw_only=True)
class Sqlite:
    """A database file."""

    path: str
    wait_seconds: float
    mode: str = "rw"  # never "rwc": it would make the file

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """Give a connection that sees one state of the database throughout.

        Raises:
            TargetError: the database said no, in the class that tells what to do next.
        """
        with self._connected() as connection, _errors():
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Give a connection whose changes are all kept when the block ends, and none when it fails.

        Raises:
            TargetError: as ``reading``; none of the changes happened.
            OutcomeUnknown: the database failed while it was keeping them.
        """
        with self._connected() as connection:
            with _errors():
                connection.execute("BEGIN IMMEDIATE")
                yield connection
            _commit(connection)

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection, None, None]:
        with _errors():
            connection = sqlite3.connect(
                f"file:{quote(self.path)}?mode={self.mode}",
                uri=True,
                timeout=self.wait_seconds,
                isolation_level=None,  # transactions begin and end where it is written
            )
        with closing(connection):
            with _errors():
                connection.execute("PRAGMA foreign_keys = ON")
            yield connection


def _commit(connection: sqlite3.Connection) -> None:
    """Keep the changes. A database in use by others keeps none (https://www.sqlite.org/lang_transaction.html)."""
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        failure = failure_of(error)
        if isinstance(failure, Unreachable) and _primary(error) in _IN_USE:
            raise failure from error
        if isinstance(failure, Invalid | Conflict):  # a deferred constraint: refused as a whole
            raise failure from error
        raise OutcomeUnknown(f"the database failed at the end of a change: {_words(error)}") from error


@contextmanager
def _errors() -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.Error as error:
        raise failure_of(error) from error
    except OverflowError as error:
        raise Invalid("a number is too large for the database") from error
    except UnicodeEncodeError as error:
        raise Invalid("a text cannot be written as UTF-8") from error


def failure_of(error: sqlite3.Error) -> TargetError:
    """Give the class of error that says what to do next. Before a commit nothing has happened."""
    extended = getattr(error, "sqlite_errorcode", None)
    if not isinstance(extended, int):  # the driver's own: a value that it cannot read
        return Garbled(f"the database holds what cannot be read: {_words(error)}")
    if extended in _UNIQUE:
        return Conflict(_words(error), status=extended)
    return _CLASSES.get(_primary(error), Misconfigured)(_words(error), status=extended)


def _primary(error: sqlite3.Error) -> int:
    return error.sqlite_errorcode & 0xFF  # the low byte of an extended code


def _words(error: sqlite3.Error) -> str:
    return str(error)[:_MOST_WORDS]


_IN_USE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNIQUE: Final = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    }
)
_CLASSES: Final[dict[int, type[TargetError]]] = {  # all others: Misconfigured, as "no such table"
    sqlite3.SQLITE_BUSY: Unreachable,
    sqlite3.SQLITE_LOCKED: Unreachable,
    sqlite3.SQLITE_CANTOPEN: Unreachable,
    sqlite3.SQLITE_IOERR: Unreachable,
    sqlite3.SQLITE_FULL: Unreachable,
    sqlite3.SQLITE_NOMEM: Unreachable,
    sqlite3.SQLITE_PROTOCOL: Unreachable,
    sqlite3.SQLITE_INTERRUPT: Unreachable,
    sqlite3.SQLITE_SCHEMA: Unreachable,
    sqlite3.SQLITE_PERM: Forbidden,
    sqlite3.SQLITE_READONLY: Forbidden,
    sqlite3.SQLITE_AUTH: Forbidden,
    sqlite3.SQLITE_CONSTRAINT: Invalid,
    sqlite3.SQLITE_MISMATCH: Invalid,
    sqlite3.SQLITE_TOOBIG: Invalid,
    sqlite3.SQLITE_RANGE: Invalid,
}
