"""JSON as Python values, and the questions every SCIM module asks about them.

A resource is a plain ``dict`` of JSON values. Nothing here walks deeper than a SCIM attribute can be, so a
hostile document costs no recursion.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
"""What a JSON parser returns."""

Resource: TypeAlias = dict[str, JsonValue]
"""One SCIM resource, or one complex value inside it."""

# A NUL cannot be stored by PostgreSQL and a lone surrogate cannot be encoded as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})?", re.ASCII | re.IGNORECASE
)
_TRUTH = {"true": True, "false": False}


def is_storable_text(text: str) -> bool:
    """Tell whether every encoder and database can keep the text unchanged."""
    return (text.isascii() and "\x00" not in text) or _UNSTORABLE.search(text) is None


def is_storable_integer(number: int) -> bool:
    """Tell whether the number fits in 64 bits with a sign, beyond which encoders and databases disagree."""
    return -(2**63) <= number < 2**63


def as_boolean(value: JsonValue) -> bool | None:
    """Return the truth value, or ``None`` when there is none.

    Entra ID sends ``"True"`` and ``"False"`` unless its SCIM compliance flag is set, so the words count in
    any case.
    """
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value.lower()) if isinstance(value, str) else None


def instant(text: str) -> datetime | None:
    """Return the aware instant an ``xsd:dateTime`` names, or ``None`` (RFC 7643 §2.3.5).

    A value without a zone is read as UTC; digits beyond microseconds are cut, because Entra ID sends seven.
    """
    if _DATE_TIME.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def is_present(value: JsonValue) -> bool:
    """Tell whether the value is assigned and not empty, as ``pr`` means it (RFC 7644 §3.4.2.2)."""
    match value:
        case dict():
            return any(part not in _EMPTY for part in value.values())
        case list():
            return any(is_present(item) if isinstance(item, dict) else item not in _EMPTY for item in value)
        case _:
            return value not in _EMPTY


_EMPTY: tuple[JsonValue, ...] = (None, "", [], {})


def elements(value: JsonValue) -> list[JsonValue]:
    """Return the values of an attribute as a list: nothing for none, one for a singular value."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def spelled(container: Mapping[str, JsonValue], name: str) -> str:
    """Return the key under which the container holds the name in any case, or the name itself."""
    if name in container:
        return name
    wanted = name.lower()
    return next((key for key in container if key.lower() == wanted), name)


def json_list(items: Iterable[JsonValue]) -> JsonValue:
    """Return the items as a JSON array."""
    return list(items)
