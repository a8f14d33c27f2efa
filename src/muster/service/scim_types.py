"""The resource types as the endpoint keeps them; the discovery documents are made from these."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self, TypeAlias

from muster.scim import CustomSchema, builtin, extended, unique_attributes
from muster.scim.projection import Projection, projection
from muster.scim.schema import Attribute, Mutability, ResourceType, Returned

USER: Final = builtin.USER

Unique: TypeAlias = tuple[tuple[str, Attribute], ...]
"""Attributes whose values must be unique, each with the URN of its schema."""


def _named_by_us(members: Attribute) -> Attribute:
    """``members`` whose ``display`` is ours to say: a group keeps who its members are, not their names."""
    subs = (
        replace(sub, mutability=Mutability.READ_ONLY) if sub.name == "display" else sub
        for sub in members.sub_attributes
    )
    return replace(members, sub_attributes=tuple(subs))


def _group() -> ResourceType:
    attributes = (
        _named_by_us(attribute) if attribute.name == "members" else attribute
        for attribute in builtin.GROUP_SCHEMA.attributes
    )
    return replace(builtin.GROUP, schema=replace(builtin.GROUP_SCHEMA, attributes=tuple(attributes)))


GROUP: Final = _group()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which part of resources a response shows; ``whole`` where that is everything stored."""

    shown: Projection
    whole: bool


def view(
    resource_type: ResourceType, *, attributes: Sequence[str] = (), excluded: Sequence[str] = ()
) -> View:
    """The part of resources of one type that a client wants to see (RFC 7644 §3.9).

    Raises:
        InvalidValue: A name is no attribute's, or both lists are given.
    """
    shown = projection(resource_type, attributes=attributes, excluded=excluded)
    asked = any(map(str.strip, (*attributes, *excluded)))
    return View(shown=shown, whole=not asked and all(map(_is_shown, _stored(resource_type))))


def _stored(resource_type: ResourceType) -> Iterator[Attribute]:
    """Every attribute and sub-attribute that resources keep a value of."""
    attributes = [*resource_type.attributes()]
    attributes += (attribute for item in resource_type.extensions for attribute in item.schema.attributes)
    for attribute in attributes:
        if attribute.mutability is not Mutability.WRITE_ONLY:
            yield attribute
            yield from attribute.sub_attributes


def _is_shown(attribute: Attribute) -> bool:
    return attribute.returned in {Returned.ALWAYS, Returned.DEFAULT}


@dataclass(frozen=True, kw_only=True)
class Types:
    """What users and groups may hold for one caller.

    ``version`` is that of the tenant's schemas: what was checked against another one must be checked again.
    ``unique`` are the custom attributes of each type whose values no two resources of a source share.
    The views are made once and kept.
    """

    user: ResourceType = USER
    group: ResourceType = GROUP
    version: int = 0
    unique: Mapping[str, Unique] = field(default_factory=dict[str, Unique])

    @classmethod
    def of(cls, customs: Iterable[CustomSchema], version: int) -> Self:
        """The types with schemas of the operator's own.

        Raises:
            InvalidValue: two of the schemas could be taken for each other.
        """
        known = tuple(customs)
        return cls(
            user=extended(USER, known),
            group=extended(GROUP, known),
            version=version,
            unique={kind.name: _unique(kind.name, known) for kind in (USER, GROUP)},
        )

    def all(self) -> tuple[ResourceType, ...]:
        """Every resource type, in the order discovery lists them."""
        return (self.user, self.group)

    @cached_property
    def whole_user(self) -> View:
        """Users as they are shown to whom asks for nothing special."""
        return view(self.user)

    @cached_property
    def whole_group(self) -> View:
        """Groups, likewise."""
        return view(self.group)


def _unique(kind: str, customs: Iterable[CustomSchema]) -> Unique:
    return tuple(
        (custom.schema.urn, attribute)
        for custom in customs
        if kind in custom.extends
        for attribute in unique_attributes(custom.schema)
    )


STANDARD: Final = Types()
"""The types without schemas of the operator's own."""
