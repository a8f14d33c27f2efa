"""References to what another operation of the request creates: ``bulkId:qwerty`` (RFC 7644 §3.7.2).

A reference is a whole text, at any depth of the data; the end of a ``$ref``; a quoted text in the path of a
PATCH, as in ``members[value eq "bulkId:qwerty"]``; or the id in the path of the operation. What only the
server can set, as the ``groups`` of a user, refers to nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from muster.scim.bulk_request import BulkOperation, Method
from muster.scim.errors import InvalidPath, InvalidValue
from muster.scim.notation import parse_attribute
from muster.scim.schema import Attribute, Location, Mutability, ResourceType
from muster.scim.values import JsonValue, Resource, elements, spelled

PREFIX: Final = "bulkId:"
# A text that is not closed is one token, too, so that no character is looked at twice, whatever comes.
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One attribute that a body gives, unless the server is the one to say it.

    ``key`` leads to the value, in the body itself or in the ``container`` of an extension; ``path`` names the
    attribute in a PATCH. ``attribute`` is ``None`` where no schema describes it. ``optional`` tells whether a
    resource can be without it.
    """

    container: str | None
    key: str
    path: str
    value: JsonValue
    attribute: Attribute | None = None
    optional: bool = False


def places(data: JsonValue, resource_type: ResourceType) -> Iterator[Place]:
    """Yield the attributes in the body of a POST or PUT, but for those that only the server sets."""
    for key, value in data.items() if isinstance(data, dict) else ():
        schema = resource_type.extension(key)
        if schema is None or not isinstance(value, dict):
            yield from _place(None, key, value, _located(key, resource_type), resource_type)
            continue
        for name, part in value.items():
            location = Location(extension=schema, attribute=schema.attribute(name))
            yield from _place(key, name, part, location, resource_type)


def _located(key: str, resource_type: ResourceType) -> Location:
    """Return which attribute a name at the top level means, if any; it may be a loose one of an extension."""
    try:
        location = resource_type.locate(parse_attribute(key))
    except InvalidPath:
        location = None
    return Location() if location is None or location.sub is not None else location


def _place(
    container: str | None, key: str, value: JsonValue, location: Location, resource_type: ResourceType
) -> Iterator[Place]:
    attribute = location.attribute
    if attribute is None:
        yield Place(container=container, key=key, path=key, value=value)
    elif attribute.mutability is not Mutability.READ_ONLY:
        required = {item.schema.urn for item in resource_type.extensions if item.required}
        yield Place(
            container=container,
            key=key,
            path=str(location),
            value=value,
            attribute=attribute,
            optional=not attribute.required
            and (location.extension is None or location.extension.urn not in required),
        )


def references_of(operation: BulkOperation) -> tuple[str, ...]:
    """Return the bulkIds the operation refers to, each once."""
    found: list[str] = list(references(operation.target.id))
    if operation.method is Method.PATCH:
        for item in _patch_operations(operation.data):
            found.extend(_in_patch(item))
    else:
        for place in places(operation.data, operation.target.resource_type):
            found.extend(references(place.value))
    return tuple(dict.fromkeys(found))


def references(value: JsonValue) -> Iterator[str]:
    """Yield the bulkIds the value refers to."""
    waiting: list[list[JsonValue] | Resource] = [[value]]
    for container in waiting:
        for key, item in (
            container.items() if isinstance(container, dict) else (("", part) for part in container)
        ):
            if isinstance(item, str):
                bulk_id = _named(key, item)
                if bulk_id is not None:
                    yield bulk_id
            elif isinstance(item, dict | list) and item:
                waiting.append(item)


def with_ids(data: JsonValue, method: Method, ids: Mapping[str, str]) -> JsonValue:
    """Return the data with the id in place of each reference to a bulkId that has one.

    Raises:
        InvalidValue: Two names in the data become the same.
    """
    if method is not Method.PATCH or not isinstance(data, dict):
        return _replaced(data, ids)
    key = spelled(data, "Operations")
    listed = data.get(key)
    return {**data, key: [_patched(item, ids) for item in listed]} if isinstance(listed, list) else data


def _named(key: str, text: str) -> str | None:
    """Return the bulkId that the text of this member refers to."""
    if text.startswith(PREFIX):
        return text.removeprefix(PREFIX)
    if key.lower() != "$ref":
        return None
    _, found, bulk_id = text.partition(f"/{PREFIX}")
    return bulk_id if found else None


def _replaced(value: JsonValue, ids: Mapping[str, str]) -> JsonValue:
    """Return a copy with ids for references, made without recursion."""
    root = [value]
    waiting: list[Any] = [root]
    for container in waiting:
        for key, item in _slots(container):
            if isinstance(item, str):
                bulk_id = _named(str(key), item)
                if bulk_id is not None and bulk_id in ids:
                    container[key] = item.removesuffix(PREFIX + bulk_id) + ids[bulk_id]
            elif isinstance(item, dict | list):
                container[key] = item.copy()
                waiting.append(container[key])
    return root[0]


def _slots(container: list[JsonValue] | Resource) -> list[tuple[str | int, JsonValue]]:
    return list(container.items()) if isinstance(container, dict) else list(enumerate(container))


# -- PATCH --------------------------------------------------------------------------------------------------


def _patch_operations(data: JsonValue) -> list[Resource]:
    listed = data.get(spelled(data, "Operations")) if isinstance(data, dict) else None
    return [item for item in elements(listed) if isinstance(item, dict)]


def _in_patch(operation: Resource) -> Iterator[str]:
    """Yield the bulkIds that one operation of a PATCH refers to."""
    path, value = operation.get(spelled(operation, "path")), _value(operation)
    names = value if path is None and isinstance(value, dict) else ()
    for text in [path] if isinstance(path, str) else names:
        for token in _QUOTED.findall(text):
            bulk_id = _quoted(token)
            if bulk_id is not None:
                yield bulk_id
    yield from references(value)


def _value(operation: Resource) -> JsonValue:
    """Return the value; one without a path may be written as a JSON text (``dialects``, ``json-text``)."""
    value = operation.get(spelled(operation, "value"))
    if not isinstance(value, str) or operation.get(spelled(operation, "path")) is not None:
        return value
    try:
        unpacked: JsonValue = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return unpacked if isinstance(unpacked, dict) else value


def _patched(operation: JsonValue, ids: Mapping[str, str]) -> JsonValue:
    """Return one operation of a PATCH with ids for references."""
    if not isinstance(operation, dict):
        return operation
    changed = dict(operation)
    key, at = spelled(operation, "value"), spelled(operation, "path")
    path, value = operation.get(at), _value(operation)
    if isinstance(path, str):
        changed[at] = _requoted(path, ids)
    elif path is None and isinstance(value, dict):
        value = _renamed(value, ids)
    if key in operation:
        changed[key] = _replaced(value, ids)
    return changed


def _renamed(value: Resource, ids: Mapping[str, str]) -> Resource:
    renamed = {_requoted(name, ids): part for name, part in value.items()}
    if len(renamed) < len(value):
        raise InvalidValue("the value names one place twice")
    return renamed


def _quoted(token: str) -> str | None:
    """Return the bulkId that a quoted text refers to."""
    try:
        text = json.loads(token)
    except ValueError:
        return None
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else None


def _requoted(path: str, ids: Mapping[str, str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        bulk_id = _quoted(found.group())
        return found.group() if bulk_id is None or bulk_id not in ids else json.dumps(ids[bulk_id])

    return _QUOTED.sub(replaced, path)
