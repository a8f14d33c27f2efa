"""The durable set of dirty keys.

Which accounts may differ from what we want, and which process looks at them.

A row is a domain fact, not a message. It is marked in the transaction of the change that made it dirty
(outbox and queue are one), ten thousand changes to one key cost one row, and a change made while a process
works on the key makes it due again afterwards.

* ``marking``: make keys due. * ``claiming``: take due keys of owned apps, finish them, fenced.
* ``ownership``: each app belongs to one process at a time, by a lease in the same database. * ``backlog``:
  what waits, for people.
"""

from muster.work.backlog import Backlog, Waiting, backlog, count, waiting_for
from muster.work.claiming import Claim, Finish, Held, Parked, Retry, Settled, claim, fence, finish
from muster.work.marking import mark
from muster.work.ownership import Owned, alive, renew, resign

__all__ = [
    "Backlog",
    "Claim",
    "Finish",
    "Held",
    "Owned",
    "Parked",
    "Retry",
    "Settled",
    "Waiting",
    "alive",
    "backlog",
    "claim",
    "count",
    "fence",
    "finish",
    "mark",
    "renew",
    "resign",
    "waiting_for",
]
