"""PATCH of extensions that the resource type does not know, where the dialect keeps or drops them.

Nothing is known about their attributes, so only whole ones are changed: a filter or a sub-attribute in such a
path is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from muster.scim.dialects import Dialect, Unknown
from muster.scim.errors import InvalidPath, InvalidValue
from muster.scim.normalise import kept, kept_name
from muster.scim.notation import AttributeName
from muster.scim.patch_request import Verb
from muster.scim.schema import ResourceType
from muster.scim.values import JsonValue, Resource, spelled

_LONGEST_URN: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPlace:
    """An attribute of an extension nobody described, or the extension as a whole."""

    urn: str
    name: str | None = None

    def __str__(self) -> str:
        """Return the place as a path."""
        return self.urn if self.name is None else f"{self.urn}:{self.name}"


def foreign_place(
    text: str, value: JsonValue, resource: Resource, resource_type: ResourceType
) -> ForeignPlace | None:
    """Return the place the path names in an extension that the type does not know; ``None`` for other paths.

    A URN that the resource holds ends where it is known to end. Else an object is taken for an extension, and
    for any other value the name after the last colon is the attribute's.

    Raises:
        InvalidPath: The path goes deeper than to an attribute.
    """
    if ":" not in text or len(text) > _LONGEST_URN or _is_known(text, resource_type):
        return None
    for urn in _held(resource, resource_type):
        if text.lower() == urn.lower():
            return ForeignPlace(urn=urn)
        if text.lower().startswith(f"{urn.lower()}:"):
            return _attribute(urn, text[len(urn) + 1 :])
    urn, _, name = text.rpartition(":")
    if ":" not in urn or '"' in text:
        return None
    return ForeignPlace(urn=text) if isinstance(value, dict) else _attribute(urn, name)


def foreign_changed(
    resource: Resource, place: ForeignPlace, verb: Verb, value: JsonValue, dialect: Dialect
) -> Resource:
    """Return the resource with the change made at the place, or as it is where the dialect drops such.

    Raises:
        InvalidPath: The dialect refuses extensions that the type does not know.
        InvalidValue: The value cannot be kept, or a removal has one.
    """
    if dialect.unknown_extensions is Unknown.REFUSE:
        raise InvalidPath("the resource type has no such extension", path=str(place))
    if verb is Verb.REMOVE and value is not None:
        raise InvalidValue("of an unknown extension only whole attributes are removed", path=str(place))
    urn = spelled(resource, place.urn)
    held = resource.get(urn)
    before: Resource = held if isinstance(held, dict) else {}
    after = (
        _merged(before, place, value) if place.name is None else _set(before, place, place.name, verb, value)
    )
    if after == before or dialect.unknown_extensions is Unknown.DROP:
        return resource
    others = {key: part for key, part in resource.items() if key != urn}
    return {**others, kept_name(urn, urn): after} if after else others


def _is_known(text: str, resource_type: ResourceType) -> bool:
    schemas = (resource_type.schema, *(item.schema for item in resource_type.extensions))
    folded = text.lower()
    return any(
        folded == urn or folded.startswith((f"{urn}:", f"{urn}."))
        for urn in (schema.urn.lower() for schema in schemas)
    )


def _held(resource: Resource, resource_type: ResourceType) -> Iterator[str]:
    """The foreign extensions of the resource, those with the longest URN first."""
    urns = (key for key in resource if ":" in key and not _is_known(key, resource_type))
    return iter(sorted(urns, key=len, reverse=True))


def _attribute(urn: str, name: str) -> ForeignPlace:
    AttributeName(name=name)
    return ForeignPlace(urn=urn, name=name)


def _merged(before: Resource, place: ForeignPlace, value: JsonValue) -> Resource:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue("a schema extension is an object", path=str(place))
    after = before
    for name, part in value.items():
        at = f"{place}:{name[:80]}"
        after = _put(after, kept_name(name, at), kept(part, at))
    return after


def _set(before: Resource, place: ForeignPlace, name: str, verb: Verb, value: JsonValue) -> Resource:
    new = kept(value, str(place))
    old = before.get(spelled(before, name))
    if verb is Verb.ADD and isinstance(old, list) and isinstance(new, list):
        new = [*old, *(item for item in new if item not in old)]
    return _put(before, name, new)


def _put(container: Resource, name: str, value: JsonValue) -> Resource:
    key = spelled(container, name)
    if value is None:
        return {other: part for other, part in container.items() if other != key}
    return {**container, key: value}
