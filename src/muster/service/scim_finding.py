"""Finding resources of one source: filter, order and page (RFC 7644 §3.4.2, RFC 9865).

What the database can answer exactly, it answers; it finds a page without looking at the others. For the rest
it gives candidates, and each of those is looked at here. There is a limit to how many.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from muster.db import Transaction
from muster.directory.conditions import ALL, Condition
from muster.directory.roster import Order, Slice
from muster.scim.errors import TooMany
from muster.scim.filter import Filter
from muster.scim.matching import predicate
from muster.scim.schema import ResourceType
from muster.scim.sorting import Sort, SortKey
from muster.scim.values import Resource
from muster.service.desk import Desk
from muster.service.scim_cursors import Position, cursor_after, position_of
from muster.service.scim_exchange import Caller, Query

MOST_SCANNED: Final = 10_000  # resources of one source that a search without an index may look at

Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Generic[Listed]):
    """The resources of one type that a source has.

    Args:
        type: what they are.
        orders: the attributes by which the database can order them.
        condition: the condition no narrower than a filter.
        slice: a slice of those that satisfy a condition.
        count: how many do.
        resource: one of them as its source sees it.
        place: what one stands by in an order of the database, and its id.
    """

    type: ResourceType
    orders: frozenset[Order]
    condition: Callable[[Filter], Condition]
    slice: Callable[[Transaction, Slice, Condition], Awaitable[list[Listed]]]
    count: Callable[[Transaction, Condition], Awaitable[int]]
    resource: Callable[[Listed], Resource]
    place: Callable[[Listed, Order], tuple[str | int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits(Generic[Listed]):
    """One page of what was found, how much there is in all, and the cursor of the next page."""

    total: int
    page: Sequence[Listed]
    cursor: str | None = None


async def find(
    tx: Transaction, desk: Desk, caller: Caller, query: Query, shelf: Shelf[Listed]
) -> Hits[Listed]:
    """The page of the source's resources that the query asks for.

    Raises:
        InvalidFilter: The filter does not fit the resources.
        InvalidCursor: The cursor was not given for this search.
        TooMany: No index answers the query, and there are too many candidates to look at each.
    """
    condition = ALL if query.filter is None else _condition(query.filter, shelf)
    order = _order(query.sort, shelf)
    after = position_of(desk, caller, query, shelf.type.name)
    if condition.exact and order is not None:
        hits, last = await _by_index(tx, query, shelf, condition=condition, order=order, after=after)
    else:
        hits, last = await _by_looking(tx, query, shelf, condition, after)
    if last is None:
        return hits
    cursor = cursor_after(desk, caller, query, shelf.type.name, last)
    return Hits(total=hits.total, page=hits.page, cursor=cursor)


def _condition(filter_: Filter, shelf: Shelf[Listed]) -> Condition:
    predicate(filter_, shelf.type)  # refuses what does not fit
    return shelf.condition(filter_)


def _order(sort: Sort | None, shelf: Shelf[Listed]) -> Order | None:
    """The order as the database has it; None where it has not."""
    wanted = "id" if sort is None else str(sort)
    return next((order for order in shelf.orders if order == wanted), None)


async def _by_index(
    tx: Transaction,
    query: Query,
    shelf: Shelf[Listed],
    *,
    condition: Condition,
    order: Order,
    after: Position | None,
) -> tuple[Hits[Listed], Position | None]:
    """The page, and the position of its last resource where a next page is to follow."""
    total = await shelf.count(tx, condition)
    wanted = query.page.count
    if not wanted or not total:
        return Hits(total=total, page=()), None
    by_cursor = query.cursor is not None
    slice_ = Slice(
        order=order,
        descending=query.sort is not None and query.sort.descending,
        after=None if after is None else (_as_stored(after[1]), after[2]),
        skip=0 if by_cursor else query.page.offset,
        most=wanted + by_cursor,
    )
    found = await shelf.slice(tx, slice_, condition)
    page = found[:wanted]
    if len(found) <= wanted or not by_cursor:
        return Hits(total=total, page=page), None
    return Hits(total=total, page=page), (False, *shelf.place(page[-1], order))


def _as_stored(value: bool | float | str) -> str | int:
    return value if isinstance(value, str) else int(value)


async def _by_looking(
    tx: Transaction, query: Query, shelf: Shelf[Listed], condition: Condition, after: Position | None
) -> tuple[Hits[Listed], Position | None]:
    """The page, and the position of its last resource where a next page is to follow."""
    candidates = await candidates_on(tx, shelf, condition)
    matches = None if query.filter is None else predicate(query.filter, shelf.type)
    seen = [(shelf.resource(listed), listed) for listed in candidates]
    matched = [
        Ranked(listed=listed, key=rank(resource, query.sort), id=str(resource["id"]))
        for resource, listed in seen
        if matches is None or matches(resource)
    ]
    return cut(query, matched, after)


async def candidates_on(tx: Transaction, shelf: Shelf[Listed], condition: Condition) -> list[Listed]:
    """Every resource that satisfies the condition.

    Raises:
        TooMany: They are more than are looked at.
    """
    candidates = await shelf.slice(tx, Slice(most=MOST_SCANNED + 1), condition)
    if len(candidates) > MOST_SCANNED:
        raise TooMany(
            f"no index answers this search, and more than {MOST_SCANNED:,} resources would have to be looked "
            "at; narrow it by id, userName, externalId, emails.value, displayName or meta.lastModified"
        )
    return candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked(Generic[Listed]):
    """A resource among those that were found, and where it stands."""

    listed: Listed
    key: SortKey
    id: str


def rank(resource: Resource, sort: Sort | None) -> SortKey:
    """What the resource is ordered by; the same for all where no order is asked for."""
    return (False, "") if sort is None else sort.key(resource)


def cut(
    query: Query, found: list[Ranked[Listed]], after: Position | None
) -> tuple[Hits[Listed], Position | None]:
    """The page that the query asks for, and the position of its end where a next page is to follow.

    What is equal in the order asked for is ordered by id.
    """
    descending = query.sort is not None and query.sort.descending
    in_order = sorted(found, key=lambda one: one.id)
    in_order.sort(key=lambda one: one.key, reverse=descending)
    total, wanted = len(in_order), query.page.count
    if query.cursor is None:
        start = query.page.offset
    else:
        start = 0 if after is None else sum(not _follows(one, after, descending) for one in in_order)
    page = in_order[start:][:wanted]
    hits = Hits(total=total, page=[one.listed for one in page])
    if query.cursor is None or not page or start + len(page) >= total:
        return hits, None
    return hits, (*page[-1].key, page[-1].id)


def _follows(one: Ranked[Listed], after: Position, descending: bool) -> bool:
    """Whether it stands behind the position."""
    key = (after[0], after[1])
    if one.key == key:
        return one.id > after[2]
    return (one.key < key) if descending else (one.key > key)
