"""Rules: who is granted what, and on which condition."""

from dataclasses import dataclass
from typing import TypeAlias

from muster.model.key import AppName, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Everyone:
    """Holds for every active person."""

    def __str__(self) -> str:
        return "every active person"


@dataclass(frozen=True, slots=True, kw_only=True)
class InGroup:
    """Holds for the members of the group with this display name."""

    group: str

    def __str__(self) -> str:
        return f"member of group “{self.group}”"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeEquals:
    """Holds where a person's attribute, named by its SCIM path, equals a value (letter case ignored)."""

    attribute: str
    value: str

    def __str__(self) -> str:
        return f"{self.attribute} is “{self.value}”"


Condition: TypeAlias = Everyone | InGroup | AttributeEquals


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Grants one application to everybody its condition holds for."""

    tenant: Tenant
    name: str
    app: AppName
    when: Condition
