"""A fake of what the service keeps: users and groups of one source in memory, checked by the same schemas."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from muster.directory.tokens import Bearer, Token
from muster.model import SOURCE_SCOPES, Source, SourceId, Tenant
from muster.scim.errors import InternalError, InvalidValue, ScimError, Uniqueness
from muster.scim.patch import apply
from muster.scim.patch_request import parse_request
from muster.scim.schema import ResourceType
from muster.scim.validate import validate
from muster.scim.values import JsonValue, Resource, elements
from muster.service.desk import Desk
from muster.service.scim_bulk import Means, bulk
from muster.service.scim_exchange import ANY_VERSION, Caller, Expected, Stored, etag, no_such
from muster.service.scim_types import GROUP, STANDARD, USER, Types

_SOURCE = Source(tenant=Tenant("acme"), id=SourceId("1"), name="hr", type="scim")
_TOKEN = Token(
    id="1",
    source=_SOURCE.id,
    prefix="mst_",
    scopes=tuple(SOURCE_SCOPES),
    person=None,
    requests_per_second=None,
    created_at=datetime(2026, 11, 30, tzinfo=UTC),
    expires_at=None,
    revoked_at=None,
    last_used_at=None,
)
CALLER = Caller(bearer=Bearer(source=_SOURCE, token=_TOKEN), base="https://example.com/v2")
NO_DESK = cast("Desk", None)  # the fake has no database


@dataclass(slots=True)
class Kept:
    """One resource."""

    resource: Resource
    version: int = 1


@dataclass(slots=True)
class Shelf:
    """The resources of one type. The members of groups must be on one of the shelves ``members``."""

    resource_type: ResourceType
    unique: str
    kept: dict[str, Kept] = field(default_factory=dict)
    members: list["Shelf"] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # what was asked for, in its order
    broken: dict[str, Exception] = field(default_factory=dict)  # what a call raises, as "POST ana"

    def all(self) -> dict[str, Resource]:
        """Every resource by its unique value."""
        return {str(kept.resource[self.unique]): kept.resource for kept in self.kept.values()}

    def named(self, name: str) -> str:
        """The id of the resource with this unique value."""
        return next(known for known, kept in self.kept.items() if kept.resource[self.unique] == name)

    async def create(self, desk: Desk, caller: Caller, body: JsonValue) -> Stored:
        """The resource exists."""
        resource = validate(body, self.resource_type)
        self._note(f"POST {resource[self.unique]}")
        self._check("", resource)
        new = f"{self.resource_type.name.lower()}-{len(self.calls)}"
        self.kept[new] = Kept(resource)
        return self._stored(caller, new)

    async def put(
        self, desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
    ) -> Stored:
        """The resource is as the body says."""
        kept = self._own(id, expected)
        return self._change(caller, id, validate(body, self.resource_type, replacing=kept.resource), "PUT")

    async def patch(
        self, desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
    ) -> Stored:
        """The operations of the body are applied to the resource."""
        operations = parse_request(body)
        kept = self._own(id, expected)
        return self._change(caller, id, apply(kept.resource, operations, self.resource_type), "PATCH")

    async def delete(self, desk: Desk, caller: Caller, id: str, *, expected: Expected = ANY_VERSION) -> None:
        """The resource does not exist for its source."""
        kept = self._own(id, expected)
        self._note(f"DELETE {kept.resource[self.unique]}")
        del self.kept[id]

    def _change(self, caller: Caller, id: str, resource: Resource, what: str) -> Stored:
        self._note(f"{what} {resource[self.unique]}")
        self._check(id, resource)
        kept = self.kept[id]
        kept.version += kept.resource != resource
        kept.resource = resource
        return self._stored(caller, id)

    def _own(self, id: str, expected: Expected) -> Kept:
        if id not in self.kept:
            raise no_such(self.resource_type, id)
        expected.check(self.kept[id].version)
        return self.kept[id]

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.broken:
            raise self.broken[call]

    def _check(self, id: str, resource: Resource) -> None:
        name = str(resource[self.unique])
        if any(kept.resource[self.unique] == name for other, kept in self.kept.items() if other != id):
            raise Uniqueness("the value is taken by another resource", path=self.unique)
        for member in elements(resource.get("members")):
            if isinstance(member, dict) and not any(member["value"] in shelf.kept for shelf in self.members):
                raise InvalidValue("a member is nobody this source knows", path="members")

    def _stored(self, caller: Caller, id: str) -> Stored:
        location = caller.location(self.resource_type, id)
        kept = self.kept[id]
        return Stored(
            id=id, etag=etag(kept.version), location=location, body=msgspec.json.encode(kept.resource)
        )


def worded(error: Exception) -> ScimError:
    """What the client is told."""
    return error if isinstance(error, ScimError) else InternalError(f"a defect: {error!r}")


@dataclass(slots=True)
class World:
    """A source with its users and groups; where ``nested``, groups may be members, too."""

    users: Shelf = field(default_factory=lambda: Shelf(USER, "userName"))
    groups: Shelf = field(default_factory=lambda: Shelf(GROUP, "displayName"))
    nested: bool = False

    def __post_init__(self) -> None:
        """Let groups know who can be a member."""
        self.groups.members = [self.users, self.groups] if self.nested else [self.users]

    async def ask(self, body: JsonValue) -> list[dict[str, Any]]:
        """What a bulk message is answered with, operation by operation."""
        means = Means(
            collections={"Users": self.users, "Groups": self.groups},
            worded=worded,
            latest_types=self._latest_types,
        )
        answer: Any = await bulk(NO_DESK, CALLER, body, means)
        return list(answer["Operations"])

    async def _latest_types(self) -> Types:
        self.users.broken = {}  # by the latest types every call succeeds
        return STANDARD
