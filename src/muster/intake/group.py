"""A group arrives, changes or goes.

Stored, logged, and every person whose groups changed is looked at again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from muster.audit import Action
from muster.db import Transaction
from muster.directory import groups, people
from muster.intake.inbound import Bindings, Inbound, log, mark_touched
from muster.model import BadInput, Group, GroupId, Identity, Members, PersonId, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """What a source says of a group, but for its members.

    ``attributes`` is the SCIM Group resource without id, meta, members and externalId.
    """

    name: str
    external_id: str | None
    attributes: Mapping[str, object]


NOBODY = Members()


def facts_of(group: Group) -> GroupFacts:
    """What its source said of the group last."""
    return GroupFacts(name=group.name, external_id=group.external_id, attributes=group.attributes)


async def arrive(
    tx: Transaction, inbound: Inbound, bound: Bindings, facts: GroupFacts, members: Collection[str]
) -> Group:
    """The source's group is known, with the people and groups of these ids in it.

    Raises:
        Duplicate: the source has another group of this name.
        BadInput: a member is nobody this source knows.
    """
    joining = await _known(tx, inbound, members)
    group = Group(
        tenant=inbound.tenant,
        id=GroupId(inbound.new_id()),
        source=inbound.source.id,
        name=facts.name,
        version=1,
        external_id=facts.external_id,
        attributes=facts.attributes,
    )
    concerned = await _everybody(tx, group, joining)
    await groups.insert(tx, group, at=inbound.at)
    await groups.change_members(tx, inbound.tenant, group.id, add=joining, remove=NOBODY, at=inbound.at)
    after: dict[str, object] = {"displayName": facts.name, "members": _listed(joining)}
    await log(tx, inbound.record(Action.GROUP_CREATE, after=after, detail={"group": group.id}))
    await _mark(tx, inbound, bound, concerned)
    return group


async def change(
    tx: Transaction,
    inbound: Inbound,
    bound: Bindings,
    before: Group,
    facts: GroupFacts,
    *,
    add: Collection[str] = (),
    remove: Members = NOBODY,
) -> Group:
    """The group is as the source says now; nothing happens when that changes nothing.

    Args:
        tx: the transaction.
        inbound: who says so.
        bound: what the change is judged by.
        before: the group as it is.
        facts: what is said of it.
        add: ids of those who are no members yet and shall be.
        remove: those who are members and shall not be.

    Raises:
        Duplicate: the source has another group of this name.
        BadInput: a new member is nobody this source knows or would put the group into itself, or somebody
            else changed the group meanwhile.
    """
    renamed = before.name != facts.name
    if not (add or remove or facts != facts_of(before)):
        return before
    joining = await _known(tx, inbound, add)
    await _refuse_rings(tx, before, joining.groups)
    # Renaming changes the facts of every member; otherwise only those who come or go are looked at.
    moving = joining | remove
    concerned = await _everybody(tx, before, moving | await _directly_in(tx, before) if renamed else moving)
    after = replace(
        before,
        name=facts.name,
        external_id=facts.external_id,
        attributes=facts.attributes,
        version=before.version + 1,
    )
    if not await groups.update(tx, after, at=inbound.at):
        raise _changed_meanwhile(before)
    await groups.change_members(tx, before.tenant, before.id, add=joining, remove=remove, at=inbound.at)
    record = inbound.record(
        Action.GROUP_UPDATE,
        before={"displayName": before.name} if renamed else {},
        after={"displayName": facts.name} if renamed else {},
        detail={"group": before.id, "added": _listed(joining), "removed": _listed(remove)},
    )
    await log(tx, record)
    await _mark(tx, inbound, bound, concerned)
    return after


async def delete(tx: Transaction, inbound: Inbound, bound: Bindings, before: Group) -> None:
    """The group is no more, in no other group either, and what it granted is looked at again."""
    for each in await groups.parents(tx, before.tenant, before.id):
        parent = await groups.group(tx, before.tenant, each, lock=True)
        if parent is not None:
            gone = Members(groups=frozenset({before.id}))
            await change(tx, inbound, bound, parent, facts_of(parent), remove=gone)
    members = await _directly_in(tx, before)
    concerned = await _everybody(tx, before, members)
    await groups.delete(tx, before.tenant, before.id)
    shown: dict[str, object] = {"displayName": before.name, "members": _listed(members)}
    await log(tx, inbound.record(Action.GROUP_DELETE, before=shown, detail={"group": before.id}))
    await _mark(tx, inbound, bound, concerned)


async def _directly_in(tx: Transaction, group: Group) -> Members:
    return await groups.members(tx, group.tenant, group.id)


async def _everybody(tx: Transaction, group: Group, members: Members) -> list[Identity]:
    """Everybody among the members and in the groups among them, as known now."""
    ids: frozenset[PersonId] = members.people
    if members.groups:
        ids |= await groups.people_inside(tx, group.tenant, members.groups)
    return await people.these(tx, group.tenant, ids)


async def _mark(tx: Transaction, inbound: Inbound, bound: Bindings, before: list[Identity]) -> None:
    """What those people may hold by their groups of now is looked at again."""
    now = {each.id: each for each in await people.these(tx, inbound.tenant, [each.id for each in before])}
    await mark_touched(tx, inbound, bound, [(each, now.get(each.id)) for each in before])


async def _known(tx: Transaction, inbound: Inbound, ids: Collection[str]) -> Members:
    """The people and groups behind the ids, all of the source that speaks.

    Raises:
        BadInput: one is none of them.
    """
    if not ids:
        return NOBODY
    found = await groups.known(tx, inbound.tenant, inbound.source.id, ids)
    strangers = set(ids) - found.people - found.groups
    if strangers:
        raise BadInput(
            Problem(
                code="MUSTER-MEMBER-UNKNOWN",
                what="A member of the group is nobody this source knows",
                where=f"members, value {min(strangers)[:80]}",
                next_step="create the person or the group first, or leave them out",
            )
        )
    return found


async def _refuse_rings(tx: Transaction, group: Group, joining: Collection[GroupId]) -> None:
    """Do nothing unless one of the groups holds this one.

    Raises:
        BadInput: one does, however deep.
    """
    if joining and group.id in await groups.inside(tx, group.tenant, joining):
        raise BadInput(
            Problem(
                code="MUSTER-GROUP-RING",
                what="The group would be inside itself",
                where=f"group {group.name}",
                next_step="leave out the member that is this group or holds it",
            )
        )


def _listed(members: Members) -> list[str]:
    return [*sorted(members.people), *sorted(members.groups)]


def _changed_meanwhile(group: Group) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-CHANGED",
            what="Somebody else changed this group at the same moment",
            where=f"group {group.name}",
            next_step="read the group again and repeat the change",
        )
    )
