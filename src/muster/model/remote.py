"""What applications hold, as observed, and our memory of owning it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from muster.model.key import Key, Kind, RemoteId

Value: TypeAlias = str | bool | int | float | tuple[str, ...] | None
Attributes: TypeAlias = Mapping[str, Value]  # target attribute name → value; None = not set


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    """An account or group as an application showed it.

    ``active`` is None where the application has no such notion; ``etag`` is None where it has no versions.
    """

    kind: Kind
    id: RemoteId
    attributes: Attributes = field(default_factory=dict[str, Value])
    active: bool | None = None
    external_id: str | None = None
    etag: str | None = None


class LinkState(StrEnum):
    """How far the life of an account has come, as far as we know."""

    CREATING = "creating"  # an intent is out; whether it arrived is not recorded yet
    LINKED = "linked"
    DISABLED = "disabled"
    TOMBSTONE = "tombstone"  # the account is gone; the memory stays for a rehire
    AMBIGUOUS = "ambiguous"  # several accounts may be this person's; a person must choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Our memory of owning one remote object. Only a linked object may ever be disabled or deleted."""

    key: Key
    state: LinkState
    remote_id: RemoteId | None = None
    etag: str | None = None
    last_applied: Attributes = field(default_factory=dict[str, Value])
    verified_at: datetime | None = None  # when a read last showed the object in the state recorded here
