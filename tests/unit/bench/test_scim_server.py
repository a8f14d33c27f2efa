"""The parts of the bench of the SCIM server that measure nothing: requests, wrk's report, ratios."""

import json

import pytest
from bench.scim_server.comparison_tables import best_peer, verdict
from bench.scim_server.load import Load, Refused, Sample, read_report
from bench.scim_server.operations import Operation
from bench.scim_server.rounds import Cell, Line

SERVERS = ("Muster", "slow", "fast", "wrong")


async def nothing(*_: object) -> None:
    """Stand in the place of a check."""


OPERATION = Operation(
    name="GET", goal=8, load=lambda _: Load(method="GET", path="/", values=[""]), check=nothing
)


def sample(rate: float, cost: float = 0.001) -> Sample:
    """One second of so many requests."""
    return Sample(
        requests=int(rate), seconds=1.0, processor=cost * rate, p50=0.0, p99=0.0, next_number=int(rate)
    )


def test_the_report_of_wrk_is_read_from_its_last_line() -> None:
    """Requests, time and latencies are those that the script printed, in seconds."""
    told = {"requests": 500, "microseconds": 2_000_000, "bytes": 9, "refused": 0, "broken": 0}
    output = "Running 2s test\n  Requests/sec: 7\n" + json.dumps(
        {**told, "p50": 1_500, "p99": 9_000, "next": 501}
    )
    read = read_report(output + "\n")
    assert (250.0, 0.0015, 0.009, 501) == (read.rate, read.p50, read.p99, read.next_number)


@pytest.mark.parametrize("fault", [{"refused": 1}, {"broken": 1}, {"requests": 0}])
def test_a_run_with_refused_requests_gives_no_figure(fault: dict[str, int]) -> None:
    """Nobody is fast at errors: one refused or broken request spoils the run, and so does having none."""
    told = {
        "requests": 500,
        "microseconds": 1,
        "bytes": 9,
        "refused": 0,
        "broken": 0,
        "p50": 1,
        "p99": 1,
        "next": 5,
    }
    with pytest.raises(Refused):
        read_report(json.dumps({**told, **fault}))


def test_the_ratio_is_the_median_over_the_rounds() -> None:
    """Drift of the machine hits both servers of a round, so rounds are compared one by one."""
    cells = {
        "Muster": Cell(samples=[sample(100), sample(10), sample(40)]),
        "slow": Cell(samples=[sample(1), sample(1), sample(1)]),
        "fast": Cell(samples=[sample(20), sample(5), sample(10)]),
        "wrong": Cell(samples=[sample(900)], why_not="of 900 requests 900 were refused"),
    }
    line = Line(operation=OPERATION, cells=cells)
    assert "fast" == best_peer(line, SERVERS)
    assert (4.0, 1.0) == verdict(line, SERVERS)


def test_a_row_in_which_no_peer_gives_right_answers_has_no_ratio() -> None:
    """Without a peer there is nothing to compare with."""
    cells = {name: Cell(why_not="a wrong answer") for name in SERVERS} | {"Muster": Cell(samples=[sample(5)])}
    assert verdict(Line(operation=OPERATION, cells=cells), SERVERS) is None


def test_every_value_has_its_turn_before_the_next_body_is_used() -> None:
    """So members are added one after the other before the first of them is removed."""
    load = Load(method="PATCH", path="/g", values=["ana", "bo"], bodies=["add {value}", "remove {value}"])
    bodies = [load.request(number)[1] for number in range(5)]
    assert ["add ana", "add bo", "remove ana", "remove bo", "add ana"] == bodies
