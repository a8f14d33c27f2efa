"""Real processes, started for one test and gone after it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from muster.cli.demo.applications import DJANGO_SCIM2, SCIM2_SERVER, Running, running
from office import Door, Office, serving


@pytest.fixture
async def scim2_server(tmp_path: Path) -> AsyncGenerator[Running, None]:
    """The third-party application scim2-server, empty."""
    async with running(SCIM2_SERVER, tmp_path / SCIM2_SERVER.name) as application:
        yield application


@pytest.fixture
async def django_scim2(tmp_path: Path) -> AsyncGenerator[Running, None]:
    """A third-party Django application with django-scim2, empty."""
    async with running(DJANGO_SCIM2, tmp_path / DJANGO_SCIM2.name) as application:
        yield application


@pytest.fixture
async def door(sqlite_database_url: str, tmp_path: Path) -> AsyncGenerator[Door, None]:
    """The SCIM endpoint of a Muster that serves, for a source that has nobody yet."""
    async with serving(Office(home=tmp_path, database_url=sqlite_database_url), "idp") as door:
        yield door


@pytest.fixture
async def door_on_each(database_url: str, tmp_path: Path) -> AsyncGenerator[Door, None]:
    """As ``door``, once in each database, and for a source that may ask as fast as it can."""
    office = Office(home=tmp_path, database_url=database_url)
    async with serving(office, "idp", "--rate", "0") as door:
        yield door
