"""A Muster behind its real HTTP server, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from company import Company
from desk import grant
from muster.model import InGroup
from muster.pytest.server import serving


@pytest.fixture
def company(tmp_path: Path, database_url: str) -> Iterator[Company]:
    """A company that an identity provider can be connected to."""
    with serving(tmp_path, database_url=database_url) as server:
        server.at_desk(lambda desk: grant(desk, "chat"))
        server.at_desk(lambda desk: grant(desk, "lab", InGroup(group="Research")))
        yield Company(server=server)
