"""What a person should hold, and why: facts and rules in, ``Desired`` out.

A thinking room: no clock, no network, no database. ``desired`` answers for one key, ``touched`` says which keys a
change of facts may have altered. Policy must not know what an application holds today; that comparison is ``plan``.
"""
