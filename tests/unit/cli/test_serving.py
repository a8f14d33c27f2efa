"""How many clients `muster serve` takes on a system that limits open files."""

import resource

import pytest

from muster.cli import serving

NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("wanted", "limits", "taken", "raised_to"),
    [
        (1_000, (20_000, 20_000), 1_000, None),
        (1_000, (NO_LIMIT, NO_LIMIT), 1_000, None),
        (1_000, (1_024, 524_288), 1_000, 1_128),
        (1_000, (256, NO_LIMIT), 1_000, 1_128),
        (1_000, (1_024, 1_024), 896, 1_024),
        (5_000, (256, 4_096), 3_968, 4_096),
        (10, (64, 64), 1, 64),
    ],
)
def test_no_more_clients_than_open_files(
    monkeypatch: pytest.MonkeyPatch, wanted: int, limits: tuple[int, int], taken: int, raised_to: int | None
) -> None:
    """The limit of the process is raised as far as the system lets it; beyond that, fewer are taken."""
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, given: set_to.append(given))
    found = serving._connections(wanted)

    assert taken == found
    assert ([] if raised_to is None else [(raised_to, limits[1])]) == set_to
