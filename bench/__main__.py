"""``make bench``: run the measurements, print their tables, write JSON to ``bench/results``."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from bench import initial_sync, reporting
from bench.scim_server import comparison_tables, growth, growth_tables, side_by_side
from muster.cli import logs
from muster.db import system_clock

SUBJECTS: Final = ("scim", "growth", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured, and how thoroughly."""

    only: str | None
    full: bool
    people: int
    rounds: int
    seconds: float


def main() -> None:
    """Run the measurements asked for."""
    wanted = _wanted()
    logs.configure("error")
    found: dict[str, object] = {}
    if wanted.only in {None, "scim"}:
        found["scim"] = _scim(wanted)
    if wanted.only in {None, "growth"}:
        found["growth"] = _growth(wanted)
    if wanted.only in {None, "sync"}:
        found["sync"] = _sync(wanted)
    _keep(found)


def _wanted() -> Wanted:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="grow to 1,000,000 people, not to 100,000")
    parser.add_argument("--only", choices=SUBJECTS, help="measure this alone")
    parser.add_argument(
        "--people", type=int, default=1_000, help="people in the initial sync (default 1,000)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds, side by side; the median counts (default 3)"
    )
    parser.add_argument(
        "--seconds", type=float, default=2, help="for one server in one round of a row (default 2)"
    )
    return Wanted(**vars(parser.parse_args()))


def _scim(wanted: Wanted) -> object:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        comparison = runner.run(side_by_side.compare(rounds=wanted.rounds, seconds=wanted.seconds))
    comparison_tables.show(comparison)
    return comparison_tables.as_data(comparison)


def _growth(wanted: Wanted) -> object:
    largest = growth.SIZES[-1 if wanted.full else -2]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        grown = runner.run(growth.grow(largest=largest, rounds=wanted.rounds, seconds=wanted.seconds))
    growth_tables.show(grown)
    return growth_tables.as_data(grown)


def _sync(wanted: Wanted) -> object:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(initial_sync.measure(people=wanted.people, rounds=wanted.rounds))
    reporting.show(rows)
    return [row.as_data() for row in rows]


def _keep(found: dict[str, object]) -> None:
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    at = system_clock()
    path = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    document = {"at": at.isoformat(), "python": sys.version, "cores": os.cpu_count(), **found}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    main()
