"""Attribute paths that a schema has resolved, and reading and writing through them (RFC 7644 §3.5.2).

``read`` is how a mapping looks at a person; ``write`` is how a body for an application is built. Both see
plain JSON values only, never Python objects, and ``write`` returns a new resource.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from muster.scim.builtin import USER
from muster.scim.errors import InvalidPath, InvalidValue, NoTarget
from muster.scim.filter import And, Compare, Filter, Op, nodes, render
from muster.scim.grammar import PathText, parse_path_text
from muster.scim.matching import element_predicate
from muster.scim.schema import Attribute, Location, ResourceType, Schema, Type
from muster.scim.values import JsonValue, Resource, as_boolean, elements, spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One place in resources of one type.

    ``attribute`` is ``None`` where the path is an extension as a whole; ``filter`` selects elements of a
    multi-valued attribute; ``sub`` is the sub-attribute.
    """

    core: Schema
    extension: Schema | None = None
    attribute: Attribute | None = None
    filter: Filter | None = None
    sub: Attribute | None = None
    _selects: Callable[[JsonValue], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the filter.

        Raises:
            InvalidFilter: The filter does not fit the attribute.
            InvalidPath: There is a filter but nothing to select from.
        """
        object.__setattr__(self, "_selects", self._selector())

    def _selector(self) -> Callable[[JsonValue], bool]:
        if self.filter is None:
            return lambda _: True
        if self.attribute is None or not self.attribute.multi_valued:
            raise InvalidPath("only the elements of a multi-valued attribute can be selected", path=str(self))
        return element_predicate(self.filter, self.attribute)

    def __str__(self) -> str:
        """Return the path in the schema's spelling; it parses back to this path."""
        place = str(Location(extension=self.extension, attribute=self.attribute))
        selection = "" if self.filter is None else f"[{render(self.filter)}]"
        return place + selection + ("" if self.sub is None else f".{self.sub.name}")

    def selects(self, element: JsonValue) -> bool:
        """Tell whether the filter selects the element; without a filter every element is selected."""
        return self._selects(element)

    def eq_terms(self) -> Resource | None:
        """Return the element that the filter describes by equality, or ``None`` when it says anything else.

        ``emails[type eq "work" and primary eq true]`` describes ``{"type": "work", "primary": True}``.
        """
        if self.filter is None or self.attribute is None:
            return None
        terms = _equalities(self.filter)
        if terms is None or self.attribute.type is not Type.COMPLEX:
            return None
        found: Resource = {}
        for term in terms:
            sub = self.attribute.sub(term.attribute.name)
            if sub is None or sub.name in found or term.value is None:
                return None
            found[sub.name] = as_boolean(term.value) if sub.type is Type.BOOLEAN else term.value
        return found


def parse_path(text: str, resource_type: ResourceType = USER) -> Path:
    """Return the place the text names in resources of this type.

    >>> str(parse_path("DEPARTMENT"))
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'

    Raises:
        InvalidPath: The text is no path, or names an attribute that the resource type does not have.
        InvalidFilter: The part in brackets is no filter, or does not fit the attribute.
    """
    extension = resource_type.extension(text)
    if extension is not None:
        return Path(core=resource_type.schema, extension=extension)
    parts = parse_path_text(text)
    location = resource_type.locate(parts.attribute)
    if location is None:
        raise InvalidPath(f"a {resource_type.name} has no such attribute", path=text[:200])
    return Path(
        core=resource_type.schema,
        extension=location.extension,
        attribute=location.attribute,
        filter=parts.filter,
        sub=location.sub if parts.sub is None else _sub(location, parts, text),
    )


def read(resource: Resource, path: Path) -> JsonValue:
    """Return the value at the path, or ``None`` where there is none.

    A filter yields the first element it selects. A sub-attribute of a multi-valued attribute without a
    filter yields the list of its values. ``manager`` means ``manager.value``.
    """
    container = _container(resource, path)
    if path.attribute is None:
        return container or None
    value = container.get(spelled(container, path.attribute.name))
    sub = _effective_sub(path)
    if not path.attribute.multi_valued and not isinstance(value, list):
        return value if sub is None else _part(value, sub)
    if path.filter is not None:
        chosen = next((item for item in elements(value) if path.selects(item)), None)
        return chosen if sub is None else _part(chosen, sub)
    if sub is None:
        return value
    return [part for item in elements(value) if (part := _part(item, sub)) is not None] or None


def write(resource: Resource, path: Path, value: JsonValue) -> Resource:
    """Return the resource with the value at the path; ``None`` removes what is there.

    A filter that selects nothing and consists of ``eq`` terms creates the element it describes. Removing
    the last value of such an element removes the element. ``schemas`` follows the extensions that have
    content.

    Raises:
        NoTarget: The filter selects nothing and does not describe an element.
        InvalidPath: The path is a sub-attribute of every element at once; a filter must say which.
        InvalidValue: The place takes an object and the value is none.
    """
    container = _container(resource, path)
    if path.attribute is None:
        changed = {} if value is None else _object(path, value)
    else:
        key = spelled(container, path.attribute.name)
        changed = _put(container, key, _changed(container.get(key), path, value))
    if path.extension is None:
        return changed
    return _with_extension(resource, path.core, path.extension, changed)


def _changed(old: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    sub = _effective_sub(path)
    if path.filter is not None:
        return _changed_elements(elements(old), path, value) or None
    if sub is None:
        return value
    if path.attribute is not None and path.attribute.multi_valued:
        hint = f'{path.attribute.name}[type eq "work"].{sub.name}'
        raise InvalidPath(f"say which element is meant, as in {hint}", path=str(path))
    if path.sub is None and (value is None or isinstance(value, dict)):
        return value
    base = old if isinstance(old, dict) else {}
    return _put(base, spelled(base, sub.name), value) or None


def _changed_elements(old: list[JsonValue], path: Path, value: JsonValue) -> list[JsonValue]:
    if not any(path.selects(item) for item in old):
        return old if value is None else [*old, _created(path, value)]
    changed = (_changed_element(item, path, value) if path.selects(item) else item for item in old)
    return [item for item in changed if item is not None]


def _changed_element(item: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    if path.sub is None or not isinstance(item, dict):
        return None if value is None else _described(path, value)
    changed = _put(item, spelled(item, path.sub.name), value)
    emptied = value is None and changed.keys() <= (path.eq_terms() or {}).keys()
    return None if emptied else changed


def _created(path: Path, value: JsonValue) -> JsonValue:
    if path.eq_terms() is None:
        raise NoTarget(
            "the filter selects nothing and does not describe an element to create", path=str(path)
        )
    return _described(path, value if path.sub is None else {path.sub.name: value})


def _described(path: Path, value: JsonValue) -> JsonValue:
    """Return the element with what its filter says about it, which the value may overrule."""
    if path.attribute is None or path.attribute.type is not Type.COMPLEX:
        return value
    return {**(path.eq_terms() or {}), **_object(path, value)}


def _object(path: Path, value: JsonValue) -> Resource:
    if not isinstance(value, dict):
        raise InvalidValue("an object is needed here", path=str(path))
    return value


def _container(resource: Resource, path: Path) -> Resource:
    if path.extension is None:
        return resource
    container = resource.get(spelled(resource, path.extension.urn))
    return container if isinstance(container, dict) else {}


def _with_extension(resource: Resource, core: Schema, extension: Schema, container: Resource) -> Resource:
    urn = spelled(resource, extension.urn)
    if not container and urn not in resource:
        return dict(resource)
    changed = _put(resource, urn, container or None)
    named = [item for item in elements(resource.get("schemas", core.urn)) if item != extension.urn]
    changed["schemas"] = [*named, extension.urn] if container else named
    return changed


def _effective_sub(path: Path) -> Attribute | None:
    """Return the sub-attribute; by default that of a singular complex attribute is its ``value``."""
    attribute = path.attribute
    if path.sub is not None or attribute is None or attribute.multi_valued:
        return path.sub
    return attribute.sub("value")


def _part(value: JsonValue, sub: Attribute) -> JsonValue:
    return value.get(spelled(value, sub.name)) if isinstance(value, dict) else None


def _put(container: Resource, key: str, value: JsonValue) -> Resource:
    if value is None:
        return {name: kept for name, kept in container.items() if name != key}
    return {**container, key: value}


def _sub(location: Location, parts: PathText, text: str) -> Attribute:
    known = None if location.attribute is None or location.sub else location.attribute.sub(parts.sub or "")
    if known is None:
        raise InvalidPath("there is no such sub-attribute", path=text[:200])
    return known


def _equalities(ast: Filter) -> list[Compare] | None:
    """Return the comparisons of a conjunction of ``eq``, or ``None`` when the filter is anything else."""
    found: list[Compare] = []
    for node in nodes(ast):
        match node:
            case Compare(op=Op.EQ):
                found.append(node)
            case And():
                pass
            case _:
                return None
    return found
