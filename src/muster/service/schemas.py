"""Schemas of the operator's own: put after every check, removed when nobody needs them, logged.

A schema changes only so that what is stored stays valid. What fits it in another shape is put into that
shape in the same transaction; where something would be lost, nothing changes and the problem says for how
many people.
"""

from collections.abc import Iterable
from typing import Final

from muster import audit
from muster.audit import Action, Record, Result
from muster.db import Transaction
from muster.directory import apps, rules, schemas, unique_values
from muster.model import AttributeEquals, BadInput, Copied, NotFound, Problem
from muster.policy import no_such_attribute
from muster.scim import GROUP, USER, CustomSchema, Resource, ScimError, custom_document, parse_path
from muster.scim.errors import InvalidValue
from muster.scim.schema import ResourceType
from muster.scim.values import elements
from muster.service import schema_fit
from muster.service.desk import Actor, Desk
from muster.service.scim_types import Types

_USUAL: Final[Resource] = {
    "multiValued": False,
    "required": False,
    "caseExact": False,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
}
_KINDS: Final = (USER.name, GROUP.name)


async def types_of(tx: Transaction, desk: Desk) -> Types:
    """What users and groups may hold, as stored."""
    known = await schemas.all_schemas(tx, desk.tenant)
    return Types.of(known, await schemas.version(tx, desk.tenant))


async def all_schemas(desk: Desk) -> list[CustomSchema]:
    """Every schema of the operator's own, the oldest first."""
    return await desk.db.read(lambda tx: schemas.all_schemas(tx, desk.tenant))


async def schema(desk: Desk, urn: str) -> CustomSchema:
    """The schema of this URN, in any letter case.

    Raises:
        NotFound: there is none.
    """
    return _named(await all_schemas(desk), urn)


async def put_schema(desk: Desk, actor: Actor, custom: CustomSchema) -> int:
    """The schema stands so; gives how many people and groups were put into its shape.

    Raises:
        BadInput: somebody's values would be lost or invalid, a rule or a mapping would name nothing, or the
            URN could be taken for another schema's; nothing changed.
    """
    return await desk.db.write(lambda tx: store_schema(tx, desk, actor, custom))


async def store_schema(tx: Transaction, desk: Desk, actor: Actor, custom: CustomSchema) -> int:
    """As ``put_schema``, as part of a transaction; nothing happens when the schema stands so already."""
    await schemas.hold_still(tx)
    known = await schemas.all_schemas(tx, desk.tenant)
    old = next((one for one in known if _is(one, custom.schema.urn)), None)
    if old == custom:
        return 0
    after = [custom if one is old else one for one in known] + ([custom] if old is None else [])
    await _check_named(tx, desk, custom.schema.urn, _user_type(after, custom.schema.urn))
    fits = await _fits(tx, desk, custom, old)
    await schemas.put(tx, desk.tenant, custom, at=desk.clock())
    for fit in fits:
        await schema_fit.reshape(tx, desk, actor, custom, fit)
    action = Action.SCHEMA_ADD if old is None else Action.SCHEMA_UPDATE
    await audit.append(tx, _record(desk, actor, action, before=old, after=custom))
    return sum(len(fit.reshaped) for fit in fits)


async def remove_schema(desk: Desk, actor: Actor, urn: str) -> None:
    """There is no such schema any more.

    Raises:
        NotFound: there was none.
        BadInput: somebody has values of it, or a rule or a mapping names them; nothing changed.
    """

    async def commit(tx: Transaction) -> None:
        await schemas.hold_still(tx)
        known = await schemas.all_schemas(tx, desk.tenant)
        old = _named(known, urn)
        await _check_named(tx, desk, urn, _user_type((one for one in known if one is not old), urn))
        has = [(kind, await schema_fit.holders(tx, desk, kind, urn)) for kind in old.extends]
        if any(number for _, number in has):
            raise _in_use(urn, [_holding(kind, number) for kind, number in has if number])
        await schemas.remove(tx, desk.tenant, urn)
        await unique_values.forget(tx, desk.tenant, urn)
        await audit.append(tx, _record(desk, actor, Action.SCHEMA_REMOVE, before=old))

    await desk.db.write(commit)


async def check_attribute(tx: Transaction, desk: Desk, path: str) -> None:
    """Pass when people can have the attribute that a rule or a mapping names.

    Raises:
        BadInput: no schema describes it.
    """
    if not _leads(path, USER):
        try:
            parse_path(path, (await types_of(tx, desk)).user)
        except ScimError as error:
            raise no_such_attribute(path, error) from error


async def _fits(
    tx: Transaction, desk: Desk, custom: CustomSchema, old: CustomSchema | None
) -> list[schema_fit.Fit]:
    """What the schema makes of everything stored, once it is known that all of it fits."""
    gone = [kind for kind in _KINDS if old and kind in old.extends and kind not in custom.extends]
    has = [(kind, await schema_fit.holders(tx, desk, kind, custom.schema.urn)) for kind in gone]
    misfits = [_holding(kind, number) for kind, number in has if number]
    fits = [await schema_fit.fit(tx, desk, kind, custom) for kind in custom.extends]
    await unique_values.forget(tx, desk.tenant, custom.schema.urn)
    for fit in fits:
        await schema_fit.claim_all(tx, fit)
        misfits += fit.says
    if misfits:
        raise _in_use(custom.schema.urn, misfits)
    return fits


async def _check_named(tx: Transaction, desk: Desk, urn: str, user: ResourceType) -> None:
    """Pass when every rule and mapping that names an attribute of the schema still names one."""
    named = [
        (f"rule {rule.name}", rule.when.attribute)
        for rule in await rules.all_rules(tx, desk.tenant)
        if isinstance(rule.when, AttributeEquals)
    ]
    named += [
        (f"app {app.name}", mapped.attribute)
        for app in await apps.all_apps(tx, desk.tenant)
        for mapped in app.mapping.values()
        if isinstance(mapped, Copied)
    ]
    lost = [f"{who} names {path}" for who, path in named if _is_of(path, urn) and not _leads(path, user)]
    if lost:
        raise BadInput(
            Problem(
                code="MUSTER-SCHEMA-NAMED",
                what="A rule or a mapping names an attribute that would be no more; nothing was changed",
                where=urn,
                why="; ".join(lost),
                next_step="change these first",
            )
        )


def _user_type(known: Iterable[CustomSchema], urn: str) -> ResourceType:
    try:
        return Types.of(known, 0).user
    except InvalidValue as error:
        raise BadInput(
            Problem(
                code="MUSTER-SCHEMA-CLASH",
                what="The schema could be taken for another one; nothing was changed",
                where=urn,
                why=error.detail,
                next_step="give it another URN; `muster schema list` shows those in use",
            )
        ) from error


def _leads(path: str, user: ResourceType) -> bool:
    try:
        parse_path(path, user)
    except ScimError:
        return False
    return True


def _is_of(path: str, urn: str) -> bool:
    return path.lower().startswith((f"{urn.lower()}:", f"{urn.lower()}."))


def _is(custom: CustomSchema, urn: str) -> bool:
    return custom.schema.urn.lower() == urn.lower()


def _named(known: Iterable[CustomSchema], urn: str) -> CustomSchema:
    all_known = list(known)
    found = next((one for one in all_known if _is(one, urn)), None)
    if found is None:
        urns = ", ".join(one.schema.urn for one in all_known) or "none yet"
        raise NotFound(
            Problem(
                code="MUSTER-SCHEMA-UNKNOWN",
                what="No schema of this URN is defined",
                where=urn[:255],
                why=f"Defined are: {urns}",
                next_step="`muster schema list` shows them, `muster schema add` adds one",
            )
        )
    return found


def _holding(kind: str, number: int) -> str:
    return f"{schema_fit.counted(number, kind)} with values of it"


def _in_use(urn: str, misfits: list[str]) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-SCHEMA-IN-USE",
            what="What is stored would be lost or invalid; nothing was changed",
            where=urn,
            why="; ".join(misfits),
            next_step="let the sources correct or remove these values first, or make the schema wider",
        )
    )


def _record(
    desk: Desk,
    actor: Actor,
    action: Action,
    *,
    before: CustomSchema | None = None,
    after: CustomSchema | None = None,
) -> Record:
    """The record of a change; it shows what differs."""
    was, is_ = ({} if one is None else _shown(one) for one in (before, after))
    names = [name for name in {**was, **is_} if was.get(name) != is_.get(name)]
    custom = after or before
    return Record(
        id=desk.new_id(),
        tenant=desk.tenant,
        at=desk.clock(),
        action=action,
        actor=actor.name,
        cause="configuration",
        result=Result.DONE,
        before={name: was[name] for name in names if name in was},
        after={name: is_[name] for name in names if name in is_},
        detail={} if custom is None else {"schema": custom.schema.urn},
    )


def _shown(custom: CustomSchema) -> dict[str, object]:
    """The schema as the log shows it: each attribute with what is not the default of RFC 7643 §2.2."""
    document = custom_document(custom)
    found: dict[str, object] = {name: document[name] for name in ("name", "description", "extends")}
    for attribute in elements(document["attributes"]):
        if isinstance(attribute, dict):
            found[f"attribute {attribute['name']}"] = _told(attribute)
    return found


def _told(attribute: Resource) -> Resource:
    usual = {**_USUAL, "description": attribute["name"]}
    told = {name: value for name, value in attribute.items() if name != "name" and usual.get(name) != value}
    if subs := elements(attribute.get("subAttributes")):
        told["subAttributes"] = {str(sub["name"]): _told(sub) for sub in subs if isinstance(sub, dict)}
    return told
