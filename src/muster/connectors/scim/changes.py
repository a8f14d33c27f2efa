"""Changing one object by the smallest write its application takes.

PATCH with one operation per attribute is tried first. Applications refuse it in three ways, each with its
answer:

* ``noTarget``: the element we saw is not there any more; the change is sent once more with the element added.
* The application has no PATCH (it says so, or answers 405 or a bare 404): the object is read, changed and
  replaced by PUT.
* It has PATCH, but not for this attribute (django-scim2 answers 501 to most): PUT as well, and the
  attribute is remembered.

All three are refusals before anything happened, so nothing is sent twice.
"""

import asyncio
from typing import Final

from muster.connectors.scim.mapping import (
    Change,
    merged,
    observed,
    overlaid,
    patched,
    says_active,
    without_selected,
)
from muster.connectors.scim.shape import Shape
from muster.connectors.scim.wire import Refused, Wire, shown, version
from muster.kit.answers import Answer
from muster.model import (
    Forbidden,
    Garbled,
    Gone,
    Kind,
    Misconfigured,
    OutcomeUnknown,
    RemoteObject,
    Unsupported,
)

_CONFIGURATION: Final = "ServiceProviderConfig"


class Dialect:
    """What one application turned out to be able to do; asked once, then learned from its refusals."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._asking = asyncio.Lock()
        self._patch: bool | None = None  # not asked yet
        self._taken: set[tuple[Kind, str]] = set()
        self._refused: set[tuple[Kind, str]] = set()

    async def patches(self, kind: Kind, names: frozenset[str]) -> bool:
        """Say whether PATCH is worth trying for these attributes."""
        async with self._asking:
            if self._patch is None:
                self._patch = await self._declared()
        return self._patch and not any((kind, name) in self._refused for name in names)

    async def _declared(self) -> bool:
        """Say whether the application claims PATCH (RFC 7643 §5); one that claims nothing is tried."""
        try:
            configuration = await self._wire.document(_CONFIGURATION)
        except (Gone, Misconfigured, Unsupported, Forbidden, Garbled):
            return True
        patch = configuration.get("patch")
        return not (isinstance(patch, dict) and patch.get("supported") is False)

    def took(self, kind: Kind, names: frozenset[str]) -> None:
        """Remember attributes that PATCH changes."""
        self._taken |= {(kind, name) for name in names}

    def refused(self, kind: Kind, names: frozenset[str], refusal: Refused) -> None:
        """Remember what a refusal was about: the method, or those attributes that were never taken before."""
        if refusal.method:
            self._patch = False
        elif not refusal.no_target:
            self._refused |= {(kind, name) for name in names} - self._taken


class Changes:
    """Changes objects through one connector."""

    def __init__(self, wire: Wire, dialect: Dialect) -> None:
        self._wire = wire
        self._dialect = dialect

    async def make(self, shape: Shape, seen: RemoteObject, change: Change) -> RemoteObject:
        """Make the change and give the object as the application shows it.

        Raises:
            Invalid: a required value would be cleared.
            Gone: it exists no more.
            Changed: it has another version than the one seen.
            OutcomeUnknown: no trustworthy answer came.
        """
        shape.check(change.attributes, creating=False)
        if not change.names:
            return await self._wire.get(shape, seen.id)
        refusal: Refused | None = None
        if await self._dialect.patches(shape.kind, change.names):
            answer = await self._patch(shape, seen, change)
            if not isinstance(answer, Refused):
                self._dialect.took(shape.kind, change.names)
                return await self._result(shape, seen, change, answer)
            refusal = answer
        return await self._put(shape, seen, change, refusal)

    async def _patch(self, shape: Shape, seen: RemoteObject, change: Change) -> Answer | Refused | None:
        """Give the application's answer; None when there was nothing to change."""
        answer: Answer | Refused | None = None
        for view in (seen, without_selected(shape, seen)):
            operations = patched(shape, view, change)
            if not operations:
                return None
            answer = await self._wire.patch(shape, seen.id, operations, etag=seen.etag)
            if not (isinstance(answer, Refused) and answer.no_target):
                break
        return answer

    async def _put(
        self, shape: Shape, seen: RemoteObject, change: Change, refusal: Refused | None
    ) -> RemoteObject:
        resource, etag = await self._wire.resource(shape, seen.id)
        if refusal is not None:  # a bare 404 was about the method, now that the object is known to be there
            self._dialect.refused(shape.kind, change.names, refusal)
        now = observed(shape, resource, etag)
        # The version that was seen, so that a change in between is noticed; else at least the one just read.
        answer = await self._wire.put(
            shape, seen.id, merged(shape, resource, change), etag=seen.etag or now.etag
        )
        return await self._result(shape, now, change, answer)

    async def _result(
        self, shape: Shape, seen: RemoteObject, change: Change, answer: Answer | None
    ) -> RemoteObject:
        if answer is None:
            return await self._wire.get(shape, seen.id)
        result = shown(shape, answer)
        if result is None:
            return overlaid(seen, change, version(answer))
        if result.id != seen.id:
            raise OutcomeUnknown(f"{answer.request} was answered with another {shape.type.name}")
        if change.active is not None and not says_active(answer.body):
            return await self._wire.get(shape, seen.id)
        return result
