"""The contract suite on the SCIM connector, with real applications of other authors at the other end."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import ClassVar

import pytest
import pytest_asyncio
from ruamel.yaml import YAML

import muster.connectors.scim
from muster.cli.demo.applications import DJANGO_SCIM2, SCIM2_SERVER, Application, Running, running
from muster.connectors.scim import ScimConnector, connect
from muster.kit.contract import Settings
from muster.kit.manifest import Manifest, of
from muster.kit.session import Session
from muster.kit.suite import ConnectorContract
from muster.model import GROUP, Attributes, Kind, Secret

pytestmark = pytest.mark.real

WRONG = "wr0ng-t0ken"
EMAIL = 'emails[type eq "work"].value'


def exempted(application: str) -> Mapping[str, str]:
    """Give the checks an application makes impossible, and why, as the connector's quality record says."""
    record = files(muster.connectors.scim).joinpath("quality.yaml").read_text(encoding="utf-8")
    exempt: dict[str, str] = YAML(typ="safe").load(record)["proved_against"][application]["exempt"]
    return exempt


async def connected(manifest: Manifest, url: str, token: Secret) -> AsyncIterator[ScimConnector]:
    """Give the connector to an application."""
    settings: Settings = {"url": url, "token": token}
    async with Session.of(manifest, settings, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)) as session:
        yield connect(manifest, settings, session)


class ScimContract(ConnectorContract):
    """What both applications share."""

    application: ClassVar[Application]

    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    @classmethod
    async def server(cls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
        """Give the application, running for all checks of the class."""
        async with running(cls.application, tmp_path_factory.mktemp(cls.application.name)) as started:
            yield started

    @pytest.fixture(autouse=True)
    def _secret(self, server: Running) -> None:
        """Neither the right token nor the wrong one is ever told."""
        self.secrets = (server.token.reveal(), WRONG)

    @pytest.fixture
    def manifest(self) -> Manifest:
        """What the connector says of itself."""
        return of(muster.connectors.scim)

    @pytest_asyncio.fixture
    async def connector(self, manifest: Manifest, server: Running) -> AsyncIterator[ScimConnector]:
        """Give a connector that knows nothing of the application yet."""
        async for each in connected(manifest, server.url, server.token):
            yield each

    @pytest_asyncio.fixture
    async def stranger(self, manifest: Manifest, server: Running) -> AsyncIterator[ScimConnector]:
        """Give one whose token is wrong."""
        async for each in connected(manifest, server.url, Secret(WRONG)):
            yield each


class TestScim2Server(ScimContract):
    """scim2-server: strict, and almost to the letter of the RFC."""

    application = SCIM2_SERVER
    exempt = exempted("scim2-server 0.8.3")


class TestDjangoScim2(ScimContract):
    """django-scim2: a subset, with customs of its own."""

    application = DJANGO_SCIM2
    exempt = exempted("django-scim2 0.23")

    def sample(self, manifest: Manifest, kind: Kind, token: str) -> Attributes:
        """Give what it keeps: it drops most attributes without a word."""
        if kind == GROUP:
            return {"displayName": f"group {token}"}
        return {
            "userName": f"user-{token}",
            "name.givenName": f"given {token}",
            "name.familyName": f"family {token}",
            EMAIL: f"{token}@example.com",
        }
