"""The SCIM server beside its peers: the same people, the same load generator, the same core, in turn.

``side_by_side`` fills the table. It stands on ``servers`` (how each is started), ``seeding`` (how people get
into it), ``operations`` (what is asked, how an answer is judged, which goal there is) and ``load`` (wrk).
``tables`` shows what was found.
"""
