"""The append-only record of everything that was done, tried or refused.

``append`` writes a record in the transaction of the change it tells of: both commit or neither does. Every
remote call has two, *intended* and its outcome, joined by the operation id. Nothing here updates or deletes.
"""

from muster.audit.record import Action, Record, Result
from muster.audit.storage import Search, append, append_all, search

__all__ = ["Action", "Record", "Result", "Search", "append", "append_all", "search"]
