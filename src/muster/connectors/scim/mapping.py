"""SCIM resources ⇄ remote objects with flat attributes: pure, both ways.

An attribute's name is its SCIM path, so reading one is ``muster.scim.path.read`` and writing one is
``write``. What is here beyond that are customs of real applications:

* An empty text means "not set": django-scim2 answers ``""`` for what it knows and has no value for.
* An account that does not say whether it is active is active: RFC 7643 §4.1.1 names no default, and nobody
  took it out of use.
* Where no element of an attribute carries a type, the primary one stands for the type that is asked for, else
  the first: django-scim2 keeps one e-mail address and forgets its type.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from muster.connectors.scim.shape import Place, Shape
from muster.kit.contract import EXTERNAL_ID, New
from muster.model import ACCOUNT, Attributes, Garbled, RemoteId, RemoteObject, Value
from muster.scim import JsonValue, Resource, read, write
from muster.scim.values import as_boolean, elements, spelled

ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of one object: attributes (None clears), and whether it is in use, if asked."""

    attributes: Attributes = field(default_factory=dict[str, Value])
    active: bool | None = None

    @property
    def names(self) -> frozenset[str]:
        """Everything the change touches."""
        return frozenset((*self.attributes, *([] if self.active is None else [ACTIVE])))


def observed(shape: Shape, resource: JsonValue, etag: str | None = None) -> RemoteObject:
    """Give the object a resource shows.

    Args:
        shape: of the kind that was asked for.
        resource: as the application answered it.
        etag: the version the answer's header gave, for resources without ``meta.version``.

    Raises:
        Garbled: it has no usable id (RFC 7643 §3.1).
    """
    if not isinstance(resource, dict):
        raise Garbled(f"the application answered something else than a {shape.type.name}")
    values = {name: _flat(_read(resource, place)) for name, place in shape.places.items()}
    return RemoteObject(
        kind=shape.kind,
        id=_id(shape, resource),
        attributes={name: value for name, value in values.items() if value is not None},
        active=_active(resource) if shape.kind == ACCOUNT else None,
        external_id=_text(resource.get(spelled(resource, EXTERNAL_ID))),
        etag=sendable(_version(resource)) or etag,
    )


def created(shape: Shape, new: New) -> Resource:
    """Give the resource that creates an object (RFC 7644 §3.3).

    A lone e-mail address is marked primary: applications that keep a single one take the primary.
    """
    resource: Resource = {"schemas": [shape.type.schema.urn], EXTERNAL_ID: new.external_id}
    if new.kind == ACCOUNT:
        resource[ACTIVE] = True
    for name, value in new.attributes.items():
        if value is not None:
            resource = write(resource, shape.place(name).path, json_of(value))
    match resource.get("emails"):
        case [dict() as only]:
            return {**resource, "emails": [{**only, "primary": True}]}
        case _:
            return resource


def merged(shape: Shape, resource: Resource, change: Change) -> Resource:
    """Give the resource that replaces another and differs from it in the change only (RFC 7644 §3.5.1).

    What the application alone writes stays out, and so do elements with an empty value, which django-scim2
    shows but does not take back.
    """
    kept = {key: _without_empty(value) for key, value in resource.items() if key not in {"meta", "groups"}}
    for name, value in change.attributes.items():
        place = shape.place(name)
        if value is None:
            kept = write(kept, place.element, None)
        elif (untyped := _untyped(kept, place)) is not None:
            kept = _write_untyped(kept, place, untyped, value)
        else:
            kept = write(kept, place.path, json_of(value))
    return kept if change.active is None else {**kept, ACTIVE: change.active}


def patched(shape: Shape, seen: RemoteObject, change: Change) -> list[JsonValue]:
    """Give the PATCH operations that make the change on the object as it was seen (RFC 7644 §3.5.2).

    One operation per attribute, each with a path. What is not there is not removed, and an element that is
    not there is added: strict applications refuse anything else with ``noTarget``.
    """
    operations: list[JsonValue] = []
    for name, value in change.attributes.items():
        place, there = shape.place(name), seen.attributes.get(name) is not None
        if value is None:
            operations += [_operation("remove", str(place.element))] if there else []
        elif place.selects and not there:
            element = read(write({}, place.path, json_of(value)), place.attribute)
            operations.append(_operation("add", str(place.attribute), element))
        else:
            operations.append(_operation("replace", str(place.path), json_of(value)))
    if change.active is not None:
        operations.append(_operation("replace", ACTIVE, change.active))
    return operations


def overlaid(seen: RemoteObject, change: Change, etag: str | None) -> RemoteObject:
    """Give the object as it was seen with a change the application confirmed without showing the result."""
    attributes = {name: v for name, v in {**seen.attributes, **change.attributes}.items() if v is not None}
    active = seen.active if change.active is None else change.active
    return replace(seen, attributes=attributes, active=active, etag=etag)


def without_selected(shape: Shape, seen: RemoteObject) -> RemoteObject:
    """Give the object as if no element that a filter selects were there."""
    kept = {name: v for name, v in seen.attributes.items() if not shape.place(name).selects}
    return replace(seen, attributes=kept)


def sendable(etag: str | None) -> str | None:
    """Give the version if it can travel back in a header (RFC 7644 §3.14), else None."""
    return etag if etag and etag.isascii() and etag.isprintable() else None


def json_of(value: Value) -> JsonValue:
    """Give a flat value as JSON."""
    return list[JsonValue](value) if isinstance(value, tuple) else value


def says_active(resource: JsonValue) -> bool:
    """Say whether a resource tells if it is in use."""
    return isinstance(resource, dict) and as_boolean(resource.get(spelled(resource, ACTIVE))) is not None


def _operation(op: str, path: str, value: JsonValue = None) -> JsonValue:
    return {"op": op, "path": path} if value is None else {"op": op, "path": path, "value": value}


def _flat(value: JsonValue) -> Value:
    match value:
        case None | "" | dict():
            return None
        case list():
            return tuple(item for item in value if isinstance(item, str)) or None
        case _:
            return value


def _id(shape: Shape, resource: Resource) -> RemoteId:
    found = _text(resource.get(spelled(resource, "id")))
    if found is None or found in {".", ".."}:
        raise Garbled(f"the application showed a {shape.type.name} without a usable id")
    return RemoteId(found)


def _active(resource: Resource) -> bool:
    said = as_boolean(resource.get(spelled(resource, ACTIVE)))
    return True if said is None else said


def _text(value: JsonValue) -> str | None:
    # An application may answer an id as a number: django-scim2 does so for an externalId it was given as one.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _version(resource: Resource) -> str | None:
    meta = resource.get(spelled(resource, "meta"))
    version = meta.get("version") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def _read(resource: Resource, place: Place) -> JsonValue:
    value = read(resource, place.path)
    if value is not None:
        return value
    untyped = _untyped(resource, place)
    return None if untyped is None else untyped.get(_sub(untyped, place))


def _untyped(resource: Resource, place: Place) -> Resource | None:
    """Give the element that stands for the type the place asks for, where no element has a type at all."""
    if not place.by_type:
        return None
    found = [item for item in elements(read(resource, place.attribute)) if isinstance(item, dict)]
    if not found or any(item.get(spelled(item, "type")) for item in found):
        return None
    return next((item for item in found if as_boolean(item.get(spelled(item, "primary")))), found[0])


def _write_untyped(resource: Resource, place: Place, chosen: Resource, value: Value) -> Resource:
    changed: Resource = {**chosen, _sub(chosen, place): json_of(value)}
    kept = [changed if item is chosen else item for item in elements(read(resource, place.attribute))]
    return write(resource, place.attribute, list[JsonValue](kept))


def _sub(element: Resource, place: Place) -> str:
    return "value" if place.path.sub is None else spelled(element, place.path.sub.name)


def _without_empty(value: JsonValue) -> JsonValue:
    if not isinstance(value, list):
        return value
    return [item for item in value if not (isinstance(item, dict) and item.get("value") == "")]
