"""A path into an extension that no schema at hand describes, read as its own words tell.

Rules and mappings name attributes of the operator's schemas. Whether there is such an attribute is checked
when they are defined, by those schemas; afterwards the value is read where the path says, whatever becomes of
the schema, so that no change of it can break the evaluation of a rule.
"""

from muster.scim.builtin import USER
from muster.scim.errors import InvalidPath
from muster.scim.filter import Compare, Filter, Literal, Present, nodes
from muster.scim.grammar import PathText, parse_path_text
from muster.scim.path import Path
from muster.scim.schema import Attribute, ResourceType, Schema, Type


def open_path(text: str, resource_type: ResourceType = USER) -> Path:
    """Return the place the text names in an extension that the resource type does not know.

    >>> str(open_path("urn:acme:staff:1.0:User:cars[main eq true].plate"))
    'urn:acme:staff:1.0:User:cars[main eq true].plate'

    Raises:
        InvalidPath: The text is no path with the URN of such an extension.
        InvalidFilter: The part in brackets is no filter.
    """
    parts = parse_path_text(text)
    urn = parts.attribute.urn
    if urn is None or resource_type.extension(urn) or urn.lower() == resource_type.schema.urn.lower():
        raise InvalidPath(f"a {resource_type.name} has no such attribute", path=text[:200])
    attribute = _attribute(parts)
    sub = parts.attribute.sub or parts.sub
    return Path(
        core=resource_type.schema,
        extension=Schema(urn=urn, name=urn, attributes=(attribute,)),
        attribute=attribute,
        filter=parts.filter,
        sub=None if sub is None else attribute.sub(sub),
    )


def _attribute(parts: PathText) -> Attribute:
    """Return the attribute with the sub-attributes that the path speaks of."""
    subs = {} if parts.filter is None else _compared(parts.filter)
    for name in (parts.attribute.sub, parts.sub):
        if name is not None:
            subs.setdefault(name.lower(), Attribute(name=name))
    return Attribute(
        name=parts.attribute.name,
        type=Type.COMPLEX if subs else Type.STRING,
        multi_valued=parts.filter is not None,
        sub_attributes=tuple(subs.values()),
    )


def _compared(filter_: Filter) -> dict[str, Attribute]:
    """Return the sub-attributes of the filter, each of the type of what it is compared with."""
    found: dict[str, Attribute] = {}
    for node in nodes(filter_):
        match node:
            case Compare(attribute=name, value=value):
                found[name.name.lower()] = Attribute(name=name.name, type=_type_of(value))
            case Present(attribute=name):
                found.setdefault(name.name.lower(), Attribute(name=name.name))
            case _:
                pass
    return found


def _type_of(value: Literal) -> Type:
    match value:
        case bool():
            return Type.BOOLEAN
        case int() | float():
            return Type.DECIMAL
        case _:
            return Type.STRING
