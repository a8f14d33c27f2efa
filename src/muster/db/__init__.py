"""One database, two dialects: SQLite embedded, PostgreSQL when one machine is not enough.

* ``database``: what both offer — a transaction given as a function, committed as a whole or not at all.
* ``sqlite``, ``postgres``: the two implementations; nothing else in Muster knows which one runs.
* ``statement``: a piece of SQL with named parameters, compiled once per dialect.
* ``tables``: the schema. ``migrate``: brings a database to it, and refuses one that is newer.
* ``clock``: the only place that reads the time or makes an id. ``columns``: how values become column values
  and back.

The floor above (``directory``, ``work``, ``audit``) holds the statements; this package must not know what
they mean.
"""

from muster.db.clock import Clock, new_id, system_clock
from muster.db.columns import FOREVER, decode, encode, from_micros, micros
from muster.db.database import Database, Duplicate, Row, Transaction
from muster.db.opening import open_database
from muster.db.statement import Statement

__all__ = [
    "FOREVER",
    "Clock",
    "Database",
    "Duplicate",
    "Row",
    "Statement",
    "Transaction",
    "decode",
    "encode",
    "from_micros",
    "micros",
    "new_id",
    "open_database",
    "system_clock",
]
