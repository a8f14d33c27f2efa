"""Users as a source sees its own people (RFC 7643 §4.1): each action is one transaction, done by ``intake``.

A source finds and changes only what it brought. A user it sets inactive, or deletes, is a leaver; one it
creates again is the same person returning.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, cast

from muster.db import Transaction, decode
from muster.directory import groups, people, roster
from muster.directory.conditions import condition_on_people
from muster.directory.roster import ListedPerson, Order
from muster.intake import group as group_intake
from muster.intake import person as intake
from muster.intake.inbound import Bindings, Inbound, bindings
from muster.intake.person import PersonFacts
from muster.model import Identity, Members, PersonId, Priority, Scope, Stage
from muster.scim.filter import Compare, Op
from muster.scim.patch import apply
from muster.scim.patch_request import parse_request
from muster.scim.validate import validate, with_schemas
from muster.scim.values import JsonValue, Resource
from muster.service import scim_rendering
from muster.service.desk import Desk
from muster.service.permission import check_own_change
from muster.service.scim_exchange import (
    ANY_VERSION,
    Caller,
    Expected,
    Found,
    Query,
    Stored,
    checked_name,
    no_such,
    optional_name,
    written,
)
from muster.service.scim_finding import Hits, Shelf
from muster.service.scim_finding import find as find_on
from muster.service.scim_types import View
from muster.service.scim_unique import claim_unique

_UNIQUE: Final = (("external_id", "externalId"), ("user_key", "userName"))
_BESIDE: Final = frozenset({"schemas", "externalId", "active"})  # kept beside the stored resource
_ORDERS: Final[frozenset[Order]] = frozenset({"id", "userName", "meta.lastModified"})


async def create(desk: Desk, caller: Caller, body: JsonValue, *, view: View | None = None) -> Stored:
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
        return await _stored(tx, caller, person.id, view)

    return await written(desk, caller, work, _UNIQUE)


async def get(desk: Desk, caller: Caller, id: str, *, view: View | None = None) -> Stored:
    """The user of this id (RFC 7644 §3.4.1).

    Raises:
        NotFound: The source has none.
    """
    caller.check(Scope.USERS_READ, id, own=Scope.ME_READ)
    return await desk.db.read(lambda tx: _stored(tx, caller, PersonId(id), view))


async def find(desk: Desk, caller: Caller, query: Query, *, view: View | None = None) -> Found:
    """A page of the users that match (RFC 7644 §3.4.2, RFC 9865).

    Raises:
        InvalidFilter: The filter does not fit users.
        InvalidCursor: The cursor was not given for this search.
        TooMany: No index answers the query, and there are too many users to look at each.
    """
    caller.check(Scope.USERS_READ)
    view = view or caller.types.whole_user

    async def read(tx: Transaction) -> Found:
        hits = await _hits(tx, desk, caller, query)
        bodies = tuple(scim_rendering.person(caller, listed, view).body or b"" for listed in hits.page)
        return Found(total=hits.total, bodies=bodies, cursor=hits.cursor)

    return await desk.db.read(read)


async def _hits(tx: Transaction, desk: Desk, caller: Caller, query: Query) -> Hits[ListedPerson]:
    if (name := _named(query, caller)) is None:
        return await find_on(tx, desk, caller, query, shelf(caller))
    found = await roster.named(tx, caller.source, name)
    # Names are compared wider than filters do: compatibility forms count as the same.
    if found is None or str(decode(found.resource)["userName"]).casefold() != name.casefold():
        return Hits(total=0, page=())
    return Hits(total=1, page=[found][query.page.offset :][: query.page.count])


def _named(query: Query, caller: Caller) -> str | None:
    """The name of ``userName eq "…"``, what providers ask most: one row answers it, without any order."""
    match query.filter:
        case Compare(attribute=attribute, op=Op.EQ, value=str() as name) if not query.cursor:
            return name if str(caller.types.user.locate(attribute)) == "userName" else None
        case _:
            return None


def shelf(caller: Caller) -> Shelf[ListedPerson]:
    """The caller's people, to be found."""
    source = caller.source
    return Shelf(
        type=caller.types.user,
        orders=_ORDERS,
        condition=lambda filter_: condition_on_people(filter_, caller.types.user),
        slice=lambda tx, slice_, condition: roster.people(tx, source, slice_, condition),
        count=lambda tx, condition: roster.count_people(tx, source, condition),
        resource=lambda listed: scim_rendering.person_resource(caller, listed),
        place=_place,
    )


def _place(listed: ListedPerson, order: Order) -> tuple[str | int, str]:
    match order:
        case "id":
            return listed.id, listed.id
        case "userName":
            return listed.user_key, listed.id
        case "meta.lastModified":
            return listed.changed_at, listed.id


async def put(
    desk: Desk,
    caller: Caller,
    id: str,
    body: JsonValue,
    *,
    expected: Expected = ANY_VERSION,
    view: View | None = None,
) -> Stored:
    """The user is as the body says (RFC 7644 §3.5.1); whether they are active stays when it does not say.

    Raises:
        ScimError: There is no such user, the body is none, a unique value is taken, or the version is another
            one.
    """
    caller.check(Scope.USERS_WRITE, id, own=Scope.ME_WRITE)

    def changed(resource: Resource) -> Resource:
        return validate(body, caller.types.user, replacing=resource, dialect=caller.dialect)

    inbound = caller.inbound(desk, "PUT /Users")
    return await _change(desk, caller, PersonId(id), changed, inbound, expected=expected, view=view)


async def patch(
    desk: Desk,
    caller: Caller,
    id: str,
    body: JsonValue,
    *,
    expected: Expected = ANY_VERSION,
    view: View | None = None,
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

    inbound = caller.inbound(desk, "PATCH /Users")
    return await _change(desk, caller, PersonId(id), changed, inbound, expected=expected, view=view)


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
    inbound: Inbound,
    *,
    expected: Expected,
    view: View | None,
) -> Stored:
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
        return await _stored(tx, caller, id, view)

    return await written(desk, caller, work, _UNIQUE)


async def _own(tx: Transaction, caller: Caller, id: PersonId) -> Identity:
    """The caller's person, whom nobody else changes before the transaction ends."""
    person = await people.person(tx, caller.source.tenant, id, lock=True)
    if person is None or person.source != caller.source.id or person.deleted:
        raise no_such(caller.types.user, id)
    return person


async def _leave_groups(tx: Transaction, inbound: Inbound, bound: Bindings, person: Identity) -> None:
    """The person is in no group: were they to return, they would hold only what they are given anew."""
    gone = Members(people=frozenset({person.id}))
    for held in await groups.of_person(tx, person.tenant, person.id):
        group = await groups.group(tx, person.tenant, held, lock=True)
        if group is not None:
            facts = group_intake.facts_of(group)
            await group_intake.change(tx, inbound, bound, group, facts, remove=gone)


async def _stored(tx: Transaction, caller: Caller, id: PersonId, view: View | None) -> Stored:
    listed = await roster.person(tx, caller.source, id)
    if listed is None:
        raise no_such(caller.types.user, id)
    return scim_rendering.person(caller, listed, view or caller.types.whole_user)


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
