"""``make bench``: run every measurement, print the table, write JSON to ``bench/results``."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import uvloop

from bench import initial_sync
from bench.reporting import Row, show
from muster.cli import logs
from muster.db import system_clock


def main() -> None:
    """Run the measurements asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--people", type=int, default=1_000, help="people in the initial sync (default 1,000)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds, side by side; the median counts (default 3)"
    )
    given = parser.parse_args()
    logs.configure("error")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows: list[Row] = runner.run(initial_sync.measure(people=given.people, rounds=given.rounds))
    show(rows)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    at = system_clock()
    path = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    document = {
        "at": at.isoformat(),
        "python": sys.version,
        "rows": [row.as_data() for row in rows],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    main()
