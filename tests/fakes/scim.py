"""A fake SCIM application that misbehaves on purpose, one switch for each custom seen in real ones.

It judges with Muster's own SCIM functions, so it proves nothing about SCIM; the real servers of the contract
tests do.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from fakes.http import FakeHttp, Request, Script, Wire, fake_http
from muster.scim import GROUP, USER, ScimError, apply, matches, parse, parse_request

Json: TypeAlias = dict[str, Any]

TYPES = {"Users": USER, "Groups": GROUP}
PAGE = b"<!doctype html><title>Not Found</title>"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer before it is bytes."""

    status: int
    body: object = None  # bytes go out as they are, None is empty
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class FakeScim:
    """The application. Tests look into ``store`` and set switches; ``instead`` scripts single requests."""

    http: FakeHttp
    store: dict[str, dict[str, Json]] = field(default_factory=lambda: {"Users": {}, "Groups": {}})
    instead: dict[str, Script] = field(default_factory=dict)  # by method and path

    configuration: Json | None = field(default_factory=lambda: {"patch": {"supported": True}})
    patching: Literal["answers", "silent", "none", "unrouted"] = "answers"
    patch_only: frozenset[str] | None = None  # first words of the paths PATCH takes; others are answered 501
    removing: Literal["path", "value", "empties"] = "path"  # how members are removed
    replacing: bool = True
    versions: bool = False
    bare_404: bool = False
    filtering: Literal["works", "ignored", "blind", "refused"] = "works"
    blind_for: frozenset[str] = frozenset()  # first words of filters that find nothing
    most: int = 1000  # resources on one page
    paging: bool = True  # off: every list holds everything
    total: Callable[[int], object] = lambda number: number
    between: Callable[[int], None] = lambda _start: None  # called before a page is cut
    keeps_members: bool = False  # PUT leaves members as they are
    remembers_types: bool = True  # off: e-mail addresses lose their type
    shows_active: bool = True
    number: int = 0

    async def script(self, wire: Wire) -> None:
        """Answer one request."""
        path = urlsplit(wire.request.target).path
        other = self.instead.get(f"{wire.request.method} {path}")
        if other is not None:
            await other(wire)
            return
        try:
            said = self._said(wire.request, *path.strip("/").partition("/")[::2])
        except ScimError as error:
            said = Said(error.status, error.as_response())
        await wire.answer(said.status, _bytes(said.body), **said.headers)

    def put(self, collection: str = "Users", **attributes: Any) -> str:  # noqa: ANN401 - JSON
        """Put a resource there behind everybody's back, and give its id."""
        self.number += 1
        new = str(self.number)
        self.store[collection][new] = json.loads(json.dumps({"id": new, **attributes}))
        return new

    def sent(self, method: str) -> list[Json]:
        """Give the bodies of all requests of a method."""
        return [json.loads(each.body or b"{}") for each in self.http.seen if each.method == method]

    @property
    def methods(self) -> list[str]:
        """Give the methods of all requests that were not for the configuration."""
        return [each.method for each in self.http.seen if "ServiceProviderConfig" not in each.target]

    def _said(self, request: Request, collection: str, id: str) -> Said:
        if collection == "ServiceProviderConfig":
            return self._missing() if self.configuration is None else Said(200, self.configuration)
        if collection not in self.store:
            return Said(404, PAGE)
        if not id:
            listing = self._list if request.method == "GET" else self._post
            return listing(request, collection)
        return self._one(request, collection, unquote(id))

    def _one(self, request: Request, collection: str, id: str) -> Said:
        unrouted = {"PATCH": self.patching == "unrouted", "PUT": not self.replacing}
        if unrouted.get(request.method):
            return Said(404, PAGE)
        now = self.store[collection].get(id)
        if now is None:
            return self._missing()
        wanted = request.headers.get("if-match")
        if wanted is not None and wanted != self._shown(now)["meta"]["version"]:
            return _error(412, "changed")
        methods = {"GET": self._get, "DELETE": self._delete, "PUT": self._put, "PATCH": self._patch}
        return methods[request.method](request, collection, now)

    def _get(self, _request: Request, _collection: str, now: Json) -> Said:
        return Said(200, self._shown(now))

    def _delete(self, _request: Request, collection: str, now: Json) -> Said:
        del self.store[collection][now["id"]]
        return Said(204)

    def _list(self, request: Request, collection: str) -> Said:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
        start, count = int(asked["startIndex"]), min(int(asked["count"]), self.most)
        self.between(start)
        text = asked.get("filter")
        if text is not None and self.filtering == "refused":
            return _error(400, "no filters here", "invalidFilter")
        found = [each for each in self.store[collection].values() if self._selected(text, each, collection)]
        cut = found[start - 1 : start - 1 + count] if self.paging else found
        return Said(200, {"totalResults": self.total(len(found)), "Resources": list(map(self._shown, cut))})

    def _selected(self, text: str | None, resource: Json, collection: str) -> bool:
        if text is None or self.filtering == "ignored":
            return True
        if self.filtering == "blind" or text.split()[0] in self.blind_for:
            return False
        return matches(parse(text), resource, TYPES[collection])

    def _post(self, request: Request, collection: str) -> Said:
        body = json.loads(request.body)
        names = [str(each.get("userName")).lower() for each in self.store[collection].values()]
        if "userName" in body and body["userName"].lower() in names:
            return _error(409, "taken", "uniqueness")
        new = self.put(collection, **body)
        return Said(201, self._shown(self.store[collection][new]), {"Location": f"{self.http.url}/x/{new}"})

    def _put(self, request: Request, collection: str, now: Json) -> Said:
        body = {**json.loads(request.body), "id": now["id"]}
        if self.keeps_members:
            body["members"] = now.get("members", [])
        return self._stored(collection, now, body, show=True)

    def _patch(self, request: Request, collection: str, now: Json) -> Said:
        if self.patching == "none":
            return _error(405, "no PATCH here")
        body = json.loads(request.body)
        operations = body["Operations"]
        if self.patch_only is not None and not all(
            _first(str(each["path"])) in self.patch_only for each in operations
        ):
            return Said(501)
        if any(self._refuses(each) for each in operations):
            return Said(501)
        if self.removing == "empties":
            for each in operations:
                if each["op"] == "remove":
                    del each["value"]
        changed = apply(now, parse_request(body), TYPES[collection])
        return self._stored(collection, now, changed, show=self.patching == "answers")

    def _refuses(self, operation: Json) -> bool:
        path = str(operation["path"])
        return operation["op"] == "remove" and path.startswith("members[") and self.removing != "path"

    def _stored(self, collection: str, now: Json, changed: Json, *, show: bool) -> Said:
        self.number += 1
        stored = {**changed, "meta": {"version": f'W/"{self.number}"'}}
        self.store[collection][str(now["id"])] = stored
        headers = {"ETag": f'W/"{self.number}"'} if self.versions else {}
        return Said(200, self._shown(stored), headers) if show else Said(204, None, headers)

    def _shown(self, resource: Json) -> Json:
        hidden = {"active"} if not self.shows_active else set()
        shown = {name: value for name, value in resource.items() if name not in hidden}
        shown["meta"] = {"version": 'W/"0"', **resource.get("meta", {})} if self.versions else {}
        if not self.remembers_types and "emails" in shown:
            shown["emails"] = [{"value": each["value"], "primary": True} for each in shown["emails"]]
        return shown

    def _missing(self) -> Said:
        return Said(404) if self.bare_404 else _error(404, "no such resource")


def _error(status: int, detail: str, scim_type: str = "") -> Said:
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(status),
        "detail": detail,
    }
    return Said(status, {**body, "scimType": scim_type} if scim_type else body)


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _first(path: str) -> str:
    return path.partition("[")[0]


@asynccontextmanager
async def fake_scim() -> AsyncIterator[FakeScim]:
    """Give a running application that holds nothing."""
    async with fake_http() as http:
        fake = FakeScim(http=http)
        http.otherwise = fake.script
        yield fake
