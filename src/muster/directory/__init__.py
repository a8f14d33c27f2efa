"""What Muster remembers: people, groups, sources, apps, rules, links and intents.

Storage only: each function is a few statements in the transaction it is given, and gives values of
``muster.model``. What a change means for others (who must be looked at again, what is logged) is decided
above, in ``intake`` and ``service``.
"""
