"""One folder per target system; each translates between ``muster.kit`` and it.

Connectors see no database, no other connector and no engine. They are found by entry point
(``muster.connectors``).
"""
