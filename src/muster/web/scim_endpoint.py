"""The SCIM 2.0 endpoint: parse, one action of the service, render (RFC 7644 §3.2).

Every answer under the prefix is a SCIM message, refusals included, and no input leads to a 5xx.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from muster.model import MusterError, Unavailable
from muster.scim.bulk_request import MOST_BULK_OPERATIONS
from muster.scim.discovery import (
    Supported,
    resource_type_document,
    schema_document,
    schemas_of,
    service_provider_config,
)
from muster.scim.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound, ScimError
from muster.scim.listing import list_head, list_response
from muster.scim.schema import ResourceType
from muster.scim.search import Search, search_request
from muster.scim.values import Resource, is_storable_text
from muster.service import scim_bulk, scim_everything, scim_groups, scim_people
from muster.service.admission import Admission
from muster.service.desk import Desk
from muster.service.dialect_choice import dialect_of
from muster.service.permission import me
from muster.service.scim_exchange import Caller, Found, Query, Stored, TypesChanged
from muster.service.scim_types import View
from muster.service.types_in_force import TypesInForce
from muster.web.base_url import BaseUrl
from muster.web.json_response import ScimBytes, ScimResponse
from muster.web.refusals import BadToken, as_scim, refused, unexpected, unreachable
from muster.web.request_checks import check, header_once
from muster.web.scim_collection import Collection
from muster.web.scim_request import (
    MOST_BULK_BYTES,
    MOST_RESOURCES,
    body_of,
    expected_of,
    has_version,
    order_of,
    orders_of,
    query_of,
    search_of,
    view_of,
)

PREFIX: Final = "/scim/v2"
SUPPORTED: Final = Supported(
    patch=True,
    bulk=True,
    bulk_max_operations=MOST_BULK_OPERATIONS,
    bulk_max_payload_size=MOST_BULK_BYTES,
    filter=True,
    filter_max_results=MOST_RESOURCES,
    sort=True,
    etag=True,
    cursor=True,
    default_page_size=MOST_RESOURCES,
    max_page_size=MOST_RESOURCES,
)

_log: Final = structlog.stdlib.get_logger(__name__)


_COLLECTIONS: Final[dict[str, Collection]] = {"Users": scim_people, "Groups": scim_groups}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request of a caller who is known."""

    desk: Desk
    caller: Caller
    request: Request
    types: TypesInForce

    @property
    def method(self) -> str:
        """The method; HEAD is a GET whose answer the server sends without its body."""
        return "GET" if self.request.method == "HEAD" else self.request.method

    def type_at(self, name: str) -> ResourceType:
        """The resource type whose resources stand at this path, ``Users`` or ``Groups``."""
        return next(item for item in self.caller.types.all() if item.endpoint == f"/{name}")

    def allow(self, *methods: str) -> None:
        """Return when the method is one of these.

        Raises:
            MethodNotAllowed: It is not.
        """
        if self.method not in methods:
            raise MethodNotAllowed(self.request.method, methods)


class ScimEndpoint:
    """The endpoint as an ASGI application; its path stands in the path parameter ``path``."""

    def __init__(
        self, desk: Desk, admission: Admission, types: TypesInForce, *, public_url: str = ""
    ) -> None:
        self._desk = desk
        self._admission = admission
        self._types = types
        self._base_url = BaseUrl(PREFIX, public_url=public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answered(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        try:
            return await self._served(request)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - whatever happened, the client is answered and the log told
            return refused(_worded(self._desk, request, error))

    async def _served(self, request: Request) -> Response:
        exchange = await self._exchange(request)
        try:
            return await _routed(exchange)
        except (TypesChanged, BadRequest) as refusal:  # nothing was stored
            types = await self._types.looked_at_again()
            if isinstance(refusal, BadRequest) and types.version == exchange.caller.types.version:
                raise
            return await _routed(replace(exchange, caller=replace(exchange.caller, types=types)))

    async def _exchange(self, request: Request) -> Exchange:
        base = self._base_url.of(request.scope)
        header = header_once(request.scope, b"authorization")
        bearer = await self._admission.admit(header)
        if bearer is None:
            raise BadToken(given=header is not None)
        check(request)
        types, dialect = await self._types.now(), dialect_of(bearer.source)
        caller = Caller(bearer=bearer, base=base, types=types, dialect=dialect)
        return Exchange(desk=self._desk, caller=caller, request=request, types=self._types)


def _worded(desk: Desk, request: Request, error: Exception) -> ScimError:
    """What the client is told of an error; the log is told of one that is not the client's."""
    if isinstance(error, ScimError):
        return error
    known = as_scim(error) if isinstance(error, MusterError) else None
    return known or _failed(desk, request, error)


def _failed(desk: Desk, request: Request, error: Exception) -> ScimError:
    reference = desk.new_id()
    _log.error(
        "scim request failed",
        reference=reference,
        method=request.method,
        path=request.url.path,
        exc_info=error,
    )
    return unreachable(reference) if isinstance(error, Unavailable) else unexpected(reference)


async def _routed(exchange: Exchange) -> Response:
    path: str = exchange.request.path_params.get("path", "").rstrip("/")
    match path.split("/"):
        case [name] if name in _COLLECTIONS:
            return await _collection(exchange, exchange.type_at(name), _COLLECTIONS[name])
        case [name, ".search"] if name in _COLLECTIONS:
            search = await _searched(exchange)
            return await _found(exchange, exchange.type_at(name), _COLLECTIONS[name], search)
        case [name, id] if name in _COLLECTIONS and is_storable_text(id):
            return await _resource(exchange, exchange.type_at(name), _COLLECTIONS[name], id)
        case ["" | ".search" as name]:
            return await _everything(exchange, await _searched(exchange) if name else _asked(exchange))
        case parts:
            return await _beside_collections(exchange, parts)


async def _beside_collections(exchange: Exchange, parts: list[str]) -> Response:
    match parts:
        case ["ServiceProviderConfig" | "ResourceTypes" | "Schemas", *_]:
            return _discovered(exchange, *parts)
        case ["Me"]:
            return await _me(exchange)
        case ["Bulk"]:
            return await _bulk(exchange)
        case _:
            raise NotFound(f"there is nothing at /{'/'.join(parts)[:80]}")


async def _searched(exchange: Exchange) -> Search:
    """The search that a message to ``/.search`` asks for (RFC 7644 §3.4.3)."""
    exchange.allow("POST")
    return search_request(await body_of(exchange.request))


def _asked(exchange: Exchange) -> Search:
    exchange.allow("GET")
    return search_of(exchange.request.query_params)


async def _collection(exchange: Exchange, resource_type: ResourceType, collection: Collection) -> Response:
    exchange.allow("GET", "POST")
    if exchange.method == "GET":
        return await _found(exchange, resource_type, collection, search_of(exchange.request.query_params))
    view, body = _view(exchange, resource_type), await body_of(exchange.request)
    return _one(await collection.create(exchange.desk, exchange.caller, body, view=view), status=201)


async def _found(
    exchange: Exchange, resource_type: ResourceType, collection: Collection, search: Search
) -> Response:
    """A page of the resources of one type (RFC 7644 §3.4.2, §3.4.3)."""
    query = replace(query_of(search), sort=order_of(search, resource_type))
    view = view_of(search, resource_type)
    return _listing(query, await collection.find(exchange.desk, exchange.caller, query, view=view))


async def _everything(exchange: Exchange, search: Search) -> Response:
    """A page of the resources of every type (RFC 7644 §3.4.2.1)."""
    types = exchange.caller.types
    user_sort, group_sort = orders_of(search, types.user, types.group)
    query = replace(query_of(search), sort=user_sort)
    found = await scim_everything.find(
        exchange.desk,
        exchange.caller,
        query,
        group_sort=group_sort,
        user_view=view_of(search, types.user) or types.whole_user,
        group_view=view_of(search, types.group) or types.whole_group,
    )
    return _listing(query, found)


def _listing(query: Query, found: Found) -> Response:
    start = query.page.start if query.cursor is None else None
    head = list_head(total=found.total, start=start, items=len(found.bodies), cursor=found.cursor)
    return ScimBytes(b"".join((head, b",".join(found.bodies), b"]}")))


async def _resource(
    exchange: Exchange, resource_type: ResourceType, collection: Collection, id: str
) -> Response:
    exchange.allow("GET", "PUT", "PATCH", "DELETE")
    desk, caller, request = exchange.desk, exchange.caller, exchange.request
    view = _view(exchange, resource_type)
    if exchange.method == "GET":
        stored = await collection.get(desk, caller, id, view=view)
        if has_version(request.headers, stored.etag):
            return Response(status_code=304, headers={"ETag": stored.etag})
        return _one(stored)
    expected = expected_of(request.headers)
    if exchange.method == "DELETE":
        await collection.delete(desk, caller, id, expected=expected)
        return Response(status_code=204)
    change = collection.put if exchange.method == "PUT" else collection.patch
    return _one(await change(desk, caller, id, await body_of(request), expected=expected, view=view))


async def _me(exchange: Exchange) -> Response:
    """The person the token belongs to, by the alias; every answer names where they really are (§3.11)."""
    person, resource_type = me(exchange.caller.bearer.token), exchange.type_at("Users")
    place = exchange.caller.location(resource_type, person)
    try:
        response = await _resource(exchange, resource_type, _COLLECTIONS["Users"], person)
    except ScimError as error:
        response = refused(error)
    else:
        response.headers["Content-Location"] = place
    response.headers["Location"] = place
    return response


async def _bulk(exchange: Exchange) -> Response:
    exchange.allow("POST")
    desk, request = exchange.desk, exchange.request
    body = await body_of(request, most=MOST_BULK_BYTES)
    means = scim_bulk.Means(
        collections=_COLLECTIONS,
        worded=lambda error: _worded(desk, request, error),
        latest_types=exchange.types.looked_at_again,
    )
    return ScimResponse(await scim_bulk.bulk(desk, exchange.caller, body, means))


def _view(exchange: Exchange, resource_type: ResourceType) -> View | None:
    """What the parameters say to show; most requests have none."""
    if not exchange.request.scope["query_string"]:
        return None
    return view_of(search_of(exchange.request.query_params), resource_type)


def _one(stored: Stored, *, status: int = 200) -> Response:
    headers = {"Location": stored.location, "ETag": stored.etag}
    if stored.body is None:
        return Response(status_code=204, headers=headers)
    return ScimBytes(stored.body, status_code=status, headers=headers)


def _discovered(exchange: Exchange, kind: str, *names: str) -> Response:
    """The discovery documents (RFC 7644 §4)."""
    exchange.allow("GET")
    if "filter" in exchange.request.query_params:
        raise Forbidden("discovery documents cannot be filtered")  # RFC 7644 §4: SHALL respond with 403
    base = exchange.caller.base
    match kind:
        case "ResourceTypes":
            return _documents(
                {item.name: resource_type_document(item, base) for item in exchange.caller.types.all()}, names
            )
        case "Schemas":
            schemas = schemas_of(exchange.caller.types.all())
            return _documents({schema.urn: schema_document(schema, base) for schema in schemas}, names)
        case _ if not names:
            return ScimResponse(service_provider_config(SUPPORTED, base, dialect=exchange.caller.dialect))
        case _:
            raise NotFound(f"there is nothing at /{kind}/{'/'.join(names)[:80]}")


def _documents(documents: dict[str, Resource], names: Iterable[str]) -> Response:
    match list(names):
        case []:
            return ScimResponse(list_response(list(documents.values()), total=len(documents)))
        case [name] if name in documents:
            return ScimResponse(documents[name])
        case other:
            raise NotFound(f"there is no {'/'.join(other)[:80]}")
