"""What an application shows under one key: the linked object, else whatever may be this person's."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from muster import work
from muster.db import Database, Transaction
from muster.directory import links
from muster.kit.contract import EXTERNAL_ID
from muster.model import (
    Attributes,
    Garbled,
    Gone,
    Key,
    Link,
    LinkState,
    RemoteId,
    RemoteObject,
    Unsupported,
)
from muster.plan import Correlation, correlate
from muster.sync.engine import Engine
from muster.sync.facts import Facts
from muster.sync.targets import Target

HELD = frozenset({LinkState.LINKED, LinkState.DISABLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was seen: the linked object, or what looking for the person's account brought (None.

    Nobody looked).
    """

    observed: RemoteObject | None = None
    match: Correlation | None = None
    calls: int = 0  # read calls it took


async def observe(engine: Engine, target: Target, facts: Facts, *, afresh: bool = False) -> Sighting:
    """Look at the application as far as this key needs it.

    Args:
        engine: the database and the time.
        target: the application, opened.
        facts: what is known of the key.
        afresh: whether the application moved under us, so that only looking now counts.

    Raises:
        TargetError: it could not be seen; nothing may be concluded.
    """
    link = facts.link
    if link is not None and link.state in HELD and link.remote_id is not None:
        observed = await get(target, link, link.remote_id)
        if observed is not None or not facts.desired.wanted:
            return Sighting(observed=observed, calls=1)
    unfinished = link is not None and link.state is LinkState.CREATING
    if facts.desired.wanted or unfinished or facts.unfinished_creation is not None:
        if not (afresh or unfinished or facts.open_intents) and await _is_nowhere(engine, target, facts):
            return Sighting(match=Correlation())
        return await _look_for(engine.db, target, facts)
    return Sighting()


async def _is_nowhere(engine: Engine, target: Target, facts: Facts) -> bool:
    """Whether a census taken for many spares looking for this one."""
    key = facts.key

    async def waiting() -> int:
        return await engine.db.read(lambda tx: work.count(tx, key.tenant, key.app))

    return await target.census.proves_absence(
        key.subject, facts.desired.attributes, clock=engine.clock, waiting=waiting
    )


async def get(target: Target, link: Link, remote_id: RemoteId) -> RemoteObject | None:
    """The linked object; None when the application says it is gone."""
    try:
        observed = await target.connector.get(link.key.kind, remote_id)
    except Gone:
        return None
    if observed.id != remote_id:
        raise Garbled(f"it was asked for object {remote_id} and answered with {observed.id}")
    return observed


async def _look_for(db: Database, target: Target, facts: Facts) -> Sighting:
    """By our own id first; by the configured attributes only when that finds nothing.

    An account whose creation has no known outcome bears what was sent then, whatever is wanted by now.
    """
    seen = await _look_for_one_who_has(db, target, facts.key, facts.desired.attributes)
    intent = facts.unfinished_creation
    if intent is None or seen.match is None or seen.match.found or seen.match.withheld:
        return seen
    again = await _look_for_one_who_has(db, target, facts.key, intent.after)
    return replace(again, calls=seen.calls + again.calls)


async def _look_for_one_who_has(db: Database, target: Target, key: Key, attributes: Attributes) -> Sighting:
    candidates: list[RemoteObject] = []
    calls = 0
    if target.account.external_id:
        with contextlib.suppress(Unsupported):  # no place for our id after all: the attributes decide
            candidates.extend(await target.connector.find(key.kind, EXTERNAL_ID, key.subject))
        calls += 1
    if not any(candidate.external_id == key.subject for candidate in candidates):
        for attribute in target.app.match_on:
            value = attributes.get(attribute)
            if isinstance(value, str) and value:
                candidates.extend(await target.connector.find(key.kind, attribute, value))
                calls += 1
    match = correlate(
        key.subject,
        attributes,
        candidates,
        target.app.match_on,
        case_ignored=target.case_ignored,
        linked_elsewhere=await _linked_elsewhere(db, key, candidates),
    )
    return Sighting(match=match, calls=calls)


async def _linked_elsewhere(
    db: Database, key: Key, candidates: Sequence[RemoteObject]
) -> frozenset[RemoteId]:
    if not candidates:
        return frozenset()

    async def read(tx: Transaction) -> frozenset[RemoteId]:
        taken = [one.id for one in candidates if await links.linked_to_another(tx, key, one.id)]
        return frozenset(taken)

    return await db.read(read)
