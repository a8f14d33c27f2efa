"""One inbound change, from a file or a SCIM request: normalise, store, mark dirty, log, in one transaction.

* ``columns``, ``people_file``, ``changes``: reading people files, comparing them with what is known; pure.
* ``inbound``: who brings the change, and when. ``person``, ``group``: the change itself, with everything
  that follows from it.

Intake knows nothing of what applications hold; it only says which keys must be looked at again.
"""
