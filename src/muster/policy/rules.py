"""Which rules hold for a person, and which do not, in words."""

from collections.abc import Sequence
from typing import assert_never

from muster.model import AppName, AttributeEquals, Condition, Everyone, Identity, InGroup, Rule, Stage
from muster.model.text import normalised
from muster.policy.facts import fact, text_of


def granted(identity: Identity, app: AppName, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Give the rules that grant a person an application, by name; none to somebody who is not active.

    Args:
        identity: the person.
        app: the application.
        rules: in any order; those of other applications and tenants are passed over.

    Raises:
        BadInput: a rule names an attribute no person can have.
    """
    if identity.stage is not Stage.ACTIVE:
        return ()
    return tuple(
        rule for rule in of_app(rules, app) if rule.tenant == identity.tenant and holds(rule.when, identity)
    )


def of_app(rules: Sequence[Rule], app: AppName) -> tuple[Rule, ...]:
    """Give the rules about one application, in an order that does not depend on how they were given."""
    return tuple(
        sorted((rule for rule in rules if rule.app == app), key=lambda rule: (rule.name, repr(rule)))
    )


def holds(condition: Condition, identity: Identity) -> bool:
    """Whether the condition is true of the person, wherever they stand; names and values ignore letter case.

    A list satisfies ``AttributeEquals`` if one of its elements does. What is not set equals nothing.

    Raises:
        BadInput: the condition names an attribute no person can have.
    """
    match condition:
        case Everyone():
            return True
        case InGroup(group=group):
            return normalised(group) in {normalised(name) for name in identity.groups}
        case AttributeEquals(attribute=attribute, value=value):
            return normalised(value) in _comparable(identity, attribute)
        case _:
            assert_never(condition)


def _comparable(identity: Identity, attribute: str) -> set[str]:
    """The forms in which the attribute's values are compared."""
    match fact(identity, attribute):
        case None:
            return set()
        case tuple() as values:
            return {normalised(value) for value in values if value}
        case value:
            return {normalised(text_of(value))} - {""}
