"""The resource types as the endpoint keeps them; the discovery documents are made from these."""

from dataclasses import dataclass, replace
from typing import Final

from muster.scim import builtin
from muster.scim.schema import Attribute, ResourceType

USER: Final = builtin.USER


def _as_in_the_schema(members: Attribute) -> Attribute:
    """``members`` without ``display`` (RFC 7643 §8.7.1): a group keeps who its members are, not names."""
    subs = tuple(sub for sub in members.sub_attributes if sub.name != "display")
    return replace(members, sub_attributes=subs)


def _group() -> ResourceType:
    attributes = (
        _as_in_the_schema(attribute) if attribute.name == "members" else attribute
        for attribute in builtin.GROUP_SCHEMA.attributes
    )
    return replace(builtin.GROUP, schema=replace(builtin.GROUP_SCHEMA, attributes=tuple(attributes)))


GROUP: Final = _group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """What users and groups may hold for one caller."""

    user: ResourceType = USER
    group: ResourceType = GROUP

    def all(self) -> tuple[ResourceType, ...]:
        """Every resource type, in the order discovery lists them."""
        return (self.user, self.group)


STANDARD: Final = Types()
"""The types without schemas of the operator's own."""
