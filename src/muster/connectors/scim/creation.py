"""Creating one object, and trusting no answer that may be about another one (RFC 7644 §3.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from muster.connectors.scim.mapping import created
from muster.connectors.scim.shape import Shape
from muster.connectors.scim.wire import Wire, shown
from muster.kit.answers import Answer
from muster.kit.contract import New
from muster.model import ACCOUNT, GROUP, Kind, OutcomeUnknown, RemoteId, RemoteObject, TargetError, Value

_NAMING: Final[Mapping[Kind, str]] = MappingProxyType({ACCOUNT: "userName", GROUP: "displayName"})


async def create(wire: Wire, shape: Shape, new: New) -> RemoteObject:
    """Make the object exist and give it as the application shows it.

    Raises:
        Invalid: a required value is missing.
        Conflict: an object with one of its unique values exists.
        OutcomeUnknown: it may exist, but the answer does not show it.
    """
    shape.check(new.attributes, creating=True)
    answer = await wire.post(shape, created(shape, new))
    result = shown(shape, answer) or await _looked_up(wire, shape, answer)
    if not _is_ours(shape, new, result):
        raise OutcomeUnknown(f"{answer.request} was answered with another {shape.type.name} than was sent")
    return result


async def _looked_up(wire: Wire, shape: Shape, answer: Answer) -> RemoteObject:
    """Give the object at the answer's ``Location``, where its body is empty."""
    last = unquote(urlsplit(answer.headers.get("Location", "")).path.rstrip("/").rpartition("/")[2])
    try:
        return await wire.get(shape, RemoteId(last))
    except TargetError as error:
        raise OutcomeUnknown(f"{answer.request} was answered with nothing in it: {error.why}") from None


def _is_ours(shape: Shape, new: New, result: RemoteObject) -> bool:
    """Say whether what the answer shows can be the object we sent; what it does not show tells nothing."""
    if result.external_id not in {None, new.external_id}:
        return False
    name = _NAMING[shape.kind]
    return _fits(new.attributes.get(name), result.attributes.get(name))


def _fits(sent: Value, shown_: Value) -> bool:
    if sent is None or shown_ is None:
        return True
    return str(sent).strip().casefold() == str(shown_).strip().casefold()
