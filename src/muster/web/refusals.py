"""Refusals as responses: the status, headers and body a SCIM client is told (RFC 7644 §3.12)."""

import math
from typing import Final

from starlette.responses import Response

from muster.model import BadInput, MusterError
from muster.model import NotFound as NothingKnown
from muster.scim.errors import (
    BadRequest,
    InsufficientScope,
    InternalError,
    MethodNotAllowed,
    NotFound,
    ScimError,
    TooManyRequests,
    Unauthorized,
)
from muster.web.json_response import ScimResponse

_RETRY_SECONDS: Final = "5"


class UnsupportedMedia(ScimError):
    """The body is not written in a way that is read here."""

    status = 415


class NotAcceptable(ScimError):
    """The client takes no SCIM message as an answer."""

    status = 406


class TooSlow(ScimError):
    """The request did not arrive in time."""

    status = 408


class TooLongAddress(ScimError):
    """The address of the request is longer than one may be."""

    status = 414


class HeadTooLarge(ScimError):
    """The head of the request is larger than one may be (RFC 6585 §5)."""

    status = 431


class TooBusy(ScimError):
    """There is no room for another client now."""

    status = 503


class Stopping(ScimError):
    """Muster is being stopped."""

    status = 503


class Unreachable(ScimError):
    """Muster cannot use its database now."""

    status = 503


class BadToken(Unauthorized):
    """No valid token speaks for a source; ``given`` tells whether there was any."""

    def __init__(self, *, given: bool) -> None:
        self.given = given
        why = (
            "the token is not valid, or no longer" if given else "a token is needed: Authorization: Bearer …"
        )
        super().__init__(why)

    @property
    def challenge(self) -> str:
        """What ``WWW-Authenticate`` says (RFC 6750 §3)."""
        return 'Bearer realm="muster", error="invalid_token"' if self.given else 'Bearer realm="muster"'


def refused(error: ScimError) -> Response:
    """The response that tells the client of the error."""
    headers: dict[str, str] = {}
    match error:
        case BadToken():
            headers["WWW-Authenticate"] = error.challenge
        case InsufficientScope():
            headers["WWW-Authenticate"] = (
                f'Bearer realm="muster", error="insufficient_scope", scope="{error.scope}"'
            )
        case TooManyRequests():
            headers["Retry-After"] = str(math.ceil(error.seconds))
        case MethodNotAllowed():
            headers["Allow"] = error.allowed
        case Unreachable() | TooBusy() | Stopping():
            headers["Retry-After"] = _RETRY_SECONDS
        case _:
            pass
    return ScimResponse(error.as_response(), status_code=error.status, headers=headers)


def as_scim(error: MusterError) -> ScimError | None:
    """The SCIM error for what a client did wrong; None when it did nothing wrong."""
    match error:
        case BadInput():
            return BadRequest(str(error.problem))
        case NothingKnown():
            return NotFound(str(error.problem))
        case _:
            return None


def unreachable(reference: str) -> ScimError:
    """The error of a database that does not answer; the log knows the rest under the reference."""
    return Unreachable(f"Muster cannot use its database now; try again later (reference {reference})")


def unexpected(reference: str) -> ScimError:
    """The error of what should not happen; the log knows the rest under the reference."""
    return InternalError(f"Muster failed; the request may be right (reference {reference})")
