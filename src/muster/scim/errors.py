"""What can be wrong with a SCIM request, as exceptions that know their own response (RFC 7644 §3.12).

::

    ScimError
    ├─ BadRequest 400
    │  ├─ InvalidFilter      the filter does not parse, or compares what cannot be compared
    │  ├─ TooMany            the filter would yield more than the server will compute
    │  ├─ Mutability         the attribute may not be changed, or not any more
    │  ├─ InvalidSyntax      the message is not shaped like the message it claims to be
    │  ├─ InvalidPath        the path does not parse or names no attribute
    │  ├─ NoTarget           the path parses but selects nothing
    │  ├─ InvalidValue       a value is missing or has the wrong type
    │  ├─ InvalidVersion     the protocol version is not spoken here
    │  ├─ InvalidCursor      the cursor is none that was given for this search (RFC 9865)
    │  ├─ InvalidCount       the size of a page is none (RFC 9865)
    │  └─ Sensitive          personal data was passed in a request URI
    ├─ Unauthorized 401
    ├─ Forbidden 403
    │  └─ InsufficientScope  the token does not go so far
    ├─ NotFound 404 · MethodNotAllowed 405
    ├─ Conflict 409
    │  └─ Uniqueness         the value is taken
    ├─ PreconditionFailed 412 · PayloadTooLarge 413 · TooManyRequests 429
    └─ InternalError 500
"""

from collections.abc import Iterable
from typing import ClassVar

from muster.scim.values import Resource

ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A request that cannot be served, with the status and keyword a client is told."""

    status: ClassVar[int] = 500
    scim_type: ClassVar[str | None] = None

    def __init__(self, detail: str, *, path: str | None = None) -> None:
        """Describe the problem.

        Args:
            detail: One sentence for a person: what is wrong and what would be right.
            path: The attribute at fault, in attribute notation.
        """
        super().__init__(detail)
        self.detail = detail
        self.path = path

    def as_response(self) -> Resource:
        """Return the body of the error response; the status is a string (RFC 7644 §3.12)."""
        where = f"{self.path}: " if self.path else ""
        body: Resource = {"schemas": [ERROR_URN], "status": str(self.status), "detail": where + self.detail}
        if self.scim_type is not None:
            body["scimType"] = self.scim_type
        return body


class BadRequest(ScimError):
    """The request cannot be understood or breaks the schema."""

    status = 400


class InvalidFilter(BadRequest):
    """The filter does not parse, or compares what cannot be compared."""

    scim_type = "invalidFilter"

    def __init__(self, detail: str, *, path: str | None = None, position: int | None = None) -> None:
        """Describe the problem; ``position`` counts characters of the filter text from 0."""
        super().__init__(detail if position is None else f"{detail} (at position {position})", path=path)
        self.position = position


class TooMany(BadRequest):
    """The filter would yield more than the server will compute."""

    scim_type = "tooMany"


class Mutability(BadRequest):
    """The attribute may not be changed, or not any more."""

    scim_type = "mutability"


class InvalidSyntax(BadRequest):
    """The message is not shaped like the message it claims to be."""

    scim_type = "invalidSyntax"


class InvalidPath(BadRequest):
    """The path does not parse or names no attribute."""

    scim_type = "invalidPath"


class NoTarget(BadRequest):
    """The path parses but selects nothing that could be operated on."""

    scim_type = "noTarget"


class InvalidValue(BadRequest):
    """A value is missing or does not fit its attribute."""

    scim_type = "invalidValue"


class InvalidVersion(BadRequest):
    """The protocol version is not spoken here."""

    scim_type = "invalidVers"


class InvalidCursor(BadRequest):
    """The cursor is none that was given out for this search (RFC 9865 §2.1)."""

    scim_type = "invalidCursor"


class InvalidCount(BadRequest):
    """The size of a page that is found by cursor is none (RFC 9865 §2.1)."""

    scim_type = "invalidCount"


class Sensitive(BadRequest):
    """Personal data was passed in a request URI."""

    scim_type = "sensitive"


class Unauthorized(ScimError):
    """The credential is missing or not valid."""

    status = 401


class Forbidden(ScimError):
    """The credential does not permit the operation."""

    status = 403


class InsufficientScope(Forbidden):
    """The token does not go so far (RFC 6750 §3.1); ``scope`` is what it would take."""

    def __init__(self, detail: str, *, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class NotFound(ScimError):
    """There is no such resource or endpoint."""

    status = 404


class MethodNotAllowed(ScimError):
    """The method means nothing here."""

    status = 405

    def __init__(self, method: str, allowed: Iterable[str], *, path: str | None = None) -> None:
        """Describe the problem; ``allowed`` are the methods that mean something."""
        self.allowed = ", ".join(allowed)
        super().__init__(f"{method[:20]} is not possible here; possible: {self.allowed}", path=path)


class Conflict(ScimError):
    """The request contradicts the state of the resource."""

    status = 409


class Uniqueness(Conflict):
    """The value is taken by another resource (409, RFC 7644 §3.3)."""

    scim_type = "uniqueness"


class PreconditionFailed(ScimError):
    """The resource has changed since the version the client names."""

    status = 412


class PayloadTooLarge(ScimError):
    """The request is larger than the limits the discovery document states."""

    status = 413


class TooManyRequests(ScimError):
    """The client asks more often than it may (RFC 6585 §4); ``seconds`` later there is room again."""

    status = 429

    def __init__(self, detail: str, *, seconds: float) -> None:
        super().__init__(detail)
        self.seconds = seconds


class InternalError(ScimError):
    """The server failed; the request may be right."""

    status = 500
