"""Numbers that need each other, put in an order; large and hostile graphs cost no recursion."""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping

Needs = Mapping[int, Collection[int]]
"""For each number the others that come before it."""


def circles(needs: Needs) -> list[list[int]]:
    """Return the numbers in groups: those that need each other, directly or not, are together."""
    last_first = _finished(needs, needs)[::-1]
    users: dict[int, list[int]] = {number: [] for number in needs}
    for number, needed in needs.items():
        for each in needed:
            users[each].append(number)
    # Kosaraju: against the arrows, in the order of the first walk, each walk sees one group.
    seen: set[int] = set()
    return [sorted(_finished([number], users, seen)) for number in last_first if number not in seen]


def _finished(starts: Iterable[int], arrows: Needs, seen: set[int] | None = None) -> list[int]:
    """Return what can be reached from the starts, each after all that could only be reached through it."""
    seen = set() if seen is None else seen
    found: list[int] = []
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        walk = [(start, iter(arrows[start]))]
        while walk:
            number, following = walk[-1]
            fresh = next((each for each in following if each not in seen), None)
            if fresh is None:
                walk.pop()
                found.append(number)
            else:
                seen.add(fresh)
                walk.append((fresh, iter(arrows[fresh])))
    return found


def ordered(
    needs: Needs, may_go_without: Callable[[int], bool] = lambda _: False
) -> tuple[list[int], dict[int, frozenset[int]]]:
    """Return the numbers so that each stands after those it needs, and as early as it otherwise can.

    Where numbers need each other, one that may goes before what it needs; the second answer says which, and
    without what. Numbers that no order would help are left out.
    """
    missing = {number: set(needed) for number, needed in needs.items()}
    users: dict[int, list[int]] = {number: [] for number in needs}
    for number, needed in needs.items():
        for each in needed:
            users[each].append(number)
    ready = sorted(number for number, needed in missing.items() if not needed)
    willing = iter(sorted(needs))
    order: list[int] = []
    cut: dict[int, frozenset[int]] = {}
    while missing:
        if not ready:
            first = next((each for each in willing if each in missing and may_go_without(each)), None)
            if first is None:
                break
            cut[first] = frozenset(missing[first])
            ready.append(first)
        number = heapq.heappop(ready)
        del missing[number]
        order.append(number)
        for user in users[number]:
            if user in missing:
                missing[user].discard(number)
                if not missing[user]:
                    heapq.heappush(ready, user)
    return order, cut
