from muster.scim.bulk_order import circles, ordered


def test_circles_of_a_graph() -> None:
    """Numbers are together exactly when each can be reached from the other."""
    needs = {0: {1}, 1: {2}, 2: {0, 3}, 3: {4}, 4: {3}, 5: {5}, 6: set[int]()}

    assert [[0, 1, 2], [3, 4], [5], [6]] == sorted(circles(needs))


def test_an_order_that_does_not_exist() -> None:
    """What needs itself, and what needs that, is left out; the rest is in order."""
    assert ([3, 1], {}) == ordered({0: {0}, 1: {3}, 2: {0}, 3: set[int]()})
    assert ([0, 2], {0: frozenset({0})}) == ordered({0: {0}, 2: {0}}, lambda _: True)
