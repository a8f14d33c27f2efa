"""Which attributes a response shows (RFC 7644 §3.9, RFC 7643 §7 ``returned``).

A ``Projection`` is made once per request and applied to every resource of a page; everything the schema can
decide is decided when it is made.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from muster.scim.errors import InvalidPath, InvalidValue
from muster.scim.notation import parse_attribute
from muster.scim.schema import Attribute, ResourceType, Returned
from muster.scim.values import JsonValue, Resource

_Shown: TypeAlias = bool | frozenset[str]
"""All of an attribute, nothing of it, or these sub-attributes."""

_Asked: TypeAlias = dict[str, set[str] | None]
"""Attribute in lower case → the sub-attributes a client named, ``None`` for all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is shown of resources of one type."""

    core: Mapping[str, _Shown]
    extensions: Mapping[str, Mapping[str, _Shown]]
    unknown: bool
    exceptions: frozenset[str]

    def shows(self, name: str) -> bool:
        """Tell whether anything of a core attribute, in the schema's spelling, is shown."""
        return self.core.get(name, self._shows_unknown(name)) is not False

    def apply(self, resource: Resource) -> Resource:
        """Return the part of the resource that is shown; the input stays as it is.

        What no schema describes is shown unless a client asks for something else.
        """
        found: Resource = {}
        for key, value in resource.items():
            container = self.extensions.get(key)
            if container is not None and isinstance(value, dict):
                part: JsonValue = _shown_of(value, container, unknown=self._shows_unknown(key)) or None
            else:
                part = _part(value, self.core.get(key, self._shows_unknown(key)))
            if part is not None:
                found[key] = part
        return found

    def _shows_unknown(self, key: str) -> bool:
        return (key.lower() in self.exceptions) is not self.unknown


def project(
    resource: Resource,
    resource_type: ResourceType,
    *,
    attributes: Iterable[str] | None = None,
    excluded: Iterable[str] | None = None,
) -> Resource:
    """Return the part of the resource a response shows; use ``projection`` for more than one resource.

    Raises:
        InvalidValue: As ``projection``.
    """
    return projection(resource_type, attributes=attributes, excluded=excluded).apply(resource)


def projection(
    resource_type: ResourceType,
    *,
    attributes: Iterable[str] | None = None,
    excluded: Iterable[str] | None = None,
) -> Projection:
    """Return what the parameters ``attributes`` and ``excludedAttributes`` mean for a resource type.

    Names that the resource type does not have are ignored: a client asks several servers the same way.

    Raises:
        InvalidValue: A name is no attribute notation, or both parameters are given.
    """
    wanted, unwanted = _names(attributes), _names(excluded)
    if wanted and unwanted:
        raise InvalidValue("attributes and excludedAttributes exclude each other")
    names, only = (wanted, True) if wanted else (unwanted, False)
    core, extended = _asked(names, resource_type)
    return Projection(
        core=_compiled(resource_type.attributes(), core, only=only),
        extensions={
            item.schema.urn: _compiled(item.schema.attributes, extended[item.schema.urn], only=only)
            for item in resource_type.extensions
        },
        unknown=not only,
        exceptions=frozenset(name.lower() for name in names),
    )


def _names(names: Iterable[str] | None) -> list[str]:
    return [name.strip() for name in names or () if name.strip()]


def _asked(names: list[str], resource_type: ResourceType) -> tuple[_Asked, dict[str, _Asked]]:
    """Return what is named of the resource itself and of each extension."""
    core: _Asked = {}
    extended: dict[str, _Asked] = {item.schema.urn: {} for item in resource_type.extensions}
    for name in names:
        schema = resource_type.extension(name)
        if schema is not None:
            extended[schema.urn] = {attribute.name.lower(): None for attribute in schema.attributes}
            continue
        try:
            location = resource_type.locate(parse_attribute(name))
        except InvalidPath as error:
            raise InvalidValue(error.detail) from error
        if location is not None and location.attribute is not None:
            asked = core if location.extension is None else extended[location.extension.urn]
            _ask(asked, location.attribute, location.sub)
    return core, extended


def _ask(asked: _Asked, attribute: Attribute, sub: Attribute | None) -> None:
    key = attribute.name.lower()
    before = asked.get(key, set())
    asked[key] = None if sub is None or before is None else {*before, sub.name.lower()}


def _compiled(attributes: Iterable[Attribute], asked: _Asked, *, only: bool) -> dict[str, _Shown]:
    decide = _when_named if only else _unless_named
    return {
        attribute.name: attribute.returned is not Returned.NEVER and decide(attribute, asked)
        for attribute in attributes
    }


def _when_named(attribute: Attribute, asked: _Asked) -> _Shown:
    """Decide under ``attributes``: the minimum and what is named."""
    key = attribute.name.lower()
    if key not in asked:
        return attribute.returned is Returned.ALWAYS
    subs = asked[key]
    return _subs(
        attribute,
        lambda sub: sub.returned is Returned.DEFAULT if subs is None else sub.name.lower() in subs,
    )


def _unless_named(attribute: Attribute, asked: _Asked) -> _Shown:
    """Decide under ``excludedAttributes``: the minimum, and the default without what is named."""
    subs = asked.get(attribute.name.lower(), set())
    if subs is None or attribute.returned is Returned.REQUEST:
        return attribute.returned is Returned.ALWAYS
    return _subs(attribute, lambda sub: sub.returned is Returned.DEFAULT and sub.name.lower() not in subs)


def _subs(attribute: Attribute, shows: Callable[[Attribute], bool]) -> _Shown:
    visible = frozenset(
        sub.name
        for sub in attribute.sub_attributes
        if sub.returned is Returned.ALWAYS or (sub.returned is not Returned.NEVER and shows(sub))
    )
    return True if len(visible) == len(attribute.sub_attributes) else visible


def _part(value: JsonValue, shown: _Shown) -> JsonValue:
    if isinstance(shown, bool):
        return value if shown else None
    if isinstance(value, list):
        return [part for item in value if (part := _part(item, shown)) is not None] or None
    if not isinstance(value, dict):
        return None
    return {name: part for name, part in value.items() if name in shown} or None


def _shown_of(container: Resource, shown: Mapping[str, _Shown], *, unknown: bool) -> Resource:
    parts = ((key, _part(value, shown.get(key, unknown))) for key, value in container.items())
    return {key: part for key, part in parts if part is not None}
