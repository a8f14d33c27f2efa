"""The steps that lead any older database to the schema of ``muster.db.tables``, in order.

Run by ``muster.db.migrate``.
"""
