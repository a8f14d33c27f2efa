"""From a database URL to an open, migrated database."""

from pathlib import Path

from muster.db.database import Database
from muster.db.migrate import bring_up_to_date, require_current
from muster.db.postgres import PostgresDatabase
from muster.db.sqlite import SqliteDatabase
from muster.model import BadInput, Problem


async def open_database(url: str, *, migrate: bool) -> Database:
    """Open the database the URL names, at the current schema.

    Args:
        url: ``sqlite:///absolute/path.db`` or ``postgresql://user:password@host:port/name``.
        migrate: bring an older or empty database to the current schema; otherwise refuse it.

    Raises:
        BadInput: the URL names no supported database.
        Unavailable: it cannot be reached, or its schema is newer or older than this program's.
    """
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        await (bring_up_to_date if migrate else require_current)(url)
        return SqliteDatabase(path)
    if url.startswith(("postgresql://", "postgres://")):
        await (bring_up_to_date if migrate else require_current)(url)
        return await PostgresDatabase.open(url)
    raise BadInput(
        Problem(
            code="MUSTER-DB-URL",
            what="The database URL is not one Muster understands",
            where="MUSTER_DATABASE_URL",
            why="It must begin with sqlite:/// or postgresql://",
            next_step="set MUSTER_DATABASE_URL, or leave it out to use SQLite in MUSTER_HOME",
        )
    )
