"""A desk with fake applications, on each database."""

from collections.abc import AsyncGenerator

import pytest

from working_desk import Place, working_desk


@pytest.fixture
async def place(database_url: str) -> AsyncGenerator[Place]:
    """An open desk, empty, and the applications around it."""
    async with working_desk(database_url) as opened:
        yield opened
