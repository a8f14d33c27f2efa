"""Whether Muster can work, and what stands in its way."""

from dataclasses import dataclass
from datetime import timedelta

from muster import work
from muster.db import Transaction
from muster.directory import apps
from muster.model import App, Health
from muster.service.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """``oldest_due`` is how long the oldest account that is due has waited; None when none is."""

    oldest_due: timedelta | None
    quarantined: tuple[App, ...]


async def readiness(desk: Desk) -> Readiness:
    """What an operator looks at first.

    Raises:
        Unavailable: the database does not answer.
    """
    now = desk.clock()

    async def read(tx: Transaction) -> Readiness:
        due = [one.oldest for one in await work.backlog(tx, desk.tenant) if one.state == "due"]
        every = await apps.all_apps(tx, desk.tenant)
        return Readiness(
            oldest_due=max(now - min(due), timedelta()) if due else None,
            quarantined=tuple(app for app in every if app.health is Health.QUARANTINED),
        )

    return await desk.db.read(read)
