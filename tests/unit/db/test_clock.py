"""Ids: in the order they are made, and never twice."""

import itertools
import time
from uuid import UUID

from muster.db import new_id


def test_ids_sort_as_they_are_made() -> None:
    """An id begun half a microsecond after another was finished comes after it; none comes twice."""
    made: list[tuple[int, str, int]] = []
    for _ in range(2_000):
        begun = time.time_ns()
        made.append((begun, new_id(), time.time_ns()))
    apart = [(one[1], other[1]) for one, other in itertools.pairwise(made[::2]) if other[0] - one[2] > 500]

    assert apart
    assert [] == [pair for pair in apart if pair[0] >= pair[1]]
    assert len({each for _, each, _ in made}) == len(made)


def test_an_id_is_a_uuid_of_version_seven() -> None:
    """Version, variant and time stand where RFC 9562 §5.7 puts them."""
    before = time.time_ns() // 1_000_000
    made = UUID(new_id())
    after = time.time_ns() // 1_000_000

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after
