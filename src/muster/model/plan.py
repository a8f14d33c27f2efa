"""What should be, and what is to be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from muster.model.key import Key, RemoteId
from muster.model.remote import Attributes, RemoteObject, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What a person should hold under one key, and why.

    ``wanted`` false means: no account, or one out of use. ``because`` says in plain words which facts and
    rules led here.
    """

    key: Key
    wanted: bool
    attributes: Attributes = field(default_factory=dict[str, Value])
    because: tuple[str, ...] = ()


class Verb(StrEnum):
    """What can be done to a remote object."""

    CREATE = "create"
    LINK = "link"  # an existing object was recognised; nothing is sent
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    UNLINK = "unlink"  # the object is gone already; nothing is sent
    ASK = "ask"  # several objects match: a person must choose; nothing is sent

    @property
    def writes(self) -> bool:
        """Whether carrying it out sends a change to the application."""
        return self in {Verb.CREATE, Verb.UPDATE, Verb.ENABLE, Verb.DISABLE, Verb.DELETE}

    @property
    def destroys(self) -> bool:
        """Whether it takes access away, and so counts against the guard's budget."""
        return self in {Verb.DISABLE, Verb.DELETE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step: what, on which object, from which values to which, and why."""

    verb: Verb
    key: Key
    remote_id: RemoteId | None = None
    before: Attributes = field(default_factory=dict[str, Value])
    after: Attributes = field(default_factory=dict[str, Value])  # only what changes; None clears
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The operations that converge one key, in order.

    Empty when it is converged. ``observed`` is what they were made from.
    """

    key: Key
    operations: tuple[Operation, ...] = ()
    observed: RemoteObject | None = None
    in_detail: Mapping[str, str] = field(default_factory=dict[str, str])  # attribute → drift | ours | both

    @property
    def destroys(self) -> bool:
        """Whether any operation takes access away."""
        return any(operation.verb.destroys for operation in self.operations)
