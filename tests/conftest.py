"""The systems that tests ask for by name. A system that is missing fails the test; nothing is skipped."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness import postgres

# No deadline: a slow machine is no bug. `night` looks long, `ci` and `dev` only as long as people wait.
settings.register_profile("dev", deadline=None, max_examples=100)
settings.register_profile("ci", deadline=None, max_examples=200, print_blob=True)
settings.register_profile("night", deadline=None, max_examples=20_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this test process's own."""
    try:
        with postgres.serve() as server:
            yield server
    except postgres.Missing as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Server) -> str:
    """Where that server is, as its superuser, at its maintenance database."""
    return postgres_server.url()


@pytest.fixture
def postgres_database_url(postgres_server: postgres.Server) -> Iterator[str]:
    """A fresh, empty PostgreSQL database for this test alone."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_database_url(tmp_path: Path) -> str:
    """A fresh SQLite file for this test alone; the file is not there yet."""
    return f"sqlite:///{tmp_path / 'muster.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database for this test alone, once in each dialect."""
    dialect = {"sqlite": "sqlite_database_url", "postgresql": "postgres_database_url"}[request.param]
    url: str = request.getfixturevalue(dialect)
    return url
