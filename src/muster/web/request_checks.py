"""What every request is checked for, whatever it asks: what could mean two things is refused."""

from collections import Counter
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from muster.scim.errors import BadRequest, InvalidValue, NotFound
from muster.scim.media import accepts_scim
from muster.web.refusals import NotAcceptable

_LISTS: Final = frozenset({"attributes", "excludedAttributes"})  # several of these mean all of them

_accepts_scim = lru_cache(maxsize=256)(accepts_scim)


def header_once(scope: Scope, name: bytes) -> str | None:
    """The value of a header that a request may have once; None without it.

    Raises:
        BadRequest: it has several, so that nobody knows which one a proxy before us went by.
    """
    values = [value for key, value in scope["headers"] if key == name]
    if len(values) > 1:
        raise BadRequest(f"a request has one {name.decode('ascii')} at most")
    return values[0].decode("latin-1") if values else None


def check(request: Request) -> None:
    """Return when the request can mean one thing only and its answer can be taken.

    Raises:
        NotFound: its path holds an encoded slash, which is no slash (RFC 3986 §2.2).
        NotAcceptable: it takes no SCIM message as an answer.
        InvalidValue: it says a parameter twice.
    """
    scope = request.scope
    if b"%2f" in scope["raw_path"].lower():
        raise NotFound("there is nothing at this address")
    accept = b",".join(value for key, value in scope["headers"] if key == b"accept")
    if not _accepts_scim(accept.decode("latin-1")):
        raise NotAcceptable("answers are application/scim+json; Accept must allow it, or application/json")
    if scope["query_string"]:
        said = Counter(name for name, _ in request.query_params.multi_items())
        for name, times in said.items():
            if times > 1 and name not in _LISTS:
                raise InvalidValue(f"the address says {name[:80]} {times} times", path=None)
