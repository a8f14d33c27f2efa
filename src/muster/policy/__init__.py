"""What a person should hold, and why: facts and rules in, ``Desired`` out.

A thinking room: no clock, no network, no database. ``desired`` answers for one key, ``touched`` says which
keys a change of one person alters. Policy must not know what an application holds today; that is ``plan``.

* ``facts``: what is known of a person, read by SCIM path.
* ``rules``: which rules hold for a person.
* ``desire``: what follows for one application, and which applications a change concerns.
"""

from muster.policy.desire import attributes, desired, touched
from muster.policy.facts import attribute_path, fact, no_such_attribute
from muster.policy.rules import granted, holds

__all__ = [
    "attribute_path",
    "attributes",
    "desired",
    "fact",
    "granted",
    "holds",
    "no_such_attribute",
    "touched",
]
