"""The contract suite on the SQL connector, with real SQLite files of differing tables."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

import muster.connectors.sql
from muster.connectors.sql import connect
from muster.kit.contract import Connector
from muster.kit.manifest import Manifest, of
from muster.kit.suite import ConnectorContract

USUAL = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    external_id TEXT,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT,
    full_name TEXT,
    department TEXT,
    title TEXT,
    level INTEGER,
    admin BOOLEAN,
    active INTEGER NOT NULL DEFAULT 1
)
"""
ODD = """
CREATE TABLE "odd ""table"" of users" (
    "the key" TEXT PRIMARY KEY,
    "select" VARCHAR(80) NOT NULL UNIQUE,
    "nick; DROP" TEXT,
    "naïve `name`" TEXT,
    photo BLOB,
    shown TEXT GENERATED ALWAYS AS ("select" || '!') VIRTUAL
) WITHOUT ROWID
"""


class SqlContract(ConnectorContract):
    """What all tables share."""

    starts_empty: ClassVar[bool] = True
    schema: ClassVar[str]
    settings: ClassVar[dict[str, str]]

    @pytest.fixture
    def manifest(self) -> Manifest:
        """What the connector says of itself."""
        return of(muster.connectors.sql)

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A database with the table."""
        path = tmp_path / "an app's 100% file?.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(self.schema)
        return path

    @pytest.fixture
    def connector(self, manifest: Manifest, path: Path) -> Connector:
        """A connector to the table."""
        return connect(manifest, {"url": f"sqlite:///{path}", **self.settings}, None)


class TestUsualTable(SqlContract):
    """A table as the default settings hope for, with every optional column."""

    schema = USUAL
    settings: ClassVar[dict[str, str]] = {
        "external_id_column": "external_id",
        "active_column": "active",
    }


class TestOddTable(SqlContract):
    """A table with the core alone, whose ids come from outside and whose names need quoting."""

    schema = ODD
    settings: ClassVar[dict[str, str]] = {
        "table": 'Odd "Table" of Users',
        "id_column": "The Key",
    }


class TestWriteAheadTable(TestUsualTable):
    """The usual table in a database its application keeps in WAL mode."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A database in WAL mode."""
        path = tmp_path / "wal.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(self.schema)
        return path
