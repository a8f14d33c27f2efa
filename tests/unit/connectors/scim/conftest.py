from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

import muster.connectors.scim
from fakes.scim import FakeScim, fake_scim
from muster.connectors.scim import ScimConnector, connect
from muster.kit.credential import Bearer
from muster.kit.manifest import of
from muster.kit.session import Session
from muster.model import Secret


@pytest.fixture
async def fake() -> AsyncIterator[FakeScim]:
    """An application without any vice, as long as no test gives it one."""
    async with fake_scim() as running:
        yield running


@pytest.fixture
async def connector(fake: FakeScim) -> AsyncIterator[ScimConnector]:
    """The connector to it."""
    token = Bearer(token=Secret("t0ken"))
    async with Session(
        fake.http.url, credential=token, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)
    ) as session:
        yield connect(of(muster.connectors.scim), {}, session)
