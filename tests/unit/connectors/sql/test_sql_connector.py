"""The SQL connector on real SQLite files: odd tables, refusals, and other users of the file."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import muster.connectors.sql
from muster.connectors.sql import SqlConnector, connect
from muster.connectors.sql.sqlite import Sqlite, _commit
from muster.kit.contract import EXTERNAL_ID, Cursor, Delta, Disables, New, Power
from muster.kit.manifest import AttributeManifest, AttributeType, Case, Mutable, of
from muster.model import (
    ACCOUNT,
    GROUP,
    Attributes,
    Conflict,
    Copied,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    Misconfigured,
    OperationId,
    OutcomeUnknown,
    RemoteId,
    TargetError,
    Unreachable,
    Unsupported,
)

MANIFEST = of(muster.connectors.sql)
OPERATION = OperationId("operation")
USUAL = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, external_id TEXT, username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    title TEXT, level INTEGER, active INTEGER DEFAULT 1
)
"""
PARTS = {"external_id_column": "external_id", "active_column": "active"}


REFUSING = """
CREATE TRIGGER no BEFORE INSERT ON accounts BEGIN SELECT RAISE(ABORT, 'no more accounts'); END
"""


class File:
    """A database file and connectors to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Do what the application itself does there, and give the last answer."""
        rows: list[tuple[object, ...]] = []
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        return rows

    def connector(self, wait: float = 0.01, **settings: str) -> SqlConnector:
        """A connector that waits for others next to not at all."""
        limits = replace(MANIFEST.limits, timeout_seconds=wait)
        manifest = replace(MANIFEST, limits=limits)
        return connect(manifest, {"url": f"sqlite:///{self.path}", **settings}, None)

    @contextmanager
    def held(self, *statements: str) -> Iterator[None]:
        """Another program in the middle of something."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            cursors = [connection.execute(statement) for statement in statements]
            for cursor in cursors:
                cursor.fetchone()
            yield
            connection.execute("ROLLBACK")


@pytest.fixture
def file(tmp_path: Path) -> File:
    """A file with the usual table."""
    made = File(tmp_path / "app.db")
    made.run(USUAL)
    return made


def new(external_id: str = "p1", **attributes: str | bool | float | None) -> New:
    """An account to create."""
    return New(kind=ACCOUNT, external_id=external_id, attributes={"username": "ada", **attributes})


async def test_the_manifest_is_cut_to_the_table(file: File) -> None:
    """Attributes are the table's columns, and of the default mapping only what has a column is offered."""
    described = await file.connector(**PARTS).describe()
    kind = described.kinds[ACCOUNT]
    expected = {
        "username": AttributeManifest(case=Case.IGNORE, required=True),
        "title": AttributeManifest(),
        "level": AttributeManifest(type=AttributeType.NUMBER),
    }

    assert expected == kind.attributes
    assert {"username": Copied(attribute="userName"), "title": Copied(attribute="title")} == kind.mapping
    assert (("username",), ("username",), "id") == (kind.match_on, kind.unique, kind.anchor)
    assert kind.external_id
    assert {Power.DISABLE} == described.powers


async def test_without_an_active_column_there_is_no_power(file: File) -> None:
    """Accounts can be disabled only where a column for it is named; then ``active`` is an ordinary column."""
    connector = file.connector()
    described = await connector.describe()

    assert not isinstance(connector, Disables)
    assert isinstance(file.connector(**PARTS), Disables)
    assert frozenset() == described.powers
    assert not described.kinds[ACCOUNT].external_id
    assert {"username", "title", "level", "active", "external_id"} == set(described.kinds[ACCOUNT].attributes)
    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, EXTERNAL_ID, "p1")


async def test_odd_columns_are_told_apart(tmp_path: Path) -> None:
    """Bytes and untyped columns are not offered, computed ones are read only, and spelling is the table's."""
    file = File(tmp_path / "odd.db")
    file.run(
        "CREATE TABLE Accounts (ID INTEGER PRIMARY KEY, UserName TEXT, photo BLOB, anything,"
        " externalId TEXT, admin BOOLEAN NOT NULL, pay DECIMAL(8,2) DEFAULT 0 NOT NULL,"
        " shout TEXT AS (upper(UserName)) STORED, born DATE, login TEXT UNIQUE)"
    )
    described = await file.connector().describe()
    kind = described.kinds[ACCOUNT]
    expected = {
        "UserName": AttributeManifest(),
        "admin": AttributeManifest(type=AttributeType.FLAG, required=True),
        "pay": AttributeManifest(type=AttributeType.NUMBER),
        "shout": AttributeManifest(mutable=Mutable.NEVER),
        "born": AttributeManifest(),
        "login": AttributeManifest(),
    }

    assert expected == kind.attributes
    assert {"UserName": Copied(attribute="userName")} == kind.mapping
    assert (("UserName",), ("login",)) == (kind.match_on, kind.unique)


async def test_without_the_usual_name_a_unique_column_recognises(tmp_path: Path) -> None:
    """Where the default name has no column, accounts are recognised by what is unique."""
    file = File(tmp_path / "other.db")
    file.run("CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT UNIQUE, mail TEXT)")

    assert ("login",) == (await file.connector().describe()).kinds[ACCOUNT].match_on


async def test_a_column_added_later_is_there_at_once(file: File) -> None:
    """The table is looked at in every call; a connector outlives a change of it."""
    connector = file.connector(**PARTS)
    made = await connector.create(new(), OPERATION)
    file.run("ALTER TABLE accounts ADD COLUMN email TEXT DEFAULT 'none'")

    assert "none" == (await connector.get(ACCOUNT, made.id)).attributes["email"]


async def test_nothing_of_the_database_is_changed(file: File) -> None:
    """Journal mode, schema and other rows stay as they were."""
    connector = file.connector(**PARTS)
    file.run("INSERT INTO accounts (username, active) VALUES ('bob', NULL)")
    before = file.run("SELECT sql FROM sqlite_master")
    made = await connector.create(new(), OPERATION)
    await connector.update(made, Delta(set={"title": "x"}), OPERATION)

    assert before == file.run("SELECT sql FROM sqlite_master")
    assert [("delete",)] == file.run("PRAGMA journal_mode")
    assert [(1, None, "bob", None, None, None)] == file.run("SELECT * FROM accounts WHERE username = 'bob'")
    assert "table accounts with 2 rows" in await connector.probe()


async def test_only_zero_is_out_of_use(file: File) -> None:
    """Whatever is not 0 counts as in use, so that a leaver's account is always written to."""
    file.run("INSERT INTO accounts (username, active) VALUES ('a', 0), ('b', 1), ('c', NULL), ('d', 'no')")
    page = await file.connector(**PARTS).read(ACCOUNT, None, 10)

    assert [False, True, True, True] == [each.active for each in page.items]


async def test_rows_without_an_id_make_a_read_incomplete(tmp_path: Path) -> None:
    """A row that cannot be addressed is not shown, and the read does not claim to be everything."""
    file = File(tmp_path / "strays.db")
    file.run(
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, username TEXT)",
        "INSERT INTO accounts VALUES ('7', 'ada'), (NULL, 'bob')",
    )
    page = await file.connector().read(ACCOUNT, None, 10)

    assert (["7"], False) == ([each.id for each in page.items], page.complete)


async def test_reads_go_by_number_not_by_text(file: File) -> None:
    """Pages of numbered accounts go on where they stopped, past ten as well."""
    file.run(
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 11)"
        " INSERT INTO accounts (username) SELECT n FROM numbers"
    )
    connector = file.connector()
    first = await connector.read(ACCOUNT, None, 9)
    second = await connector.read(ACCOUNT, first.next, 9)

    assert [str(number) for number in range(1, 13)] == [each.id for each in (*first.items, *second.items)]
    assert (Cursor("9"), None) == (first.next, second.next)


async def test_an_id_is_not_what_only_equals_it(file: File) -> None:
    """The text 1.0 equals the number 1 in SQL and is still no id of it, least of all for a deletion."""
    connector = file.connector()
    made = await connector.create(new(), OPERATION)
    false = replace(made, id=RemoteId("1.0"))
    await connector.delete(false, OPERATION)

    with pytest.raises(Gone):
        await connector.get(ACCOUNT, false.id)
    assert made == await connector.get(ACCOUNT, made.id)


async def test_numbers_and_flags_keep_their_types(tmp_path: Path) -> None:
    """Numbers and flags come back as such, are found by their text, and misfits are shown as they are."""
    file = File(tmp_path / "typed.db")
    file.run("CREATE TABLE accounts (id INTEGER PRIMARY KEY, username TEXT, level INTEGER, admin BOOLEAN)")
    connector = file.connector()
    made = await connector.create(new(level=42, admin=True), OPERATION)
    file.run("INSERT INTO accounts (username, level, admin) VALUES (x'ff', 'many', 'maybe')")
    odd = await connector.get(ACCOUNT, RemoteId("2"))

    assert {"username": "ada", "level": 42, "admin": True} == made.attributes
    assert [made] == await connector.find(ACCOUNT, "level", "42")
    assert [] == await connector.find(ACCOUNT, "level", "042")
    assert {"username": "x'ff'", "level": "many", "admin": "maybe"} == odd.attributes
    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, "admin", "1")


async def test_our_id_is_the_id_where_the_table_gives_none(tmp_path: Path) -> None:
    """A table whose ids come from outside gets ours; one with numbers from outside cannot be used so."""
    file = File(tmp_path / "outside.db")
    file.run(
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, username TEXT)",
        "CREATE TABLE numbered (id BIGINT PRIMARY KEY, username TEXT)",
    )

    assert "p1" == (await file.connector().create(new(), OPERATION)).id
    with pytest.raises(Unsupported, match="gives new accounts no id"):
        await file.connector(table="numbered").create(new(), OPERATION)


async def test_what_triggers_do_is_shown(file: File) -> None:
    """A new account is given as the application's own triggers leave it."""
    file.run(
        "CREATE TRIGGER tidy AFTER INSERT ON accounts BEGIN"
        " UPDATE accounts SET title = 'New' WHERE id = NEW.id; END"
    )

    assert "New" == (await file.connector().create(new(title="Countess"), OPERATION)).attributes["title"]


@pytest.mark.parametrize(
    ("statements", "attributes", "error"),
    [
        ((), {"username": "ADA"}, Conflict),
        ((), {"username": None}, Invalid),
        ((), {"username": "bob", "title": ("a", "b")}, Invalid),
        ((), {"username": "bob", "level": 2**70}, Invalid),
        ((), {"username": "bob", "title": "\ud800"}, Invalid),
        ((), {"username": "bob", "shoe": "42"}, Misconfigured),
        (
            (REFUSING,),
            {"username": "bob"},
            Invalid,
        ),
    ],
)
async def test_refusals_have_their_class(
    file: File, statements: tuple[str, ...], attributes: Attributes, error: type[TargetError]
) -> None:
    """What the database refuses raises the class that tells what to do next, and nothing is made."""
    file.run("INSERT INTO accounts (username) VALUES ('ada')", *statements)

    with pytest.raises(error) as caught:
        await file.connector().create(New(kind=ACCOUNT, external_id="p1", attributes=attributes), OPERATION)
    assert error is type(caught.value)
    assert [(1,)] == file.run("SELECT count(*) FROM accounts")


async def test_computed_columns_cannot_be_mapped_to(tmp_path: Path) -> None:
    """A mapping to a column the database computes is the operator's to correct."""
    file = File(tmp_path / "computed.db")
    file.run("CREATE TABLE accounts (id INTEGER PRIMARY KEY, username TEXT, u TEXT AS (upper(username)))")

    with pytest.raises(Misconfigured, match="computes: u"):
        await file.connector().create(new(u="ADA"), OPERATION)


async def test_foreign_keys_are_minded(file: File) -> None:
    """An account that other tables need is not deleted, though SQLite itself would not mind."""
    connector = file.connector()
    made = await connector.create(new(), OPERATION)
    file.run(
        "CREATE TABLE orders (account INTEGER REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO orders VALUES (1)",
    )

    with pytest.raises(Invalid, match="FOREIGN KEY"):
        await connector.delete(made, OPERATION)
    assert made == await connector.get(ACCOUNT, made.id)


async def test_a_locked_database_is_unreachable_and_nothing_happened(file: File) -> None:
    """While another program writes, reads and writes end as unreachable, and go through afterwards."""
    connector = file.connector(**PARTS)
    made = await connector.create(new(), OPERATION)
    with file.held("BEGIN EXCLUSIVE"):
        with pytest.raises(Unreachable):
            await connector.get(ACCOUNT, made.id)
        with pytest.raises(Unreachable):
            await connector.update(made, Delta(set={"title": "x"}), OPERATION)

    assert made == await connector.get(ACCOUNT, made.id)


async def test_a_reader_at_the_end_of_a_change_undoes_it(file: File) -> None:
    """A change that cannot be kept because others read is unreachable: nothing happened."""
    connector = file.connector(**PARTS)
    made = await connector.create(new(), OPERATION)
    with file.held("BEGIN", "SELECT * FROM accounts"), pytest.raises(Unreachable):
        await connector.update(made, Delta(set={"title": "x"}), OPERATION)

    assert made == await connector.get(ACCOUNT, made.id)


def test_a_failure_at_the_very_end_is_of_unknown_outcome() -> None:
    """When the disk fails while a change is kept, nobody knows whether it was."""

    class Failing(sqlite3.Connection):
        def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

    with closing(sqlite3.connect(":memory:", factory=Failing)) as connection, pytest.raises(OutcomeUnknown):
        _commit(connection)


async def test_a_missing_file_is_unreachable_and_not_made(tmp_path: Path) -> None:
    """A file that is not there may be on a disk not mounted yet; it is never created."""
    path = tmp_path / "not-there.db"

    with pytest.raises(Unreachable):
        await File(path).connector().probe()
    assert not path.exists()


async def test_a_read_only_file_forbids_writing(file: File) -> None:
    """Without the right to write, reading goes on and probing says that a right is missing."""
    await file.connector().create(new(), OPERATION)
    read_only = file.connector()  # as for a user who may only read; root in a test may always write
    read_only._database = Sqlite(path=str(file.path), wait_seconds=0.01, mode="ro")

    assert (await read_only.read(ACCOUNT, None, 10)).complete
    with pytest.raises(Forbidden):
        await read_only.probe()
    with pytest.raises(Forbidden):
        await read_only.create(new("p2", username="bob"), OPERATION)


async def test_what_is_no_database_is_misconfigured(tmp_path: Path) -> None:
    """Another kind of file is a wrong address."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada, " * 100)

    with pytest.raises(Misconfigured, match="not a database"):
        await File(path).connector().probe()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"table": "people"}, "no table people"),
        ({"table": 'accounts"; DROP TABLE accounts; --'}, "no table"),
        ({"table": "seen"}, "seen is a view"),
        ({"id_column": "key"}, "no column key, which id_column names"),
        ({"id_column": "title"}, "title of accounts is not unique"),
        ({"id_column": "photo"}, "photo must be declared as text or number"),
        ({"active_column": "on"}, "no column on, which active_column names"),
        ({"active_column": "title"}, "title must be declared to hold 0 and 1"),
        ({"external_id_column": "level"}, "level must be declared as text"),
        ({"external_id_column": "shout"}, "must be ones that can be written"),
        ({"active_column": "ID"}, "one column cannot be"),
    ],
)
async def test_wrong_settings_are_said(file: File, settings: Mapping[str, str], why: str) -> None:
    """A table or column that is not there, or not fit for its part, is named."""
    file.run(
        "ALTER TABLE accounts ADD COLUMN photo BLOB",
        "ALTER TABLE accounts ADD COLUMN shout TEXT AS (upper(username))",
        "CREATE VIEW seen AS SELECT * FROM accounts",
    )

    with pytest.raises(Misconfigured, match=why):
        await file.connector(**settings).probe()
    assert [(0,)] == file.run("SELECT count(*) FROM accounts")


async def test_an_active_column_taken_away_is_said(file: File) -> None:
    """When the application drops the active column, the next call says so."""
    connector = file.connector(**PARTS)
    made = await connector.create(new(), OPERATION)
    file.run("ALTER TABLE accounts DROP COLUMN active")

    assert isinstance(connector, Disables)
    with pytest.raises(Misconfigured):
        await connector.set_active(made, False, OPERATION)


async def test_text_that_cannot_be_read_is_garbled(file: File) -> None:
    """A cell with bytes that are no UTF-8 is an answer that cannot be trusted."""
    file.run("INSERT INTO accounts (username) VALUES (CAST(x'ff' AS TEXT))")

    with pytest.raises(Garbled):
        await file.connector().read(ACCOUNT, None, 10)


async def test_an_id_of_bytes_is_garbled(tmp_path: Path) -> None:
    """An id that cannot be written as text cannot be linked."""
    file = File(tmp_path / "bytes.db")
    file.run(
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, username TEXT)",
        "INSERT INTO accounts VALUES (x'00', 'a')",
    )

    with pytest.raises(Garbled):
        await file.connector().read(ACCOUNT, None, 10)


async def test_groups_are_unsupported(file: File) -> None:
    """A table of accounts has no groups."""
    with pytest.raises(Unsupported):
        await file.connector().read(GROUP, None, 10)


def test_other_databases_are_unsupported() -> None:
    """An address of another database is refused in words that say what is possible, without its secrets."""
    with pytest.raises(Unsupported, match=r"opens SQLite files.*not postgresql") as caught:
        connect(MANIFEST, {"url": "postgresql://me:hush@db/app"}, None)
    assert "hush" not in str(caught.value)
