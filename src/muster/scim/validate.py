"""A whole resource, as a client sends it, becomes a resource as the schema spells it (RFC 7644 §3.3, §3.5.1).

What the client may not set is dropped without complaint, as the RFC says: read-only attributes (``id``,
``meta``, ``groups``). Write-only ones (``password``) are checked and dropped, because a secret has no place
in a resource.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from muster.scim.dialects import USUAL, Dialect, Unknown
from muster.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability
from muster.scim.normalise import kept, kept_name, normalise, take_unknown
from muster.scim.schema import Attribute, ResourceType, Schema
from muster.scim.schema import Mutability as Rule
from muster.scim.values import JsonValue, Resource, elements, is_present, json_list, spelled

_LONGEST_URN = 255
_PATH_SIGN = re.compile(r"[.\[]")


def validate(
    body: JsonValue,
    resource_type: ResourceType,
    *,
    replacing: Resource | None = None,
    dialect: Dialect = USUAL,
) -> Resource:
    """Return the resource the body describes, in the schema's spelling.

    ``null`` and ``[]`` are unassigned and left out. An attribute of an extension that stands at the top
    level, as some clients send ``manager``, moves into its extension; so does one noted with its URN.
    ``schemas`` lists exactly the schemas with content.

    Args:
        body: The parsed request body.
        resource_type: What it claims to be.
        replacing: The resource a PUT replaces, whose immutable values must stay; ``None`` when creating.
        dialect: What the sender may do beside the letter.

    Raises:
        InvalidSyntax: The body is no object, or holds what the dialect refuses.
        InvalidPath: A name with the URN of an extension is none of its attributes, or is a path.
        InvalidValue: A value is missing or does not fit; the error has the attribute's path.
        Mutability: The replacement changes an immutable value.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("a resource is a JSON object")
    parts = _sorted_out(body, resource_type)
    _check_schemas(parts.schemas, resource_type)
    resource = _attributes(parts.core, resource_type.attribute, "", dialect)
    for schema, container in parts.extensions.values():
        _put(resource, schema.urn, _attributes(container, schema.attribute, f"{schema.urn}:", dialect))
    for urn, value in parts.foreign.items():
        _put(resource, urn, _foreign(urn, value, dialect.unknown_extensions))
    if replacing is not None:
        keep_immutable(resource, replacing, resource_type)
    check_required(resource, resource_type)
    return with_schemas(resource, resource_type)


def with_schemas(resource: Resource, resource_type: ResourceType) -> Resource:
    """Return the resource whose ``schemas`` are the core schema and every extension it has content for."""
    return {
        "schemas": json_list(schemas_used(resource, resource_type)),
        **{key: value for key, value in resource.items() if key != "schemas"},
    }


def schemas_used(attributes: Iterable[str], resource_type: ResourceType) -> list[str]:
    """Return the schemas of a resource with these attributes: the core schema, then its extensions."""
    return [resource_type.schema.urn, *(name for name in attributes if ":" in name)]


def check_required(resource: Resource, resource_type: ResourceType) -> None:
    """Return when everything required is there.

    Raises:
        InvalidValue: A required attribute, sub-attribute or extension is missing or empty.
    """
    check_attributes(resource, resource_type.schema.demanding, "")
    check_extensions(resource, resource_type)


def check_extensions(resource: Resource, resource_type: ResourceType) -> None:
    """Return when every required extension is there, and in each what it requires.

    Raises:
        InvalidValue: An extension, or a required part of one, is missing or empty.
    """
    for item in resource_type.extensions:
        container = resource.get(item.schema.urn)
        if container is None and item.required:
            raise InvalidValue("this schema extension is required", path=item.schema.urn)
        if isinstance(container, dict):
            check_attributes(container, item.schema.demanding, f"{item.schema.urn}:")


def check_attributes(container: Resource, attributes: tuple[Attribute, ...], prefix: str) -> None:
    """Return when each of the attributes that is required is there, and so are its required parts.

    Raises:
        InvalidValue: One is missing or empty; the prefix stands before its path.
    """
    for attribute in attributes:
        value = container.get(attribute.name)
        if attribute.required and value in (None, "", []):
            raise InvalidValue("the attribute is required", path=prefix + attribute.name)
        for element in elements(value) if attribute.sub_attributes else ():
            part = element if isinstance(element, dict) else {}
            check_attributes(part, attribute.sub_attributes, f"{prefix}{attribute.name}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The attributes of one body, by where they belong."""

    schemas: JsonValue
    core: Resource
    extensions: dict[str, tuple[Schema, Resource]]
    foreign: Resource


def _sorted_out(body: Resource, resource_type: ResourceType) -> _Parts:
    _refuse_twins(body, "")
    parts = _Parts(schemas=body.get(spelled(body, "schemas")), core={}, extensions={}, foreign={})
    stray: list[tuple[Schema, str, JsonValue]] = []
    for key, value in body.items():
        schema = resource_type.extension(key)
        if schema is not None:
            parts.extensions[schema.urn] = (schema, _extension(schema, value))
        elif key.lower() == resource_type.schema.urn.lower():
            raise InvalidValue("the attributes of the core schema stand at the top level", path=key)
        elif (meant := _owner(key, resource_type)) is not None:
            stray.append((*meant, value))
        elif ":" in key:
            parts.foreign[key] = value
        elif key.lower() != "schemas":
            parts.core[key] = value
    for owner, key, value in stray:
        _take_in(parts, owner, key, value)
    return parts


def _owner(key: str, resource_type: ResourceType) -> tuple[Schema, str] | None:
    """Return the extension whose attribute a key of the top level means, and the attribute's name there."""
    if ":" not in key:
        schema = None if resource_type.attribute(key) else resource_type.extended(key)
        return None if schema is None else (schema, key)
    for schema in (item.schema for item in resource_type.extensions):
        length = len(schema.urn)
        if key[:length].lower() == schema.urn.lower() and key[length] in ":.":
            name = key[length + 1 :]
            if schema.attribute(name) is None:
                raise InvalidPath("there is no such attribute", path=f"{schema.urn}:{name[:80]}")
            return schema, name
    return None


def _take_in(parts: _Parts, schema: Schema, key: str, value: JsonValue) -> None:
    """Move an extension's attribute from the top level to where it belongs, unless it is there already."""
    _, container = parts.extensions.setdefault(schema.urn, (schema, {}))
    if spelled(container, key) not in container:
        container[key] = value


def _attributes(
    container: Resource, find: Callable[[str], Attribute | None], prefix: str, dialect: Dialect
) -> Resource:
    found: Resource = {}
    for key, value in container.items():
        attribute = find(key)
        if attribute is not None:
            at = prefix + attribute.name
            if attribute.mutability is not Rule.READ_ONLY:
                normal = normalise(attribute, value, at, dialect=dialect)
                _put(found, attribute.name, None if attribute.mutability is Rule.WRITE_ONLY else normal)
        else:
            _refuse_path(key, find, f"{prefix}{key[:80]}")
            take_unknown(found, key, value, f"{prefix}{key[:80]}", dialect.unknown)
    return found


def _refuse_path(key: str, find: Callable[[str], Attribute | None], at: str) -> None:
    """Refuse ``name.givenName`` as a name: passed over as unknown, a value that was meant would be lost."""
    head = _PATH_SIGN.split(key, maxsplit=1)[0]
    if head != key and find(head) is not None:
        raise InvalidPath("a resource nests sub-attributes; paths are for PATCH and filters", path=at)


def _put(container: Resource, name: str, value: JsonValue) -> None:
    if value is not None and value != {}:
        container[name] = value


def _extension(schema: Schema, value: JsonValue) -> Resource:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue("a schema extension is an object", path=schema.urn)
    _refuse_twins(value, f"{schema.urn}:")
    return dict(value)


def _foreign(urn: str, value: JsonValue, unknown: Unknown) -> JsonValue:
    at = urn[:_LONGEST_URN]
    if unknown is Unknown.REFUSE:
        raise InvalidSyntax("the resource type has no such extension", path=at)
    if unknown is Unknown.DROP:
        return None
    if value is not None and (not isinstance(value, dict) or len(urn) > _LONGEST_URN):
        raise InvalidValue("a schema extension is an object named by its URN", path=at)
    return kept(value, kept_name(at, at))


def _refuse_twins(container: Resource, prefix: str) -> None:
    """Refuse two spellings of one name: which of them is meant would depend on the reader."""
    seen: set[str] = set()
    for key in container:
        if key.lower() in seen:
            raise InvalidValue("the attribute is given twice", path=f"{prefix}{key[:80]}")
        seen.add(key.lower())


def _check_schemas(value: JsonValue, resource_type: ResourceType) -> None:
    """Refuse a body that does not say it is a resource of this type (RFC 7643 §3)."""
    if value is None or value == []:
        raise InvalidValue(f"the attribute is required and names {resource_type.schema.urn}", path="schemas")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValue("a list of URIs is needed", path="schemas")
    if not any(isinstance(item, str) and item.lower() == resource_type.schema.urn.lower() for item in value):
        raise InvalidValue(f"a {resource_type.name} names {resource_type.schema.urn}", path="schemas")


def keep_immutable(resource: Resource, replacing: Resource, resource_type: ResourceType) -> None:
    """Carry over immutable values that are not given, and refuse others that differ (RFC 7644 §3.5.1).

    Raises:
        Mutability: One differs.
    """
    _hold(resource, replacing, resource_type.schema.attributes, "")
    for item in resource_type.extensions:
        urn = item.schema.urn
        old = replacing.get(urn)
        if isinstance(old, dict):
            new = resource.get(urn)
            held: Resource = dict(new) if isinstance(new, dict) else {}
            held.update(_read_only(old, item.schema))
            _hold(held, old, item.schema.attributes, f"{urn}:")
            _put(resource, urn, held)


def _read_only(old: Resource, schema: Schema) -> Resource:
    """Return what the extension holds that clients may not set, as since the operator said so."""
    names = (item.name for item in schema.attributes if item.mutability is Rule.READ_ONLY)
    return {name: old[name] for name in names if name in old}


def _hold(new: Resource, old: Resource, attributes: tuple[Attribute, ...], prefix: str) -> None:
    for attribute in attributes:
        if attribute.mutability is Rule.IMMUTABLE and is_present(old.get(attribute.name)):
            value = new.setdefault(attribute.name, old[attribute.name])
            if value != old[attribute.name]:
                raise Mutability(
                    "the attribute cannot be changed once it is set", path=prefix + attribute.name
                )
