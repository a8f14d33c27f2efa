"""The contract suite every connector must pass, as a class of tests to inherit from.

The only module of Muster's product that needs pytest (with pytest-asyncio); nothing at run time imports it. A
connector's whole test is::

    class TestMine(ConnectorContract):
        @pytest.fixture
        def manifest(self) -> Manifest:
            return of(muster.connectors.mine)

        @pytest_asyncio.fixture
        async def connector(self) -> AsyncIterator[Connector]:
            async with a_running_server() as server:
                yield connect_to(server)

Each promise is one test, ``test_keeps_the_promise[finding_is_exact]``; those of powers the manifest does not
declare are skipped, and so are those it offers nothing to try on.
"""

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import ClassVar

import pytest

from muster.kit.checks import CHECKS, Check, NotApplicable, Trial, default_sample, described
from muster.kit.contract import Connector
from muster.kit.manifest import Manifest
from muster.model import Attributes, Kind, TargetError


class ConnectorContract:
    """The promises of the connector contract; subclasses say how to connect."""

    exempt: ClassVar[Mapping[str, str]] = {}  # name of a check the target itself makes impossible → why
    secrets: ClassVar[Sequence[str]] = ()  # what must never be shown
    starts_empty: ClassVar[bool] = False  # every test begins with a target that holds nothing

    @pytest.fixture
    def manifest(self) -> Manifest:
        """Give the connector's manifest. Override it."""
        raise NotImplementedError

    @pytest.fixture
    def connector(self) -> Connector:
        """Give the connector, built for one test; may be asynchronous and clean up after. Override it."""
        raise NotImplementedError

    @pytest.fixture
    def stranger(self) -> Connector | None:
        """Give the connector with a credential its target does not accept, where it has credentials."""
        return None

    def sample(self, manifest: Manifest, kind: Kind, token: str) -> Attributes:
        """Give acceptable attributes; another token, other texts. Override where forms matter."""
        return default_sample(manifest)(kind, token)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in CHECKS])
    async def test_keeps_the_promise(
        self, check: Check, connector: Connector, manifest: Manifest, stranger: Connector | None
    ) -> None:
        """The connector keeps this promise; one that is exempt must still fail, else it is exempt no more."""
        offered = await described(connector, manifest)
        if check.power is not None and check.power not in offered.powers:
            pytest.skip(f"power {check.power} is not declared")
        trial = Trial(
            connector=connector,
            manifest=offered,
            sample=lambda kind, token: self.sample(offered, kind, token),
            mark=f"m{token_hex(4)}",
            starts_empty=self.starts_empty,
            secrets=self.secrets,
            stranger=stranger,
        )
        try:
            await self._run(check, trial)
        finally:
            await trial.clean()

    async def _run(self, check: Check, trial: Trial) -> None:
        reason = self.exempt.get(check.name)
        try:
            await check.run(trial)
        except NotApplicable as why:
            pytest.skip(str(why))
        except (AssertionError, TargetError) as failure:
            if reason is None:
                raise
            pytest.xfail(f"{reason} ({failure})")
        if reason is not None:
            pytest.fail(f"{check.name} is exempt ({reason}) and yet it is kept: drop the exemption")

    def test_exempts_only_promises_there_are(self) -> None:
        """Every exemption names a check."""
        unknown = set(self.exempt) - {check.name for check in CHECKS}

        if unknown:
            pytest.fail(f"these exemptions name no check: {sorted(unknown)}")
