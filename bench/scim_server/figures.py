"""Figures out of samples: rates, costs, ratios, and how each is written."""

from statistics import median
from typing import Final

from rich.table import Table

from bench.scim_server.rounds import Cell

NOTHING: Final = "-"  # stands where there is no figure


def rate(cell: Cell) -> float:
    """Requests a second, the median of the rounds; 0 where there is no sample."""
    return median(sample.rate for sample in cell.samples) if cell.samples and not cell.why_not else 0.0


def cost(cell: Cell) -> float:
    """Processor time of one request in microseconds, the median of the rounds."""
    return median(sample.cost for sample in cell.samples) * 1e6


def ratio(ours: Cell, theirs: Cell) -> float:
    """How many times as many requests we answer: the median over the rounds, so that drift cancels out."""
    return median(one.rate / other.rate for one, other in zip(ours.samples, theirs.samples, strict=True))


def figure(value: float) -> str:
    """Three digits, or all of those before the point.

    >>> figure(0.0), figure(0.1834), figure(5.234), figure(12345.6)
    ('-', '0.18', '5.23', '12,346')
    """
    if not value:
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are figures."""
    made = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place else "left")
    return made
