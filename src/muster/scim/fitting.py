"""What is stored, measured by a schema that came or changed after it was stored.

The containers of a URN that nobody described are kept as they came. When the operator describes it, each is
put into the schema's shape, or it is said what does not fit. Nothing is lost on the way: a value that the
schema has no place for is a misfit.
"""

from muster.scim.dialects import Dialect
from muster.scim.errors import InvalidValue
from muster.scim.normalise import normalise
from muster.scim.schema import Attribute, Mutability, Schema
from muster.scim.validate import check_attributes
from muster.scim.values import JsonValue, Resource

_TO_THE_LETTER = Dialect(tolerated=frozenset())


def fitted(container: JsonValue, schema: Schema) -> Resource:
    """Return what an extension holds, in the shape of the schema.

    Raises:
        InvalidValue: Something does not fit or would be lost; the error has the path below the extension.
    """
    if not isinstance(container, dict):
        raise InvalidValue("it is no object")
    found: Resource = {}
    for key, value in container.items():
        attribute = schema.attribute(key)
        if attribute is None:
            raise InvalidValue("the schema has no such attribute", path=key[:80])
        if attribute.name in found:
            raise InvalidValue("it is there in two spellings", path=attribute.name)
        normal = _fitted(attribute, value)
        if normal is not None:
            found[attribute.name] = normal
    check_attributes(found, schema.demanding, "")
    return found


def _fitted(attribute: Attribute, value: JsonValue) -> JsonValue:
    normal = normalise(attribute, value, attribute.name, dialect=_TO_THE_LETTER)
    _refuse_loss(attribute, value, attribute.name)
    return normal


def _refuse_loss(attribute: Attribute, value: JsonValue, at: str) -> None:
    """Refuse what ``normalise`` would pass over: it drops what clients send and nobody keeps."""
    if attribute.mutability is Mutability.WRITE_ONLY:
        raise InvalidValue("what is writeOnly is not kept", path=at)
    for item in value if isinstance(value, list) else [value]:
        for key, part in item.items() if isinstance(item, dict) else ():
            sub = attribute.sub(key)
            if sub is None:
                raise InvalidValue("the schema has no such sub-attribute", path=f"{at}.{key[:80]}")
            if sub.mutability is Mutability.READ_ONLY:
                raise InvalidValue("a readOnly sub-attribute is not kept", path=f"{at}.{sub.name}")
            _refuse_loss(sub, part, f"{at}.{sub.name}")
