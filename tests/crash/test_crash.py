"""Processes are killed at named points and anywhere; once the rest is drained, nothing is lost or doubled.

``make crash N=10000`` kills for longer.
"""

import asyncio
from pathlib import Path
from random import Random

import pytest

from crash.scene import Scene, set_up
from crash.series import Series

KILLS = 200


@pytest.mark.timeout(900)
def test_no_death_loses_or_doubles_anything(database_url: str, tmp_path: Path) -> None:
    """After each of two hundred deaths or so a restart converges to the same world, on both databases."""
    scene = Scene(folder=tmp_path, database_url=database_url)
    asyncio.run(set_up(scene))
    series = Series(scene, Random())  # noqa: S311 - chance, not secrecy

    found = series.run(KILLS)

    assert [] == found
    assert KILLS <= series.deaths.total()
