"""What growth costs, as tables for people and as data for programs."""

from dataclasses import asdict, dataclass
from typing import Final

from rich.console import Console

from bench.reporting import WIDTH
from bench.scim_server.figures import NOTHING, cost, figure, rate, ratio, table
from bench.scim_server.growth import Growth
from bench.scim_server.rounds import Line

_MEGABYTE: Final = 1_000_000
_PEOPLE_GOAL: Final = 1.5  # times the cost at the smallest size
_MEMBERS_GOAL: Final = 1.2
_START_GOAL: Final = 1.5  # seconds
_MEMORY_GOAL: Final = 200  # megabytes
_FLAT_GOAL: Final = 1.05  # times the memory after half of the equal loads


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A figure beside the most that it should be."""

    what: str
    value: float
    goal: float

    @property
    def met(self) -> bool:
        """Whether it is not more."""
        return self.value <= self.goal


def judged(growth: Growth) -> list[Judged]:
    """Every figure that has a goal; a row in which something failed has none."""
    found: list[Judged] = []
    for line, goal in (*((line, _PEOPLE_GOAL) for line in growth.people), (growth.members, _MEMBERS_GOAL)):
        smallest = next(iter(line.cells))
        found += [
            Judged(
                what=f"{_subject(line)}: a request at {name}, times one at {smallest}", value=value, goal=goal
            )
            for name, (value, _) in times(line).items()
        ]
    found += [
        Judged(
            what=f"seconds from start to first answer, {size:,} people", value=start.seconds, goal=_START_GOAL
        )
        for size, start in growth.starts.items()
    ]
    memory, people = growth.memory, f"{growth.memory.people:,} people"
    half, last = memory.after[len(memory.after) // 2 - 1], memory.after[-1]
    return [
        *found,
        Judged(what=f"megabytes of memory, {people}, under load", value=last / _MEGABYTE, goal=_MEMORY_GOAL),
        Judged(
            what="memory after the last of equal loads, times after half of them",
            value=last / half,
            goal=_FLAT_GOAL,
        ),
    ]


def times(line: Line) -> dict[str, tuple[float, float]]:
    """How many times as long, and as much processor time, a request takes as it does at the smallest size."""
    (_, smallest), *larger = line.cells.items()
    return {
        name: (ratio(smallest, cell), cost(cell) / cost(smallest))
        for name, cell in larger
        if rate(smallest) and rate(cell)
    }


def show(growth: Growth) -> None:
    """Print the figures, how they compare with their goals, and why some are missing."""
    console = Console(highlight=False, width=WIDTH)
    lines = [*growth.people, growth.members]
    requests = table(
        "Requests a second, and processor time of one",
        "",
        "There are",
        "Requests/s",
        "µs",
        "time : smallest",
        "µs : smallest",
    )
    for line in lines:
        for place, (name, cell) in enumerate(line.cells.items()):
            unit = "members" if line is growth.members else "people"
            grown = times(line).get(name)
            shown = ("", "") if grown is None else (figure(grown[0]), figure(grown[1]))
            rated = (figure(rate(cell)), figure(cost(cell)) if rate(cell) else NOTHING)
            requests.add_row("" if place else _subject(line), f"{name} {unit}", *rated, *shown)
    console.print(requests)
    goals = table("Growth, start and memory", "", "Figure", "At most", "")
    for one in judged(growth):
        goals.add_row(one.what, figure(one.value), f"{one.goal:g}", "met" if one.met else "missed")
    console.print(goals)
    for size, start in growth.starts.items():
        console.print(f"  The start with {size:,} people took {start.processor:.2f} s of processor time.")
    for line in lines:
        for name, cell in line.cells.items():
            if cell.why_not:
                console.print(f"  {_subject(line)}, {name}: {cell.why_not}", markup=False)


def _subject(line: Line) -> str:
    return line.operation.name.partition(" of 10,000")[0]


def as_data(growth: Growth) -> dict[str, object]:
    """The growth for a JSON document."""
    return {
        "people": [_line_data(line) for line in growth.people],
        "members": _line_data(growth.members),
        "starts": {size: asdict(start) for size, start in growth.starts.items()},
        "memory": asdict(growth.memory),
        "goals": [{**asdict(one), "met": one.met} for one in judged(growth)],
    }


def _line_data(line: Line) -> dict[str, object]:
    return {
        "operation": _subject(line),
        "cells": {name: asdict(cell) for name, cell in line.cells.items()},
        "times": times(line),
    }
