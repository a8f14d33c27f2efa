"""SCIM messages over a session: resources, lists and PATCH, and what SCIM's own errors mean (RFC 7644 §3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from muster.connectors.scim.mapping import observed, sendable
from muster.connectors.scim.paging import Slice
from muster.connectors.scim.shape import Shape
from muster.kit.answers import Answer
from muster.kit.session import SUCCESS, Session, segment
from muster.model import (
    GROUP,
    Conflict,
    Garbled,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    RemoteId,
    RemoteObject,
    TargetError,
    Unsupported,
)
from muster.scim import PATCH_URN, SCIM_JSON, JsonValue, Resource

_READING: Final = {"Accept": f"{SCIM_JSON}, application/json"}
_WRITING: Final = {**_READING, "Content-Type": SCIM_JSON}
_ALL: Final[Mapping[str, str]] = MappingProxyType({})
_REFUSABLE: Final = SUCCESS | {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
}
# What a PATCH is refused with because of its form, not because of its values (RFC 7644 table 9).
_FORM: Final = frozenset({"noTarget", "invalidPath", "invalidFilter", "invalidSyntax"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The application does not take this form of a PATCH; nothing happened. ``error`` says so to a person."""

    error: TargetError
    no_target: bool  # the path is understood, only nothing is there
    method: bool  # it may not know PATCH at all


class Wire:
    """Calls one SCIM service."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def document(self, path: str) -> Resource:
        """Give the resource at a path of its own, such as the service provider's configuration."""
        answer = await self._session.call("GET", path, writes=False, headers=_READING)
        return _resource(answer)

    async def page(self, shape: Shape, *, start: int, count: int, filter: str | None = None) -> Slice:
        """Give at most ``count`` objects from the index ``start`` on, those the filter selects.

        Raises:
            Unsupported: the application does not take the filter.
            Misconfigured: there is no such collection.
        """
        query = {"startIndex": str(start), "count": str(count), **_without_members(shape)}
        if filter is None:
            answer = await self._collection("GET", shape, query, expect=SUCCESS)
        else:
            expect = SUCCESS | {HTTPStatus.BAD_REQUEST}
            answer = await self._collection("GET", shape, {"filter": filter, **query}, expect=expect)
        if answer.status == HTTPStatus.BAD_REQUEST:
            why = self._session.failure(answer, writes=False).why
            raise Unsupported(f"the application does not take this search: {why}", status=answer.status)
        return _slice(shape, _resource(answer))

    async def get(self, shape: Shape, id: RemoteId) -> RemoteObject:
        """Give one object.

        Raises:
            Gone: there is none.
            Garbled: another one came.
        """
        resource, etag = await self.resource(shape, id, query=_without_members(shape))
        return observed(shape, resource, etag)

    async def resource(
        self, shape: Shape, id: RemoteId, *, query: Mapping[str, str] = _ALL
    ) -> tuple[Resource, str | None]:
        """Give one resource with everything in it, and its version from the header. Errors as ``get``."""
        try:
            answer = await self._session.call(
                "GET", _path(shape, id), writes=False, query=query, headers=_READING
            )
        except Misconfigured as error:
            await self._gone_if_listed(shape, error)
            raise
        resource = _resource(answer)
        if observed(shape, resource).id != id:
            raise Garbled(f"the application answered with another {shape.type.name} than the one asked for")
        return resource, _etag(answer)

    async def _gone_if_listed(self, shape: Shape, error: Misconfigured) -> None:
        """Raise Gone when a 404 that says nothing is about this one object: its collection is there.

        Some applications answer a bare 404, or one with a web page, where SCIM asks for an error message.
        """
        if error.status == HTTPStatus.NOT_FOUND:
            await self.page(shape, start=1, count=1)
            raise Gone(error.why, status=error.status) from None

    async def post(self, shape: Shape, resource: Resource) -> Answer:
        """Create a resource; 200 and 201 are answers.

        Raises:
            Conflict: it exists.
        """
        expect = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.BAD_REQUEST})
        answer = await self._collection("POST", shape, {}, expect=expect, body=resource)
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise self._invalid(answer)
        return answer

    async def put(self, shape: Shape, id: RemoteId, resource: Resource, *, etag: str | None) -> Answer:
        """Replace a resource (RFC 7644 §3.5.1).

        Raises:
            Unsupported: the application does not replace.
        """
        try:
            answer = await self._session.call(
                "PUT",
                _path(shape, id),
                writes=True,
                body=resource,
                headers=_conditional(etag),
                expect=SUCCESS | {HTTPStatus.BAD_REQUEST},
            )
        except Misconfigured as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            # The object was read just now at this very address, so only the method is unknown there.
            raise Unsupported(f"the application does not replace: {error.why}", status=error.status) from None
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise self._invalid(answer)
        return answer

    async def patch(
        self, shape: Shape, id: RemoteId, operations: list[JsonValue], *, etag: str | None = None
    ) -> Answer | Refused:
        """Change a resource (RFC 7644 §3.5.2); a form the application does not take is no error here."""
        answer = await self._session.call(
            "PATCH",
            _path(shape, id),
            writes=True,
            body={"schemas": [PATCH_URN], "Operations": operations},
            headers=_conditional(etag),
            expect=_REFUSABLE,
        )
        if answer.status in SUCCESS:
            return answer
        error = self._invalid(answer)
        form = answer.status == HTTPStatus.BAD_REQUEST and scim_type(answer) in _FORM
        unknown = answer.status != HTTPStatus.BAD_REQUEST and isinstance(error, Unsupported | Misconfigured)
        if not form and not unknown:
            raise error
        return Refused(
            error=error,
            no_target=scim_type(answer) == "noTarget",
            method=answer.status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_FOUND},
        )

    async def delete(self, shape: Shape, id: RemoteId) -> None:
        """Make a resource be no more (RFC 7644 §3.6); gone already is success.

        Raises:
            Unsupported: the application does not delete.
        """
        try:
            await self._session.call("DELETE", _path(shape, id), writes=True, headers=_READING)
        except Gone:
            return
        except Misconfigured as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            await self._unsupported_if_there(shape, id, error)

    async def _unsupported_if_there(self, shape: Shape, id: RemoteId, error: Misconfigured) -> None:
        """Return when a 404 that says nothing was about the object, and not about the method."""
        try:
            await self.get(shape, id)
        except Gone:
            return
        raise Unsupported(f"the application does not delete: {error.why}", status=error.status) from None

    def _invalid(self, answer: Answer) -> TargetError:
        error = self._session.failure(answer, writes=True)
        # 409 is the status for it (RFC 7644 table 9), but some say 400.
        taken = answer.status == HTTPStatus.BAD_REQUEST and scim_type(answer) == "uniqueness"
        return Conflict(error.why, status=answer.status) if taken else error

    async def _collection(
        self,
        method: str,
        shape: Shape,
        query: Mapping[str, str],
        *,
        expect: frozenset[int],
        body: Resource | None = None,
    ) -> Answer:
        try:
            return await self._session.call(
                method,
                shape.collection,
                writes=body is not None,
                body=body,
                query=query,
                headers=_READING if body is None else _WRITING,
                expect=expect,
            )
        except Gone as error:
            # A collection is never gone: either there is none, or the address is wrong.
            raise Misconfigured(error.why, status=error.status) from None


def scim_type(answer: Answer) -> str:
    """Give the keyword of a SCIM error (RFC 7644 §3.12); empty where there is none."""
    found = answer.body.get("scimType") if isinstance(answer.body, dict) else None
    return found if isinstance(found, str) else ""


def shown(shape: Shape, answer: Answer) -> RemoteObject | None:
    """Give the object the answer to a write shows; None when its body is empty.

    Raises:
        OutcomeUnknown: the body is no such object.
    """
    if answer.body is None:
        return None
    try:
        return observed(shape, answer.body, _etag(answer))
    except Garbled as error:
        raise OutcomeUnknown(f"{answer.request}: {error.why}", status=answer.status) from None


def version(answer: Answer) -> str | None:
    """Give the version the header of an answer tells."""
    return _etag(answer)


def _etag(answer: Answer) -> str | None:
    return sendable(answer.headers.get("ETag"))


def _path(shape: Shape, id: RemoteId) -> str:
    return f"{shape.collection}/{segment(id)}"


def _conditional(etag: str | None) -> Mapping[str, str]:
    return _WRITING if etag is None else {**_WRITING, "If-Match": etag}


def _without_members(shape: Shape) -> Mapping[str, str]:
    # A group of ten thousand is asked for its members only where they matter.
    return {"excludedAttributes": "members"} if shape.kind == GROUP else {}


def _resource(answer: Answer) -> Resource:
    if not isinstance(answer.body, dict):
        raise Garbled(f"{answer.request} was answered with something else than a SCIM message")
    return answer.body


def _slice(shape: Shape, body: Resource) -> Slice:
    """Give the objects of a ListResponse (RFC 7644 §3.4.2); an empty list may leave out its resources."""
    total, found = body.get("totalResults"), body.get("Resources", [])
    if not isinstance(found, list) or ("Resources" not in body and "totalResults" not in body):
        raise Garbled(f"the application answered something else than a list of {shape.collection}")
    known = total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
    return Slice(items=[observed(shape, item) for item in found], total=known)
