"""Attribute notation: ``userName``, ``name.givenName``, ``urn:…:User:department`` (RFC 7644 §3.10).

An ``AttributeName`` is only text that parses. Whether such an attribute exists is for the schema to say.
"""

import re
from dataclasses import dataclass

from muster.scim.errors import InvalidPath

# RFC 7643 §2.1, plus the leading "$" that the RFC itself uses in "$ref".
_NAME = re.compile(r"\$?[A-Za-z][A-Za-z0-9_$-]*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(:[^\s:\[\]()\"]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeName:
    """One attribute, named as a client names it; case is kept, and ignored when it is looked up."""

    urn: str | None = None
    name: str
    sub: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be written in a filter or a path.

        Raises:
            InvalidPath: A part does not follow the grammar.
        """
        names = (self.name,) if self.sub is None else (self.name, self.sub)
        if not all(_NAME.fullmatch(name) for name in names):
            raise InvalidPath(f"'{str(self)[:200]}' is not an attribute name")
        if self.urn is not None and not _URI.fullmatch(self.urn):
            raise InvalidPath(f"'{self.urn[:200]}' is not a schema URI")

    def __str__(self) -> str:
        """Return the notation that parses back to this name."""
        prefix = "" if self.urn is None else f"{self.urn}:"
        return prefix + (self.name if self.sub is None else f"{self.name}.{self.sub}")


def parse_attribute(text: str) -> AttributeName:
    """Return the name the text notes.

    >>> parse_attribute("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName").sub
    'givenName'

    Raises:
        InvalidPath: The text is not attribute notation.
    """
    urn, colon, tail = text.rpartition(":")
    name, dot, sub = tail.partition(".")
    return AttributeName(urn=urn if colon else None, name=name, sub=sub if dot else None)
