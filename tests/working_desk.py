"""A desk whose applications are fakes in memory: configured, called, converged, for real but for the network.

::

    async with working_desk(database_url) as place:
        await place.add_app("chat")
        await place.hire("ana.ruiz", "jonas.keller")
        await converging.sync(place.desk, OPERATOR)
        place.accounts("chat")  # {'ana.ruiz': True, 'jonas.keller': True}
"""

import os
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from desk import OPERATOR, TENANT
from muster import audit, work
from muster.audit import Record, Search
from muster.db import Statement, Transaction, new_id, open_database, system_clock
from muster.directory import links, people
from muster.kit.contract import Power
from muster.kit.faulty import Faults, with_faults
from muster.kit.memory import MANIFEST, MemoryTarget, connect
from muster.kit.settings import Setting, SettingType
from muster.model import (
    ACCOUNT,
    App,
    AppName,
    Condition,
    Everyone,
    Identity,
    Key,
    Limits,
    Link,
    Mapped,
    Removal,
    Rule,
)
from muster.service import configuring, converging, finding, importing
from muster.service.configuration_file import AppSpec
from muster.service.desk import Desk
from muster.service.importing import Import
from muster.sync import Engine, Target, Targets
from muster.vault import SealKey
from muster.work import Waiting

SETTINGS: Final = {
    "url": Setting(type=SettingType.TEXT, required=False, help="Any text."),
    "token": Setting(type=SettingType.SECRET, required=False, help="Any secret."),
}
CONNECTORS: Final = {
    "memory": replace(MANIFEST, settings=SETTINGS),
    "clumsy": replace(MANIFEST, id="clumsy", settings=SETTINGS, powers=MANIFEST.powers - {Power.DISABLE}),
}
COLUMNS: Final = ("externalId", "userName", "displayName", "title", "department", "email", "active", "groups")
_STORED_APPS: Final = Statement("SELECT * FROM apps WHERE tenant = :tenant")
_WORKER_SAYS: Final = Statement(
    "INSERT INTO workers (id, place, until) VALUES ('elsewhere', 'elsewhere:1', :until)"
)


class Shifted:
    """The real time, and as much more as a test adds."""

    def __init__(self) -> None:
        self._more = timedelta()

    def __call__(self) -> datetime:
        """Now, and more."""
        return system_clock() + self._more

    def forward(self, **by: float) -> None:
        """So much later it is from now on."""
        self._more += timedelta(**by)


@dataclass(frozen=True, slots=True)
class Fake:
    """One application in memory, and what goes wrong with it."""

    target: MemoryTarget = field(default_factory=MemoryTarget)
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A desk and the applications around it."""

    desk: Desk
    clock: Shifted
    fakes: defaultdict[str, Fake]

    async def add_app(  # what tests of many subjects vary
        self,
        name: str,
        *,
        connector: str = "memory",
        when: Condition | None = None,
        granted: bool = True,
        settings: Mapping[str, str] | None = None,
        mapping: Mapping[str, Mapped | None] | None = None,
        removal: Removal = Removal.DISABLE,
        limits: Limits | None = None,
    ) -> App:
        """The app is configured, and granted to everyone unless said otherwise."""
        spec = AppSpec(
            name=AppName(name),
            connector=connector,
            settings=settings or {},
            mapping=mapping or {},
            removal=removal,
            limits=limits or Limits(settle_seconds=0.2),
        )
        app = await configuring.put_app(self.desk, OPERATOR, spec)
        if granted:
            await self.grant(name, when or Everyone())
        return app

    async def grant(self, app: str, when: Condition, name: str | None = None) -> Rule:
        """A rule grants the app."""
        rule = Rule(tenant=TENANT, name=name or f"{app}-rule", app=AppName(app), when=when)
        await configuring.put_rule(self.desk, OPERATOR, rule)
        return rule

    async def hire(self, *names: str, source: str = "hr", **options: Any) -> Import:  # noqa: ANN401 - passed on
        """The source's file has these people, and nobody else."""
        return await self.bring(people_csv(*({"userName": name} for name in names)), source=source, **options)

    async def bring(self, data: str, *, source: str = "hr", **options: Any) -> Import:  # noqa: ANN401 - passed on
        """The text is imported as a CSV file."""
        return await importing.import_people(
            self.desk, OPERATOR, data.encode(), format="csv", name="people.csv", source=source, **options
        )

    def accounts(self, app: str) -> dict[str, bool | None]:
        """Who has an account in the fake application, and whether it is in use."""
        kept = self.fakes[app].target.accounts.values()
        names = {str(one.attributes["userName"]): one.active for one in kept}
        if len(names) != len(kept):
            raise AssertionError(f"somebody has two accounts in {app}: {kept}")
        return names

    async def person(self, name: str) -> Identity:
        """One person as known now."""
        return await finding.person(self.desk, name)

    async def everybody(self) -> dict[str, Identity]:
        """All people by userName."""
        return {one.user_name: one for one in await finding.everybody(self.desk)}

    async def link(self, app: str, name: str) -> Link | None:
        """What Muster remembers of a person's account."""
        key = Key(tenant=TENANT, app=AppName(app), kind=ACCOUNT, subject=(await self.person(name)).id)
        return await self.desk.db.read(lambda tx: links.link(tx, key))

    async def waiting(self) -> Sequence[Waiting]:
        """Every key that is not converged."""
        return await self.desk.db.read(lambda tx: work.waiting_for(tx, TENANT))

    async def due(self) -> set[tuple[str, str]]:
        """App and userName of every key that is not converged."""

        async def read(tx: Transaction) -> set[tuple[str, str]]:
            found = set[tuple[str, str]]()
            for one in await work.waiting_for(tx, TENANT):
                person = await people.person(tx, TENANT, one.key.subject)
                found.add((one.key.app, one.key.subject if person is None else person.user_name))
            return found

        return await self.desk.db.read(read)

    async def settle(self) -> None:
        """Everything is converged."""
        outcome = await converging.sync(self.desk, OPERATOR)
        if outcome.left:
            raise AssertionError(outcome)

    async def stored_apps(self) -> str:
        """The rows of all apps as the database holds them."""
        rows = await self.desk.db.read(lambda tx: tx.all(_STORED_APPS, tenant=TENANT))
        return repr([dict(row) for row in rows])

    async def log(self, action: str | None = None) -> list[Record]:
        """The audit records so far, the oldest first."""
        wanted = Search(tenant=TENANT, action=action, most=100_000)
        return await self.desk.db.read(lambda tx: audit.search(tx, wanted))

    async def others_work(self) -> None:
        """It looks as if another process did the work; it does nothing."""
        until = int((self.clock() + timedelta(hours=1)).timestamp() * 1_000_000)
        await self.desk.db.write(lambda tx: tx.run(_WORKER_SAYS, until=until))


def people_csv(*rows: Mapping[str, str]) -> str:
    """A people file; what a row does not say is made from its userName or left empty."""
    lines = [",".join(COLUMNS)]
    for row in rows:
        name = row["userName"]
        whole = {
            "externalId": f"E-{name}",
            "displayName": name.replace(".", " ").title(),
            "email": f"{name}@acme.example",
            **row,
        }
        lines.append(",".join(whole.get(column, "") for column in COLUMNS))
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def working_desk(database_url: str) -> AsyncGenerator[Place]:
    """An open desk with an empty database; its applications are made as they are configured."""
    db = await open_database(database_url, migrate=True)
    clock, fakes = Shifted(), defaultdict[str, Fake](Fake)

    async def opened(app: App) -> Target:
        fake, manifest = fakes[app.name], CONNECTORS[app.connector]
        fake.target.disables = Power.DISABLE in manifest.powers
        connector = with_faults(connect(fake.target), fake.faults)
        return Target(app=app, manifest=manifest, connector=connector, close=_nothing)

    targets = Targets(opened)
    engine = Engine(db=db, targets=targets, clock=clock, new_id=new_id, chance=random.random)
    desk = Desk(
        tenant=TENANT,
        db=db,
        engine=engine,
        clock=clock,
        new_id=new_id,
        random=os.urandom,
        seal_key=SealKey(bytes(32)),
        connectors=CONNECTORS,
    )
    try:
        yield Place(desk=desk, clock=clock, fakes=fakes)
    finally:
        await targets.close()
        await db.close()


async def _nothing() -> None:
    """There is nothing to close."""
