"""Pages of resources: the ListResponse message and its paging parameters (RFC 7644 §3.4.2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster.scim.errors import InvalidCount, InvalidValue
from muster.scim.values import JsonValue, Resource, json_list

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The window of a result that a client asks for: ``start`` counts from 1, ``count`` may be 0."""

    start: int
    count: int

    @property
    def offset(self) -> int:
        """How many results come before the page."""
        return self.start - 1


def page(start_index: JsonValue, count: JsonValue, *, most: int) -> Page:
    """Return the window that the parameters ask for.

    >>> page("0", "-5", most=200)
    Page(start=1, count=0)

    Args:
        start_index: ``startIndex`` as text or number; less than 1 means 1, as Entra ID's 0 does.
        count: ``count`` as text or number; negative means 0, and none means as many as the server gives.
        most: How many results the server gives at once.

    Raises:
        InvalidValue: A parameter is not a whole number.
    """
    start = _whole("startIndex", start_index)
    wanted = _whole("count", count)
    return Page(
        start=1 if start is None else max(start, 1),
        count=most if wanted is None else min(max(wanted, 0), most),
    )


def page_size(count: JsonValue, *, most: int) -> int:
    """Return how many results a page found by cursor shall have (RFC 9865 §2).

    Raises:
        InvalidCount: The parameter is not a whole number.
    """
    try:
        return page(None, count, most=most).count
    except InvalidValue as error:
        raise InvalidCount(error.detail, path="count") from error


def list_response(resources: Sequence[Resource], *, total: int, start: int = 1) -> Resource:
    """Return the message that carries one page.

    Args:
        resources: The resources of the page, as a client is shown them.
        total: How many resources the query found.
        start: The 1-based index of the first one on this page.
    """
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": json_list(resources),
    }


def list_head(*, total: int, start: int | None, items: int, cursor: str | None) -> bytes:
    """Return the message that carries a page, up to the resources, which are JSON already.

    The resources, with commas between them, and ``]}`` complete it.

    Args:
        total: How many resources the query found.
        start: The 1-based index of the first one on this page; ``None`` where pages are found by cursor.
        items: How many are on this page.
        cursor: What leads to the next page; ``None`` where there is none.
    """
    index = "" if start is None else f'"startIndex":{start},'
    following = "" if cursor is None else f'"nextCursor":"{cursor}",'
    return (
        f'{{"schemas":["{LIST_URN}"],"totalResults":{total},{index}"itemsPerPage":{items},{following}"Resources":['
    ).encode()


def _whole(name: str, value: JsonValue) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else ""
    digits = text[1:] if text[:1] in {"-", "+"} else text
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER):
        raise InvalidValue("a whole number is needed", path=name)
    return int(text)
