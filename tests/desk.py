"""A desk on a fresh database, for tests of the floors above; applications are configured, never called."""

import os
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from muster import audit, work
from muster.audit import Record, Search
from muster.db import Statement, Transaction, new_id, open_database
from muster.directory import apps, rules
from muster.model import App, AppName, Condition, Copied, Everyone, Rule, Secret, Tenant
from muster.service.desk import Actor, Desk
from muster.service.tokens import add_source
from muster.sync import Engine, Target, Targets
from muster.vault import SealKey
from muster.work import Waiting

TENANT = Tenant("acme")
OPERATOR = Actor(name="cli:test")
_FORGET = Statement("DELETE FROM work WHERE tenant = :tenant")


class StoppedClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time it stopped at."""
        return self.now

    def monotonic(self) -> float:
        """The seconds of a steady clock, which stopped with this one."""
        return self.now.timestamp()

    def forward(self, **by: float) -> None:
        """So much later it is."""
        self.now += timedelta(**by)


async def _refuse(app: App) -> Target:
    raise AssertionError(f"no test at this desk calls {app.name}")


@asynccontextmanager
async def open_desk(database_url: str, clock: StoppedClock | None = None) -> AsyncGenerator[Desk]:
    """An open desk with an empty database at the current schema."""
    db = await open_database(database_url, migrate=True)
    now = clock or StoppedClock()
    engine = Engine(db=db, targets=Targets(_refuse), clock=now, new_id=new_id, chance=random.random)
    try:
        yield Desk(
            tenant=TENANT,
            db=db,
            engine=engine,
            clock=now,
            new_id=new_id,
            random=os.urandom,
            seal_key=SealKey(bytes(32)),
            connectors={},
        )
    finally:
        await db.close()


def as_tenant(desk: Desk, tenant: str) -> Desk:
    """The same database at the desk of another tenant."""
    return replace(desk, tenant=Tenant(tenant))


async def scim_source(desk: Desk, name: str) -> Secret:
    """The token of a new SCIM source."""
    _, token = await add_source(desk, OPERATOR, "scim", name)
    if token is None:
        raise AssertionError("a SCIM source comes with a token")
    return token


async def grant(desk: Desk, name: str, when: Condition | None = None) -> App:
    """An app, and a rule that grants it: to everybody, unless a condition is given."""
    mapping = {"userName": Copied(attribute="userName"), "displayName": Copied(attribute="displayName")}
    app = App(tenant=desk.tenant, name=AppName(name), connector="memory", mapping=mapping)
    rule = Rule(tenant=desk.tenant, name=f"{name}-rule", app=app.name, when=when or Everyone())

    async def commit(tx: Transaction) -> None:
        await apps.put(tx, app, {}, at=desk.clock())
        await rules.put(tx, rule, at=desk.clock())

    await desk.db.write(commit)
    return app


async def waiting(desk: Desk) -> Sequence[Waiting]:
    """Every account that is due."""
    return await desk.db.read(lambda tx: work.waiting_for(tx, desk.tenant))


async def forget_work(desk: Desk) -> None:
    """Nothing is due any more, as if workers had converged everything."""
    await desk.db.write(lambda tx: tx.run(_FORGET, tenant=desk.tenant))


async def log(desk: Desk, action: str | None = None) -> list[Record]:
    """The audit records so far, the oldest first."""
    return await desk.db.read(lambda tx: audit.search(tx, Search(tenant=desk.tenant, action=action)))
