"""What an application's HTTP answer means: each status becomes the error that tells the engine its next step.

Pure: an answer and the time come in, an error goes out. The statuses mean what RFC 9110 §15 and RFC 6585 say,
with three cautions.

* A 404 means "gone" only when its body is a JSON object, the protocol's own. A web page or an empty body is
  what an unrouted address answers too (Google's SCIM service answers ``PUT /Users/{id}`` with a web page and
  404 while the user is well), so those mean "this address does not lead to the service".
* A redirection is never followed: the credential belongs to one address.
* A server error to a call that writes says nothing about whether it was done.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from muster.kit.manifest import ErrorRule
from muster.model import (
    AuthFailed,
    Changed,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    TargetError,
    Unreachable,
    Unsupported,
)
from muster.scim import JsonValue

MOST_DETAIL: Final = 300  # characters of the application's own words in an error
MOST_WAIT: Final = 86_400.0  # seconds; an application that asks for more is asked again after a day

_MEANING: Final[Mapping[int, type[TargetError]]] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: AuthFailed,
        HTTPStatus.FORBIDDEN: Forbidden,
        HTTPStatus.NOT_FOUND: Gone,
        HTTPStatus.METHOD_NOT_ALLOWED: Unsupported,
        HTTPStatus.NOT_ACCEPTABLE: Unsupported,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: Misconfigured,
        HTTPStatus.CONFLICT: Conflict,
        HTTPStatus.GONE: Gone,
        HTTPStatus.PRECONDITION_FAILED: Changed,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Unsupported,
        HTTPStatus.MISDIRECTED_REQUEST: Misconfigured,
        HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
        HTTPStatus.NOT_IMPLEMENTED: Unsupported,
    }
)
_SAYS: Final = (
    "detail",
    "message",
    "error_description",
    "error",
    "title",
)  # where JSON errors keep their words
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it came. ``body`` is None when it was empty, or when an error's body was not JSON."""

    status: int
    headers: Mapping[str, str]
    body: JsonValue
    request: str  # method and path, for people
    text: str = field(default="", repr=False)  # an error's body as text, for the error table


def failure(
    answer: Answer,
    *,
    writes: bool,
    rules: Sequence[ErrorRule],
    now: Callable[[], datetime],
    hide: Callable[[str], str],
) -> TargetError:
    """Give the error an unwelcome answer stands for; a rule that applies goes before the status's meaning.

    Args:
        answer: any answer that is not what was asked for.
        writes: whether the call could have changed something.
        rules: the manifest's error table.
        now: the time, for a ``Retry-After`` that is a date.
        hide: gives a text without the secrets in it.
    """
    meaning = next((rule.error for rule in rules if rule.applies(answer.status, answer.text)), None)
    return (meaning or _meaning(answer, writes=writes))(
        _why(answer, hide), status=answer.status, retry_after=retry_after(answer.headers, now)
    )


def retry_after(headers: Mapping[str, str], now: Callable[[], datetime]) -> float | None:
    """Give the seconds ``Retry-After`` asks for, in either form (RFC 9110 §10.2.3); None when there is none.

    >>> retry_after({"Retry-After": "30"}, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    >>> retry_after(
    ...     {"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, lambda: datetime(2026, 1, 1, tzinfo=UTC)
    ... )
    60.0
    """
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit() and len(said) < len("1000000000"):
        return min(float(said), MOST_WAIT)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now()).total_seconds(), 0.0), MOST_WAIT)


def _meaning(answer: Answer, *, writes: bool) -> type[TargetError]:
    status = answer.status
    if status == HTTPStatus.NOT_FOUND and not isinstance(answer.body, dict):
        return Misconfigured
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers:
        return RateLimited
    return _MEANING.get(status) or _class_meaning(status, writes=writes)


def _class_meaning(status: int, *, writes: bool) -> type[TargetError]:
    """Give the meaning of a status by its first digit (RFC 9110 §15), for those without one of their own."""
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown if writes else Unreachable
    if status >= HTTPStatus.BAD_REQUEST:
        return Invalid
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return Misconfigured
    return OutcomeUnknown if writes else Garbled


def _why(answer: Answer, hide: Callable[[str], str]) -> str:
    said = _words(answer.body)
    if not said and HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        said = f"sent on to {answer.headers.get('Location', 'nowhere').partition('?')[0]}"
    if not said and answer.text and answer.body is None:
        said = "a web page or text where JSON was expected"
    # Hidden before it is cut: half a secret at the cut would be left standing.
    return hide(f"{answer.request} was answered {answer.status}") + (f": {_cut(hide(said))}" if said else "")


def _words(body: JsonValue) -> str:
    if not isinstance(body, dict):
        return ""
    return next((said for key in _SAYS if isinstance(said := body.get(key), str) and said), "")


def _cut(text: str) -> str:
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= MOST_DETAIL else line[: MOST_DETAIL - 1] + "…"
