"""The terminal: the same service functions as every other door, with tables.

Progress and documented exit codes.

* ``root``: the command tree. ``people``, ``access``, ``configuring``, ``serving``: the commands, by what
  they are about.
* ``acting``: opens the desk, runs one action, turns problems into exit codes. ``showing``: tables, or JSON;
  ``results``: what each action gave, shown.
* ``demo``: the whole story on real applications.
"""
