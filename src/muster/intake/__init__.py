"""What comes in from sources: people files read into values, compared with whom we know, stored.

* ``people``: a file's people and problems as values. ``people_file``: bytes in, those values out.
* ``columns``: which column of a spreadsheet means which SCIM attribute. ``yaml_text``: YAML read strictly.
* ``changes``: who joins, moves, leaves or comes back, and the guard against emptying files.

Nothing here talks to an application; what a change means for accounts is decided by the floors that read the
work it marks.
"""
