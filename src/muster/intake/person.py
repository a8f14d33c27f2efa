"""A person arrives, changes, leaves or returns: stored, logged and marked, in the transaction given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from muster.audit import Action
from muster.db import Transaction
from muster.directory import people
from muster.intake.inbound import Bindings, Inbound, leaver_priority, log, mark_everything_of, mark_touched
from muster.model import BadInput, Identity, PersonId, Priority, Problem, Stage
from muster.policy import touched


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What a source says of a person.

    ``attributes`` is the SCIM User resource without id, meta, groups, active and externalId.
    """

    user_name: str
    external_id: str | None
    active: bool
    attributes: Mapping[str, object]


async def arrive(tx: Transaction, inbound: Inbound, bound: Bindings, facts: PersonFacts) -> Identity:
    """The source's person is known; one who was deleted before returns as themselves.

    Raises:
        Duplicate: the source has another person with this userName or externalId.
    """
    if (former := await _former(tx, inbound, facts)) is not None:
        return await change(tx, inbound, bound, former, facts)
    person = Identity(
        tenant=inbound.tenant,
        id=PersonId(inbound.new_id()),
        source=inbound.source.id,
        user_name=facts.user_name,
        external_id=facts.external_id,
        stage=Stage.ACTIVE if facts.active else Stage.LEFT,
        version=1,
        attributes=dict(facts.attributes),
    )
    await people.insert(tx, person, at=inbound.at)
    await log(tx, inbound.record(Action.PERSON_CREATE, person=person.id, after=_shown(person)))
    await mark_touched(tx, inbound, bound, [(None, person)], priority=min(inbound.priority, Priority.IMPORT))
    return person


async def _former(tx: Transaction, inbound: Inbound, facts: PersonFacts) -> Identity | None:
    """The same human, deleted by this source before.

    By its own id, or by name where neither record has an id.
    """
    if facts.external_id is not None:
        candidates = await people.by_external_id(tx, inbound.tenant, inbound.source.id, facts.external_id)
    else:
        named = await people.by_name(tx, inbound.tenant, facts.user_name, inbound.source.id)
        candidates = [candidate for candidate in named if candidate.external_id is None]
    for candidate in candidates:
        if candidate.deleted:
            return candidate
    return None


async def change(
    tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity, facts: PersonFacts
) -> Identity:
    """The person is as the source says now.

    Nothing happens, not even a new version, when that changes nothing.

    Raises:
        Duplicate: the source has another person with this userName or externalId.
        BadInput: somebody else changed the person meanwhile (code MUSTER-CHANGED).
    """
    stays_out = before.mustered_out or not facts.active
    after = replace(
        before,
        user_name=facts.user_name,
        external_id=facts.external_id,
        stage=Stage.LEFT if stays_out else Stage.ACTIVE,
        attributes=dict(facts.attributes),
        version=before.version + 1,
        deleted=False,
    )
    if _shown(before) == _shown(after) and not before.deleted:
        return before
    return await _become(tx, inbound, bound, before, after)


async def muster_out(tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity) -> Identity:
    """The person has left, and no source brings them back; nothing happens to one mustered out already."""
    if before.mustered_out:
        return before
    after = replace(before, stage=Stage.LEFT, mustered_out=True, version=before.version + 1)
    return await _become(tx, inbound, bound, before, after)


async def let_back(tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity) -> Identity:
    """The person is active again, as their source last described them.

    Nothing happens to one who is not out.
    """
    if not before.mustered_out:
        return before
    after = replace(before, stage=Stage.ACTIVE, mustered_out=False, version=before.version + 1)
    return await _become(tx, inbound, bound, before, after)


async def _become(
    tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity, after: Identity
) -> Identity:
    """Store, log and mark what the person is now."""
    if not await people.update(tx, before, after, at=inbound.at):
        raise _changed_meanwhile(before)
    old, new = _difference(_shown(before), _shown(after))
    await log(tx, inbound.record(_what_happened(before, after), person=after.id, before=old, after=new))
    if before.stage is Stage.ACTIVE and after.stage is Stage.LEFT:
        await _mark_leaver(tx, inbound, bound, before, after)
    else:
        await mark_touched(tx, inbound, bound, [(before, after)])
    return after


async def delete(tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity) -> None:
    """The source has the person no more: a leaver, remembered so that they can return."""
    await people.delete(tx, before, at=inbound.at)
    after = replace(before, stage=Stage.LEFT, version=before.version + 1)
    await log(tx, inbound.record(Action.PERSON_DELETE, person=before.id, before=_shown(before)))
    await _mark_leaver(tx, inbound, bound, before, after)


async def _mark_leaver(
    tx: Transaction, inbound: Inbound, bound: Bindings, before: Identity, after: Identity
) -> None:
    priority = await leaver_priority(tx, inbound)
    also = touched(before, after, bound.apps, bound.rules)
    await mark_everything_of(tx, inbound, after, priority=priority, also=also)


def _what_happened(before: Identity, after: Identity) -> Action:
    if before.stage is after.stage:
        return Action.PERSON_UPDATE
    return Action.PERSON_LEAVE if after.stage is Stage.LEFT else Action.PERSON_RETURN


def _shown(person: Identity) -> dict[str, object]:
    """The facts of a person as the log shows them."""
    return {
        "userName": person.user_name,
        "externalId": person.external_id,
        "active": person.stage is Stage.ACTIVE,
        **dict(person.attributes),
    }


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, object], dict[str, object]]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def _changed_meanwhile(person: Identity) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-CHANGED",
            what="Somebody else changed this person at the same moment",
            where=f"person {person.user_name}",
            next_step="read the person again and repeat the change",
        )
    )
