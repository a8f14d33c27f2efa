"""What a SCIM request says: its body, its parameters and its conditions, each within limits."""

import asyncio
import json
import re
from functools import lru_cache
from typing import Final

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from muster.scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge
from muster.scim.filter import Filter
from muster.scim.grammar import parse
from muster.scim.listing import Page, page, page_size
from muster.scim.media import is_scim
from muster.scim.schema import ResourceType
from muster.scim.search import Search
from muster.scim.sorting import Sort, sort
from muster.scim.values import JsonValue
from muster.service.scim_exchange import Expected, Query
from muster.service.scim_types import View, view
from muster.web.refusals import UnsupportedMedia
from muster.web.request_checks import header_once

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
    if not is_scim(header_once(request.scope, b"content-type")):
        raise UnsupportedMedia("a SCIM message is application/scim+json or application/json, in UTF-8")
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


def search_of(parameters: QueryParams) -> Search:
    """The search that the parameters of a URL say (RFC 7644 §3.4.2, RFC 9865 §2)."""
    return Search(
        filter=parameters.get("filter"),
        sort_by=parameters.get("sortBy"),
        sort_order=parameters.get("sortOrder"),
        start_index=parameters.get("startIndex"),
        count=parameters.get("count"),
        cursor=parameters.get("cursor"),
        attributes=_listed(parameters, "attributes"),
        excluded=_listed(parameters, "excludedAttributes"),
    )


def query_of(search: Search) -> Query:
    """The query of a search, but for its order, which depends on what is searched.

    Raises:
        InvalidFilter: The filter does not parse.
        InvalidValue: A number is none, or pages are asked for by index and by cursor at once.
        InvalidCount: The size of a page by cursor is none.
    """
    return Query(
        page=_page(search),
        filter=None if search.filter is None or not search.filter.strip() else parsed(search.filter),
        cursor=search.cursor,
    )


@lru_cache(maxsize=1_024)
def parsed(text: str) -> Filter:
    """The filter that the text notes; the same texts come again and again."""
    return parse(text)


def _page(search: Search) -> Page:
    if search.cursor is None:
        return page(search.start_index, search.count, most=MOST_RESOURCES)
    if search.start_index is not None:
        raise InvalidValue("pages are found by startIndex or by cursor, not by both", path="startIndex")
    return Page(start=1, count=page_size(search.count, most=MOST_RESOURCES))


def order_of(search: Search, resource_type: ResourceType) -> Sort | None:
    """The order of resources of this type that a search asks for; None where it asks for none.

    Raises:
        InvalidValue: There is no such order.
    """
    if search.sort_by is None or not search.sort_by.strip():
        return None
    return sort(search.sort_by, search.sort_order, resource_type)


def orders_of(search: Search, *resource_types: ResourceType) -> tuple[Sort | None, ...]:
    """The order that a search over several types asks for, as each of them has it.

    Raises:
        InvalidValue: None of them has it.
    """
    found: list[Sort | None] = []
    refusal: InvalidValue | None = None
    for resource_type in resource_types:
        try:
            found.append(order_of(search, resource_type))
        except InvalidValue as error:
            found.append(None)
            refusal = error
    if refusal is not None and not any(found):
        raise refusal
    return tuple(found)


def view_of(search: Search, resource_type: ResourceType) -> View | None:
    """Which part of resources of this type a search wants to see (RFC 7644 §3.9); None for the usual whole.

    Raises:
        InvalidValue: A name is no attribute's, or both lists are given.
    """
    if not search.attributes and not search.excluded:
        return None
    return view(resource_type, attributes=search.attributes, excluded=search.excluded)


def _listed(parameters: QueryParams, name: str) -> list[str]:
    return [item for value in parameters.getlist(name) for item in value.split(",") if item.strip()]


def expected_of(headers: Headers) -> Expected:
    """The versions the change may meet (``If-Match``, RFC 9110 §13.1.1)."""
    return Expected(etags=_etags(headers, "if-match"))


def has_version(headers: Headers, etag: str) -> bool:
    """Whether the client already has this version (``If-None-Match``, RFC 9110 §13.1.2)."""
    if "if-none-match" not in headers:
        return False
    known = _etags(headers, "if-none-match")
    return "*" in known or etag.removeprefix("W/") in {item.removeprefix("W/") for item in known}


def _etags(headers: Headers, name: str) -> frozenset[str]:
    items = (item.strip() for value in headers.getlist(name) for item in value.split(","))
    return frozenset(item for item in items if item)
