"""Rows of a measurement, and how they are shown."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

WIDTH: Final = 150  # columns; the figures are often read from a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of ours beside one of a peer, each measured ``len(ours)`` times in turn.

    Higher is better.
    """

    what: str
    unit: str
    ours: Sequence[float]
    peer: str
    theirs: Sequence[float]
    where_the_rest_goes: Sequence[str] = field(default_factory=tuple)

    @property
    def ratio(self) -> float:
        """The median of the ratios, pair by pair: drift of the machine cancels out."""
        return median(one / other for one, other in zip(self.ours, self.theirs, strict=True))

    def as_data(self) -> dict[str, object]:
        """The row for a JSON document."""
        return {**asdict(self), "ratio": self.ratio}


def say(text: str) -> None:
    """Tell whoever waits how far it is, beside the figures."""
    print(text, file=sys.stderr, flush=True)


def show(rows: Sequence[Row]) -> None:
    """Print the rows as a table, and under it where the rest of the time goes."""
    console = Console(highlight=False, width=WIDTH)
    table = Table(title="Side by side, medians", title_justify="left")
    for column in ("What", "Unit", "Muster", "min-max", "Peer", "", "min-max", "Ratio"):
        table.add_column(column)
    for row in rows:
        table.add_row(
            row.what,
            row.unit,
            f"{median(row.ours):,.0f}",
            f"{min(row.ours):,.0f}-{max(row.ours):,.0f}",
            row.peer,
            f"{median(row.theirs):,.0f}",
            f"{min(row.theirs):,.0f}-{max(row.theirs):,.0f}",
            f"{row.ratio:.2f}",
        )
    console.print(table)
    for row in rows:
        if row.where_the_rest_goes:
            console.print(
                f"\n[bold]{row.what}[/bold]: where the time of Muster's process goes (CPU, own time of "
                "each room)"
            )
            for line in row.where_the_rest_goes:
                console.print(f"  {line}", markup=False)
