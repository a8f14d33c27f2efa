"""Kill processes for as long as wanted: ``python -m tests.crash --kills 10000``.

Without ``--database`` on both databases, each fresh. The seed that is printed repeats the choices, though not
the scheduling of the machine.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

import structlog

sys.path.insert(0, str(Path(__file__).parent.parent))

from crash.scene import Scene, set_up
from crash.series import Series
from harness import postgres


def main() -> int:
    """0 when every invariant held."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description="Kill Muster and look at what is left."
    )
    parser.add_argument("--kills", type=int, default=200, help="on each database")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier series")
    parser.add_argument("--database", default=None, help="one empty database instead of one of each kind")
    parser.add_argument("--pauses", action="store_true", help="also stop processes past their lease")
    asked = parser.parse_args()
    # What is fenced or broken off here is so on purpose; only faults are worth a line.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seed = asked.seed if asked.seed is not None else time.time_ns() % 1_000_000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-crash-")))
        urls = [asked.database] if asked.database else _both(stack, folder)
        wrong = [
            _series(folder / str(number), url, asked.kills, seed, pauses=asked.pauses)
            for number, url in enumerate(urls)
        ]
    return 1 if any(wrong) else 0


def _both(stack: ExitStack, folder: Path) -> list[str]:
    server = stack.enter_context(postgres.serve())
    return [f"sqlite:///{folder / '0' / 'muster.db'}", stack.enter_context(server.database())]


def _series(folder: Path, url: str, kills: int, seed: int, *, pauses: bool) -> bool:
    folder.mkdir()
    scene = Scene(folder=folder, database_url=url)
    asyncio.run(set_up(scene))
    series = Series(scene, Random(seed), pauses=pauses)  # noqa: S311 - repeatable, not secret
    began = time.monotonic()
    found = series.run(kills)
    took = time.monotonic() - began
    _say(f"{url.partition(':')[0]}: {series.deaths.total()} deaths in {took:.0f} s, seed {seed}")
    for point, count in sorted(series.deaths.items()):
        _say(f"  {count:5} {point}")
    for each in found:
        _say(f"  BROKEN {each}")
    return bool(found)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
