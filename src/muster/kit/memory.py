"""An application in memory, with the connector to it: a fake, and said to be one.

It has accounts and groups, unique values, versions, our id beside its own, accounts that can be taken out of
use, and members. What it holds is open to tests (``target.accounts``); what a person does there by hand is
done by ``put``, ``change``, ``switch`` and ``drop``. Its switches take away what many real applications lack;
``connect`` gives a connector with exactly the powers left.

>>> import asyncio
>>> target = MemoryTarget()
>>> new = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"})
>>> asyncio.run(connect(target).create(new, OperationId("o1"))).id
'a1'
>>> target.accounts[RemoteId("a1")].attributes["userName"]
'ada'
"""

from collections.abc import Callable, Mapping, Sequence

from muster.kit.contract import EXTERNAL_ID, Connector, Cursor, Delta, Members, New, Page
from muster.kit.manifest import AttributeType
from muster.kit.memory_target import MANIFEST, MemoryTarget, number_of
from muster.model import (
    ACCOUNT,
    GROUP,
    Changed,
    Invalid,
    Kind,
    OperationId,
    RemoteId,
    RemoteObject,
    Unsupported,
)

__all__ = [
    "MANIFEST",
    "Disabling",
    "HoldingMembers",
    "MemoryConnector",
    "MemoryCore",
    "MemoryTarget",
    "connect",
]


class MemoryCore:
    """The core of a connector to a ``MemoryTarget``."""

    def __init__(self, target: MemoryTarget) -> None:
        self.target = target

    async def probe(self) -> str:
        """Say that it is a fake."""
        await self._called("probe")
        return f"application in memory (a fake) with {len(self.target.accounts)} accounts"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Give the next objects, oldest first; a cursor is the number of the last one given."""
        await self._called("read")
        most = max(1, min(limit, self.target.limit))
        items: list[RemoteObject] = []
        last = 0
        for number, each in self.target.after(kind, _number(after)):
            if len(items) == most:
                return Page(items=items, next=Cursor(str(last)), complete=False)
            items.append(each)
            last = number
        return Page(items=items, next=None, complete=True)

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give one object."""
        await self._called("get")
        return self.target.object(kind, id)

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give every object whose attribute equals the value."""
        await self._called("find")
        declared = self.target.kind(kind)
        known = declared.attributes.get(attribute)
        if attribute == EXTERNAL_ID:
            if not self.target.external_ids:
                raise Unsupported("there is no place for an external id here", status=400)
        elif known is None or known.type is not AttributeType.TEXT:
            raise Unsupported(f"{attribute} cannot be searched by here", status=400)
        return self.target.holding(kind, attribute, value)

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Make the object exist."""
        await self._called("create")
        return self.target.put(new.kind, new.attributes, new.external_id)

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Make the object hold the new values."""
        await self._called("update")
        self._check_version(seen)
        return self.target.change(seen, delta.set)

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Make the object be no more."""
        await self._called("delete")
        self.target.drop(seen.kind, seen.id)

    async def _called(self, call: str) -> None:
        self.target.calls[call] += 1
        if self.target.latency is not None:
            await self.target.latency(call)

    def _check_version(self, seen: RemoteObject) -> None:
        if seen.etag is not None and seen.etag != self.target.object(seen.kind, seen.id).etag:
            raise Changed("the version is not the one given", status=412)


class Disabling(MemoryCore):
    """Power ``disable`` of a ``MemoryTarget``."""

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Make the account usable or not."""
        await self._called("set_active")
        self._check_version(seen)
        return self.target.switch(seen, active)


class HoldingMembers(MemoryCore):
    """Power ``members`` of a ``MemoryTarget``."""

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Give the next members, oldest account first; a cursor is the number of the last one given."""
        await self._called("members")
        self.target.object(GROUP, group.id)
        start = _number(after)
        numbers = sorted(number for number in map(number_of, self.target.members[group.id]) if number > start)
        page = [RemoteId(f"{ACCOUNT[0]}{number}") for number in numbers[: self.target.limit]]
        return page, Cursor(page[-1][1:]) if len(numbers) > len(page) else None

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Make the first be members and the others not; an unknown account is refused and nothing changes."""
        await self._called("change_members")
        self.target.object(GROUP, group.id)
        for member in sorted(members.add):
            if member not in self.target.accounts:
                raise Invalid(f"{member} is no account and cannot be a member", status=400)
        held = self.target.members[group.id]
        held |= members.add
        held -= members.remove


class MemoryConnector(Disabling, HoldingMembers):
    """The connector with every power. On a target that cannot disable, ``set_active`` is ``Unsupported``."""


def connect(target: MemoryTarget) -> Connector:
    """Give a connector that has exactly the powers the target's switches leave."""
    powers: Mapping[tuple[bool, bool], Callable[[MemoryTarget], Connector]] = {
        (True, True): MemoryConnector,
        (True, False): Disabling,
        (False, True): HoldingMembers,
        (False, False): MemoryCore,
    }
    return powers[target.disables, target.holds_members](target)


def _number(cursor: Cursor | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal():
        raise Invalid("the cursor is not one that was given here", status=400)
    return int(cursor)
