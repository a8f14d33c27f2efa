"""One desk behind a real server, and the source `hr` speaking to it, on each database."""

from collections.abc import AsyncGenerator

import pytest

from desk import StoppedClock, open_desk, scim_source
from muster.service.desk import Desk
from scim_door import Client, serving, speaking


@pytest.fixture
def clock() -> StoppedClock:
    """The time of the desk."""
    return StoppedClock()


@pytest.fixture
async def desk(database_url: str, clock: StoppedClock) -> AsyncGenerator[Desk]:
    """An open desk."""
    async with open_desk(database_url, clock) as opened:
        yield opened


@pytest.fixture
async def url(desk: Desk) -> AsyncGenerator[str]:
    """Where the desk is served."""
    async with serving(desk) as base:
        yield base


@pytest.fixture
async def hr(desk: Desk, url: str) -> AsyncGenerator[Client]:
    """The source `hr` at its endpoint."""
    async with speaking(url, await scim_source(desk, "hr")) as client:
        yield client


@pytest.fixture
async def other(desk: Desk, url: str) -> AsyncGenerator[Client]:
    """Another source at the same endpoint."""
    async with speaking(url, await scim_source(desk, "contractors")) as client:
        yield client
