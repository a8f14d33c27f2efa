"""How one kind of object looks in SCIM: where it lives, and the place of each of its attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Self

from muster import scim
from muster.kit.manifest import KindManifest
from muster.model import ACCOUNT, GROUP, Attributes, Invalid, Kind, Unsupported
from muster.scim import Path, ResourceType, ScimError, open_path, parse_path

_TYPES: Final[Mapping[Kind, ResourceType]] = MappingProxyType({ACCOUNT: scim.USER, GROUP: scim.GROUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one attribute is.

    For ``emails[type eq "work"].value``: ``path`` is that, ``element`` is ``emails[type eq "work"]``,
    ``attribute`` is ``emails`` and ``by_type`` is true. For a path without a filter all three are the same.
    """

    path: Path
    element: Path
    attribute: Path
    by_type: bool  # one of several values, told apart by their type alone

    @classmethod
    def of(cls, path: Path) -> Self:
        """Give the place a path leads to."""
        if path.filter is None:
            return cls(path=path, element=path, attribute=path, by_type=False)
        return cls(
            path=path,
            element=replace(path, sub=None),
            attribute=replace(path, filter=None, sub=None),
            by_type=path.sub is not None and (path.eq_terms() or {}).keys() == {"type"},
        )

    @property
    def selects(self) -> bool:
        """Whether a filter chooses among several values."""
        return self.path.filter is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind: its resource type, what the manifest declares of it, and the place of every attribute."""

    kind: Kind
    type: ResourceType
    declared: KindManifest
    places: Mapping[str, Place]

    @classmethod
    def of(cls, kind: Kind, declared: KindManifest) -> Self:
        """Give the shape of a kind the manifest describes.

        Raises:
            ScimError: an attribute is not named by a path of the kind's resource type, nor by one into an
                extension.
        """
        places = {name: Place.of(_path(name, _TYPES[kind])) for name in declared.attributes}
        return cls(kind=kind, type=_TYPES[kind], declared=declared, places=places)

    @property
    def collection(self) -> str:
        """Where objects of the kind live, below the base URL (RFC 7644 §3.2)."""
        return self.type.endpoint.strip("/")

    def place(self, attribute: str) -> Place:
        """Give the place of an attribute.

        Raises:
            Unsupported: the manifest does not list it.
        """
        if attribute not in self.places:
            raise Unsupported(f"the connector knows no attribute {attribute} of a {self.type.name}")
        return self.places[attribute]

    def check(self, attributes: Attributes, *, creating: bool) -> None:
        """Pass when no required attribute is left without a value; not every application sees to that.

        Raises:
            Invalid: one would.
        """
        for name, declared in self.declared.attributes.items():
            if declared.required and (creating or name in attributes) and attributes.get(name) in {None, ""}:
                raise Invalid(f"a {self.type.name} needs a value for {name}")


def _path(name: str, resource_type: ResourceType) -> Path:
    """Give the place of an attribute; one of an extension nobody here knows is where its name says."""
    try:
        return parse_path(name, resource_type)
    except ScimError:
        return open_path(name, resource_type)
