"""Why a person has, or has not, what they have: one answer per app, with the whole chain in plain words."""

from dataclasses import dataclass
from datetime import datetime

from muster import audit, work
from muster.audit import Record, Result, Search
from muster.db import Transaction
from muster.directory import held_groups, links, people, rules, sources
from muster.model import ACCOUNT, App, AppName, Attributes, Health, Identity, Key, Link, Stage
from muster.policy import desired
from muster.service import finding
from muster.service.desk import Desk
from muster.work import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one person should hold and holds in one app, and why."""

    app: AppName
    wanted: bool
    because: tuple[str, ...]
    attributes: Attributes
    link: Link | None
    waiting: Waiting | None
    health: Health
    health_reason: str
    latest: Record | None  # the last thing that was done, or tried, to the account

    @property
    def status(self) -> str:
        """In one word for a table: what an administrator wants to know first."""
        if self.waiting is not None:
            return {"due": "pending", "retry": "retrying", "held": "held", "parked": "needs a person"}[
                self.waiting.state
            ]
        if self.link is None:
            return "none"
        return self.link.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """Everything one person can reach: one row per app."""

    person: Identity
    source: str
    groups: tuple[str, ...]
    since: datetime
    access: tuple[Access, ...]


async def access_of(desk: Desk, who: str, *, app: str | None = None) -> AccessPage:
    """The access page of a person, for every app or one.

    Raises:
        NotFound: no such person or app.
    """
    person = await finding.person(desk, who)
    chosen = [await finding.app(desk, app)] if app is not None else await finding.all_apps(desk)

    async def read(tx: Transaction) -> AccessPage:
        source = await sources.by_id(tx, desk.tenant, person.source)
        waiting = {one.key: one for one in await work.waiting_for(tx, desk.tenant, person=person.id)}
        created, _ = await people.stamps(tx, desk.tenant, person.id)
        return AccessPage(
            person=person,
            source=person.source if source is None else source.name,
            groups=tuple(one.name for one in await held_groups.of_person(tx, desk.tenant, person.id)),
            since=created,
            access=tuple([await _access(tx, person, one, waiting) for one in chosen]),
        )

    return await desk.db.read(read)


async def _access(tx: Transaction, person: Identity, app: App, waiting: dict[Key, Waiting]) -> Access:
    key = Key(tenant=person.tenant, app=app.name, kind=ACCOUNT, subject=person.id)
    want = desired(person, key, app, await rules.of_app(tx, person.tenant, app.name))
    search = Search(tenant=person.tenant, person=person.id, app=app.name, action="account", most=50)
    told = [
        record
        for record in await audit.search(tx, search)
        if record.result is not Result.INTENDED and record.action is not audit.Action.ACCOUNT_READ
    ]
    because = want.because
    if person.stage is Stage.LEFT and not because:
        because = ("left the organisation",)
    return Access(
        app=app.name,
        wanted=want.wanted,
        because=because,
        attributes=want.attributes,
        link=await links.link(tx, key),
        waiting=waiting.get(key),
        health=app.health,
        health_reason=app.health_reason,
        latest=told[-1] if told else None,
    )
