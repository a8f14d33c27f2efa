"""Finding resources of every type at once, as a client does at the root (RFC 7644 §3.4.2.1)."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias, TypeVar

from muster.db import Transaction
from muster.directory import roster
from muster.directory.conditions import ALL
from muster.model import Scope
from muster.scim.matching import predicate
from muster.scim.sorting import Sort
from muster.service import scim_groups, scim_people, scim_rendering
from muster.service.desk import Desk
from muster.service.scim_cursors import cursor_after, position_of
from muster.service.scim_exchange import Caller, Found, Query, Stored
from muster.service.scim_finding import Ranked, Shelf, candidates_on, cut, rank
from muster.service.scim_types import View

Listed = TypeVar("Listed")
_Rendered: TypeAlias = Callable[[], Stored]

_KIND: Final = "everything"


async def find(
    desk: Desk, caller: Caller, query: Query, *, group_sort: Sort | None, user_view: View, group_view: View
) -> Found:
    """A page of the users and groups that match; an attribute that one type does not have is absent there.

    Args:
        desk: where.
        caller: whose resources are meant.
        query: what is asked; its order is that of users.
        group_sort: the order as groups have it.
        user_view: what is shown of users.
        group_view: what is shown of groups.

    Raises:
        InvalidFilter: The filter compares what cannot be compared.
        InvalidCursor: The cursor was not given for this search.
        TooMany: There are too many candidates to look at each.
    """
    caller.check(Scope.USERS_READ)
    caller.check(Scope.GROUPS_READ)
    after = position_of(desk, caller, query, _KIND)

    def person(listed: roster.ListedPerson) -> Stored:
        return scim_rendering.person(caller, listed, user_view)

    def group(listed: roster.ListedGroup) -> Stored:
        return scim_rendering.group(caller, listed, group_view)

    async def read(tx: Transaction) -> Found:
        matched = await _matched(tx, query, scim_people.shelf(caller), query.sort, person)
        groups = scim_groups.shelf(caller, members=True)
        matched += await _matched(tx, query, groups, group_sort, group)
        hits, last = cut(query, matched, after)
        cursor = None if last is None else cursor_after(desk, caller, query, _KIND, last)
        bodies = tuple(render().body or b"" for render in hits.page)
        return Found(total=hits.total, bodies=bodies, cursor=cursor)

    return await desk.db.read(read)


async def _matched(
    tx: Transaction,
    query: Query,
    shelf: Shelf[Listed],
    sort: Sort | None,
    render: Callable[[Listed], Stored],
) -> list[Ranked[_Rendered]]:
    """The resources of one type that match, each with how it is shown."""
    condition = ALL if query.filter is None else shelf.condition(query.filter)
    candidates = await candidates_on(tx, shelf, condition)
    matches = None
    if query.filter is not None:
        matches = predicate(query.filter, shelf.type, unknown_is_absent=True)
    return [
        Ranked(listed=partial(render, listed), key=rank(resource, sort), id=str(resource["id"]))
        for resource, listed in ((shelf.resource(listed), listed) for listed in candidates)
        if matches is None or matches(resource)
    ]
