"""The Bulk message, checked and taken apart (RFC 7644 §3.7).

What is wrong with the message as a whole is raised. What is wrong with one operation stands in its place as a
``BadOperation``, because the others are carried out all the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from muster.scim.errors import (
    InvalidSyntax,
    InvalidValue,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ScimError,
)
from muster.scim.patch_request import PATCH_URN
from muster.scim.schema import ResourceType
from muster.scim.values import JsonValue, Resource, is_storable_text, spelled

BULK_REQUEST_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
MOST_BULK_OPERATIONS: Final = 1_000
_LONGEST: Final = 1_000  # characters of a path or a bulkId
_ELSEWHERE: Final = frozenset({"Bulk", "Me", "ResourceTypes", "Schemas", "ServiceProviderConfig", ".search"})

Part = TypeVar("Part")


class Method(StrEnum):
    """What an operation does."""

    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an operation goes: to the collection of a type, or to one of its resources.

    ``id`` is ``None`` for the collection. It may be a reference, ``bulkId:…``, or name nothing at all.
    """

    resource_type: ResourceType
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOperation:
    """One operation that can be tried; ``data`` is what the single request would have as its body.

    ``bulk_id`` is empty where the client gave none, which a POST always does.
    """

    at: str
    method: Method
    target: Target
    bulk_id: str = ""
    version: str | None = None
    data: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadOperation:
    """One operation that cannot even be tried, with what could be read of it."""

    at: str
    refusal: ScimError
    method: Method | None = None
    target: Target | None = None
    bulk_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRequest:
    """The operations in the order of the message; ``fail_on_errors`` is how many errors end it."""

    operations: tuple[BulkOperation | BadOperation, ...]
    fail_on_errors: int | None = None


def parse_bulk(
    body: JsonValue, types: Iterable[ResourceType], *, most_operations: int = MOST_BULK_OPERATIONS
) -> BulkRequest:
    """Return what a Bulk message asks for.

    Args:
        body: The parsed request body.
        types: The types whose resources can be changed.
        most_operations: How many operations one message may have.

    Raises:
        InvalidSyntax: The body is not a BulkRequest message.
        InvalidValue: ``failOnErrors`` is no number of errors.
        PayloadTooLarge: There are too many operations.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("a bulk request is a JSON object")
    schemas = body.get(spelled(body, "schemas"))
    if not isinstance(schemas, list) or BULK_REQUEST_URN not in schemas:
        raise InvalidSyntax(f"a bulk request names {BULK_REQUEST_URN}", path="schemas")
    operations = body.get(spelled(body, "Operations"))
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("a list of one or more operations is needed", path="Operations")
    if len(operations) > most_operations:
        raise PayloadTooLarge(
            f"there are {len(operations)} operations, and a bulk request has at most {most_operations} "
            "(maxOperations)"
        )
    endpoints = {resource_type.endpoint: resource_type for resource_type in types}
    return BulkRequest(
        operations=tuple(
            _operation(item, f"Operations[{index}]", endpoints) for index, item in enumerate(operations)
        ),
        fail_on_errors=_fail_on_errors(body.get(spelled(body, "failOnErrors"))),
    )


def _fail_on_errors(value: JsonValue) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidValue("a number of errors is needed, 1 or more", path="failOnErrors")
    return value


class _Draft:
    """Reads the parts of one operation, and remembers what is wrong."""

    def __init__(self) -> None:
        self.refusals: list[ScimError] = []

    def read(self, part: Callable[[], Part]) -> Part | None:
        """Return the part, or ``None`` when it cannot be used."""
        try:
            return part()
        except ScimError as error:
            self.refusals.append(error)
            return None


def _operation(item: JsonValue, at: str, types: Mapping[str, ResourceType]) -> BulkOperation | BadOperation:
    if not isinstance(item, dict):
        return BadOperation(at=at, refusal=InvalidSyntax("an operation is a JSON object", path=at))
    draft = _Draft()
    method = draft.read(lambda: _method(item, at))
    bulk_id = draft.read(lambda: _bulk_id(item, at, needed=method is Method.POST)) or ""
    target = draft.read(lambda: _target(item, at, method, types))
    version = draft.read(lambda: _version(item, at, method))
    data = draft.read(lambda: _data(item, at, method))
    if draft.refusals or method is None or target is None:
        first = draft.refusals[0]
        return BadOperation(at=at, refusal=first, method=method, target=target, bulk_id=bulk_id)
    return BulkOperation(at=at, method=method, target=target, bulk_id=bulk_id, version=version, data=data)


def _method(item: Resource, at: str) -> Method:
    text = item.get(spelled(item, "method"))
    if not isinstance(text, str) or text.upper() not in _METHODS:
        raise InvalidValue(f"an operation is one of {', '.join(Method)}", path=f"{at}.method")
    return Method(text.upper())


_METHODS: Final = frozenset(method.value for method in Method)


def _bulk_id(item: Resource, at: str, *, needed: bool) -> str:
    text = item.get(spelled(item, "bulkId"))
    if text is None and not needed:
        return ""
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
        raise InvalidValue(
            f"the client's own id of what is created is needed, a text of 1 to {_LONGEST:,} characters",
            path=f"{at}.bulkId",
        )
    return text


def _target(item: Resource, at: str, method: Method | None, types: Mapping[str, ResourceType]) -> Target:
    text = item.get(spelled(item, "path"))
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise InvalidValue(
            f"a path such as /Users is needed, of at most {_LONGEST:,} characters", path=f"{at}.path"
        )
    endpoint, _, name = text.removeprefix("/").rstrip("/").partition("/")
    resource_type = types.get(f"/{endpoint}")
    if endpoint in _ELSEWHERE or name == ".search":
        raise InvalidValue(
            "a bulk operation goes to one resource, or where resources are made, as /Users",
            path=f"{at}.path",
        )
    if (
        resource_type is None
        or ("/" in name and not name.startswith("bulkId:"))
        or not is_storable_text(name)
    ):
        raise NotFound(f"there is nothing at /{text.removeprefix('/')[:80]}", path=f"{at}.path")
    if method is not None and (method is Method.POST) is bool(name):
        allowed = [Method.PUT, Method.PATCH, Method.DELETE] if name else [Method.POST]
        raise MethodNotAllowed(method, allowed, path=f"{at}.path")
    return Target(resource_type=resource_type, id=name or None)


def _version(item: Resource, at: str, method: Method | None) -> str | None:
    version = item.get(spelled(item, "version"))
    if version is None or method is Method.POST:
        return None
    if not isinstance(version, str) or not version:
        raise InvalidValue("a version is the text of an entity tag", path=f"{at}.version")
    return version


def _data(item: Resource, at: str, method: Method | None) -> JsonValue:
    if method is None or method is Method.DELETE:
        return None
    data = item.get(spelled(item, "data"))
    if data is None:
        raise InvalidValue(f"{method} needs data", path=f"{at}.data")
    return _patch(data) if method is Method.PATCH else data


def _patch(data: JsonValue) -> JsonValue:
    """Return the PATCH message that is meant (``dialects``, ``bare-bulk-patch``)."""
    if isinstance(data, list):
        return {"schemas": [PATCH_URN], "Operations": data}
    if isinstance(data, dict) and spelled(data, "schemas") not in data:
        return {"schemas": [PATCH_URN], **data}
    return data
