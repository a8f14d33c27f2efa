"""The SCIM endpoint as an OpenAPI document, made from the compiled schemas.

``python -m tests.scim_openapi`` writes ``docs/reference/scim.openapi.json``; a test compares the two.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from muster.scim.bulk_request import BULK_REQUEST_URN
from muster.scim.discovery import CONFIG_URN, RESOURCE_TYPE_URN, SCHEMA_URN
from muster.scim.errors import ERROR_URN
from muster.scim.listing import LIST_URN
from muster.scim.media import SCIM_JSON
from muster.scim.patch_request import PATCH_URN
from muster.scim.schema import Attribute, Mutability, ResourceType, Returned, Type
from muster.scim.search import SEARCH_URN
from muster.service.scim_types import STANDARD

PLACE: Final = Path(__file__).parents[1] / "docs/reference/scim.openapi.json"

Json = dict[str, Any]

_BULK_ANSWER_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_KINDS: Final[dict[Type, Json]] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.INTEGER: {"type": "integer"},
    Type.DECIMAL: {"type": "number"},
    Type.DATE_TIME: {"type": "string", "format": "date-time"},
    Type.BINARY: {"type": "string", "contentEncoding": "base64"},
    Type.REFERENCE: {"type": "string"},
}
_ERRORS: Final = {
    400: "The message, a value, a path or a filter cannot be used.",
    401: "No valid token.",
    403: "The token does not allow this.",
    404: "This source has no such resource, or there is nothing at this address.",
    406: "The client takes no SCIM message as an answer.",
    409: "The value is taken, or somebody else changed the resource at the same moment.",
    412: "The resource has another version than If-Match says.",
    413: "The body is too large.",
    415: "The body is of another type.",
    429: "The token makes more requests than it may.",
    500: "Muster failed; the request may be right.",
    503: "Muster cannot use its database now.",
}
_ALWAYS: Final = (400, 401, 403, 406, 429, 500, 503)
_OF_A_BODY: Final = (409, 413, 415)


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Muster's SCIM endpoint",
            "version": "2.0",
            "description": "SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) as `muster serve` offers it to identity "
            "providers. What is tolerated beside it stands in the reference of the endpoint.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/scim/v2"}],
        "security": [{"token": []}],
        "paths": {
            **_of_type(STANDARD.user),
            **_of_type(STANDARD.group),
            **_of_all(),
            **_of_me(),
            **_discovery(),
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "parameters": _parameters(),
            "schemas": {
                "User": _resource(STANDARD.user, shown=False),
                "UserShown": _resource(STANDARD.user, shown=True),
                "Group": _resource(STANDARD.group, shown=False),
                "GroupShown": _resource(STANDARD.group, shown=True),
                **_messages(),
            },
            "responses": {f"Error{status}": _error(status) for status in _ERRORS},
        },
    }


# ── Attributes as JSON Schema ───────────────────────────────────────────────────────────────────────────────


def _resource(resource_type: ResourceType, *, shown: bool) -> Json:
    """A resource as it is sent or shown; what no schema describes stands under a URN."""
    known = {
        item.name: _attribute(item, shown=shown)
        for item in resource_type.attributes()
        if _is_there(item, shown=shown)
    }
    known["schemas"] = _schemas(resource_type.schema.urn)
    for item in resource_type.extensions:
        parts = {each.name: _attribute(each, shown=shown) for each in item.schema.attributes}
        known[item.schema.urn] = _object(parts)
    required = ["schemas", "id"] if shown else ["schemas"]
    if not shown:
        required += [item.name for item in resource_type.schema.attributes if item.required]
    return {**_object(known), "required": required, "patternProperties": {":": {"type": "object"}}}


def _is_there(attribute: Attribute, *, shown: bool) -> bool:
    if shown:
        return attribute.returned is not Returned.NEVER
    return attribute.mutability is not Mutability.READ_ONLY


def _attribute(attribute: Attribute, *, shown: bool) -> Json:
    if attribute.type is Type.COMPLEX:
        subs = [sub for sub in attribute.sub_attributes if _is_there(sub, shown=shown)]
        one = _object({sub.name: _attribute(sub, shown=shown) for sub in subs})
    else:
        one = dict(_KINDS[attribute.type])
    if attribute.canonical_values:
        one["examples"] = list(attribute.canonical_values)
    described = {"description": attribute.description} if attribute.description else {}
    return {"type": "array", "items": one, **described} if attribute.multi_valued else {**one, **described}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _schemas(urn: str) -> Json:
    return {"type": "array", "items": {"type": "string"}, "contains": {"const": urn}}


# ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────


def _messages() -> Json:
    anything: Json = {}
    operation = {
        "type": "object",
        "properties": {
            "op": {"enum": ["add", "replace", "remove"]},
            "path": {"type": "string", "examples": ["members", 'emails[type eq "work"].value']},
            "value": anything,
        },
        "required": ["op"],
    }
    listed = {"anyOf": [_ref("UserShown"), _ref("GroupShown")]}
    return {
        "Error": _message(
            ERROR_URN,
            {"status": {"type": "string"}, "detail": {"type": "string"}, "scimType": {"type": "string"}},
            ["status", "detail"],
        ),
        "PatchOp": _message(
            PATCH_URN, {"Operations": {"type": "array", "items": operation, "minItems": 1}}, ["Operations"]
        ),
        "SearchRequest": _message(SEARCH_URN, _search(), []),
        "BulkRequest": _message(BULK_REQUEST_URN, _bulk(), ["Operations"]),
        "BulkResponse": _message(_BULK_ANSWER_URN, {"Operations": _bulk_answers()}, ["Operations"]),
        "UserList": _list(_ref("UserShown")),
        "GroupList": _list(_ref("GroupShown")),
        "MixedList": _list(listed),
        **{
            name: {"type": "object", "properties": {"schemas": _schemas(urn)}, "required": ["schemas", *more]}
            for name, urn, *more in (
                ("ServiceProviderConfig", CONFIG_URN, "patch", "bulk", "filter", "sort", "etag"),
                ("ResourceType", RESOURCE_TYPE_URN, "name", "endpoint", "schema"),
                ("Schema", SCHEMA_URN, "id", "name", "attributes"),
            )
        },
        "ResourceTypeList": _list(_ref("ResourceType")),
        "SchemaList": _list(_ref("Schema")),
    }


def _message(urn: str, properties: Json, required: list[str]) -> Json:
    return {**_object({"schemas": _schemas(urn), **properties}), "required": ["schemas", *required]}


def _search() -> Json:
    text, whole = {"type": "string"}, {"type": "integer"}
    names = {"type": "array", "items": text}
    return {
        "filter": {**text, "examples": ['userName eq "nina.hall"']},
        "sortBy": {**text, "examples": ["userName"]},
        "sortOrder": {"enum": ["ascending", "descending"]},
        "startIndex": whole,
        "count": whole,
        "cursor": text,
        "attributes": names,
        "excludedAttributes": names,
    }


def _bulk() -> Json:
    operation = {
        "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
        "path": {"type": "string", "examples": ["/Users", "/Groups/bulkId:team"]},
        "bulkId": {"type": "string"},
        "version": {"type": "string"},
        "data": {"type": "object"},
    }
    items = {**_object(operation), "required": ["method", "path"]}
    return {
        "failOnErrors": {"type": "integer", "minimum": 1},
        "Operations": {"type": "array", "items": items},
    }


def _bulk_answers() -> Json:
    text = {"type": "string"}
    answer = {
        "method": text,
        "bulkId": text,
        "version": text,
        "location": text,
        "status": text,
        "response": _ref("Error"),
    }
    return {"type": "array", "items": {**_object(answer), "required": ["status"]}}


def _list(item: Json) -> Json:
    whole = {"type": "integer", "minimum": 0}
    return _message(
        LIST_URN,
        {
            "totalResults": whole,
            "startIndex": {"type": "integer", "minimum": 1},
            "itemsPerPage": whole,
            "nextCursor": {"type": "string"},
            "Resources": {"type": "array", "items": item},
        },
        ["totalResults", "itemsPerPage"],
    )


# ── Addresses ───────────────────────────────────────────────────────────────────────────────────────────────


def _of_type(resource_type: ResourceType) -> Json:
    name, endpoint = resource_type.name, resource_type.endpoint
    shown = _ref(f"{name}Shown")
    return {
        endpoint: {
            "get": _operation(f"List {name}s", _ok(_ref(f"{name}List")), parameters=_SEARCHING),
            "post": _operation(
                f"Add a {name}",
                _ok(shown, status=201),
                parameters=_SHOWING,
                body=_ref(name),
                errors=_OF_A_BODY,
            ),
        },
        f"{endpoint}/.search": {
            "post": _operation(
                f"Search {name}s", _ok(_ref(f"{name}List")), body=_ref("SearchRequest"), errors=(413, 415)
            )
        },
        endpoint + "/{id}": {
            "parameters": [_parameter("id")],
            **_one(name, _ref(name), shown, large=name == "Group"),
        },
    }


def _one(name: str, sent: Json, shown: Json, *, large: bool = False, errors: Iterable[int] = (404,)) -> Json:
    """What can be done with one resource."""
    changed = (*errors, 412, *_OF_A_BODY)
    empty = {"204": {"description": "It is so; large groups are not shown again."}} if large else {}
    return {
        "get": _operation(
            f"Read a {name}",
            {**_ok(shown), "304": {"description": "The client has this version."}},
            parameters=(*_SHOWING, "IfNoneMatch"),
            errors=errors,
        ),
        "put": _operation(
            f"Replace a {name}",
            {**_ok(shown), **empty},
            parameters=(*_SHOWING, "IfMatch"),
            body=sent,
            errors=changed,
        ),
        "patch": _operation(
            f"Change a {name}",
            {**_ok(shown), **empty},
            parameters=(*_SHOWING, "IfMatch"),
            body=_ref("PatchOp"),
            errors=changed,
        ),
        "delete": _operation(
            f"Remove a {name}",
            {"204": {"description": "It is gone."}},
            parameters=("IfMatch",),
            errors=(*errors, 409, 412),
        ),
    }


def _of_all() -> Json:
    return {
        "/": {"get": _operation("List everything", _ok(_ref("MixedList")), parameters=_SEARCHING)},
        "/.search": {
            "post": _operation(
                "Search everything", _ok(_ref("MixedList")), body=_ref("SearchRequest"), errors=(413, 415)
            )
        },
        "/Bulk": {
            "post": _operation(
                "Make many changes", _ok(_ref("BulkResponse")), body=_ref("BulkRequest"), errors=(413, 415)
            )
        },
    }


def _of_me() -> Json:
    return {"/Me": _one("person the token belongs to", _ref("User"), _ref("UserShown"))}


def _discovery() -> Json:
    found: Json = {
        "/ServiceProviderConfig": {
            "get": _operation("What the endpoint can do", _ok(_ref("ServiceProviderConfig")))
        }
    }
    for plural, name, key in (("ResourceTypes", "ResourceType", "name"), ("Schemas", "Schema", "urn")):
        found[f"/{plural}"] = {"get": _operation(f"List {plural}", _ok(_ref(f"{name}List")))}
        found[f"/{plural}/{{{key}}}"] = {
            "parameters": [_parameter(key)],
            "get": _operation(f"Read a {name}", _ok(_ref(name)), errors=(404,)),
        }
    return found


# ── Pieces ──────────────────────────────────────────────────────────────────────────────────────────────────

_SHOWING: Final = ("attributes", "excludedAttributes")
_SEARCHING: Final = (*_SHOWING, "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")


def _operation(
    summary: str,
    answers: Json,
    *,
    parameters: Iterable[str] = (),
    body: Json | None = None,
    errors: Iterable[int] = (),
) -> Json:
    refusals = {str(status): _of("responses", f"Error{status}") for status in sorted({*_ALWAYS, *errors})}
    sent = (
        {} if body is None else {"requestBody": {"required": True, "content": {SCIM_JSON: {"schema": body}}}}
    )
    named = [_parameter(name) for name in parameters]
    return {
        "summary": summary,
        **({"parameters": named} if named else {}),
        **sent,
        "responses": {**answers, **refusals},
    }


def _ok(schema: Json, *, status: int = 200) -> Json:
    return {str(status): {"description": "So it is.", "content": {SCIM_JSON: {"schema": schema}}}}


def _error(status: int) -> Json:
    return {"description": _ERRORS[status], "content": {SCIM_JSON: {"schema": _ref("Error")}}}


def _parameters() -> Json:
    searching = {
        name: {"name": name, "in": "query", "schema": {"type": "string"} if "ttributes" in name else schema}
        for name, schema in _search().items()
    }
    conditions = {
        name.replace("-", ""): {
            "name": name,
            "in": "header",
            "schema": {"type": "string", "examples": ['W/"1"']},
        }
        for name in ("If-Match", "If-None-Match")
    }
    places = {
        name: {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in ("id", "name", "urn")
    }
    return {**searching, **conditions, **places}


def _parameter(name: str) -> Json:
    return _of("parameters", name)


def _ref(name: str) -> Json:
    return _of("schemas", name)


def _of(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def written() -> str:
    """The document as the file has it."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.write_text(written())
