"""What a client searches for, whether it stands in a URL or in a message (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster.scim.errors import InvalidSyntax, InvalidValue
from muster.scim.values import JsonValue, spelled

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The parameters of a search as they were said; numbers may be text. ``cursor`` is of RFC 9865."""

    filter: str | None = None
    sort_by: str | None = None
    sort_order: str | None = None
    start_index: JsonValue = None
    count: JsonValue = None
    cursor: str | None = None
    attributes: Sequence[str] = ()
    excluded: Sequence[str] = ()


def search_request(body: JsonValue) -> Search:
    """Return the search that a SearchRequest message asks for.

    Raises:
        InvalidSyntax: The body is no such message.
        InvalidValue: A parameter is not of its type.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("a search request is a JSON object")
    schemas = body.get(spelled(body, "schemas"))
    if not isinstance(schemas, list) or SEARCH_URN not in schemas:
        raise InvalidSyntax(f"a search request names {SEARCH_URN}", path="schemas")
    return Search(
        filter=_text(body, "filter"),
        sort_by=_text(body, "sortBy"),
        sort_order=_text(body, "sortOrder"),
        start_index=body.get(spelled(body, "startIndex")),
        count=body.get(spelled(body, "count")),
        cursor=_text(body, "cursor"),
        attributes=_texts(body, "attributes"),
        excluded=_texts(body, "excludedAttributes"),
    )


def _text(body: dict[str, JsonValue], name: str) -> str | None:
    value = body.get(spelled(body, name))
    if value is not None and not isinstance(value, str):
        raise InvalidValue("a string is needed", path=name)
    return value


def _texts(body: dict[str, JsonValue], name: str) -> list[str]:
    """Return the names listed; a text with commas is read as the URL parameter of that name."""
    value = body.get(spelled(body, name))
    listed = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(listed, list):
        raise InvalidValue("a list of attribute names is needed", path=name)
    names = [item for item in listed if isinstance(item, str)]
    if len(names) != len(listed):
        raise InvalidValue("a list of attribute names is needed", path=name)
    return names
