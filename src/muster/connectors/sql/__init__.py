"""Accounts that are rows of a table in an application's own database.

* ``connector``: the contract's methods, each one short transaction in a worker thread.
* ``table``: what the table is like: columns, types, what is unique; discovered, never assumed.
* ``mapping``: rows ⇄ remote objects and the table as a manifest, pure.
* ``statements``: the SQL, with every identifier quoted and every value bound.
* ``sqlite``: opening, transactions and what SQLite's errors mean.

The database belongs to the application: no column, index, journal mode or other trait of it is changed.
"""

from muster.connectors.sql.connector import DisablingSqlConnector, SqlConnector
from muster.connectors.sql.sqlite import Sqlite
from muster.connectors.sql.table import Columns
from muster.kit.contract import Settings
from muster.kit.manifest import Manifest, with_defaults
from muster.model import Unsupported

__all__ = ["DisablingSqlConnector", "SqlConnector", "connect"]

SCHEME = "sqlite:///"


def connect(manifest: Manifest, settings: Settings, session: object) -> SqlConnector:
    """Give the connector of one table; it can disable accounts where an active column is given.

    Raises:
        Unsupported: the address is of a database other than SQLite.
    """
    del session  # a file needs none
    given = {name: str(value) for name, value in with_defaults(manifest, settings).items()}
    if not given["url"].startswith(SCHEME):
        scheme = given["url"].partition(":")[0]
        raise Unsupported(
            f"this connector opens SQLite files, as {SCHEME}/srv/app/app.db, not {scheme} addresses"
        )
    database = Sqlite(path=given["url"].removeprefix(SCHEME), wait_seconds=manifest.limits.timeout_seconds)
    columns = Columns(
        table=given["table"],
        id=given["id_column"],
        external_id=given.get("external_id_column"),
        active=given.get("active_column"),
    )
    if columns.active is None:
        return SqlConnector(manifest, database, columns)
    return DisablingSqlConnector(manifest, database, columns)
