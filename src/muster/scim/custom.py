"""A Schema document becomes a compiled schema: how an operator adds attributes (RFC 7643 §7)."""

from enum import StrEnum
from typing import TypeVar

from muster.scim.errors import InvalidPath, InvalidValue
from muster.scim.schema import Attribute, Mutability, Returned, Schema, Type, Uniqueness
from muster.scim.values import JsonValue, Resource, is_storable_text

_Word = TypeVar("_Word", bound=StrEnum)
_LEVELS = 2


def schema_from_document(document: JsonValue) -> Schema:
    """Return the schema the document describes; what it leaves out has the defaults of RFC 7643 §2.2.

    Beyond those, a description is the name where there is none, and what is only written is never returned.

    Raises:
        InvalidValue: Something is missing, has the wrong type or contradicts itself; the error has the path.
    """
    if not isinstance(document, dict):
        raise InvalidValue("a schema is a JSON object")
    urn = _text(document, "id", "")
    if ":" not in urn:
        raise InvalidValue("a schema is named by a URI", path="id")
    name = _text(document, "name", "", default="") or urn
    try:
        return Schema(
            urn=urn,
            name=name,
            description=_text(document, "description", "", default="") or name,
            attributes=_attributes(document, "attributes", "", _LEVELS),
        )
    except ValueError as error:
        raise InvalidValue(str(error), path="attributes") from error


def _attributes(document: Resource, key: str, prefix: str, levels: int) -> tuple[Attribute, ...]:
    items = document.get(key, [])
    at = prefix + key
    if not isinstance(items, list):
        raise InvalidValue("a list of attributes is needed", path=at)
    if items and not levels:
        raise InvalidValue("a sub-attribute cannot have sub-attributes", path=at)
    return tuple(_attribute(item, f"{at}[{index}]", levels - 1) for index, item in enumerate(items))


def _attribute(document: JsonValue, at: str, levels: int) -> Attribute:
    if not isinstance(document, dict):
        raise InvalidValue("an attribute is a JSON object", path=at)
    prefix = f"{at}."
    name = _text(document, "name", prefix)
    mutability = _word(Mutability, document, "mutability", prefix, Mutability.READ_WRITE)
    usual = Returned.NEVER if mutability is Mutability.WRITE_ONLY else Returned.DEFAULT
    try:
        return Attribute(
            name=name,
            type=_word(Type, document, "type", prefix, Type.STRING),
            multi_valued=_truth(document, "multiValued", prefix),
            description=_text(document, "description", prefix, default="") or name,
            required=_truth(document, "required", prefix),
            case_exact=_truth(document, "caseExact", prefix),
            mutability=mutability,
            returned=_word(Returned, document, "returned", prefix, usual),
            uniqueness=_word(Uniqueness, document, "uniqueness", prefix, Uniqueness.NONE),
            canonical_values=_texts(document, "canonicalValues", prefix),
            reference_types=_texts(document, "referenceTypes", prefix),
            sub_attributes=_attributes(document, "subAttributes", prefix, levels),
        )
    except (ValueError, InvalidPath) as error:
        raise InvalidValue(str(error), path=at) from error


def _text(document: Resource, key: str, prefix: str, *, default: str | None = None) -> str:
    value = document.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise InvalidValue("a string is needed", path=prefix + key)
    return _storable(value, prefix + key)


def _texts(document: Resource, key: str, prefix: str) -> tuple[str, ...]:
    items = document.get(key, [])
    found = [item for item in items if isinstance(item, str)] if isinstance(items, list) else []
    if not isinstance(items, list) or len(found) != len(items):
        raise InvalidValue("a list of strings is needed", path=prefix + key)
    return tuple(_storable(item, prefix + key) for item in found)


def _storable(text: str, at: str) -> str:
    if not is_storable_text(text):
        raise InvalidValue("the text holds a NUL or half a surrogate pair", path=at)
    return text


def _truth(document: Resource, key: str, prefix: str) -> bool:
    value = document.get(key, False)
    if not isinstance(value, bool):
        raise InvalidValue("true or false is needed", path=prefix + key)
    return value


def _word(words: type[_Word], document: Resource, key: str, prefix: str, default: _Word) -> _Word:
    value = document.get(key, default)
    if not isinstance(value, str) or value not in {word.value for word in words}:
        raise InvalidValue(f"one of {', '.join(words)} is needed", path=prefix + key)
    return words(value)
