"""Groups as a source sees its own (RFC 7643 §4.2): each action is one transaction, carried out by ``intake``.

Members are the people of the same source. A group in a group is refused, because nothing here would grant its
members anything.
"""

from collections.abc import Callable
from typing import Final

from muster.db import Transaction
from muster.directory import groups, roster
from muster.directory.roster import ListedGroup
from muster.intake import group as intake
from muster.intake.group import GroupFacts
from muster.intake.inbound import bindings
from muster.model import Group, PersonId, Scope
from muster.scim.errors import InvalidValue
from muster.scim.patch import apply
from muster.scim.patch_request import parse_request
from muster.scim.validate import validate, with_schemas
from muster.scim.values import JsonValue, Resource, elements
from muster.service.desk import Desk
from muster.service.scim_exchange import (
    ANY_VERSION,
    Caller,
    Expected,
    Found,
    Query,
    Stored,
    check_scannable,
    checked_name,
    equated,
    etag,
    meta,
    no_such,
    optional_name,
    page_of,
    test_of,
    written,
)
from muster.service.scim_unique import claim_unique

_UNIQUE: Final = (("external_id", "externalId"), ("name_key", "displayName"))
_BESIDE: Final = frozenset({"schemas", "externalId", "members"})  # kept beside the stored resource


async def create(desk: Desk, caller: Caller, body: JsonValue) -> Stored:
    """The source has this group with these members (RFC 7644 §3.3).

    Raises:
        ScimError: The body is no group, its displayName is taken, or a member is nobody the source has.
    """
    caller.check(Scope.GROUPS_WRITE)
    facts = _facts(validate(body, caller.types.group, dialect=caller.dialect))
    inbound = caller.inbound(desk, "POST /Groups")

    async def work(tx: Transaction) -> Stored:
        group = await intake.arrive(tx, inbound, await bindings(tx, desk.tenant), facts)
        await claim_unique(tx, caller, (caller.types.group, group.id), after=facts.attributes)
        return await _stored(tx, caller, group.id)

    return await written(desk, caller, work, _UNIQUE)


async def get(desk: Desk, caller: Caller, id: str) -> Stored:
    """The group of this id (RFC 7644 §3.4.1).

    Raises:
        NotFound: The source has none.
    """
    caller.check(Scope.GROUPS_READ)
    return await desk.db.read(lambda tx: _stored(tx, caller, id))


async def find(desk: Desk, caller: Caller, query: Query) -> Found:
    """A page of the groups that match, in the order they came (RFC 7644 §3.4.2).

    Raises:
        InvalidFilter: The filter does not fit groups.
        TooMany: No index answers the filter, and there are too many groups to look at each.
    """
    caller.check(Scope.GROUPS_READ)
    matches = test_of(query, caller.types.group)

    async def read(tx: Transaction) -> Found:
        if query.filter is None:
            page = await roster.groups_page(tx, caller.source, skip=query.page.offset, most=query.page.count)
            total = await roster.count_groups(tx, caller.source)
            return Found(total=total, resources=tuple(_shown(caller, listed) for listed in page))
        candidates = await _candidates(tx, caller, query)
        shown = [_shown(caller, listed) for listed in candidates]
        return page_of(query, [stored for stored in shown if matches(stored.resource)])

    return await desk.db.read(read)


async def _candidates(tx: Transaction, caller: Caller, query: Query) -> list[ListedGroup]:
    """Every group the filter could mean: few by an index, else all."""
    match equated(query, caller.types.group):
        case ("id", id):
            found = await roster.group(tx, caller.source, id)
            return [] if found is None else [found]
        case ("displayName", name):
            return await roster.named_groups(tx, caller.source, name)
        case ("externalId", external_id):
            return await roster.called_groups(tx, caller.source, external_id)
        case _:
            count = await roster.count_groups(tx, caller.source)
            check_scannable(count)
            return await roster.groups_page(tx, caller.source, skip=0, most=count)


async def put(
    desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
) -> Stored:
    """The group and its members are as the body says (RFC 7644 §3.5.1).

    Raises:
        ScimError: There is no such group, the body is none, its displayName is taken, a member is nobody the
            source has, or the version is another one.
    """
    caller.check(Scope.GROUPS_WRITE)

    def changed(resource: Resource) -> Resource:
        return validate(body, caller.types.group, replacing=resource, dialect=caller.dialect)

    return await _change(desk, caller, id, changed, cause="PUT /Groups", expected=expected)


async def patch(
    desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
) -> Stored:
    """The operations are applied to the group, all or none; other members stay (RFC 7644 §3.5.2).

    Raises:
        ScimError: There is no such group, an operation cannot be applied, its displayName is taken, a member
            is nobody the source has, or the version is another one.
    """
    caller.check(Scope.GROUPS_WRITE)
    operations = parse_request(body)

    def changed(resource: Resource) -> Resource:
        return apply(resource, operations, caller.types.group, dialect=caller.dialect)

    return await _change(desk, caller, id, changed, cause="PATCH /Groups", expected=expected)


async def delete(desk: Desk, caller: Caller, id: str, *, expected: Expected = ANY_VERSION) -> None:
    """The source has this group no more (RFC 7644 §3.6).

    Raises:
        ScimError: There is no such group, or the version is another one.
    """
    caller.check(Scope.GROUPS_WRITE)
    inbound = caller.inbound(desk, "DELETE /Groups")

    async def work(tx: Transaction) -> None:
        before = await _own(tx, caller, id)
        expected.check(before.version)
        listed = await _listed(tx, caller, id)
        await intake.delete(tx, inbound, await bindings(tx, desk.tenant), before)
        await claim_unique(tx, caller, (caller.types.group, id), before=listed.attributes)

    await written(desk, caller, work, _UNIQUE)


async def _change(
    desk: Desk,
    caller: Caller,
    id: str,
    changed: Callable[[Resource], Resource],
    *,
    cause: str,
    expected: Expected,
) -> Stored:
    inbound = caller.inbound(desk, cause)

    async def work(tx: Transaction) -> Stored:
        before = await _own(tx, caller, id)
        expected.check(before.version)
        listed = await _listed(tx, caller, id)
        facts = _facts(changed(_resource(caller, listed)))
        await intake.change(tx, inbound, await bindings(tx, desk.tenant), before, facts)
        await claim_unique(
            tx, caller, (caller.types.group, id), before=listed.attributes, after=facts.attributes
        )
        return await _stored(tx, caller, id)

    return await written(desk, caller, work, _UNIQUE)


async def _own(tx: Transaction, caller: Caller, id: str) -> Group:
    """The caller's group, which nobody else changes before the transaction ends."""
    group = await groups.group(tx, caller.source.tenant, id, lock=True)
    if group is None or group.source != caller.source.id:
        raise no_such(caller.types.group, id)
    return group


async def _listed(tx: Transaction, caller: Caller, id: str) -> ListedGroup:
    listed = await roster.group(tx, caller.source, id)
    if listed is None:
        raise no_such(caller.types.group, id)
    return listed


async def _stored(tx: Transaction, caller: Caller, id: str) -> Stored:
    return _shown(caller, await _listed(tx, caller, id))


def _facts(resource: Resource) -> GroupFacts:
    """What a valid group states."""
    return GroupFacts(
        name=checked_name(resource.get("displayName"), "displayName"),
        external_id=optional_name(resource.get("externalId"), "externalId"),
        members=frozenset(_member_id(member) for member in elements(resource.get("members"))),
        attributes={name: value for name, value in resource.items() if name not in _BESIDE},
    )


def _member_id(member: JsonValue) -> PersonId:
    value = member.get("value") if isinstance(member, dict) else None
    if not isinstance(value, str):
        raise InvalidValue("a member is named by its id", path="members.value")
    return PersonId(value)


def _resource(caller: Caller, listed: ListedGroup) -> Resource:
    """The group as its source wrote it."""
    resource: Resource = {**listed.attributes, "displayName": listed.group.name}
    if listed.group.external_id is not None:
        resource["externalId"] = listed.group.external_id
    if listed.group.members:
        resource["members"] = [_member(caller, person) for person in sorted(listed.group.members)]
    return with_schemas(resource, caller.types.group)


def _member(caller: Caller, id: PersonId) -> Resource:
    return {"value": id, "$ref": caller.location(caller.types.user, id), "type": "User"}


def _shown(caller: Caller, listed: ListedGroup) -> Stored:
    group = listed.group
    location = caller.location(caller.types.group, group.id)
    version = etag(group.version)
    resource = {**_resource(caller, listed), "id": group.id}
    resource["meta"] = meta(
        caller.types.group.name, (listed.created_at, listed.changed_at), location, version
    )
    return Stored(id=group.id, etag=version, location=location, resource=resource)
