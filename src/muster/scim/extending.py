"""Schemas of the operator's own: which may be, and the resource types they extend (RFC 7643 §3.3, §7).

What Muster could not keep is refused when a schema is defined, never when a client sends a value: a required
attribute nobody may write, uniqueness beyond this server, a URN that could be taken for something else.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER
from muster.scim.custom import schema_from_document
from muster.scim.discovery import schema_document
from muster.scim.errors import InvalidValue
from muster.scim.schema import (
    Attribute,
    Extension,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    Type,
    Uniqueness,
)
from muster.scim.values import JsonValue, Resource

REQUIRED = "required"
OPTIONAL = "optional"
UNIQUE_TYPES = (Type.STRING, Type.REFERENCE, Type.INTEGER)
"""The types whose values can be unique: those with one way to write each value."""

_TYPES = (USER.name, GROUP.name)
_MOST_ATTRIBUTES = 500
_LONGEST_URN = 255
_URN = re.compile(r"urn(:[A-Za-z0-9._@=~-]+){2,}", re.IGNORECASE)
_TAKEN = ("urn:ietf:params:scim:schemas:core:", "urn:ietf:params:scim:api:", "urn:muster:")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomSchema:
    """A schema of the operator's own; ``extends`` says by name whether a resource type must carry it."""

    schema: Schema
    extends: Mapping[str, bool]


def custom_schema(document: JsonValue) -> CustomSchema:
    """Return the operator's schema that the document describes: RFC 7643 §7 and what it extends.

    ``extends`` is left out for optional users, or is as in ``{"User": "required", "Group": "optional"}``.

    Raises:
        InvalidValue: Muster could not keep such a schema; the error has the path of what is wrong.
    """
    schema = schema_from_document(document)
    extends = document.get("extends") if isinstance(document, dict) else None
    found = CustomSchema(
        schema=schema, extends=_extends({USER.name: OPTIONAL} if extends is None else extends)
    )
    _check_urn(schema.urn)
    if not schema.attributes or len(schema.attributes) > _MOST_ATTRIBUTES:
        raise InvalidValue(f"a schema has 1 to {_MOST_ATTRIBUTES} attributes", path="attributes")
    for index, attribute in enumerate(schema.attributes):
        _check_attribute(attribute, f"attributes[{index}]")
    return found


def custom_document(custom: CustomSchema) -> Resource:
    """Return the document that ``custom_schema`` reads back as the same schema."""
    document = schema_document(custom.schema, "")
    extends: Resource = {name: REQUIRED if must else OPTIONAL for name, must in custom.extends.items()}
    return {
        "id": document["id"],
        "name": document["name"],
        "description": document["description"],
        "extends": extends,
        "attributes": document["attributes"],
    }


def extended(resource_type: ResourceType, customs: Iterable[CustomSchema]) -> ResourceType:
    """Return the type with the operator's extensions after its own.

    Raises:
        InvalidValue: Two of the schemas could be taken for each other.
    """
    ours = [custom for custom in customs if resource_type.name in custom.extends]
    extensions = [*resource_type.extensions]
    for custom in ours:
        for other in (resource_type.schema, *(item.schema for item in extensions)):
            _check_apart(custom.schema, other)
        extensions.append(Extension(schema=custom.schema, required=custom.extends[resource_type.name]))
    return replace(resource_type, extensions=tuple(extensions)) if ours else resource_type


def unique_attributes(schema: Schema) -> tuple[Attribute, ...]:
    """Return the attributes whose values no two resources of a source share."""
    return tuple(item for item in schema.attributes if item.uniqueness is Uniqueness.SERVER)


def _extends(value: JsonValue) -> Mapping[str, bool]:
    if not isinstance(value, dict) or not value:
        raise InvalidValue(f"name what is extended, as {USER.name}: {OPTIONAL}", path="extends")
    for name, how in value.items():
        if name not in _TYPES:
            raise InvalidValue(f"one of {', '.join(_TYPES)} is needed", path=f"extends.{name[:80]}")
        if how not in (OPTIONAL, REQUIRED):
            raise InvalidValue(f"{OPTIONAL} or {REQUIRED} is needed", path=f"extends.{name}")
    return {name: value[name] == REQUIRED for name in _TYPES if name in value}


def _check_urn(urn: str) -> None:
    if _URN.fullmatch(urn) is None or len(urn) > _LONGEST_URN:
        raise InvalidValue(
            f"a URN as urn:acme:scim:schemas:staff:1.0:User is needed, at most {_LONGEST_URN} characters",
            path="id",
        )
    if urn.lower().startswith(_TAKEN) or urn.lower() == ENTERPRISE_USER_URN.lower():
        raise InvalidValue("this URN belongs to a schema that Muster brings or keeps for itself", path="id")


def _check_apart(new: Schema, other: Schema) -> None:
    """Refuse two URNs that are one, and one that reads as an attribute of the other."""
    for longer, shorter in ((new, other), (other, new)):
        if longer.urn.lower().startswith(shorter.urn.lower()):
            tail = longer.urn[len(shorter.urn) :]
            if not tail or (tail[0] in ":." and shorter.attribute(tail[1:]) is not None):
                raise InvalidValue(f"the URN could be taken for one of the schema {other.urn}", path="id")


def _check_attribute(attribute: Attribute, at: str) -> None:
    if attribute.name.lower() == "schemas":
        raise InvalidValue("clients write schemas into every part of a resource; take another name", path=at)
    _check_required(attribute, at)
    _check_returned(attribute, at)
    for index, sub in enumerate(attribute.sub_attributes):
        inner = f"{at}.subAttributes[{index}]"
        if sub.uniqueness is not Uniqueness.NONE:
            raise InvalidValue("a sub-attribute cannot be unique", path=f"{inner}.uniqueness")
        _check_required(sub, inner)
        _check_returned(sub, inner)
    if attribute.uniqueness is Uniqueness.GLOBAL:
        raise InvalidValue(
            "Muster cannot see that a value is unique everywhere: say server", path=f"{at}.uniqueness"
        )
    if attribute.uniqueness is Uniqueness.SERVER:
        _check_unique(attribute, f"{at}.uniqueness")


def _check_required(attribute: Attribute, at: str) -> None:
    if attribute.required and attribute.mutability in {Mutability.READ_ONLY, Mutability.WRITE_ONLY}:
        raise InvalidValue(
            f"what is {attribute.mutability} is not kept, so it cannot be required", path=f"{at}.required"
        )


def _check_returned(attribute: Attribute, at: str) -> None:
    if attribute.mutability is Mutability.WRITE_ONLY and attribute.returned is not Returned.NEVER:
        raise InvalidValue("what is writeOnly is never returned: say never", path=f"{at}.returned")


def _check_unique(attribute: Attribute, at: str) -> None:
    if attribute.multi_valued or attribute.type not in UNIQUE_TYPES:
        raise InvalidValue(f"only a single {', '.join(UNIQUE_TYPES)} can be unique", path=at)
    if attribute.mutability is Mutability.WRITE_ONLY:
        raise InvalidValue("what is writeOnly is not kept, so it cannot be unique", path=at)
