"""An application that keeps its accounts in a table of its own.

SQLite, made by the demo, asked with plain SQL.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    external_id TEXT,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT,
    full_name TEXT,
    department TEXT,
    title TEXT,
    active INTEGER NOT NULL DEFAULT 1
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsTable:
    """The database file of the application."""

    path: Path

    @classmethod
    def made_in(cls, folder: Path) -> "AccountsTable":
        """An empty accounts table in a database of its own."""
        path = folder / "studio.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(_TABLE)
        return cls(path=path)

    @property
    def url(self) -> str:
        """The address a connector is given."""
        return f"sqlite:///{self.path}"

    def accounts(self) -> list[dict[str, object]]:
        """Every row, as the database itself tells."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM accounts ORDER BY username")]
