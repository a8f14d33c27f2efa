"""What a SCIM request says: its body, its parameters and its conditions, each within limits."""

import asyncio
import json
import re
from typing import Final

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from muster.scim.errors import InvalidSyntax, PayloadTooLarge
from muster.scim.grammar import parse
from muster.scim.listing import page
from muster.scim.media import is_scim
from muster.scim.projection import Projection, projection
from muster.scim.schema import ResourceType
from muster.scim.values import JsonValue
from muster.service.scim_exchange import Expected, Query
from muster.web.refusals import UnsupportedMedia

MOST_BYTES: Final = 1_048_576  # of a body
MOST_BULK_BYTES: Final = 10_485_760  # of the body of a bulk request
MOST_RESOURCES: Final = 1_000  # on one page
_BODY: Final = "scim_body"  # what was read of a request, for when it is carried out again
_QUICK: Final = 262_144  # bytes that are decoded at once; while longer ones are, others are answered
_DEEPEST: Final = 40  # levels of a body; a User has six


async def body_of(request: Request, *, most: int = MOST_BYTES) -> JsonValue:
    """The body as JSON, of so many bytes at most; asked again, the same value.

    Raises:
        UnsupportedMedia: It claims to be something else.
        PayloadTooLarge: It is longer than a request may be.
        InvalidSyntax: It is not JSON, or says something twice or too deep.
    """
    if not hasattr(request.state, _BODY):
        setattr(request.state, _BODY, await _read(request, most))
    body: JsonValue = getattr(request.state, _BODY)
    return body


async def _read(request: Request, most: int) -> JsonValue:
    if not is_scim(request.headers.get("content-type")):
        raise UnsupportedMedia("a SCIM message is application/scim+json or application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("send the body as it is, without Content-Encoding")
    data = await _bytes_of(request, most)
    return decoded(data) if len(data) <= _QUICK else await asyncio.to_thread(decoded, data)


async def _bytes_of(request: Request, most: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > most:
        raise _too_large(most)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


def _too_large(most: int) -> PayloadTooLarge:
    name = " (maxPayloadSize)" if most == MOST_BULK_BYTES else ""  # RFC 7644 §3.7.4: which limit
    return PayloadTooLarge(f"such a request has at most {most} bytes{name}")


def decoded(data: bytes) -> JsonValue:
    """The value of a JSON text (RFC 8259), in which no object names a member twice.

    Raises:
        InvalidSyntax: It is none.
    """
    try:
        value: JsonValue = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSyntax(f"the body is not JSON: {error}") from error
    # Counting is twice as fast as looking. Only text that quotes JSON counts too high, and is then looked at.
    if _members(value) != _quotes_before_colon(data):
        _refuse_twins(data)
    return value


def _members(value: JsonValue) -> int:
    """How many members the objects in the value have.

    Raises:
        InvalidSyntax: It nests too deep.
    """
    found, level = 0, [value]
    for _ in range(_DEEPEST):
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                found += len(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return found
        level = below
    raise InvalidSyntax(f"the body nests deeper than {_DEEPEST} levels")


def _quotes_before_colon(data: bytes) -> int:
    return len(_MEMBER.findall(data))


_MEMBER: Final = re.compile(rb'"[ \t\r\n]*:')


def _refuse_twins(data: bytes) -> None:
    json.loads(data, object_pairs_hook=_once_each, parse_int=str)


def _once_each(pairs: list[tuple[str, JsonValue]]) -> None:
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise InvalidSyntax(f"the body says '{name[:80]}' twice in one object")
        names.add(name)


def query_of(parameters: QueryParams) -> Query:
    """The query that the parameters of a list make (RFC 7644 §3.4.2).

    Raises:
        InvalidFilter: The filter does not parse.
        InvalidValue: A number is none.
    """
    text = parameters.get("filter")
    return Query(
        page=page(parameters.get("startIndex"), parameters.get("count"), most=MOST_RESOURCES),
        filter=None if text is None or not text.strip() else parse(text),
    )


def projection_of(parameters: QueryParams, resource_type: ResourceType) -> Projection:
    """What of the resources the client wants to see (RFC 7644 §3.9).

    Raises:
        InvalidValue: A name is no attribute's, or both parameters are given.
    """
    return projection(
        resource_type,
        attributes=_listed(parameters, "attributes"),
        excluded=_listed(parameters, "excludedAttributes"),
    )


def _listed(parameters: QueryParams, name: str) -> list[str]:
    return [item for value in parameters.getlist(name) for item in value.split(",")]


def expected_of(headers: Headers) -> Expected:
    """The versions the change may meet (``If-Match``, RFC 9110 §13.1.1)."""
    return Expected(etags=_etags(headers, "if-match"))


def has_version(headers: Headers, etag: str) -> bool:
    """Whether the client already has this version (``If-None-Match``, RFC 9110 §13.1.2)."""
    known = _etags(headers, "if-none-match")
    return "*" in known or etag.removeprefix("W/") in {item.removeprefix("W/") for item in known}


def _etags(headers: Headers, name: str) -> frozenset[str]:
    items = (item.strip() for value in headers.getlist(name) for item in value.split(","))
    return frozenset(item for item in items if item)
