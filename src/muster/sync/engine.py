"""What every pass needs, given once by the wiring."""

from collections.abc import Callable
from dataclasses import dataclass, field

from muster.db import Clock, Database
from muster.sync.targets import Targets


def _nothing(_point: str, /) -> None:
    """Named points are for crash tests; in service nothing happens there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Database, open applications, time, ids and chance; all from outside, so that tests can choose them."""

    db: Database
    targets: Targets
    clock: Clock
    new_id: Callable[[], str]
    chance: Callable[[], float]  # from 0 up to 1, to spread retries
    reached: Callable[[str], None] = field(default=_nothing)  # told each named point a pass comes to
