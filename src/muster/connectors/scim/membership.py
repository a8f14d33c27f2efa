"""Members of groups: read whole, changed by adding and removing (RFC 7644 §3.5.2).

Every change ends in the same state however often it is sent. Removal has two forms out there, and each is
refused by those who know the other: ``members[value eq "2819"]`` is the RFC's; a list of values under the
path ``members`` is that of Microsoft Entra, and the only one django-scim2 takes. The RFC's is tried first,
and what worked is remembered. To the RFC the other form without its list means "remove all", so its first
use is watched: if it emptied the group, the others are put back. Where there is no PATCH, the group is
read, changed and replaced.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from muster.connectors.scim.mapping import observed
from muster.connectors.scim.shape import Shape
from muster.connectors.scim.wire import Refused, Wire
from muster.kit.contract import Members
from muster.model import Conflict, Invalid, RemoteId, RemoteObject, Unsupported
from muster.scim import JsonValue, Op, Resource, compare, render, where
from muster.scim.values import elements, spelled

_MEMBERS: Final = "members"

_Form: TypeAlias = Callable[[Sequence[RemoteId]], list[JsonValue]]


class Membership:
    """Reads and changes members through one connector."""

    def __init__(self, wire: Wire, shape: Shape, *, most: int) -> None:
        self._wire = wire
        self._shape = shape
        self._most = most
        self._removing: tuple[_Form, ...] = (_removed_by_path, _removed_by_value)
        self._replaces = False

    async def read(self, group: RemoteObject) -> Sequence[RemoteId]:
        """Give the members of a group as the application shows them."""
        resource, _ = await self._wire.resource(self._shape, group.id)
        return tuple(_ids(resource))

    async def change(self, group: RemoteObject, members: Members) -> None:
        """Make the first be members and the others not, in calls the application takes.

        Raises:
            Gone: the group exists no more.
            Invalid: a member is not acceptable.
            Unsupported: the application does not change members.
        """
        for ids in _chunks(members.add, self._most):
            await self._add(group, ids)
        for ids in _chunks(members.remove, self._most):
            await self._remove(group, ids)

    async def _add(self, group: RemoteObject, ids: Sequence[RemoteId]) -> None:
        refusal = None if self._replaces else await self._attempt(group, _added, ids, gone=frozenset())
        if refusal is not None or self._replaces:
            await self._replace(group, add=ids, remove=(), refusal=refusal)

    async def _remove(self, group: RemoteObject, ids: Sequence[RemoteId]) -> None:
        refusal: Refused | None = None
        for form in () if self._replaces else self._removing:
            watched = form is _removed_by_value and len(self._removing) > 1
            others = set(await self.read(group)) - set(ids) if watched else set[RemoteId]()
            refusal = await self._attempt(group, form, ids, gone=frozenset(ids))
            if refusal is None:
                await self._put_back(group, others)
                self._removing = (form,)
                return
            if refusal.method:
                break
        await self._replace(group, add=(), remove=ids, refusal=refusal)

    async def _attempt(
        self, group: RemoteObject, form: _Form, ids: Sequence[RemoteId], *, gone: AbstractSet[RemoteId]
    ) -> Refused | None:
        """Give the refusal of a form; None when the members are as wanted.

        An application may refuse to add a member once more, or to remove one that is none. Then only what
        is left to do is sent.
        """
        refusal = await self._sent(group, form, ids)
        if refusal is None or not refusal.no_target:
            return refusal
        there = set(await self.read(group))
        left = [one for one in ids if (one in there) == (one in gone)]
        if left and len(left) < len(ids):
            return await self._sent(group, form, left)
        return refusal if left else None

    async def _sent(self, group: RemoteObject, form: _Form, ids: Sequence[RemoteId]) -> Refused | None:
        try:
            answer = await self._wire.patch(self._shape, group.id, form(ids))
        except Conflict as error:
            return Refused(error=error, no_target=True, method=False)
        except Invalid as error:
            if form is _added:
                raise
            return Refused(error=error, no_target=False, method=False)
        return answer if isinstance(answer, Refused) else None

    async def _put_back(self, group: RemoteObject, others: AbstractSet[RemoteId]) -> None:
        """Return when the others are still members; a form that emptied the group is never used again."""
        if not others or others & set(await self.read(group)):
            return
        self._removing = (_removed_by_path,)
        for ids in _chunks(others, self._most):
            await self._add(group, ids)
        raise Unsupported(
            "the application removes all members where some are named; the others were put back"
        )

    async def _replace(
        self,
        group: RemoteObject,
        *,
        add: Sequence[RemoteId],
        remove: Sequence[RemoteId],
        refusal: Refused | None,
    ) -> None:
        if refusal is not None and isinstance(refusal.error, Conflict):
            raise refusal.error  # about these members, not about the form of the write
        resource, etag = await self._wire.resource(self._shape, group.id)
        kept = [item for item in _entries(resource) if _id(item) not in remove]
        new: list[JsonValue] = [{"value": one} for one in add if one not in set(_ids(resource))]
        body = {key: value for key, value in resource.items() if key.lower() not in {"meta", _MEMBERS}}
        body[_MEMBERS] = [*kept, *new]  # an empty list is stated, not left out
        version = observed(self._shape, resource, etag).etag
        answer = await self._wire.put(self._shape, group.id, body, etag=version)
        if isinstance(answer.body, dict):
            _check_taken(answer.body, add=add, remove=remove)
        self._replaces = refusal is None or refusal.method


def _check_taken(shown: Resource, *, add: Sequence[RemoteId], remove: Sequence[RemoteId]) -> None:
    """Raise Unsupported when the answer shows other members than were sent, if it shows any."""
    there = set(_ids(shown))
    if there and (there & set(remove) or set(add) - there):
        raise Unsupported("the application replaced the group, but kept its members")


def _added(ids: Sequence[RemoteId]) -> list[JsonValue]:
    return [{"op": "add", "path": _MEMBERS, "value": [{"value": one} for one in ids]}]


def _removed_by_path(ids: Sequence[RemoteId]) -> list[JsonValue]:
    paths = (render(where(_MEMBERS, compare("value", Op.EQ, one))) for one in ids)
    return [{"op": "remove", "path": path} for path in paths]


def _removed_by_value(ids: Sequence[RemoteId]) -> list[JsonValue]:
    return [{"op": "remove", "path": _MEMBERS, "value": [{"value": one} for one in ids]}]


def _entries(group: Resource) -> list[JsonValue]:
    return elements(group.get(spelled(group, _MEMBERS)))


def _ids(group: Resource) -> Iterator[RemoteId]:
    return (found for item in _entries(group) if (found := _id(item)) is not None)


def _id(member: JsonValue) -> RemoteId | None:
    value = member.get("value") if isinstance(member, dict) else member
    return RemoteId(value) if isinstance(value, str) and value else None


def _chunks(ids: AbstractSet[RemoteId], most: int) -> Iterator[Sequence[RemoteId]]:
    ordered = sorted(ids)
    return (ordered[first : first + most] for first in range(0, len(ordered), most))
