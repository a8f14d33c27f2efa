"""What a people file turns out to hold, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from muster.scim import USER, Attribute, Extension, ResourceType, Schema

LIFECYCLE_URN: Final = "urn:muster:schemas:extension:lifecycle:2.0:User"

LIFECYCLE: Final = Schema(
    urn=LIFECYCLE_URN,
    name="Lifecycle",
    description="When a person's time with the organisation begins.",
    attributes=(Attribute(name="startDate", description="The first day, as an ISO 8601 date."),),
)

PERSON: Final = ResourceType(
    name=USER.name,
    endpoint=USER.endpoint,
    description=USER.description,
    schema=USER.schema,
    extensions=(*USER.extensions, Extension(schema=LIFECYCLE)),
)
"""A User as people files may describe one: RFC 7643 §4.1, §4.3, and Muster's lifecycle extension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person as the file states them.

    ``attributes`` is the SCIM User resource (RFC 7643 §4.1) without ``schemas``, ``id``, ``meta``,
    ``groups``, ``active`` and ``externalId``; texts are in Unicode normal form C.
    """

    line: int  # of the file, counted from 1, where the person begins
    user_name: str
    external_id: str | None = None
    active: bool = True
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    groups: frozenset[str] = frozenset()


class RowCode(StrEnum):
    """Why a row was not taken; stable, and documented for the people who mend the file."""

    CELLS = "MUSTER-IMPORT-ROW-CELLS"  # more or fewer cells than columns
    QUOTES = "MUSTER-IMPORT-ROW-QUOTES"  # quotes that do not pair up
    NO_USER_NAME = "MUSTER-IMPORT-ROW-NO-USERNAME"
    DUPLICATE = "MUSTER-IMPORT-ROW-DUPLICATE"  # another row has the same userName or externalId
    BOOLEAN = "MUSTER-IMPORT-ROW-BOOLEAN"
    DATE = "MUSTER-IMPORT-ROW-DATE"
    CHARACTERS = "MUSTER-IMPORT-ROW-CHARACTERS"  # control characters, halves of surrogate pairs
    TOO_LONG = "MUSTER-IMPORT-ROW-TOO-LONG"
    UNKNOWN = "MUSTER-IMPORT-ROW-UNKNOWN"  # an attribute nobody knows (JSON)
    INVALID = "MUSTER-IMPORT-ROW-INVALID"  # a value the schema does not allow
    CLASH = "MUSTER-IMPORT-ROW-CLASH"  # the row and the people already known contradict each other


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row was not taken.

    ``user_name`` and ``external_id`` are there as far as they could be read without doubt.
    """

    line: int
    column: str  # as the file names it; empty when the row as a whole is meant
    code: RowCode
    reason: str
    user_name: str | None = None
    external_id: str | None = None

    @property
    def names_somebody(self) -> bool:
        """Whether it is known whom the row is about."""
        return self.user_name is not None or self.external_id is not None

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"[{self.code}] {place}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """Everything a file says.

    ``complete`` is true only when nobody can be missing from it by accident: only then does absence mean
    anything. A row that was not taken but names its person leaves the file complete; that person is neither
    changed nor absent.

    ``paths`` are the SCIM paths the file speaks of: an attribute outside them is left as it is. None means
    that every person is described wholly (JSON), so that what is not stated is not there. ``says_groups`` is
    false where the file does not speak of groups at all.
    """

    rows: tuple[PersonRow, ...]
    problems: tuple[RowProblem, ...] = ()
    complete: bool
    why_incomplete: str = ""
    paths: tuple[str, ...] | None = None
    says_groups: bool = True
