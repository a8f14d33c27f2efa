"""Groups as a source sees its own (RFC 7643 §4.2): each action is one transaction, carried out by ``intake``.

Members are people and groups of the same source. A change of a few members looks at those few, however many
there are.
"""

from collections.abc import Callable
from typing import Final, cast

from muster.db import Transaction
from muster.directory import groups, roster
from muster.directory.conditions import condition_on_groups
from muster.directory.roster import ListedGroup, Order
from muster.intake import group as intake
from muster.intake.group import GroupFacts
from muster.intake.inbound import bindings
from muster.model import Group, GroupId, Members, Scope
from muster.scim.errors import InvalidValue
from muster.scim.filter import Compare, Filter, Present, ValuePath, nodes
from muster.scim.patch import apply
from muster.scim.patch_reach import members_reached
from muster.scim.patch_request import parse_request
from muster.scim.validate import validate, with_schemas
from muster.scim.values import JsonValue, Resource, elements
from muster.service import scim_rendering
from muster.service.desk import Desk
from muster.service.scim_exchange import (
    ANY_VERSION,
    Caller,
    Expected,
    Found,
    Query,
    Stored,
    checked_name,
    etag,
    no_such,
    optional_name,
    written,
)
from muster.service.scim_finding import Shelf
from muster.service.scim_finding import find as find_on
from muster.service.scim_types import View
from muster.service.scim_unique import claim_unique

_UNIQUE: Final = (("external_id", "externalId"), ("name_key", "displayName"))
_BESIDE: Final = frozenset({"schemas", "externalId", "members"})  # kept beside the stored resource
_ORDERS: Final[frozenset[Order]] = frozenset({"id", "meta.lastModified"})
MOST_SHOWN_AFTER_PATCH: Final = 100  # members; of more, only the part asked for


async def create(desk: Desk, caller: Caller, body: JsonValue, *, view: View | None = None) -> Stored:
    """The source has this group with these members (RFC 7644 §3.3).

    Raises:
        ScimError: The body is no group, its displayName is taken, or a member is nobody the source has.
    """
    caller.check(Scope.GROUPS_WRITE)
    resource = validate(body, caller.types.group, dialect=caller.dialect)
    facts, members = _facts(resource), _member_ids(resource)
    inbound = caller.inbound(desk, "POST /Groups")

    async def work(tx: Transaction) -> Stored:
        group = await intake.arrive(tx, inbound, await bindings(tx, desk.tenant), facts, members)
        await claim_unique(tx, caller, (caller.types.group, group.id), after=facts.attributes)
        return await _stored(tx, caller, group.id, view)

    return await written(desk, caller, work, _UNIQUE)


async def get(desk: Desk, caller: Caller, id: str, *, view: View | None = None) -> Stored:
    """The group of this id (RFC 7644 §3.4.1).

    Raises:
        NotFound: The source has none.
    """
    caller.check(Scope.GROUPS_READ)
    return await desk.db.read(lambda tx: _stored(tx, caller, GroupId(id), view))


async def find(desk: Desk, caller: Caller, query: Query, *, view: View | None = None) -> Found:
    """A page of the groups that match (RFC 7644 §3.4.2, RFC 9865).

    Raises:
        InvalidFilter: The filter does not fit groups.
        InvalidCursor: The cursor was not given for this search.
        TooMany: No index answers the query, and there are too many groups to look at each.
    """
    caller.check(Scope.GROUPS_READ)
    view = view or caller.types.whole_group
    needed = view.shown.shows("members") or _asks_for_members(query)

    async def read(tx: Transaction) -> Found:
        hits = await find_on(tx, desk, caller, query, shelf(caller, members=needed))
        bodies = tuple(scim_rendering.group(caller, listed, view).body or b"" for listed in hits.page)
        return Found(total=hits.total, bodies=bodies, cursor=hits.cursor)

    return await desk.db.read(read)


def _asks_for_members(query: Query) -> bool:
    """Whether somebody must look at who is in a group to tell whether it is meant, or where it stands."""
    sorted_by = query.sort is not None and str(query.sort).startswith("members")
    return sorted_by or (query.filter is not None and any(map(_names_members, nodes(query.filter))))


def _names_members(node: Filter) -> bool:
    match node:
        case Compare(attribute=name) | Present(attribute=name) | ValuePath(attribute=name):
            return name.name.lower() == "members"
        case _:
            return False


def shelf(caller: Caller, *, members: bool) -> Shelf[ListedGroup]:
    """The caller's groups, to be found, with their members if they are wanted."""
    source = caller.source
    return Shelf(
        type=caller.types.group,
        orders=_ORDERS,
        condition=lambda filter_: condition_on_groups(filter_, caller.types.group),
        slice=lambda tx, slice_, condition: roster.groups(tx, source, slice_, condition, members=members),
        count=lambda tx, condition: roster.count_groups(tx, source, condition),
        resource=lambda listed: scim_rendering.group_resource(caller, listed),
        place=_place,
    )


def _place(listed: ListedGroup, order: Order) -> tuple[str | int, str]:
    group = listed.group
    return (listed.changed_at if order == "meta.lastModified" else group.id), group.id


async def put(
    desk: Desk,
    caller: Caller,
    id: str,
    body: JsonValue,
    *,
    expected: Expected = ANY_VERSION,
    view: View | None = None,
) -> Stored:
    """The group is as the body says, and has the members it lists (RFC 7644 §3.5.1).

    Raises:
        ScimError: There is no such group, the body is none, a member is nobody the source has, or the version
            is another one.
    """
    caller.check(Scope.GROUPS_WRITE)

    def changed(resource: Resource) -> Resource:
        return validate(body, caller.types.group, replacing=resource, dialect=caller.dialect)

    async def work(tx: Transaction) -> Stored:
        before = await _own(tx, caller, GroupId(id), expected)
        await _change(tx, desk, caller, before, changed, reached=None, cause="PUT /Groups")
        return await _stored(tx, caller, before.id, view)

    return await written(desk, caller, work, _UNIQUE)


async def patch(
    desk: Desk,
    caller: Caller,
    id: str,
    body: JsonValue,
    *,
    expected: Expected = ANY_VERSION,
    view: View | None = None,
) -> Stored:
    """The operations are applied to the group, all or none (RFC 7644 §3.5.2).

    A group of many members is given back only to a client that says which part of it, as the RFC allows.

    Raises:
        ScimError: There is no such group, an operation cannot be applied, a member is nobody the source has,
            or the version is another one.
    """
    caller.check(Scope.GROUPS_WRITE)
    operations = parse_request(body)
    reached = members_reached(operations, caller.types.group)

    def changed(resource: Resource) -> Resource:
        return apply(resource, operations, caller.types.group, dialect=caller.dialect)

    async def work(tx: Transaction) -> Stored:
        before = await _own(tx, caller, GroupId(id), expected)
        after = await _change(tx, desk, caller, before, changed, reached=reached, cause="PATCH /Groups")
        if view is None and await _is_large(tx, caller, after):
            location = caller.location(caller.types.group, after.id)
            return Stored(id=after.id, etag=etag(after.version), location=location, body=None)
        return await _stored(tx, caller, after.id, view)

    return await written(desk, caller, work, _UNIQUE)


async def _is_large(tx: Transaction, caller: Caller, group: Group) -> bool:
    most = MOST_SHOWN_AFTER_PATCH
    return await roster.count_members(tx, caller.source, group.id, most=most + 1) > most


async def delete(desk: Desk, caller: Caller, id: str, *, expected: Expected = ANY_VERSION) -> None:
    """The source has this group no more (RFC 7644 §3.6).

    Raises:
        ScimError: There is no such group, or the version is another one.
    """
    caller.check(Scope.GROUPS_WRITE)
    inbound = caller.inbound(desk, "DELETE /Groups")

    async def work(tx: Transaction) -> None:
        before = await _own(tx, caller, GroupId(id), expected)
        await intake.delete(tx, inbound, await bindings(tx, desk.tenant), before)
        await claim_unique(tx, caller, (caller.types.group, id), before=before.attributes)

    await written(desk, caller, work, _UNIQUE)


async def _change(
    tx: Transaction,
    desk: Desk,
    caller: Caller,
    before: Group,
    changed: Callable[[Resource], Resource],
    *,
    reached: frozenset[str] | None,
    cause: str,
) -> Group:
    """The group is as the function makes it of what it was.

    Only members whom the change can reach are looked at; ``None`` means that it could reach any.
    """
    members = await groups.members(tx, before.tenant, before.id, among=reached)
    after = changed(_resource(caller, before, members))
    now = _member_ids(after)
    gone = Members(people=members.people - now, groups=members.groups - now)
    inbound = caller.inbound(desk, cause)
    bound = await bindings(tx, desk.tenant)
    new, facts = now - members.people - members.groups, _facts(after)
    changed_to = await intake.change(tx, inbound, bound, before, facts, add=new, remove=gone)
    owner = (caller.types.group, before.id)
    await claim_unique(tx, caller, owner, before=before.attributes, after=facts.attributes)
    return changed_to


async def _own(tx: Transaction, caller: Caller, id: GroupId, expected: Expected) -> Group:
    """The caller's group, which nobody else changes before the transaction ends.

    Raises:
        NotFound: The source has no such group.
        PreconditionFailed: It is at another version.
    """
    group = await groups.group(tx, caller.source.tenant, id, lock=True)
    if group is None or group.source != caller.source.id:
        raise no_such(caller.types.group, id)
    expected.check(group.version)
    return group


async def _stored(tx: Transaction, caller: Caller, id: GroupId, view: View | None) -> Stored:
    view = view or caller.types.whole_group
    listed = await roster.group(tx, caller.source, id, members=view.shown.shows("members"))
    if listed is None:
        raise no_such(caller.types.group, id)
    return scim_rendering.group(caller, listed, view)


def _facts(resource: Resource) -> GroupFacts:
    """What a valid group states, but for its members."""
    return GroupFacts(
        name=checked_name(resource.get("displayName"), "displayName"),
        external_id=optional_name(resource.get("externalId"), "externalId"),
        attributes={name: value for name, value in resource.items() if name not in _BESIDE},
    )


def _member_ids(resource: Resource) -> frozenset[str]:
    return frozenset(_member_id(member) for member in elements(resource.get("members")))


def _member_id(member: JsonValue) -> str:
    value = member.get("value") if isinstance(member, dict) else None
    if not isinstance(value, str):
        raise InvalidValue("a member is named by its id", path="members.value")
    return value


def _resource(caller: Caller, group: Group, members: Members) -> Resource:
    """The group as its source wrote it, with these of its members."""
    attributes = cast("Resource", group.attributes)  # JSON by the contract of ``Group``
    resource: Resource = {**attributes, "displayName": group.name}
    if group.external_id is not None:
        resource["externalId"] = group.external_id
    shown = [scim_rendering.member(caller, one, caller.types.user) for one in sorted(members.people)]
    shown += [scim_rendering.member(caller, one, caller.types.group) for one in sorted(members.groups)]
    if shown:
        resource["members"] = [*shown]
    return with_schemas(resource, caller.types.group)
