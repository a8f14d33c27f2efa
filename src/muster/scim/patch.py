"""PATCH: a resource and operations in, the changed resource out (RFC 7644 §3.5.2).

``apply`` is atomic because it is pure: the input stays as it is, and an error leaves nothing half done.
What the RFC does not define is refused loudly, never ignored, unless ``dialects`` names it as tolerated.

``schemas`` always follows the content, so an operation on it may only name schemas of the resource type.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from muster.scim.dialects import USUAL, Dialect
from muster.scim.errors import InvalidPath, InvalidValue, Mutability, NoTarget
from muster.scim.patch_elements import changed_elements
from muster.scim.patch_foreign import foreign_changed, foreign_place
from muster.scim.patch_request import Operation, Verb
from muster.scim.patch_values import Edit, changed_part, check_held
from muster.scim.path import Path, parse_path
from muster.scim.schema import Mutability as Rule
from muster.scim.schema import ResourceType, Schema, Type
from muster.scim.validate import check_extensions, with_schemas
from muster.scim.values import JsonValue, Resource, is_present


def apply(
    resource: Resource,
    operations: Iterable[Operation],
    resource_type: ResourceType,
    *,
    dialect: Dialect = USUAL,
) -> Resource:
    """Return the resource after all operations, each applied to the result of the one before.

    Operations that change nothing give a resource equal to the input.

    Args:
        resource: The resource as it is, in the schema's spelling.
        operations: What ``parse_request`` returned.
        resource_type: Whose attributes the paths name.
        dialect: What the sender may do beside the letter.

    Raises:
        InvalidPath: A path does not parse or names no attribute.
        InvalidFilter: The filter of a path does not parse or does not fit.
        NoTarget: A path is missing, or its filter selects nothing to replace.
        InvalidValue: A value does not fit its attribute.
        Mutability: The attribute may not be changed, or is required and would be removed.
    """
    changed = resource
    for operation in operations:
        changed = _applied(changed, operation, resource_type, dialect)
    return _settled(changed, resource, resource_type)


def _applied(
    resource: Resource, operation: Operation, resource_type: ResourceType, dialect: Dialect
) -> Resource:
    if operation.path is not None:
        return _at(operation.path, resource, operation, resource_type, dialect)
    if operation.verb is Verb.REMOVE:
        raise NoTarget("remove needs a path")
    for key, value in _attributes(operation.value).items():
        part = replace(operation, value=value)
        resource = _at(key, resource, part, resource_type, dialect)
    return resource


def _at(
    text: str, resource: Resource, operation: Operation, resource_type: ResourceType, dialect: Dialect
) -> Resource:
    """Return the resource after the operation at one place: at its path, or at a key of its value."""
    place = foreign_place(text, operation.value, resource, resource_type)
    if place is not None:
        return foreign_changed(resource, place, operation.verb, operation.value, dialect)
    path = parse_path(text, resource_type)
    if operation.path is None and not _is_assignable(path):
        return resource
    return _edited(resource, Edit.of(operation, path, dialect), resource_type)


def _attributes(value: JsonValue) -> Resource:
    """Return the attributes of an operation without a path."""
    if isinstance(value, str):
        value = _unpacked(value)
    if not isinstance(value, dict) or not value:
        raise InvalidValue("without a path, the value is an object of one or more attributes")
    return value


def _unpacked(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("without a path, the value is an object of attributes") from error
    return value


def _is_assignable(path: Path) -> bool:
    """Tell what a client assigns from what it repeats because it was in the answer it got."""
    if path.attribute is None:
        return True
    return path.attribute.mutability is not Rule.READ_ONLY and path.attribute.name != "schemas"


def _edited(resource: Resource, edit: Edit, resource_type: ResourceType) -> Resource:
    path = edit.path
    if path.attribute is None and path.extension is not None:
        return _edited_extension(resource, edit, path.extension, resource_type)
    attribute = edit.attribute()
    edit.check_mutability()
    if attribute.name == "schemas":
        return _with_named_schemas(resource, edit, resource_type)
    if attribute.mutability is Rule.WRITE_ONLY:
        edit.normal()
        return resource
    if path.extension is None:
        return _with_attribute(resource, edit)
    container = resource.get(path.extension.urn)
    changed = _with_attribute(container if isinstance(container, dict) else {}, edit)
    return _put(resource, path.extension.urn, changed or None)


def _with_attribute(container: Resource, edit: Edit) -> Resource:
    attribute = edit.attribute()
    old = container.get(attribute.name)
    new = changed_elements(old, edit) if attribute.multi_valued else _changed(old, edit)
    if attribute.required and not is_present(new):
        raise Mutability("the attribute is required and cannot be removed", path=str(edit.path))
    if attribute.mutability is Rule.IMMUTABLE and is_present(old) and new != old:
        raise Mutability("the attribute cannot be changed once it is set", path=str(edit.path))
    return _put(container, attribute.name, new)


def _changed(old: JsonValue, edit: Edit) -> JsonValue:
    """Return the new value of a singular attribute."""
    attribute = edit.attribute()
    if attribute.type is not Type.COMPLEX:
        return None if edit.verb is Verb.REMOVE else edit.normal()
    base = old if isinstance(old, dict) else {}
    if edit.path.sub is not None:
        return changed_part(base, edit.path.sub, edit) or None
    if edit.verb is Verb.REMOVE:
        return None
    new = edit.taken(edit.value)
    if not isinstance(edit.value, dict):
        check_held(attribute, base, new or {}, str(edit.path))
        return new
    gone = edit.cleared(edit.value)
    merged = {name: part for name, part in base.items() if name not in gone} | (new or {})
    check_held(attribute, base, merged, str(edit.path))
    return merged or None


def _edited_extension(
    resource: Resource, edit: Edit, schema: Schema, resource_type: ResourceType
) -> Resource:
    if edit.verb is Verb.REMOVE or edit.value is None:
        return _without_extension(resource, schema, resource_type)
    if not isinstance(edit.value, dict):
        raise InvalidValue("a schema extension is an object", path=schema.urn)
    for key, value in edit.value.items():
        attribute = schema.attribute(key)
        if attribute is None and key.lower() == "schemas":
            continue
        if attribute is None:
            raise InvalidPath("there is no such attribute", path=f"{schema.urn}:{key[:80]}")
        path = Path(core=edit.path.core, extension=schema, attribute=attribute)
        if _is_assignable(path):
            resource = _edited(resource, replace(edit, path=path, value=value), resource_type)
    return resource


def _without_extension(resource: Resource, schema: Schema, resource_type: ResourceType) -> Resource:
    if any(item.required for item in resource_type.extensions if item.schema is schema):
        raise Mutability("the schema extension is required and cannot be removed", path=schema.urn)
    container = resource.get(schema.urn)
    held = (item for item in schema.attributes if item.mutability in {Rule.READ_ONLY, Rule.IMMUTABLE})
    for attribute in held:
        if isinstance(container, dict) and is_present(container.get(attribute.name)):
            raise Mutability("the attribute cannot be removed", path=f"{schema.urn}:{attribute.name}")
    return _put(resource, schema.urn, None)


def _with_named_schemas(resource: Resource, edit: Edit, resource_type: ResourceType) -> Resource:
    """Accept what says nothing new: a schema is in use exactly when its attributes are."""
    if edit.verb is Verb.REMOVE:
        raise Mutability("schemas follow the attributes: remove the attributes of the schema", path="schemas")
    known = {
        resource_type.schema.urn.lower(),
        *(item.schema.urn.lower() for item in resource_type.extensions),
    }
    known.update(key.lower() for key in resource if ":" in key)
    for urn in edit.listed():
        if not isinstance(urn, str) or urn.lower() not in known:
            raise InvalidValue(f"a {resource_type.name} has no such schema", path="schemas")
    return resource


def _settled(changed: Resource, before: Resource, resource_type: ResourceType) -> Resource:
    """Return the resource with the schemas it uses, in their old order when they are the same.

    Only here is it known whether an extension lacks what it requires: another operation may add it.
    """
    if changed is before:
        return dict(before)
    check_extensions(changed, resource_type)
    settled = with_schemas(changed, resource_type)
    old, new = before.get("schemas"), settled["schemas"]
    if isinstance(old, list) and isinstance(new, list) and sorted(map(repr, old)) == sorted(map(repr, new)):
        settled["schemas"] = old
    return settled


def _put(container: Resource, name: str, value: JsonValue) -> Resource:
    if value is None:
        return (
            {key: kept for key, kept in container.items() if key != name} if name in container else container
        )
    return container if container.get(name) is value else {**container, name: value}
