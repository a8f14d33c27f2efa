"""People, groups and the sources they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from muster.model.key import PersonId, SourceId, Tenant


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
    §4.1); ``groups`` are the display names of the groups the person is in.
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

    @property
    def label(self) -> str:
        """How a person is named on screens: display name, else userName."""
        shown = self.attributes.get("displayName")
        return shown if isinstance(shown, str) and shown else self.user_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of people, owned by one source."""

    tenant: Tenant
    id: str
    source: SourceId
    name: str  # displayName, RFC 7643 §4.2
    version: int
    external_id: str | None = None
    members: frozenset[PersonId] = frozenset()
