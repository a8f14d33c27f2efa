"""The PATCH message, checked and taken apart (RFC 7644 §3.5.2)."""

from dataclasses import dataclass
from enum import StrEnum

from muster.scim.errors import InvalidPath, InvalidSyntax, InvalidValue
from muster.scim.values import JsonValue, spelled

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1000


class Verb(StrEnum):
    """What an operation does at its target."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    ``valued`` tells a ``null`` value from no value at all; ``capital`` that the verb begins with a capital,
    as Entra ID writes it.
    """

    verb: Verb
    path: str | None = None
    value: JsonValue = None
    valued: bool = True
    capital: bool = False


def parse_request(body: JsonValue, *, most_operations: int = MOST_OPERATIONS) -> tuple[Operation, ...]:
    """Return the operations of a PATCH message, in their order.

    The verb is read in any case, because Entra ID sends ``Replace``; a ``null`` path is no path, because
    authentik sends one.

    Raises:
        InvalidSyntax: The body is not a PatchOp message.
        InvalidPath: A path is not text.
        InvalidValue: An ``add`` or ``replace`` has no value.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("a PATCH request is a JSON object")
    schemas = body.get(spelled(body, "schemas"))
    if not isinstance(schemas, list) or PATCH_URN not in schemas:
        raise InvalidSyntax(f"a PATCH request names {PATCH_URN}", path="schemas")
    operations = body.get(spelled(body, "Operations"))
    if not isinstance(operations, list) or not 0 < len(operations) <= most_operations:
        raise InvalidSyntax(f"a list of 1 to {most_operations} operations is needed", path="Operations")
    return tuple(_operation(item, f"Operations[{index}]") for index, item in enumerate(operations))


def _operation(item: JsonValue, at: str) -> Operation:
    if not isinstance(item, dict):
        raise InvalidSyntax("an operation is a JSON object", path=at)
    verb = item.get(spelled(item, "op"))
    if not isinstance(verb, str) or verb.lower() not in _VERBS:
        raise InvalidSyntax("an operation is one of add, replace, remove", path=f"{at}.op")
    path = item.get(spelled(item, "path"))
    if path is not None and not isinstance(path, str):
        raise InvalidPath("a path is a string", path=f"{at}.path")
    key = spelled(item, "value")
    found = Operation(
        verb=Verb(verb.lower()),
        path=path,
        value=item.get(key),
        valued=key in item,
        capital=verb[0].isupper(),
    )
    if found.verb is not Verb.REMOVE and not found.valued:
        raise InvalidValue(f"{found.verb} needs a value", path=f"{at}.value")
    return found


_VERBS = frozenset(verb.value for verb in Verb)
