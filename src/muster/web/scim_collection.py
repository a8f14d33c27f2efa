"""What the service offers for every type of resource, so that the endpoint has one way to treat them."""

from typing import Protocol

from muster.scim.values import JsonValue
from muster.service.desk import Desk
from muster.service.scim_exchange import Caller, Expected, Found, Query, Stored
from muster.service.scim_types import View


class Collection(Protocol):
    """The resources of one type; ``scim_people`` and ``scim_groups`` of the service are the two there are."""

    async def create(self, desk: Desk, caller: Caller, body: JsonValue, *, view: View | None = ...) -> Stored:
        """The resource exists."""
        ...

    async def get(self, desk: Desk, caller: Caller, id: str, *, view: View | None = ...) -> Stored:
        """The resource as it is."""
        ...

    async def find(self, desk: Desk, caller: Caller, query: Query, *, view: View | None = ...) -> Found:
        """A page of the resources that match."""
        ...

    async def put(
        self,
        desk: Desk,
        caller: Caller,
        id: str,
        body: JsonValue,
        *,
        expected: Expected = ...,
        view: View | None = ...,
    ) -> Stored:
        """The resource is as the body says."""
        ...

    async def patch(
        self,
        desk: Desk,
        caller: Caller,
        id: str,
        body: JsonValue,
        *,
        expected: Expected = ...,
        view: View | None = ...,
    ) -> Stored:
        """The operations of the body are applied to the resource."""
        ...

    async def delete(self, desk: Desk, caller: Caller, id: str, *, expected: Expected = ...) -> None:
        """The resource does not exist for its source."""
        ...
