"""Creations that refer to each other in a circle: one goes first without a reference and gets it afterwards.

RFC 7644 §3.7.1 asks for the attempt. What is left out is an attribute, or the elements of one, that hold
references to what is not there yet; a PATCH adds it.
"""

from collections.abc import Set as AbstractSet

from muster.scim.bulk_references import Place, places, references
from muster.scim.bulk_request import BulkOperation
from muster.scim.patch_request import PATCH_URN
from muster.scim.schema import Mutability
from muster.scim.values import JsonValue, Resource


def can_go_without(operation: BulkOperation, bulk_ids: AbstractSet[str]) -> bool:
    """Tell whether the resource can be created first without its references to these."""
    return all(place.optional for place in _places(operation, bulk_ids))


def parted(operation: BulkOperation, bulk_ids: AbstractSet[str]) -> tuple[Resource, Resource]:
    """Return the body without its references to these, and the PATCH message that adds them."""
    first: Resource = dict(operation.data) if isinstance(operation.data, dict) else {}
    additions: list[JsonValue] = []
    for place in _places(operation, bulk_ids):
        stays, comes = _parts(place, bulk_ids)
        container = first
        if place.container is not None:
            held = first[place.container]
            container = dict(held) if isinstance(held, dict) else {}
            first[place.container] = container
        del container[place.key]
        if stays:
            container[place.key] = stays
        additions.append({"op": "add", "path": place.path, "value": comes})
    return first, {"schemas": [PATCH_URN], "Operations": additions}


def _places(operation: BulkOperation, bulk_ids: AbstractSet[str]) -> list[Place]:
    taken = places(operation.data, operation.target.resource_type)
    return [place for place in taken if _refers(place.value, bulk_ids)]


def _refers(value: JsonValue, bulk_ids: AbstractSet[str]) -> bool:
    return not bulk_ids.isdisjoint(references(value))


def _parts(place: Place, bulk_ids: AbstractSet[str]) -> tuple[list[JsonValue], JsonValue]:
    """Return the elements that stay, and what comes later."""
    attribute, value = place.attribute, place.value
    whole = attribute is None or not attribute.multi_valued or attribute.mutability is Mutability.IMMUTABLE
    if whole or not isinstance(value, list):
        return [], value
    parts: tuple[list[JsonValue], list[JsonValue]] = ([], [])
    for element in value:
        parts[_refers(element, bulk_ids)].append(element)
    return parts
