"""Rules as stored."""

from datetime import datetime
from typing import Any, Final

from muster.db import Row, Statement, Transaction, decode, encode, micros
from muster.model import AppName, AttributeEquals, Condition, Everyone, InGroup, Rule, Tenant

_PUT: Final = Statement(
    """
    INSERT INTO rules (tenant, name, app, condition, created_at) VALUES (:tenant, :name, :app, :condition,
        :at)
    ON CONFLICT (tenant, name) DO UPDATE SET app = excluded.app, condition = excluded.condition
    """
)
_REMOVE: Final = Statement("DELETE FROM rules WHERE tenant = :tenant AND name = :name")
_ALL: Final = Statement("SELECT * FROM rules WHERE tenant = :tenant ORDER BY name")
_OF_APP: Final = Statement("SELECT * FROM rules WHERE tenant = :tenant AND app = :app ORDER BY name")


async def put(tx: Transaction, rule: Rule, *, at: datetime) -> None:
    """The rule stands so."""
    await tx.run(
        _PUT,
        tenant=rule.tenant,
        name=rule.name,
        app=rule.app,
        condition=encode(_condition_to_json(rule.when)),
        at=micros(at),
    )


async def remove(tx: Transaction, tenant: Tenant, name: str) -> bool:
    """The rule is no more; false when there was none."""
    return await tx.run(_REMOVE, tenant=tenant, name=name) == 1


async def all_rules(tx: Transaction, tenant: Tenant) -> list[Rule]:
    """Every rule, by name."""
    return [_rule(row) for row in await tx.all(_ALL, tenant=tenant)]


async def of_app(tx: Transaction, tenant: Tenant, app: AppName) -> list[Rule]:
    """Every rule that grants an app, by name."""
    return [_rule(row) for row in await tx.all(_OF_APP, tenant=tenant, app=app)]


def _condition_to_json(condition: Condition) -> dict[str, Any]:
    match condition:
        case Everyone():
            return {"everyone": True}
        case InGroup(group=group):
            return {"group": group}
        case AttributeEquals(attribute=attribute, value=value):
            return {"attribute": attribute, "equals": value}


def _condition_from_json(stored: dict[str, Any]) -> Condition:
    if "group" in stored:
        return InGroup(group=stored["group"])
    if "attribute" in stored:
        return AttributeEquals(attribute=stored["attribute"], value=stored["equals"])
    return Everyone()


def _rule(row: Row) -> Rule:
    return Rule(
        tenant=Tenant(row["tenant"]),
        name=row["name"],
        app=AppName(row["app"]),
        when=_condition_from_json(decode(row["condition"])),
    )
