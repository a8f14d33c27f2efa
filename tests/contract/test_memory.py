"""The contract suite on the application in memory, with and without what many real ones lack."""

from typing import ClassVar

import pytest

from muster.kit.contract import Connector
from muster.kit.faulty import Fault, Faults, with_faults
from muster.kit.manifest import Manifest
from muster.kit.memory import MemoryTarget, connect
from muster.kit.suite import ConnectorContract
from muster.model import ACCOUNT, GROUP


class TestMemory(ConnectorContract):
    """Everything switched on."""

    starts_empty: ClassVar[bool] = True
    secrets: ClassVar[tuple[str, ...]] = ("t0p-s3cret",)

    @pytest.fixture
    def target(self) -> MemoryTarget:
        """An application that holds nothing."""
        return MemoryTarget()

    @pytest.fixture
    def manifest(self, target: MemoryTarget) -> Manifest:
        """What its switches leave."""
        return target.offered()

    @pytest.fixture
    def connector(self, target: MemoryTarget) -> Connector:
        """The connector to it."""
        return connect(target)

    @pytest.fixture
    def stranger(self, target: MemoryTarget) -> Connector:
        """The same application, refusing our credential."""
        faults = Faults()
        faults.always("probe", Fault.AUTH)
        return with_faults(connect(target), faults)


class TestPoorMemory(TestMemory):
    """Everything switched off, and two objects a page."""

    @pytest.fixture
    def target(self) -> MemoryTarget:
        """An application with the core alone."""
        return MemoryTarget(disables=False, holds_members=False, external_ids=False, versions=False, limit=2)


class TestUsedMemory(TestMemory):
    """An application that holds people already, and shows one object a page."""

    starts_empty: ClassVar[bool] = False

    @pytest.fixture
    def target(self) -> MemoryTarget:
        """An application with three accounts and a group."""
        target = MemoryTarget(limit=1)
        for name in ("ada", "bob", "cy"):
            target.put(ACCOUNT, {"userName": name}, f"person-{name}")
        target.put(GROUP, {"displayName": "Analysts"})
        return target


class TestWrappedMemory(TestMemory):
    """The same through a script without faults."""

    @pytest.fixture
    def connector(self, target: MemoryTarget) -> Connector:
        """The connector, wrapped."""
        return with_faults(connect(target), Faults())
