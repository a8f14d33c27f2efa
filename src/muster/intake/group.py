"""A group arrives, changes or goes.

Stored, logged, and every person whose groups changed is looked at again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from muster.audit import Action
from muster.db import Transaction
from muster.directory import groups, people
from muster.intake.inbound import Bindings, Inbound, log, mark_touched
from muster.model import BadInput, Group, Identity, PersonId, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """What a source says of a group.

    ``attributes`` is the SCIM Group resource without id, meta, members and externalId.
    """

    name: str
    external_id: str | None
    members: frozenset[PersonId]
    attributes: Mapping[str, object]


async def arrive(tx: Transaction, inbound: Inbound, bound: Bindings, facts: GroupFacts) -> Group:
    """The source's group is known.

    Raises:
        Duplicate: the source has another group of this name.
        BadInput: a member is nobody this source knows.
    """
    members = await _people(tx, inbound, facts.members)
    group = Group(
        tenant=inbound.tenant,
        id=inbound.new_id(),
        source=inbound.source.id,
        name=facts.name,
        version=1,
        external_id=facts.external_id,
        members=facts.members,
    )
    await groups.insert(tx, group, dict(facts.attributes), at=inbound.at)
    await groups.change_members(tx, inbound.tenant, group.id, add=facts.members, at=inbound.at)
    after = {"displayName": facts.name, "members": sorted(facts.members)}
    await log(tx, inbound.record(Action.GROUP_CREATE, after=dict(after), detail={"group": group.id}))
    await mark_touched(tx, inbound, bound, [(person, _joined(person, facts.name)) for person in members])
    return group


async def change(
    tx: Transaction, inbound: Inbound, bound: Bindings, before: Group, facts: GroupFacts
) -> Group:
    """The group is as the source says now; nothing happens when that changes nothing.

    Raises:
        Duplicate: the source has another group of this name.
        BadInput: a member is nobody this source knows, or somebody else changed the group meanwhile.
    """
    stored, _, _ = await groups.resource(tx, before.tenant, before.id)
    added, removed = facts.members - before.members, before.members - facts.members
    renamed = before.name != facts.name
    if not (
        added
        or removed
        or renamed
        or before.external_id != facts.external_id
        or stored != dict(facts.attributes)
    ):
        return before
    await _people(tx, inbound, added)
    # Renaming changes the facts of every member; otherwise only those who come or go are looked at.
    concerned = await _known(tx, inbound, before.members | facts.members if renamed else added | removed)
    after = replace(
        before,
        name=facts.name,
        external_id=facts.external_id,
        members=facts.members,
        version=before.version + 1,
    )
    if not await groups.update(tx, after, dict(facts.attributes), at=inbound.at):
        raise _changed_meanwhile(before)
    await groups.change_members(tx, before.tenant, before.id, add=added, remove=removed, at=inbound.at)
    record = inbound.record(
        Action.GROUP_UPDATE,
        before={"displayName": before.name} if renamed else {},
        after={"displayName": facts.name} if renamed else {},
        detail={"group": before.id, "added": sorted(added), "removed": sorted(removed)},
    )
    await log(tx, record)
    await mark_touched(tx, inbound, bound, [(person, await _now(tx, person)) for person in concerned])
    return after


async def delete(tx: Transaction, inbound: Inbound, bound: Bindings, before: Group) -> None:
    """The group is no more, and what it granted is looked at again."""
    concerned = await _known(tx, inbound, before.members)
    await groups.delete(tx, before.tenant, before.id)
    shown: dict[str, object] = {"displayName": before.name, "members": sorted(before.members)}
    await log(tx, inbound.record(Action.GROUP_DELETE, before=shown, detail={"group": before.id}))
    await mark_touched(tx, inbound, bound, [(person, await _now(tx, person)) for person in concerned])


async def _now(tx: Transaction, person: Identity) -> Identity | None:
    return await people.person(tx, person.tenant, person.id)


async def _known(tx: Transaction, inbound: Inbound, ids: Iterable[PersonId]) -> list[Identity]:
    found = [await people.person(tx, inbound.tenant, each) for each in sorted(ids)]
    return [person for person in found if person is not None]


async def _people(tx: Transaction, inbound: Inbound, ids: Iterable[PersonId]) -> list[Identity]:
    """The people behind the ids, all of the source that speaks."""
    found: list[Identity] = []
    for each in sorted(ids):
        person = await people.person(tx, inbound.tenant, each)
        if (
            person is None
            or person.source != inbound.source.id
            or await people.is_deleted(tx, inbound.tenant, each)
        ):
            raise BadInput(
                Problem(
                    code="MUSTER-MEMBER-UNKNOWN",
                    what="A member of the group is nobody this source knows",
                    where=f"members, value {each}",
                    next_step="create the person first, or leave them out",
                )
            )
        found.append(person)
    return found


def _joined(person: Identity, group: str) -> Identity:
    return replace(person, groups=person.groups | {group})


def _changed_meanwhile(group: Group) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-CHANGED",
            what="Somebody else changed this group at the same moment",
            where=f"group {group.name}",
            next_step="read the group again and repeat the change",
        )
    )
