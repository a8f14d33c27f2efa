"""The comparison with the peers, as tables for people and as data for programs."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bench.reporting import WIDTH
from bench.scim_server.figures import NOTHING, cost, figure, rate, ratio, table
from bench.scim_server.rounds import Line
from bench.scim_server.servers import FLOOR
from bench.scim_server.side_by_side import Comparison


def best_peer(line: Line, servers: Sequence[str]) -> str | None:
    """The name of the fastest peer; None where none has a figure.

    Neither the first server, which is Muster, nor the floor is a peer.
    """
    there = [name for name in servers[1:] if name != FLOOR and rate(line.cells[name])]
    return max(there, key=lambda name: rate(line.cells[name]), default=None)


def verdict(line: Line, servers: Sequence[str]) -> tuple[float, float] | None:
    """Our rate over the best peer's, and the best peer's processor time over ours; None without a figure."""
    ours, best = line.cells[servers[0]], best_peer(line, servers)
    if best is None or not rate(ours):
        return None
    return ratio(ours, line.cells[best]), cost(line.cells[best]) / cost(ours)


def show(comparison: Comparison) -> None:
    """Print the figures, and under them why some are missing."""
    console = Console(highlight=False, width=WIDTH)
    console.print(_rates(comparison))
    console.print(_costs(comparison))
    for line in comparison.lines:
        for name, cell in line.cells.items():
            if cell.why_not:
                console.print(f"  {line.operation.name}, {name}: {cell.why_not}", markup=False)
    for name, why in comparison.missing.items():
        console.print(f"  {name} is left out: {why}", markup=False)


def _rates(comparison: Comparison) -> Table:
    made = table("Requests a second", "", *comparison.servers, "Muster : best peer", "Goal", "")
    for line in comparison.lines:
        figures = [figure(rate(line.cells[name])) for name in comparison.servers]
        reached, goal = verdict(line, comparison.servers), line.operation.goal
        met = "" if reached is None else "met" if reached[0] >= goal else "missed"
        shown = NOTHING if reached is None else figure(reached[0])
        made.add_row(line.operation.name, *figures, shown, f"{goal:,g}", met)
    return made


def _costs(comparison: Comparison) -> Table:
    made = table(
        "Processor time of a request, µs", "", *comparison.servers, "best peer : Muster", "Muster : floor"
    )
    for line in comparison.lines:
        cells = [line.cells[name] for name in comparison.servers]
        reached = verdict(line, comparison.servers)
        shown = NOTHING if reached is None else figure(reached[1])
        figures = [figure(cost(cell)) if rate(cell) else NOTHING for cell in cells]
        made.add_row(line.operation.name, *figures, shown, _above_floor(line, comparison.servers[0]))
    return made


def _above_floor(line: Line, ours: str) -> str:
    cell, floor = line.cells[ours], line.cells[FLOOR]
    return figure(cost(cell) / cost(floor)) if rate(cell) and rate(floor) else NOTHING


def as_data(comparison: Comparison) -> dict[str, object]:
    """The comparison for a JSON document."""
    lines: list[dict[str, object]] = []
    for line in comparison.lines:
        reached = verdict(line, comparison.servers)
        lines.append(
            {
                "operation": line.operation.name,
                "goal": line.operation.goal,
                "best_peer": best_peer(line, comparison.servers),
                "ratio": None if reached is None else reached[0],
                "ratio_of_processor_time": None if reached is None else reached[1],
                "servers": {name: asdict(cell) for name, cell in line.cells.items()},
            }
        )
    return {"lines": lines, "missing": dict(comparison.missing)}
