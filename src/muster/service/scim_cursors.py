"""Cursors: where a page ended, sealed, so that nobody reads or forges one (RFC 9865 §5.2).

A cursor names a position in the order of one search of one source, and is kept nowhere. It stays good however
long a client waits, and whatever changes before or after the position meanwhile.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TypeAlias, cast

from muster.model import Secret, Unavailable
from muster.scim.errors import InvalidCursor
from muster.scim.filter import render, with_plain_names
from muster.service.desk import Desk
from muster.service.scim_exchange import Caller, Query
from muster.vault import open_, seal

Position: TypeAlias = tuple[bool, "bool | int | float | str", str]
"""What the last resource of a page is ordered by, as ``scim.sorting.SortKey``, and its id."""


def cursor_after(desk: Desk, caller: Caller, query: Query, kind: str, position: Position) -> str:
    """The cursor of the page that follows the position; ``kind`` names what is searched."""
    sealed = seal(desk.seal_key, Secret(json.dumps(position)), bound_to=_place(caller, query, kind))
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def position_of(desk: Desk, caller: Caller, query: Query, kind: str) -> Position | None:
    """Where the page begins that the query asks for; None where it is the first.

    Raises:
        InvalidCursor: The cursor was not given for this search.
    """
    if not query.cursor:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        sealed = urlsafe_b64decode(padded.encode("ascii"))
        opened = open_(desk.seal_key, sealed, bound_to=_place(caller, query, kind))
    except (ValueError, Unavailable) as error:
        raise InvalidCursor("this cursor was not given for this search; begin anew without it") from error
    return cast("Position", tuple(json.loads(opened.reveal())))


def _place(caller: Caller, query: Query, kind: str) -> str:
    """The one search that a cursor belongs to: who searches, for what, in which order."""
    said = [
        kind,
        "" if query.filter is None else render(with_plain_names(query.filter)),
        "" if query.sort is None else f"{query.sort} {query.sort.descending}",
    ]
    digest = sha256(json.dumps(said).encode()).hexdigest()
    return f"{caller.source.tenant}/cursor/{caller.source.id}/{digest}"
