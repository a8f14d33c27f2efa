"""The only place that reads the time or makes an id."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new UUIDv7 (RFC 9562 §5.7): sorted by time of making, never reused.

    Twelve bits beyond the milliseconds are time as well (§6.2, method 3), so that records of one moment keep
    the order they were made in.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    by_chance = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    value = (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | by_chance
    return str(UUID(int=value))
