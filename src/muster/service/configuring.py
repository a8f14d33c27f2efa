"""Apps and rules: stored after every check, logged, and everybody they concern is looked at again."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from muster import audit, work
from muster.audit import Action, Record, Result
from muster.db import Transaction
from muster.directory import apps, links, people, rules
from muster.kit.contract import Power
from muster.kit.manifest import Manifest, check_settings, with_mapped
from muster.kit.settings import SettingType
from muster.model import (
    ACCOUNT,
    App,
    AppName,
    AttributeEquals,
    BadInput,
    Copied,
    Identity,
    Key,
    LinkState,
    Mapped,
    NotFound,
    PersonId,
    Priority,
    Problem,
    Removal,
    Rule,
    Secret,
    Transient,
    Unavailable,
)
from muster.policy import attribute_path, desired
from muster.service.configuration_file import AppSpec
from muster.service.desk import Actor, Desk
from muster.service.names import checked_name
from muster.service.schemas import check_attribute
from muster.service.secrets import opened, sealed

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedApp:
    """An app that may be stored, with its secrets."""

    app: App
    secrets: Mapping[str, Secret]


async def checked_app(desk: Desk, spec: AppSpec) -> CheckedApp:
    """The app a description means, if it can be.

    Raises:
        BadInput: something in the description cannot be.
    """
    manifest = _manifest(desk, spec.connector)
    secret_names = {name for name, one in manifest.settings.items() if one.type is SettingType.SECRET}
    secrets = {name: Secret(value) for name, value in spec.settings.items() if name in secret_names}
    check_settings(manifest, {**spec.settings, **secrets})
    with contextlib.suppress(Transient):  # away for now: what it has is seen when it is back
        manifest = await desk.describe(manifest, {**spec.settings, **secrets})
    _check_removal(spec, manifest)
    kind = manifest.kinds[ACCOUNT]
    app = App(
        tenant=desk.tenant,
        name=AppName(checked_name(spec.name, what="app")),
        connector=spec.connector,
        settings={name: value for name, value in spec.settings.items() if name not in secret_names},
        mapping=_mapping(kind.mapping, spec.mapping),
        match_on=kind.match_on if spec.match_on is None else spec.match_on,
        removal=spec.removal,
        limits=spec.limits,
    )
    _check_match_on(app)
    _check_mapping(app, with_mapped(manifest, ACCOUNT, app.mapping))
    return CheckedApp(app=app, secrets=secrets)


def check_rule(rule: Rule) -> None:
    """Pass when the rule can be; whether its app is there is seen when it is stored.

    Raises:
        BadInput: its name is none, or it asks for an attribute nobody has.
    """
    checked_name(rule.name, what="rule")
    if isinstance(rule.when, AttributeEquals):
        attribute_path(rule.when.attribute)


async def put_app(desk: Desk, actor: Actor, spec: AppSpec) -> App:
    """The app is configured so, and every account in it is looked at again.

    Raises:
        BadInput: something in the description cannot be; nothing changed.
    """
    checked = await checked_app(desk, spec)
    return await desk.db.write(lambda tx: store_app(tx, desk, actor, checked))


async def store_app(tx: Transaction, desk: Desk, actor: Actor, checked: CheckedApp) -> App:
    """As ``put_app``, as part of a transaction.

    Nothing happens when the app stands so already and is in good health.
    """
    app, at = checked.app, desk.clock()
    for mapped in app.mapping.values():
        if isinstance(mapped, Copied):
            await check_attribute(tx, desk, mapped.attribute)
    before = await apps.app(tx, desk.tenant, app.name)
    if before is not None and before == replace(app, version=before.version):
        envelopes = await apps.sealed(tx, desk.tenant, app.name)
        with contextlib.suppress(Unavailable):  # what cannot be opened any more is sealed anew
            if opened(desk.seal_key, desk.tenant, app.name, envelopes) == dict(checked.secrets):
                return before
    await apps.put(tx, app, sealed(desk.seal_key, desk.tenant, app.name, checked.secrets), at=at)
    shown: dict[str, object] = {
        "connector": app.connector,
        "settings": dict(app.settings),
        "secrets": sorted(checked.secrets),
        "removal": app.removal.value,
        "match_on": list(app.match_on),
    }
    action = Action.APP_ADD if before is None else Action.APP_UPDATE
    await audit.append(tx, _record(desk, actor, action, app=app.name, after=shown))
    keys = await _keys_of_app(tx, desk, app)
    await work.mark(tx, keys, priority=Priority.UPDATE, cause=f"app {app.name} was configured", at=at)
    stored = await apps.app(tx, desk.tenant, app.name)
    return app if stored is None else stored


async def put_rule(desk: Desk, actor: Actor, rule: Rule) -> None:
    """The rule stands so, and everybody it concerns is looked at again.

    Raises:
        NotFound: it grants an app that is not configured.
        BadInput: its name is none, or it asks for an attribute nobody has.
    """
    check_rule(rule)
    await desk.db.write(lambda tx: store_rule(tx, desk, actor, rule))


async def store_rule(tx: Transaction, desk: Desk, actor: Actor, rule: Rule) -> None:
    """As ``put_rule``, as part of a transaction; nothing happens when the rule stands so already."""
    if await apps.app(tx, desk.tenant, rule.app) is None:
        raise _no_such_app(rule)
    if isinstance(rule.when, AttributeEquals):
        await check_attribute(tx, desk, rule.when.attribute)
    before = await rules.all_rules(tx, desk.tenant)
    old = next((one for one in before if one.name == rule.name), None)
    if old == rule:
        return
    await rules.put(tx, rule, at=desk.clock())
    action = Action.RULE_ADD if old is None else Action.RULE_UPDATE
    shown: dict[str, object] = {"rule": rule.name, "when": str(rule.when)}
    await audit.append(tx, _record(desk, actor, action, app=rule.app, after=shown))
    await _mark_changed(
        tx,
        desk,
        names={rule.app} if old is None else {rule.app, old.app},
        before=before,
        after=await rules.all_rules(tx, desk.tenant),
        cause=f"rule {rule.name} changed",
    )


async def remove_rule(desk: Desk, actor: Actor, name: str) -> None:
    """The rule is no more, and everybody it granted something is looked at again.

    Raises:
        NotFound: there is no such rule.
    """

    async def commit(tx: Transaction) -> None:
        before = await rules.all_rules(tx, desk.tenant)
        gone = next((one for one in before if one.name == name), None)
        if gone is None:
            known = ", ".join(one.name for one in before) or "none"
            raise NotFound(
                Problem(
                    code="MUSTER-RULE-UNKNOWN",
                    what="No rule of this name stands",
                    where=name,
                    why=f"Rules are: {known}",
                    next_step="`muster rule list` shows them",
                )
            )
        await rules.remove(tx, desk.tenant, name)
        await audit.append(tx, _record(desk, actor, Action.RULE_REMOVE, app=gone.app, after={"rule": name}))
        await _mark_changed(
            tx,
            desk,
            names={gone.app},
            before=before,
            after=await rules.all_rules(tx, desk.tenant),
            cause=f"rule {name} was removed",
        )

    await desk.db.write(commit)


async def _mark_changed(
    tx: Transaction, desk: Desk, *, names: set[AppName], before: list[Rule], after: list[Rule], cause: str
) -> None:
    """Mark everybody whose desired account in these apps is another one under the new rules."""
    keys: set[Key] = set()
    for name in sorted(names):
        app = await apps.app(tx, desk.tenant, name)
        if app is None:
            continue
        async for person in _everybody(tx, desk):
            key = Key(tenant=desk.tenant, app=name, kind=ACCOUNT, subject=person.id)
            was, now = desired(person, key, app, before), desired(person, key, app, after)
            if was.wanted != now.wanted:
                keys.add(key)
    await work.mark(tx, keys, priority=Priority.UPDATE, cause=cause, at=desk.clock())


async def _keys_of_app(tx: Transaction, desk: Desk, app: App) -> set[Key]:
    """Everybody who should have an account in the app, or has one."""
    granting = await rules.of_app(tx, desk.tenant, app.name)
    held = {
        link.key
        for link in await links.of_app(tx, desk.tenant, app.name)
        if link.state is not LinkState.TOMBSTONE
    }
    wanted: set[Key] = set()
    async for person in _everybody(tx, desk):
        key = Key(tenant=desk.tenant, app=app.name, kind=ACCOUNT, subject=person.id)
        if desired(person, key, app, granting).wanted:
            wanted.add(key)
    return held | wanted


async def keys_of_app(desk: Desk, app: App) -> set[Key]:
    """Every key of the app that a full sync looks at."""
    return await desk.db.read(lambda tx: _keys_of_app(tx, desk, app))


async def _everybody(tx: Transaction, desk: Desk) -> AsyncIterator[Identity]:
    after: PersonId | None = None
    while page := await people.everybody(tx, desk.tenant, after=after, most=_PAGE):
        for person in page:
            yield person
        after = page[-1].id


def _manifest(desk: Desk, connector: str) -> Manifest:
    if connector in desk.connectors:
        return desk.connectors[connector]
    raise BadInput(
        Problem(
            code="MUSTER-CONNECTOR-UNKNOWN",
            what="No such connector is installed",
            where=connector,
            why=f"Installed are: {', '.join(sorted(desk.connectors))}",
            next_step="use one of these, or install the package that brings it",
        )
    )


def _mapping(default: Mapping[str, Mapped], said: Mapping[str, Mapped | None]) -> dict[str, Mapped]:
    """The connector's default, with what was said laid over it; None takes an attribute out."""
    both = {**default, **said}
    return {name: mapped for name, mapped in both.items() if mapped is not None}


def _check_removal(spec: AppSpec, manifest: Manifest) -> None:
    if spec.removal is Removal.DISABLE and Power.DISABLE not in manifest.powers:
        raise BadInput(
            Problem(
                code="MUSTER-APP-CANNOT-DISABLE",
                what=f"Accounts of {spec.name} cannot be disabled",
                where=f"app {spec.name}, connector {spec.connector}",
                why="the connector lacks the power “disable”",
                next_step="choose what happens to accounts nobody may have any more: delete or keep",
            )
        )


def _check_match_on(app: App) -> None:
    missing = [attribute for attribute in app.match_on if attribute not in app.mapping]
    if missing:
        raise BadInput(
            Problem(
                code="MUSTER-APP-MATCH-ON",
                what="Accounts cannot be recognised by an attribute that is not mapped",
                where=f"app {app.name}, match_on {', '.join(missing)}",
                next_step="map the attribute, or recognise accounts by another one",
            )
        )


def _check_mapping(app: App, manifest: Manifest) -> None:
    """Pass when every attribute read of a person and every one written there exists."""
    for mapped in app.mapping.values():
        if isinstance(mapped, Copied):
            attribute_path(mapped.attribute)
    known = manifest.kinds[ACCOUNT].attributes
    unknown = [name for name in app.mapping if known and name not in known]
    if unknown:
        raise BadInput(
            Problem(
                code="MUSTER-APP-MAPPING",
                what="The application has no such attribute",
                where=f"app {app.name}, mapping of {', '.join(unknown)}",
                why=f"The connector {app.connector} knows: {', '.join(known)}",
                next_step="map one of these",
            )
        )


def _no_such_app(rule: Rule) -> NotFound:
    return NotFound(
        Problem(
            code="MUSTER-APP-UNKNOWN",
            what="The rule grants an app that is not configured",
            where=f"rule {rule.name}, app {rule.app}",
            next_step="add the app first: `muster app add`",
        )
    )


def _record(
    desk: Desk,
    actor: Actor,
    action: Action,
    *,
    app: AppName | None = None,
    after: dict[str, object] | None = None,
) -> Record:
    return Record(
        id=desk.new_id(),
        tenant=desk.tenant,
        at=desk.clock(),
        action=action,
        actor=actor.name,
        cause="configuration",
        result=Result.DONE,
        app=app,
        after=after or {},
    )
