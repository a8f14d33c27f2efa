"""The whole story on real applications.

A hundred hires mustered in, one leaver mustered out, and every claim checked.

* ``applications``: third-party software, installed and started as processes of their own.
  ``accounts_table``: an accounts table in a database of its own. ``company``: the people of
  ``examples/acme``, read by nothing of Muster's. ``checks``: asks the applications themselves. ``story``:
  what happens, in order.
"""
