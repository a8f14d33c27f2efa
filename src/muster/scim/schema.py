"""Schemas and resource types, compiled for look-up in any letter case (RFC 7643 §2, §6, §7).

``Attribute`` → ``Schema`` → ``ResourceType`` are immutable values. ``ResourceType.locate`` answers the one
question everything else in this package asks: which attribute does this name mean, and in which container
does it live?
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from muster.scim.notation import AttributeName


class Type(StrEnum):
    """The data types of RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(StrEnum):
    """When a value may be defined or changed."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    """When a value appears in a response."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    """How far a value must be unique."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


def _index(attributes: Iterable["Attribute"], owner: str) -> Mapping[str, "Attribute"]:
    """Return a look-up by exact and by lower-case name, so that the usual spelling costs one probe."""
    found: dict[str, Attribute] = {}
    for attribute in attributes:
        key = attribute.name.lower()
        if key in found:
            raise ValueError(f"{owner}: two attributes are named {attribute.name}")
        found[key] = attribute
    found.update({attribute.name: attribute for attribute in tuple(found.values())})
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute and its characteristics; the defaults are those of RFC 7643 §2.2."""

    name: str
    type: Type = Type.STRING
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    _subs: Mapping[str, "Attribute"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the look-up of sub-attributes.

        Raises:
            ValueError: The characteristics contradict each other (RFC 7643 §2.3.8).
            InvalidPath: The name does not follow the grammar.
        """
        AttributeName(name=self.name)
        if (self.type is Type.COMPLEX) is not bool(self.sub_attributes):
            raise ValueError(f"{self.name}: exactly the complex attributes have sub-attributes")
        if any(sub.type is Type.COMPLEX for sub in self.sub_attributes):
            raise ValueError(f"{self.name}: a sub-attribute cannot be complex")
        object.__setattr__(self, "_subs", _index(self.sub_attributes, self.name))

    def sub(self, name: str) -> "Attribute | None":
        """Return the sub-attribute of that name in any case, or ``None``."""
        return self._subs.get(name) or self._subs.get(name.lower())


def _is_demanding(attribute: Attribute) -> bool:
    return attribute.required or any(sub.required for sub in attribute.sub_attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A named set of attributes; ``demanding`` are those that are required or have a required part."""

    urn: str
    name: str
    description: str = ""
    attributes: tuple[Attribute, ...]
    demanding: tuple[Attribute, ...] = field(init=False, repr=False, compare=False)
    _attributes: Mapping[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the look-up of attributes.

        Raises:
            ValueError: Two attributes have the same name, or the URN could not be told from an attribute
            name.
        """
        if ":" not in self.urn:
            raise ValueError(f"{self.urn}: a schema is named by a URI")
        object.__setattr__(self, "_attributes", _index(self.attributes, self.urn))
        object.__setattr__(self, "demanding", tuple(filter(_is_demanding, self.attributes)))

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name in any case, or ``None``."""
        return self._attributes.get(name) or self._attributes.get(name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A schema that a resource may carry in a container named by its URN (RFC 7643 §3.3)."""

    schema: Schema
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where an attribute lives: in the resource itself, or in the container of an extension.

    ``attribute`` is ``None`` when the whole container is meant.
    """

    extension: Schema | None = None
    attribute: Attribute | None = None
    sub: Attribute | None = None

    def __str__(self) -> str:
        """Return the canonical notation: core names bare, extended names with their URN."""
        names = ".".join(part.name for part in (self.attribute, self.sub) if part is not None)
        parts = ("" if self.extension is None else self.extension.urn, names)
        return ":".join(part for part in parts if part)


COMMON_ATTRIBUTES = (
    Attribute(
        name="schemas",
        type=Type.REFERENCE,
        multi_valued=True,
        description="The URIs of the schemas this resource uses.",
        required=True,
        case_exact=True,
        returned=Returned.ALWAYS,
        reference_types=("uri",),
    ),
    Attribute(
        name="id",
        description="The identifier the service provider issued.",
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
    ),
    Attribute(
        name="externalId",
        description="The identifier the provisioning client issued.",
        case_exact=True,
    ),
    Attribute(
        name="meta",
        type=Type.COMPLEX,
        description="What the service provider says about the resource.",
        mutability=Mutability.READ_ONLY,
        sub_attributes=tuple(
            Attribute(
                name=name, type=kind, case_exact=exact, mutability=Mutability.READ_ONLY, reference_types=refs
            )
            for name, kind, exact, refs in (
                ("resourceType", Type.STRING, True, ()),
                ("created", Type.DATE_TIME, False, ()),
                ("lastModified", Type.DATE_TIME, False, ()),
                ("location", Type.REFERENCE, True, ("uri",)),
                ("version", Type.STRING, True, ()),
            )
        ),
    ),
)
"""The attributes of every resource, which no schema lists (RFC 7643 §3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resource: its endpoint, its core schema and its extensions."""

    name: str
    endpoint: str
    description: str = ""
    schema: Schema
    extensions: tuple[Extension, ...] = ()
    _core: Mapping[str, Attribute] = field(init=False, repr=False, compare=False)
    _extensions: Mapping[str, Schema] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile both look-ups.

        Raises:
            ValueError: A core attribute takes the name of a common one, or two schemas share a URN.
        """
        by_urn = {item.schema.urn.lower(): item.schema for item in self.extensions}
        if len({self.schema.urn.lower(), *by_urn}) != len(self.extensions) + 1:
            raise ValueError(f"{self.name}: two schemas share a URN")
        object.__setattr__(self, "_core", _index((*COMMON_ATTRIBUTES, *self.schema.attributes), self.name))
        object.__setattr__(self, "_extensions", MappingProxyType(by_urn))

    def attribute(self, name: str) -> Attribute | None:
        """Return the core or common attribute of that name in any case, or ``None``."""
        return self._core.get(name) or self._core.get(name.lower())

    def attributes(self) -> tuple[Attribute, ...]:
        """Return the common attributes followed by the core schema's."""
        return (*COMMON_ATTRIBUTES, *self.schema.attributes)

    def extension(self, urn: str) -> Schema | None:
        """Return the extension with that URN in any case, or ``None``."""
        return self._extensions.get(urn.lower())

    def extended(self, name: str) -> Schema | None:
        """Return the first extension that has an attribute of that name in any case, or ``None``."""
        schemas = (item.schema for item in self.extensions)
        return next((schema for schema in schemas if schema.attribute(name) is not None), None)

    def locate(self, name: AttributeName) -> Location | None:
        """Return what the name means here, or ``None`` when it means nothing.

        An unqualified name that the core schema lacks is looked for in the extensions, in their order, so
        that ``department`` finds the enterprise extension.
        """
        if name.urn is None:
            return self._unqualified(name)
        if name.urn.lower() == self.schema.urn.lower():
            return _within(None, self.attribute(name.name), name.sub)
        schema = self.extension(name.urn)
        if schema is not None:
            return _within(schema, schema.attribute(name.name), name.sub)
        return self._container(f"{name.urn}:{name.name}", name.sub)

    def _unqualified(self, name: AttributeName) -> Location | None:
        attribute = self.attribute(name.name)
        if attribute is not None:
            return _within(None, attribute, name.sub)
        schema = self.extended(name.name)
        return None if schema is None else _within(schema, schema.attribute(name.name), name.sub)

    def _container(self, urn: str, name: str | None) -> Location | None:
        """Return the container itself, or its attribute noted with a dot, as older Entra ID jobs do."""
        if urn.lower() == self.schema.urn.lower() and name is not None:
            return _within(None, self.attribute(name), None)
        schema = self.extension(urn)
        if schema is None:
            return None
        return Location(extension=schema) if name is None else _within(schema, schema.attribute(name), None)


def _within(extension: Schema | None, attribute: Attribute | None, sub: str | None) -> Location | None:
    if attribute is None:
        return None
    if sub is None:
        return Location(extension=extension, attribute=attribute)
    found = attribute.sub(sub)
    return None if found is None else Location(extension=extension, attribute=attribute, sub=found)
