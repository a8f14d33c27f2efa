"""What every target looks like to the engine: a connector translates, it never decides.

Duties of a connector: raise only ``TargetError``s of ``muster.model.errors``; never retry, sleep, log, store
or read a clock; answer with what the target showed, never with what was hoped for. Duties of the engine: no
two calls for one object at a time; the same ``OperationId`` for every repetition of one operation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, Protocol, TypeAlias, runtime_checkable

from muster.model import Attributes, Kind, OperationId, RemoteId, RemoteObject, Secret

Cursor = NewType("Cursor", str)  # opaque to the engine; None = from the start, or nothing left
Settings: TypeAlias = Mapping[str, str | Secret]

EXTERNAL_ID = "externalId"  # the attribute name under which ``find`` looks for our own id


class Power(StrEnum):
    """What a connector may be able to do beyond the core.

    Each is a protocol below and a group of checks in the suite.
    """

    DISABLE = "disable"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One slice of a read.

    ``complete`` may be true on the last page only, and only when the target gave every object of that kind:
    all pages came, its totals agree, nothing came twice. Only a complete read lets absence mean "gone".
    """

    items: Sequence[RemoteObject]
    next: Cursor | None
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """An object to be created, active from the start. ``external_id`` is our immutable id of its subject."""

    kind: Kind
    external_id: str
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Every change of one object's attributes in one value; None clears."""

    set: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Members to add to and remove from one group; order does not matter, no id stands on both sides."""

    add: frozenset[RemoteId] = field(default_factory=frozenset[RemoteId])
    remove: frozenset[RemoteId] = field(default_factory=frozenset[RemoteId])


@runtime_checkable
class Connector(Protocol):
    """The core every connector has.

    Any call may raise ``Transient``, ``Broken`` or ``Rejected`` errors besides those named.
    """

    async def probe(self) -> str:
        """Say in a few words who answers and as whom we are known there; changes nothing.

        Raises:
            AuthFailed: the credential is not accepted.
        """
        ...

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Give the next at most ``limit`` objects of a kind, inactive ones included."""
        ...

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give one object.

        Raises:
            Gone: the target says it has no such object.
            Garbled: it answered with another object.
        """
        ...

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give every object whose attribute equals the value exactly, verified here.

        Letter case counts as the manifest declares. ``attribute`` is ``EXTERNAL_ID`` or one the manifest
        lists; empty when there is none.

        Raises:
            Unsupported: the target has no place for this attribute or cannot look by it.
        """
        ...

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Make the object exist and give it as the target shows it.

        Raises:
            Conflict: an object with one of its unique values exists.
            OutcomeUnknown: the call was sent and no trustworthy answer came.
        """
        ...

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Make the object hold the new values, keep all others, and give it as it is now.

        Raises:
            Gone: it exists no more.
            Changed: it has another version than the one seen, where the target has versions.
            OutcomeUnknown: the call was sent and no trustworthy answer came.
        """
        ...

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Make the object be no more; gone already is success.

        Raises:
            OutcomeUnknown: the call was sent and no trustworthy answer came.
        """
        ...


@runtime_checkable
class Disables(Protocol):
    """Power ``disable``: accounts can be taken out of use and back without loss."""

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Make the account usable or not, keep everything else, and give it as it is now.

        Errors as ``Connector.update``.
        """
        ...


@runtime_checkable
class HoldsMembers(Protocol):
    """Power ``members``: objects of kind group hold accounts."""

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Give the next members and where to go on; None after the last."""
        ...

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Make the first be members and the others not; one already there, or not there, is success.

        Raises:
            Gone: the group exists no more.
            Invalid: a member is not acceptable; none of this call's changes need have happened.
            OutcomeUnknown: the call was sent and no trustworthy answer came.
        """
        ...
