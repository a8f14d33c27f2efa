"""The connector kit: what every target looks like to the engine, and what a connector author builds with.

* ``contract``: the ``Connector`` protocol, one protocol per further power, and the values they exchange.
* ``manifest``: what a connector says about itself in ``manifest.yaml``, checked; ``settings`` and
  ``document`` do the checking.
* ``session``: outbound HTTP with bounds in place; ``credential`` is what it shows, ``answers`` what an error
  status means.
* ``memory``, ``memory_target``: an application in memory, a fake that is said to be one; reference for the
  suite, playground for authors.
* ``faulty``: any connector, with one named fault at a time before it.
* ``suite``, ``checks``: the contract suite every connector must pass; ``mutants``: the faulty connectors it
  must find out.

The kit sees no database and no engine. A connector translates, it never decides: no retry, no sleep, no log,
no store.
"""
