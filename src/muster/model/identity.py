"""People, groups and the sources they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from muster.model.key import GroupId, PersonId, SourceId, Tenant


class Stage(StrEnum):
    """Where a person stands in their life with the organisation."""

    ACTIVE = "active"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place that knows people. ``type`` is ``scim``, or ``file`` for what ``muster import`` reads.

    ``dialect`` is what it may do beside the letter of SCIM, where that differs from the usual: choices by
    name, each answered by a word.
    """

    tenant: Tenant
    id: SourceId
    name: str
    type: str
    dialect: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One person or service account, as merged from its sources.

    ``attributes`` is the SCIM User resource without ``id``, ``meta``, ``groups`` and ``active`` (RFC 7643
    §4.1); ``groups`` are the display names of the groups the person is in, also through other groups.
    """

    tenant: Tenant
    id: PersonId
    source: SourceId
    user_name: str
    stage: Stage
    version: int
    external_id: str | None = None  # the source's own id of the person
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    groups: frozenset[str] = frozenset()
    mustered_out: bool = False  # by a named person: no source brings them back, only a named person does
    deleted: bool = False  # by its source: hidden from it, remembered by us

    @property
    def label(self) -> str:
        """How a person is named on screens: display name, else userName."""
        shown = self.attributes.get("displayName")
        return shown if isinstance(shown, str) and shown else self.user_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of people, owned by one source; who is in it stands apart, since there may be many."""

    tenant: Tenant
    id: GroupId
    source: SourceId
    name: str  # displayName, RFC 7643 §4.2
    version: int
    external_id: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])  # the SCIM Group, likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is directly in a group: people, and groups with everybody in them."""

    people: frozenset[PersonId] = frozenset()
    groups: frozenset[GroupId] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.people or self.groups)

    def __or__(self, other: "Members") -> "Members":
        """Everybody of both."""
        return Members(people=self.people | other.people, groups=self.groups | other.groups)

    def __sub__(self, other: "Members") -> "Members":
        """Everybody of these who is not among the others."""
        return Members(people=self.people - other.people, groups=self.groups - other.groups)
