"""Users as a source sees its own people (RFC 7643 §4.1): each action is one transaction, done by ``intake``.

A source finds and changes only what it brought. A user it sets inactive, or deletes, is a leaver; one it
creates again is the same person returning.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, cast

from muster.db import Transaction
from muster.directory import groups, people, roster
from muster.directory.roster import ListedPerson
from muster.intake import group as group_intake
from muster.intake import person as intake
from muster.intake.group import GroupFacts
from muster.intake.inbound import Bindings, Inbound, bindings
from muster.intake.person import PersonFacts
from muster.model import Identity, PersonId, Priority, Scope, Stage
from muster.scim.patch import apply
from muster.scim.patch_request import parse_request
from muster.scim.validate import validate, with_schemas
from muster.scim.values import JsonValue, Resource
from muster.service.desk import Desk
from muster.service.permission import check_own_change
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

_UNIQUE: Final = (("external_id", "externalId"), ("user_key", "userName"))
_BESIDE: Final = frozenset({"schemas", "externalId", "active"})  # kept beside the stored resource


async def create(desk: Desk, caller: Caller, body: JsonValue) -> Stored:
    """The source has this user; one it deleted before is the same person again (RFC 7644 §3.3).

    Raises:
        ScimError: The body is no user, or its userName or externalId is taken.
    """
    caller.check(Scope.USERS_WRITE)
    facts = _facts(validate(body, caller.types.user, dialect=caller.dialect), active=True)
    inbound = caller.inbound(desk, "POST /Users", priority=Priority.JOINER)

    async def work(tx: Transaction) -> Stored:
        person = await intake.arrive(tx, inbound, await bindings(tx, desk.tenant), facts)
        await claim_unique(tx, caller, (caller.types.user, person.id), after=facts.attributes)
        return await _stored(tx, caller, person.id)

    return await written(desk, caller, work, _UNIQUE)


async def get(desk: Desk, caller: Caller, id: str) -> Stored:
    """The user of this id (RFC 7644 §3.4.1).

    Raises:
        NotFound: The source has none.
    """
    caller.check(Scope.USERS_READ, id, own=Scope.ME_READ)
    return await desk.db.read(lambda tx: _stored(tx, caller, PersonId(id)))


async def find(desk: Desk, caller: Caller, query: Query) -> Found:
    """A page of the users that match, in the order they came (RFC 7644 §3.4.2).

    Raises:
        InvalidFilter: The filter does not fit users.
        TooMany: No index answers the filter, and there are too many users to look at each.
    """
    caller.check(Scope.USERS_READ)
    matches = test_of(query, caller.types.user)

    async def read(tx: Transaction) -> Found:
        if query.filter is None:
            page = await roster.people_page(tx, caller.source, skip=query.page.offset, most=query.page.count)
            total = await roster.count_people(tx, caller.source)
            return Found(total=total, resources=tuple(_shown(caller, listed) for listed in page))
        candidates = await _candidates(tx, caller, query)
        shown = [_shown(caller, listed) for listed in candidates]
        return page_of(query, [stored for stored in shown if matches(stored.resource)])

    return await desk.db.read(read)


async def _candidates(tx: Transaction, caller: Caller, query: Query) -> list[ListedPerson]:
    """Everybody the filter could mean: few by an index, else all."""
    match equated(query, caller.types.user):
        case ("id", id):
            found = await roster.person(tx, caller.source, PersonId(id))
            return [] if found is None else [found]
        case ("userName", name):
            return await roster.named_people(tx, caller.source, name)
        case ("externalId", external_id):
            return await roster.called_people(tx, caller.source, external_id)
        case _:
            count = await roster.count_people(tx, caller.source)
            check_scannable(count)
            return await roster.people_page(tx, caller.source, skip=0, most=count)


async def put(
    desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
) -> Stored:
    """The user is as the body says (RFC 7644 §3.5.1); whether they are active stays when it does not say.

    Raises:
        ScimError: There is no such user, the body is none, a unique value is taken, or the version is another
            one.
    """
    caller.check(Scope.USERS_WRITE, id, own=Scope.ME_WRITE)

    def changed(resource: Resource) -> Resource:
        return validate(body, caller.types.user, replacing=resource, dialect=caller.dialect)

    return await _change(desk, caller, PersonId(id), changed, cause="PUT /Users", expected=expected)


async def patch(
    desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ANY_VERSION
) -> Stored:
    """The operations are applied to the user, all or none (RFC 7644 §3.5.2).

    Who is active stays so when ``active`` is removed; it is only shown no more.

    Raises:
        ScimError: There is no such user, an operation cannot be applied, a unique value is taken, or the
            version is another one.
    """
    caller.check(Scope.USERS_WRITE, id, own=Scope.ME_WRITE)
    operations = parse_request(body)

    def changed(resource: Resource) -> Resource:
        return {"active": None, **apply(resource, operations, caller.types.user, dialect=caller.dialect)}

    return await _change(desk, caller, PersonId(id), changed, cause="PATCH /Users", expected=expected)


async def delete(desk: Desk, caller: Caller, id: str, *, expected: Expected = ANY_VERSION) -> None:
    """The source has this user no more, in no group either: a leaver (RFC 7644 §3.6).

    Raises:
        ScimError: There is no such user, or the version is another one.
    """
    caller.check(Scope.USERS_WRITE, id, own=Scope.ME_DELETE)
    inbound = caller.inbound(desk, "DELETE /Users")

    async def work(tx: Transaction) -> None:
        before = await _own(tx, caller, PersonId(id))
        expected.check(before.version)
        bound = await bindings(tx, desk.tenant)
        await _leave_groups(tx, inbound, bound, before)
        await intake.delete(tx, inbound, bound, before)
        await claim_unique(tx, caller, (caller.types.user, id), before=before.attributes)

    await written(desk, caller, work, _UNIQUE)


async def _change(
    desk: Desk,
    caller: Caller,
    id: PersonId,
    changed: Callable[[Resource], Resource],
    *,
    cause: str,
    expected: Expected,
) -> Stored:
    inbound = caller.inbound(desk, cause)

    async def work(tx: Transaction) -> Stored:
        before = await _own(tx, caller, id)
        expected.check(before.version)
        bound, resource = await bindings(tx, desk.tenant), _resource(caller, before)
        after = changed(resource)
        check_own_change(caller.bearer.token, bound, resource, after)
        facts = _facts(after, active=before.stage is Stage.ACTIVE)
        returns = facts.active and before.stage is Stage.LEFT
        brought = replace(inbound, priority=Priority.JOINER) if returns else inbound
        await intake.change(tx, brought, bound, before, facts)
        owner = (caller.types.user, id)
        await claim_unique(tx, caller, owner, before=before.attributes, after=facts.attributes)
        return await _stored(tx, caller, id)

    return await written(desk, caller, work, _UNIQUE)


async def _own(tx: Transaction, caller: Caller, id: PersonId) -> Identity:
    """The caller's person, whom nobody else changes before the transaction ends."""
    person = await people.person(tx, caller.source.tenant, id, lock=True)
    if (
        person is None
        or person.source != caller.source.id
        or await people.is_deleted(tx, person.tenant, person.id)
    ):
        raise no_such(caller.types.user, id)
    return person


async def _leave_groups(tx: Transaction, inbound: Inbound, bound: Bindings, person: Identity) -> None:
    """The person is in no group: were they to return, they would hold only what they are given anew."""
    for held in sorted(held for held, _ in await groups.of_person(tx, person.tenant, person.id)):
        group = await groups.group(tx, person.tenant, held, lock=True)
        if group is None:
            continue
        attributes, _, _ = await groups.resource(tx, person.tenant, held)
        facts = GroupFacts(
            name=group.name,
            external_id=group.external_id,
            members=group.members - {person.id},
            attributes=attributes,
        )
        await group_intake.change(tx, inbound, bound, group, facts)


async def _stored(tx: Transaction, caller: Caller, id: PersonId) -> Stored:
    listed = await roster.person(tx, caller.source, id)
    if listed is None:
        raise no_such(caller.types.user, id)
    return _shown(caller, listed)


def _facts(resource: Resource, *, active: bool) -> PersonFacts:
    """What a valid user states; ``active`` where it does not say, or says null (RFC 7643 §2.5)."""
    stated = resource.get("active")
    return PersonFacts(
        user_name=checked_name(resource.get("userName"), "userName"),
        external_id=optional_name(resource.get("externalId"), "externalId"),
        active=active if stated is None else stated is True,
        attributes={name: value for name, value in resource.items() if name not in _BESIDE or value is None},
    )


def _resource(caller: Caller, person: Identity) -> Resource:
    """The user as its source wrote it."""
    attributes = cast("Mapping[str, JsonValue]", person.attributes)  # JSON by the contract of ``Identity``
    resource: Resource = {**attributes, "userName": person.user_name}
    if resource.pop("active", True) is not None:  # null where the source unassigned it
        resource["active"] = person.stage is Stage.ACTIVE
    if person.external_id is not None:
        resource["externalId"] = person.external_id
    return with_schemas(resource, caller.types.user)


def _shown(caller: Caller, listed: ListedPerson) -> Stored:
    person = listed.person
    location = caller.location(caller.types.user, person.id)
    version = etag(person.version, _digest(listed.groups))
    resource = {**_resource(caller, person), "id": person.id}
    if listed.groups:
        resource["groups"] = [_group(caller, held, name) for held, name in listed.groups]
    resource["meta"] = meta(caller.types.user.name, (listed.created_at, listed.changed_at), location, version)
    return Stored(id=person.id, etag=version, location=location, resource=resource)


def _group(caller: Caller, id: str, name: str) -> Resource:
    return {"value": id, "$ref": caller.location(caller.types.group, id), "display": name, "type": "direct"}


def _digest(groups: tuple[tuple[str, str], ...]) -> str:
    """A short text that differs where the groups do; they change without a new version of the person."""
    return f"{zlib.crc32(repr(groups).encode()):08x}" if groups else ""
