"""Which members a PATCH of a group can concern, so that nobody loads a hundred thousand to change one.

``apply`` is the meaning of PATCH. Most operations on ``members`` name whom they mean; applied to a group with
only those of its members, they do the same to it as to the whole group.
"""

from collections.abc import Iterable

from muster.scim.errors import ScimError
from muster.scim.filter import Compare, Filter, Op, Or
from muster.scim.patch_request import Operation, Verb
from muster.scim.path import Path, parse_path
from muster.scim.schema import ResourceType
from muster.scim.values import JsonValue, spelled

_MEMBERS = "members"


def members_reached(operations: Iterable[Operation], resource_type: ResourceType) -> frozenset[str] | None:
    """Return the ids of all members the operations can concern; ``None`` when it could be any member.

    Operations that ``apply`` refuses reach nobody, or anybody.
    """
    reached: set[str] = set()
    for operation in operations:
        found = _reached(operation, resource_type)
        if found is None:
            return None
        reached |= found
    return frozenset(reached)


def _reached(operation: Operation, resource_type: ResourceType) -> set[str] | None:
    if operation.path is None:
        return _by_keys(operation, resource_type)
    path = _path(operation.path, resource_type)
    return set() if path is None or not _is_members(path) else _by_path(operation.verb, path, operation.value)


def _by_keys(operation: Operation, resource_type: ResourceType) -> set[str] | None:
    """Return whom an operation without a path reaches; what is no object is for ``apply`` to judge."""
    if not isinstance(operation.value, dict):
        return None
    reached: set[str] = set()
    for key, value in operation.value.items():
        path = _path(key, resource_type)
        if path is None or not _is_members(path):
            continue
        found = _by_path(operation.verb, path, value)
        if found is None:
            return None
        reached |= found
    return reached


def _by_path(verb: Verb, path: Path, value: JsonValue) -> set[str] | None:
    if path.filter is not None:
        return _named(path.filter) if verb is Verb.REMOVE and path.sub is None else None
    if path.sub is not None or verb is Verb.REPLACE:
        return None
    return _listed(value)


def _path(text: str, resource_type: ResourceType) -> Path | None:
    """Return the path, or ``None`` for what is no path here: no member is concerned by it."""
    try:
        return parse_path(text, resource_type)
    except ScimError:
        return None


def _is_members(path: Path) -> bool:
    return path.extension is None and path.attribute is not None and path.attribute.name == _MEMBERS


def _named(ast: Filter) -> set[str] | None:
    """Return the ids that a filter of ``value eq "…"`` terms names."""
    match ast:
        case Compare(attribute=name, op=Op.EQ, value=str() as value) if str(name).lower() == "value":
            return _spellings(value)
        case Or(terms=terms):
            found = [named for term in terms if (named := _named(term)) is not None]
            return {one for named in found for one in named} if len(found) == len(terms) else None
        case _:
            return None


def _listed(value: JsonValue) -> set[str] | None:
    """Return the ids of the members that a value lists, each as an object or bare."""
    listed = value if isinstance(value, list) else [value]
    found: set[str] = set()
    for item in listed:
        named = item.get(spelled(item, "value")) if isinstance(item, dict) else item
        if not isinstance(named, str):
            return None
        found |= _spellings(named)
    return found


def _spellings(id: str) -> set[str]:
    """Return the id as written and in small letters, since the schema compares it in any case."""
    return {id, id.casefold()}
