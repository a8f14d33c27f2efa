"""Who brings a change, when and why; and what a change of a person's facts means for others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from muster import audit, work
from muster.audit import Action, Record, Result
from muster.db import Transaction
from muster.directory import apps, links, people, rules
from muster.model import App, Identity, Key, LinkState, PersonId, Priority, Rule, Source, Tenant
from muster.policy import touched

_LEAVER_WINDOW: Final = timedelta(hours=1)
LEAVERS_PERCENT: Final = 20.0  # of a source's active people may leave within the window on its word alone
LEAVERS_COUNT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One inbound change. ``cause`` is what people read: ``import people.csv``, ``SCIM PATCH``."""

    source: Source
    actor: str
    cause: str
    at: datetime
    new_id: Callable[[], str]
    priority: Priority = Priority.UPDATE
    leavers_approved: bool = False  # whoever brings the change has had its leavers checked as a whole

    @property
    def tenant(self) -> Tenant:
        """The tenant of the source."""
        return self.source.tenant

    def record(
        self,
        action: Action,
        *,
        person: PersonId | None = None,
        before: dict[str, object] | None = None,
        after: dict[str, object] | None = None,
        detail: dict[str, object] | None = None,
    ) -> Record:
        """The audit record of something this change did."""
        return Record(
            id=self.new_id(),
            tenant=self.tenant,
            at=self.at,
            action=action,
            actor=self.actor,
            cause=self.cause,
            result=Result.DONE,
            person=person,
            before=before or {},
            after=after or {},
            detail={"source": self.source.name, **(detail or {})},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The apps and rules a change is judged by; read once per transaction."""

    apps: tuple[App, ...]
    rules: tuple[Rule, ...]


async def bindings(tx: Transaction, tenant: Tenant) -> Bindings:
    """Every app and rule of the tenant."""
    return Bindings(
        apps=tuple(await apps.all_apps(tx, tenant)), rules=tuple(await rules.all_rules(tx, tenant))
    )


async def mark_touched(
    tx: Transaction,
    inbound: Inbound,
    bound: Bindings,
    changes: Iterable[tuple[Identity | None, Identity | None]],
    *,
    priority: Priority | None = None,
) -> None:
    """Every account these changes of facts may alter is due; make it the last statement."""
    keys = {key for before, after in changes for key in touched(before, after, bound.apps, bound.rules)}
    await work.mark(
        tx,
        keys,
        priority=inbound.priority if priority is None else priority,
        cause=inbound.cause,
        at=inbound.at,
    )


async def mark_everything_of(
    tx: Transaction, inbound: Inbound, person: Identity, *, priority: Priority, also: Iterable[Key] = ()
) -> None:
    """Every account the person has, or may have, is due."""
    held = [
        link.key
        for link in await links.of_person(tx, person.tenant, person.id)
        if link.state is not LinkState.TOMBSTONE
    ]
    await work.mark(tx, [*held, *also], priority=priority, cause=inbound.cause, at=inbound.at)


async def leaver_priority(tx: Transaction, inbound: Inbound) -> Priority:
    """How a leaver of this source is treated: at once, unless the source ends suspiciously many people.

    Beyond its budget a source's word is not authority enough: the accounts are marked like any change, so
    that the guard of each application holds the removals for a person to decide.
    """
    if inbound.leavers_approved:
        return Priority.LEAVER
    left = await people.count_left(tx, inbound.tenant, inbound.source.id, since=inbound.at - _LEAVER_WINDOW)
    if left <= LEAVERS_COUNT:
        return Priority.LEAVER
    staying = ceil(left * (100 - LEAVERS_PERCENT) / LEAVERS_PERCENT)  # so many must be active for the share
    active = await people.count_active(tx, inbound.tenant, inbound.source.id, most=staying)
    return Priority.LEAVER if active >= staying else Priority.UPDATE


async def log(tx: Transaction, record: Record) -> None:
    """The record is part of the change."""
    await audit.append(tx, record)
