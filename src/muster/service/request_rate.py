"""How often somebody may ask: a bucket that fills with time and from which each request takes one."""

from typing import Final

_SECONDS_HELD: Final = 2.0  # of requests that may come at once after a pause


class Bucket:
    """Room for requests; full at first.

    >>> bucket = Bucket(10, at=0.0)
    >>> [bucket.take(at=0.0) for _ in range(20)] == [0.0] * 20
    True
    >>> bucket.take(at=0.0), bucket.take(at=0.1)
    (0.1, 0.0)
    """

    __slots__ = ("_at", "_level", "per_second")

    def __init__(self, per_second: int, *, at: float) -> None:
        """A bucket for so many requests a second, 1 at least; ``at`` is now, in seconds of a steady clock."""
        self.per_second = per_second
        self._level = per_second * _SECONDS_HELD
        self._at = at

    def take(self, *, at: float) -> float:
        """Take room for one request and give 0; else the seconds until there is some.

        A time before that of the last call counts as that time.
        """
        if at > self._at:
            filled = self._level + (at - self._at) * self.per_second
            self._level = min(filled, self.per_second * _SECONDS_HELD)
            self._at = at
        if self._level >= 1.0:
            self._level -= 1.0
            return 0.0
        return (1.0 - self._level) / self.per_second
