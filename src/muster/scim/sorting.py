"""In which order a client wants resources (RFC 7644 §3.4.2.3)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from muster.scim.errors import InvalidPath, InvalidValue
from muster.scim.notation import parse_attribute
from muster.scim.schema import Attribute, Location, ResourceType, Returned, Type
from muster.scim.values import JsonValue, Resource, elements, instant

SortKey: TypeAlias = tuple[bool, bool | int | float | str]
"""Whether there is no value, and what the value is compared by; JSON can carry both."""

_ABSENT: SortKey = (True, "")
_DIRECTIONS = {"ascending": False, "descending": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """An order: by which attribute, and from which end."""

    location: Location
    descending: bool = False
    key: Callable[[Resource], SortKey] = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Return the notation of the attribute."""
        return str(self.location)


def sort(sort_by: str, sort_order: str | None, resource_type: ResourceType) -> Sort:
    """Return the order that ``sortBy`` and ``sortOrder`` mean for resources of this type.

    Of a multi-valued attribute the primary value counts, else the first. Letter case counts as ``caseExact``
    says. Resources without a value come last; in descending order, first.

    >>> from muster.scim.builtin import USER
    >>> by_name = sort("name.familyName", "descending", USER)
    >>> by_name.descending, by_name.key({"name": {"familyName": "Ångström"}}), by_name.key({})
    (True, (False, 'ångström'), (True, ''))

    Raises:
        InvalidValue: There is no such attribute or order, or resources cannot be ordered by the attribute.
    """
    direction = "ascending" if sort_order is None else sort_order.strip().lower()
    if direction not in _DIRECTIONS:
        raise InvalidValue("the order is ascending or descending", path="sortOrder")
    location = _located(sort_by, resource_type)
    return Sort(location=location, descending=_DIRECTIONS[direction], key=_key(location))


def _located(sort_by: str, resource_type: ResourceType) -> Location:
    try:
        location = resource_type.locate(parse_attribute(sort_by.strip()))
    except InvalidPath as error:
        raise InvalidValue(error.detail, path="sortBy") from error
    if location is None or location.attribute is None:
        raise InvalidValue(f"a {resource_type.name} has no attribute {sort_by[:80]}", path="sortBy")
    leaf = location.sub or location.attribute
    if leaf.type is Type.COMPLEX:
        value = leaf.sub("value")
        if value is None:
            raise InvalidValue(f"sort by one of the sub-attributes of {location}", path="sortBy")
        leaf, location = value, Location(extension=location.extension, attribute=leaf, sub=value)
    if leaf.returned is Returned.NEVER:
        raise InvalidValue("resources are not sorted by what is never shown", path="sortBy")
    return location


def _key(location: Location) -> Callable[[Resource], SortKey]:
    attribute, sub = location.attribute, location.sub
    if attribute is None:
        raise InvalidValue("a schema is not an attribute", path="sortBy")
    extension = location.extension

    def key(resource: Resource) -> SortKey:
        container = resource if extension is None else resource.get(extension.urn)
        value = _first(container.get(attribute.name) if isinstance(container, dict) else None)
        if sub is not None:
            value = _first(value.get(sub.name) if isinstance(value, dict) else None)
        return _compared_by(sub or attribute, value)

    return key


def _first(value: JsonValue) -> JsonValue:
    """Return the primary element of a list, else its first; any other value as it is."""
    found = elements(value)
    primary = (item for item in found if isinstance(item, dict) and item.get("primary") is True)
    return next(primary, found[0] if found else None)


def _compared_by(attribute: Attribute, value: JsonValue) -> SortKey:
    match attribute.type:
        case Type.STRING | Type.REFERENCE | Type.BINARY:
            if not isinstance(value, str):
                return _ABSENT
            return False, value if attribute.case_exact or attribute.type is Type.BINARY else value.casefold()
        case Type.DATE_TIME:
            moment = instant(value) if isinstance(value, str) else None
            return _ABSENT if moment is None else (False, moment.timestamp())
        case Type.BOOLEAN | Type.INTEGER | Type.DECIMAL:
            return (False, value) if isinstance(value, bool | int | float) else _ABSENT
        case Type.COMPLEX:
            return _ABSENT
        case _:
            assert_never(attribute.type)
