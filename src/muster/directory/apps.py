"""Applications as configured, with their sealed secrets and their health."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from muster.db import Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.directory.links import value_from_json
from muster.model import App, AppName, Constant, Copied, Health, Limits, Mapped, Removal, Tenant

_PUT: Final = Statement(
    """
    INSERT INTO apps (tenant, name, connector, settings, sealed, mapping, match_on, removal, limits, health,
        health_reason, retry_at,
        version, created_at, changed_at)
    VALUES (:tenant, :name, :connector, :settings, :sealed, :mapping, :match_on, :removal, :limits, 'good',
        '', NULL, 1, :at, :at)
    ON CONFLICT (tenant, name) DO UPDATE SET connector = excluded.connector, settings = excluded.settings,
        sealed = excluded.sealed,
        mapping = excluded.mapping, match_on = excluded.match_on, removal = excluded.removal, limits =
            excluded.limits, health = 'good',
        health_reason = '', health_tries = 0, retry_at = NULL, version = apps.version + 1, changed_at =
            excluded.changed_at
    """
)
_APP: Final = Statement("SELECT * FROM apps WHERE tenant = :tenant AND name = :name")
_ALL: Final = Statement("SELECT * FROM apps WHERE tenant = :tenant ORDER BY name")
_QUARANTINE: Final = Statement(
    "UPDATE apps SET health = 'quarantined', health_reason = :reason, health_tries = health_tries + 1, "
    "retry_at = :retry_at"
    " WHERE tenant = :tenant AND name = :name AND version = :version AND health_tries = :tries"
)
_RECOVER: Final = Statement(
    "UPDATE apps SET health = 'good', health_reason = '', health_tries = 0, retry_at = NULL"
    " WHERE tenant = :tenant AND name = :name AND health <> 'good'"
)
_TRIES: Final = Statement("SELECT health_tries FROM apps WHERE tenant = :tenant AND name = :name")


async def put(tx: Transaction, app: App, sealed: Mapping[str, str], *, at: datetime) -> None:
    """The app is configured so, in good health until it proves otherwise."""
    await tx.run(
        _PUT,
        tenant=app.tenant,
        name=app.name,
        connector=app.connector,
        settings=encode(dict(app.settings)),
        sealed=encode(dict(sealed)),
        mapping=encode({name: _mapped_to_json(mapped) for name, mapped in app.mapping.items()}),
        match_on=encode(list(app.match_on)),
        removal=app.removal.value,
        limits=encode(app.limits),
        at=micros(at),
    )


async def app(tx: Transaction, tenant: Tenant, name: AppName) -> App | None:
    """The app of this name."""
    row = await tx.one(_APP, tenant=tenant, name=name)
    return None if row is None else _app(row)


async def sealed(tx: Transaction, tenant: Tenant, name: AppName) -> Mapping[str, str]:
    """The sealed secrets of an app, by setting."""
    row = await tx.one(_APP, tenant=tenant, name=name)
    return {} if row is None else decode(row["sealed"])


async def all_apps(tx: Transaction, tenant: Tenant) -> list[App]:
    """Every app, by name."""
    return [_app(row) for row in await tx.all(_ALL, tenant=tenant)]


async def quarantine(tx: Transaction, app: App, reason: str, *, tries: int, retry_at: datetime) -> bool:
    """The app is not called until the time given.

    False when its configuration has changed since ``app`` was read, or when another pass put it in quarantine
    since ``tries`` was.
    """
    return (
        await tx.run(
            _QUARANTINE,
            tenant=app.tenant,
            name=app.name,
            version=app.version,
            reason=reason,
            tries=tries,
            retry_at=micros(retry_at),
        )
        == 1
    )


async def quarantine_tries(tx: Transaction, tenant: Tenant, name: AppName) -> int:
    """How often in a row the app was put in quarantine."""
    row = await tx.one(_TRIES, tenant=tenant, name=name)
    return 0 if row is None else int(row["health_tries"])


async def recover(tx: Transaction, tenant: Tenant, name: AppName) -> bool:
    """The app is in good health; false when it already was."""
    return await tx.run(_RECOVER, tenant=tenant, name=name) == 1


def _mapped_to_json(mapped: Mapped) -> dict[str, Any]:
    match mapped:
        case Copied(attribute=attribute):
            return {"from": attribute}
        case Constant(value=value):
            return {"constant": value}


def _mapped_from_json(stored: Mapping[str, Any]) -> Mapped:
    if "from" in stored:
        return Copied(attribute=stored["from"])
    return Constant(value=value_from_json(stored["constant"]))


def _app(row: Row) -> App:
    return App(
        tenant=Tenant(row["tenant"]),
        name=AppName(row["name"]),
        connector=row["connector"],
        settings=decode(row["settings"]),
        mapping={name: _mapped_from_json(stored) for name, stored in decode(row["mapping"]).items()},
        match_on=tuple(decode(row["match_on"])),
        removal=Removal(row["removal"]),
        limits=msgspec.json.decode(row["limits"], type=Limits),
        health=Health(row["health"]),
        health_reason=row["health_reason"],
        retry_at=None if row["retry_at"] is None else from_micros(row["retry_at"]),
        version=row["version"],
    )
