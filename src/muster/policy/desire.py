"""What a person should hold in an application, and why."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from muster.model import (
    ACCOUNT,
    App,
    AppName,
    Attributes,
    Constant,
    Copied,
    Desired,
    Identity,
    Key,
    Mapped,
    Rule,
    Stage,
    Value,
)
from muster.policy.facts import fact
from muster.policy.rules import granted, of_app


def desired(identity: Identity | None, key: Key, app: App, rules: Sequence[Rule]) -> Desired:
    """Give what one person should hold under one key: an account while a rule grants the application.

    The attributes are those of the mapping whether or not the account is wanted, so that one whose creation
    never finished can still be looked for; they are empty for somebody Muster does not know.

    Args:
        identity: the person; None where Muster knows nobody under this id (any more).
        key: what is asked about.
        app: the application of the key.
        rules: in any order; those about other applications do not matter.

    Raises:
        BadInput: a rule or the mapping names an attribute no person can have.
        ValueError: person, key and application do not belong together.
    """
    _refuse_mixture(identity, key, app)
    if identity is None:
        return Desired(key=key, wanted=False, because=("Muster knows no such person",))
    holding = granted(identity, app.name, rules)
    return Desired(
        key=key,
        wanted=bool(holding),
        attributes=attributes(identity, app.mapping),
        because=_why(holding) if holding else (_why_not(identity, app.name, rules),),
    )


def attributes(identity: Identity, mapping: Mapping[str, Mapped]) -> Attributes:
    """Give the value of every mapped target attribute; None where the person has none.

    Raises:
        BadInput: the mapping names an attribute no person can have.
    """
    return {name: _value(identity, mapped) for name, mapped in mapping.items()}


def touched(
    before: Identity | None, after: Identity | None, apps: Sequence[App], rules: Sequence[Rule]
) -> frozenset[Key]:
    """Give the keys whose desired state a change of one person alters: exactly those, over all applications.

    Args:
        before: the person as known until now; None for somebody new.
        after: the person as known from now on; None for somebody forgotten.
        apps: all applications of the tenant.
        rules: all rules of the tenant.

    Raises:
        BadInput: a rule or a mapping names an attribute no person can have.
        ValueError: two different people, or an application of another tenant.
    """
    known = before or after
    if known is None:
        return frozenset()
    by_app = _by_app(rules)
    return frozenset(
        key for app in apps if _differs(before, after, key := _key(known, app), app, by_app.get(app.name, ()))
    )


def _differs(
    before: Identity | None, after: Identity | None, key: Key, app: App, rules: Sequence[Rule]
) -> bool:
    then, now = desired(before, key, app, rules), desired(after, key, app, rules)
    if then.wanted != now.wanted:
        return True
    return now.wanted and then.attributes != now.attributes


def _key(person: Identity, app: App) -> Key:
    return Key(tenant=person.tenant, app=app.name, kind=ACCOUNT, subject=person.id)


def _by_app(rules: Sequence[Rule]) -> Mapping[AppName, Sequence[Rule]]:
    found: dict[AppName, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.app, []).append(rule)
    return found


def _value(identity: Identity, mapped: Mapped) -> Value:
    match mapped:
        case Copied(attribute=attribute):
            return fact(identity, attribute)
        case Constant(value=value):
            return value
        case _:
            assert_never(mapped)


def _why(holding: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(f"granted by rule “{rule.name}”: {rule.when}" for rule in holding)


def _why_not(identity: Identity, app: AppName, rules: Sequence[Rule]) -> str:
    if identity.stage is not Stage.ACTIVE:
        return "left the organisation"
    ours = [rule for rule in of_app(rules, app) if rule.tenant == identity.tenant]
    needs = "; ".join(f"“{rule.name}” needs {rule.when}" for rule in ours)
    return f"no rule grants {app}: {needs}" if needs else f"no rule grants {app}"


def _refuse_mixture(identity: Identity | None, key: Key, app: App) -> None:
    if (key.tenant, key.app) != (app.tenant, app.name):
        raise ValueError(f"{key} is no key of {app.name} in {app.tenant}")
    if identity is not None and (key.tenant, key.subject) != (identity.tenant, identity.id):
        raise ValueError(f"{key} is no key of {identity.id} in {identity.tenant}")
