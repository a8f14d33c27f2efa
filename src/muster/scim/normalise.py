"""One value of one attribute, checked and put into the schema's shape (RFC 7643 §2.3, §2.4, §2.5).

``normalise`` returns the value, or ``None`` when it is unassigned, or raises ``InvalidValue`` with the path
of what is wrong. It never coerces a number into text or text into a number. Tolerated, because providers
send it:

* ``"True"`` and ``"False"`` for booleans (Entra ID);
* a bare string, or a list of one, for a singular complex attribute with a ``value``, and an empty string for
  none: how Entra ID sends and clears ``manager``;
* an empty string for "no value" where text of the type cannot be empty: references, binaries, dates
  (OneLogin).
"""

import math
import re
from collections.abc import Hashable, Iterable
from typing import assert_never

from muster.scim.dialects import EMPTY_TEXT, USUAL, Dialect, Unknown
from muster.scim.errors import InvalidSyntax, InvalidValue
from muster.scim.schema import Attribute, Mutability, Type
from muster.scim.values import (
    JsonValue,
    Resource,
    as_boolean,
    instant,
    is_storable_integer,
    is_storable_text,
)

DEEPEST = 16
"""How deep a value may nest that no schema describes."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_NAMES = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "str": "a string",
    "list": "a list",
    "NoneType": "null",
}
_SPACE = re.compile(r"\s+")


def normalise(attribute: Attribute, value: JsonValue, at: str, *, dialect: Dialect = USUAL) -> JsonValue:
    """Return the value in the schema's shape, or ``None`` when it is unassigned.

    Args:
        attribute: What the value is a value of.
        value: Any JSON value.
        at: The path that an error names.
        dialect: What the sender may do beside the letter.

    Raises:
        InvalidValue: The value does not fit, with the path of the part that does not.
        InvalidSyntax: The schema has no such sub-attribute, and the dialect refuses those.
    """
    if not attribute.multi_valued:
        return _one(attribute, value, at, dialect)
    if value is None:
        return None
    if isinstance(value, dict) and value and attribute.type is Type.COMPLEX:
        value = [value]
    if not isinstance(value, list):
        raise _misfit(at, "a list", value)
    found = [_one(attribute, item, f"{at}[{index}]", dialect) for index, item in enumerate(value)]
    merged = merged_elements(attribute, (), (item for item in found if item is not None))
    check_primary(merged, at)
    return merged or None


def is_unassigned(attribute: Attribute, value: JsonValue, dialect: Dialect) -> bool:
    """Tell whether the value says that the attribute has none (RFC 7643 §2.5)."""
    if value is None or (value == [] and attribute.multi_valued):
        return True
    if value != "" or attribute.multi_valued:
        return False
    match attribute.type:
        case Type.STRING:
            return dialect.takes(EMPTY_TEXT)
        case Type.REFERENCE | Type.BINARY | Type.DATE_TIME:
            return True
        case Type.COMPLEX:
            return attribute.sub("value") is not None
        case Type.BOOLEAN | Type.INTEGER | Type.DECIMAL:
            return False
        case _:
            assert_never(attribute.type)


def check_primary(values: Iterable[JsonValue], at: str) -> None:
    """Return when at most one element is primary (RFC 7643 §2.4).

    Raises:
        InvalidValue: More than one is.
    """
    if sum(is_primary(item) for item in values) > 1:
        raise InvalidValue("only one value can be primary", path=at)


def is_primary(element: JsonValue) -> bool:
    """Tell whether the element is the preferred one."""
    return isinstance(element, dict) and element.get("primary") is True


def merged_elements(
    attribute: Attribute, present: Iterable[JsonValue], added: Iterable[JsonValue]
) -> list[JsonValue]:
    """Return the elements with those added that are new; a known one takes added sub-attributes.

    Elements are the same when they have the same ``type`` and ``value`` (RFC 7643 §2.4), the same ``value``
    alone where that cannot change, as for members of a group, or else are equal in every part.
    """
    found = list(present)
    places = {element_key(attribute, item): place for place, item in enumerate(found)}
    for item in added:
        place = places.setdefault(element_key(attribute, item), len(found))
        if place == len(found):
            found.append(item)
        else:
            found[place] = _enriched(attribute, found[place], item)
    return found


def element_key(attribute: Attribute, element: JsonValue) -> Hashable:
    """Return what makes an element of a multi-valued attribute that element and no other.

    Where letter case does not count (``caseExact``), it makes no other element: no filter tells them apart.
    """
    if isinstance(element, str):
        return (str, _folded(attribute, element))
    if not isinstance(element, dict):
        return (type(element), repr(element))
    value, kind = element.get("value"), element.get("type")
    sub = attribute.sub("value")
    if not isinstance(value, str) or sub is None:
        return repr(sorted(element.items(), key=lambda part: part[0]))
    if sub.mutability is Mutability.IMMUTABLE:
        return value
    return (_folded(sub, value), kind.casefold() if isinstance(kind, str) else None)


def _folded(attribute: Attribute, text: str) -> str:
    return text if attribute.case_exact else text.casefold()


def take_unknown(found: Resource, name: str, value: JsonValue, at: str, unknown: Unknown) -> None:
    """Do with the value of an attribute no schema describes as the policy says.

    Raises:
        InvalidSyntax: It is refused.
        InvalidValue: It is to be kept and cannot be stored.
    """
    if unknown is Unknown.REFUSE:
        raise InvalidSyntax("no schema describes this attribute", path=at)
    if unknown is Unknown.KEEP and value is not None:
        found[kept_name(name, at)] = kept(value, at)


def kept(value: JsonValue, at: str, depth: int = 0) -> JsonValue:
    """Return a value that no schema describes, once it is known to be storable.

    Raises:
        InvalidValue: It nests too deep, or holds text or numbers that cannot be stored.
    """
    if depth > DEEPEST:
        raise InvalidValue(f"the value nests deeper than {DEEPEST}", path=at)
    match value:
        case dict():
            return {_text(key, at): kept(part, at, depth + 1) for key, part in value.items()}
        case list():
            return [kept(part, at, depth + 1) for part in value]
        case str():
            return _text(value, at)
        case bool() | None:
            return value
        case _:
            return _number(value, at, whole=False)


def kept_name(name: str, at: str) -> str:
    """Return a name that no schema describes, once it is known to be storable.

    Raises:
        InvalidValue: It is not.
    """
    return _text(name, at)


def _enriched(attribute: Attribute, old: JsonValue, new: JsonValue) -> JsonValue:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old
    changes = {name: value for name, value in new.items() if old.get(name) != value}
    fixed = {sub.name for sub in attribute.sub_attributes if sub.mutability is Mutability.IMMUTABLE}
    fixed |= {"type", "value"} if "value" in new else set()
    taken = {name: value for name, value in changes.items() if name not in fixed}
    return {**old, **taken} if taken else old


def _one(attribute: Attribute, value: JsonValue, at: str, dialect: Dialect) -> JsonValue:
    if value is None or (value == "" and is_unassigned(attribute, value, dialect)):
        return None
    match attribute.type:
        case Type.STRING:
            return _text(value, at)
        case Type.COMPLEX:
            return _complex(attribute, value, at, dialect)
        case Type.BOOLEAN:
            return _boolean(value, at)
        case Type.INTEGER | Type.DECIMAL:
            return _number(value, at, whole=attribute.type is Type.INTEGER)
        case Type.REFERENCE | Type.BINARY | Type.DATE_TIME:
            return _formatted(attribute.type, _text(value, at), at)
        case _:
            assert_never(attribute.type)


def _complex(attribute: Attribute, value: JsonValue, at: str, dialect: Dialect) -> Resource | None:
    if not isinstance(value, dict):
        if attribute.multi_valued or attribute.sub("value") is None:
            raise _misfit(at, "an object", value)
        return _from_scalar(attribute, value, at, dialect)
    found: Resource = {}
    for key, part in value.items():
        sub = attribute.sub(key)
        if sub is None:
            take_unknown(found, key, part, f"{at}.{key[:80]}", dialect.unknown)
            continue
        if sub.name in found:
            raise InvalidValue("the attribute is given twice", path=f"{at}.{sub.name}")
        if sub.mutability not in _NOT_TAKEN:
            normal = normalise(sub, part, f"{at}.{sub.name}", dialect=dialect)
            if normal is not None:
                found[sub.name] = normal
    return found or None


_NOT_TAKEN = frozenset({Mutability.READ_ONLY, Mutability.WRITE_ONLY})


def _from_scalar(attribute: Attribute, value: JsonValue, at: str, dialect: Dialect) -> Resource | None:
    """Read the forms in which Entra ID sends a manager."""
    if value in ("", []):
        return None
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict | str):
        value = value[0]
    if isinstance(value, dict):
        return _complex(attribute, value, at, dialect)
    if not isinstance(value, str):
        raise _misfit(at, "an object", value)
    return {"value": _text(value, f"{at}.value")} if value else None


def _text(value: JsonValue, at: str) -> str:
    if not isinstance(value, str):
        raise _misfit(at, "a string", value)
    if not is_storable_text(value):
        raise InvalidValue("the text holds a NUL or half a surrogate pair", path=at)
    return value


def _boolean(value: JsonValue, at: str) -> bool:
    truth = as_boolean(value)
    if truth is None:
        raise _misfit(at, "true or false", value)
    return truth


def _number(value: JsonValue, at: str, *, whole: bool) -> int | float:
    if isinstance(value, float) and math.isfinite(value) and not whole:
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise _misfit(at, "an integer" if whole else "a finite number", value)
    if not is_storable_integer(value):
        raise InvalidValue("the integer does not fit in 64 bits", path=at)
    return value


def _formatted(kind: Type, text: str, at: str) -> str:
    if kind is Type.DATE_TIME and instant(text) is None:
        raise InvalidValue('a date and time is written like "2011-05-13T04:42:34Z"', path=at)
    if kind is not Type.BINARY:
        return text
    packed = _SPACE.sub("", text)
    if _BASE64.fullmatch(packed) is None or len(packed.rstrip("=")) % 4 == 1:
        raise InvalidValue("binary data is written in base64", path=at)
    return packed


def _misfit(at: str, wanted: str, value: JsonValue) -> InvalidValue:
    return InvalidValue(f"{wanted} is needed, not {_NAMES.get(type(value).__name__, 'an object')}", path=at)
