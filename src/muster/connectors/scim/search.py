"""Finding objects by a value, exactly, in applications whose filters cannot be trusted.

Three things go wrong with filters out there, and none of them may decide about an account:

* The filter is ignored and everybody comes back: each answer is compared with the value that was asked for.
* The answer is one page of many: the rest is asked for, up to a bound.
* The filter is taken but never finds anything (django-scim2 for most attributes, ``externalId`` among
  them): an empty answer is believed only from a search that has found something before. Where it has not,
  it is tried on an object that is known to be there, a witness.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from muster.connectors.scim.shape import Place, Shape
from muster.connectors.scim.wire import Wire
from muster.kit.contract import EXTERNAL_ID
from muster.model import Garbled, Gone, Invalid, Kind, RemoteId, RemoteObject, Unsupported, Value
from muster.scim import Filter, Op, ScimError, all_of, compare, render, where

_MOST_PAGES: Final = 50
_WITNESSES: Final = 3  # for each attribute; one alone may be gone when it is needed
_SAMPLE: Final = 20

_By: TypeAlias = tuple[Kind, str]


class Search:
    """Finds objects through one connector, and learns which searches of its application work."""

    def __init__(self, wire: Wire, shapes: Iterable[Shape], *, page: int) -> None:
        self._wire = wire
        self._page = page
        self._works: set[_By] = set()
        self._blind: set[_By] = set()
        self._witnesses: dict[_By, dict[RemoteId, str]] = {}
        self._wanted = {shape.kind: {EXTERNAL_ID, *shape.places} for shape in shapes}

    def notice(self, seen: Iterable[RemoteObject]) -> None:
        """Keep the first few objects that have an attribute as witnesses for searches by it."""
        for item in seen:
            for attribute in tuple(self._wanted[item.kind]):
                value = _held(item, attribute)
                if isinstance(value, str):
                    witnesses = self._witnesses.setdefault((item.kind, attribute), {})
                    witnesses[item.id] = value
                    if len(witnesses) >= _WITNESSES:
                        self._wanted[item.kind].discard(attribute)

    async def find(self, shape: Shape, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give every object whose attribute is that value.

        Raises:
            Unsupported: the application cannot look by this attribute.
            Invalid: the value cannot stand in a filter.
            Garbled: more objects were announced than came.
        """
        if not value:
            return ()  # an empty value is none (``mapping``)
        by = (shape.kind, attribute)
        if by in self._blind:
            raise _cannot(shape, attribute)
        found = await self._all(shape, attribute, value)
        if found:
            self._works.add(by)
        elif by not in self._works:
            await self._try_out(shape, attribute)
        return found

    async def _try_out(self, shape: Shape, attribute: str) -> None:
        """Return when the search finds a witness, or when there is none to try it on."""
        by = (shape.kind, attribute)
        if not self._witnesses.get(by):
            self.notice((await self._wire.page(shape, start=1, count=_SAMPLE)).items)
        for witness, value in tuple(self._witnesses.get(by, {}).items()):
            if any(item.id == witness for item in await self._all(shape, attribute, value)):
                self._works.add(by)
                return
            if await self._still(shape, witness, attribute, value):
                self._blind.add(by)
                raise _cannot(shape, attribute)
            self._forget(by, witness)

    async def _still(self, shape: Shape, id: RemoteId, attribute: str, value: str) -> bool:
        try:
            item = await self._wire.get(shape, id)
        except Gone:
            return False
        return _same(shape, attribute, _held(item, attribute), value)

    def _forget(self, by: _By, id: RemoteId) -> None:
        kind, attribute = by
        self._witnesses[by].pop(id, None)
        self._wanted[kind].add(attribute)

    async def _all(self, shape: Shape, attribute: str, value: str) -> Sequence[RemoteObject]:
        text = _filter(shape, attribute, value)
        found: dict[RemoteId, RemoteObject] = {}
        came = 0
        for _ in range(_MOST_PAGES):
            page = await self._wire.page(shape, start=came + 1, count=self._page, filter=text)
            came += len(page.items)
            found |= {
                item.id: item for item in page.items if _same(shape, attribute, _held(item, attribute), value)
            }
            if came >= (page.total or 0):
                return tuple(found.values())
            if not page.items:
                raise Garbled(f"a search for {shape.collection} announced {page.total} but gave {came}")
        raise Unsupported(f"a search for {shape.collection} by {attribute} gave more than {came} objects")


def _filter(shape: Shape, attribute: str, value: str) -> str:
    try:
        return render(_ast(shape, attribute, value))
    except ScimError as error:
        raise Invalid(f"the application cannot be searched for this {attribute}: {error.detail}") from None


def _ast(shape: Shape, attribute: str, value: str) -> Filter:
    """Give the search as a filter (RFC 7644 §3.4.2.2); no string is ever joined into its text."""
    if attribute == EXTERNAL_ID:
        return compare(EXTERNAL_ID, Op.EQ, value)
    place: Place = shape.place(attribute)
    if place.path.filter is None or place.path.sub is None or place.path.attribute is None:
        return compare(str(place.path), Op.EQ, value)
    element = all_of(place.path.filter, compare(place.path.sub.name, Op.EQ, value))
    return where(str(place.attribute), element)


def _held(item: RemoteObject, attribute: str) -> Value:
    return item.external_id if attribute == EXTERNAL_ID else item.attributes.get(attribute)


def _same(shape: Shape, attribute: str, held: Value, value: str) -> bool:
    if held is None:
        return False
    return (
        held == value if attribute == EXTERNAL_ID else shape.declared.attributes[attribute].same(held, value)
    )


def _cannot(shape: Shape, attribute: str) -> Unsupported:
    return Unsupported(
        f"the application takes a search for {shape.collection} by {attribute}, but finds nothing"
    )
