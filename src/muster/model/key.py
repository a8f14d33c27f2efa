"""The unit of work and the ids it is made of."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

Tenant = NewType("Tenant", str)
PersonId = NewType(
    "PersonId", str
)  # UUIDv7, made by Muster, never reused; travels to applications as externalId
SourceId = NewType("SourceId", str)
GroupId = NewType("GroupId", str)
AppName = NewType("AppName", str)
RemoteId = NewType("RemoteId", str)  # the application's own id of one of its objects
OperationId = NewType("OperationId", str)  # one remote write; the same for every retry of it
Kind = NewType("Kind", str)

ACCOUNT = Kind("account")
GROUP = Kind("group")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """One thing to converge: a subject's object of one kind in one application."""

    tenant: Tenant
    app: AppName
    kind: Kind
    subject: PersonId


class Priority(IntEnum):
    """Who goes first inside one application; lower goes first."""

    LEAVER = 0
    ON_DEMAND = 1
    JOINER = 2
    UPDATE = 3
    IMPORT = 4
    DRIFT_SCAN = 5
