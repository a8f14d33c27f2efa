"""The connector: the methods of the contract, in SCIM.

SCIM has no idempotency keys, so an operation id travels nowhere; what was created by a lost call is found
again by its ``externalId``.
"""

from collections.abc import Sequence

from muster.connectors.scim.changes import Changes, Dialect
from muster.connectors.scim.creation import create
from muster.connectors.scim.mapping import Change
from muster.connectors.scim.membership import Membership
from muster.connectors.scim.paging import Reads
from muster.connectors.scim.search import Search
from muster.connectors.scim.shape import Shape
from muster.connectors.scim.wire import Wire
from muster.kit.contract import Cursor, Delta, Members, New, Page
from muster.kit.manifest import Manifest
from muster.kit.session import Session
from muster.model import ACCOUNT, GROUP, Kind, OperationId, RemoteId, RemoteObject, Unsupported


class ScimConnector:
    """Speaks SCIM 2.0 to one application (RFC 7643, RFC 7644)."""

    def __init__(self, manifest: Manifest, session: Session) -> None:
        self._shapes = {kind: Shape.of(kind, declared) for kind, declared in manifest.kinds.items()}
        self._page = manifest.limits.page
        self._wire = Wire(session)
        self._dialect = Dialect(self._wire)
        self._changes = Changes(self._wire, self._dialect)
        self._search = Search(self._wire, self._shapes.values(), page=self._page)
        self._membership = Membership(self._wire, self._shapes[GROUP], most=manifest.limits.members_per_call)
        self._reads = Reads()

    async def probe(self) -> str:
        """Say how many users there are and whether PATCH is claimed.

        The users are counted even where the service describes itself, because many describe themselves to
        anybody.
        """
        users = await self._wire.page(self._shapes[ACCOUNT], start=1, count=1)
        patches = await self._dialect.patches(ACCOUNT, frozenset())
        number = "an unknown number of" if users.total is None else str(users.total)
        return f"SCIM 2.0 service with {number} users, changed by {'PATCH' if patches else 'PUT'}"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Give the next page; one that an application makes larger than asked for comes as it is."""
        number, start = self._reads.start(after)
        found = await self._wire.page(self._shape(kind), start=start, count=min(limit, self._page))
        self._search.notice(found.items)
        return self._reads.page(number, start, found)

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give one object."""
        return self._noticed(await self._wire.get(self._shape(kind), id))

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give every object whose attribute equals the value."""
        return await self._search.find(self._shape(kind), attribute, value)

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Make the object exist."""
        return self._noticed(await create(self._wire, self._shape(new.kind), new))

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Make the object hold the new values."""
        return await self._changes.make(self._shape(seen.kind), seen, Change(attributes=delta.set))

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Make the account usable or not."""
        return await self._changes.make(self._shape(seen.kind), seen, Change(active=active))

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Make the object be no more."""
        await self._wire.delete(self._shape(seen.kind), seen.id)

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Give all members: SCIM has no pages of them."""
        return await self._membership.read(group), None

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Make the first be members and the others not."""
        await self._membership.change(group, members)

    def _shape(self, kind: Kind) -> Shape:
        if kind not in self._shapes:
            raise Unsupported(f"the connector knows no {kind}")
        return self._shapes[kind]

    def _noticed(self, item: RemoteObject) -> RemoteObject:
        self._search.notice([item])
        return item
