"""From desired, last applied and observed to operations: correlate, compare three ways, guard.

A thinking room: values in, values out. It must not know how an operation is carried out, nor by whom.

* ``correlate``: which existing account is this person's; one is a match, more is a question.
* ``compare``: desired, last applied, observed: what differs, and whose change made it so.
* ``make``: the operations that converge one key.
* ``guard``: whether a plan that takes something away may be carried out now.
"""

from muster.plan.compare import Cause, Difference, differences, same
from muster.plan.correlate import BY_EXTERNAL_ID, Correlation, correlate
from muster.plan.guard import Go, Hold, Window, budget, guard
from muster.plan.make import make

__all__ = [
    "BY_EXTERNAL_ID",
    "Cause",
    "Correlation",
    "Difference",
    "Go",
    "Hold",
    "Window",
    "budget",
    "correlate",
    "differences",
    "guard",
    "make",
    "same",
]
