"""The SCIM server beside its peers: the same people, the same load generator, the same core, in turn.

``side_by_side`` compares Muster with its peers, ``growth`` compares it with itself where it holds more
people. Both stand on ``rounds`` (everyone in turn), ``operations`` (what is asked, how an answer is judged,
which goal there is), ``load`` (wrk), ``servers`` (how each is started), ``seeding`` (how people get into it)
and ``multiplying`` (how many get into a Muster in little time). ``comparison_tables`` and ``growth_tables``
show what was found.
"""
