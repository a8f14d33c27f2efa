"""The loop and ``reconcile``: observe, decide, plan, guard, intend, apply, record.

An event never says what to do, only *look at this key*. ``reconcile`` reads everything and converges one
key; real time, schedule, on demand, dry run and repair all call it. Nothing is sent before its intent is
committed, and nothing is recorded by a process that no longer owns the application.

* ``engine``: what a pass needs, given once. * ``facts``: what we know of one key. * ``observing``: what the
  application shows.
* ``reconciling``: one pass. * ``recording``: the transactions around a call. * ``failures``: what an error
  means for the key.
* ``targets``: opened applications. * ``loop``: the worker that owns apps and drains their dirty keys.

It knows a connector only as ``kit.Connector``, through the function that ``bootstrap`` gives it.
"""

from muster.sync.engine import Engine
from muster.sync.loop import Worker
from muster.sync.reconciling import Reconciliation, reconcile
from muster.sync.targets import Target, Targets

__all__ = ["Engine", "Reconciliation", "Target", "Targets", "Worker", "reconcile"]
