"""How the pytest class of the contract suite treats exemptions and what does not apply."""

from collections.abc import Mapping

import pytest

from muster.kit.checks import CHECKS, Trial, Violated, default_sample
from muster.kit.contract import Connector
from muster.kit.memory import MANIFEST, MemoryTarget, connect
from muster.kit.mutants import FAULTY
from muster.kit.suite import ConnectorContract

FINDING = next(check for check in CHECKS if check.name == "finding_is_exact")
STRANGER = next(check for check in CHECKS if check.name == "a_credential_not_accepted_is_auth_failed")


def contract(exempt: Mapping[str, str]) -> ConnectorContract:
    """A contract class with these exemptions, as a connector's author writes it."""

    class Mine(ConnectorContract):
        pass

    Mine.exempt = exempt
    return Mine()


def trial(connector: Connector) -> Trial:
    """A trial of the connector."""
    return Trial(connector=connector, manifest=MANIFEST, sample=default_sample(MANIFEST), mark="m")


async def test_a_kept_promise_passes() -> None:
    """A check that passes without an exemption is a passed test."""
    await contract({})._run(FINDING, trial(connect(MemoryTarget())))


async def test_a_broken_promise_fails() -> None:
    """A check that fails without an exemption fails the test with the promise."""
    with pytest.raises(Violated, match="a search gives"):
        await contract({})._run(FINDING, trial(FAULTY["FindsEverybody"]()))


async def test_an_exempt_promise_is_an_expected_failure() -> None:
    """A check that is exempt and fails is reported with the exemption's reason."""
    with pytest.raises(pytest.xfail.Exception, match="the server ignores filters"):
        await contract({"finding_is_exact": "the server ignores filters"})._run(
            FINDING, trial(FAULTY["FindsEverybody"]())
        )


async def test_a_needless_exemption_fails() -> None:
    """A check that is exempt and passes asks for the exemption to be dropped."""
    with pytest.raises(pytest.fail.Exception, match="drop the exemption"):
        await contract({"finding_is_exact": "it was so once"})._run(FINDING, trial(connect(MemoryTarget())))


async def test_what_does_not_apply_is_skipped_with_the_reason() -> None:
    """A check the manifest offers nothing for is skipped, and says why."""
    with pytest.raises(pytest.skip.Exception, match="no connector with a wrong credential"):
        await contract({})._run(STRANGER, trial(connect(MemoryTarget())))


def test_exemptions_name_checks() -> None:
    """An exemption that names no check fails."""
    contract({"finding_is_exact": "a reason"}).test_exempts_only_promises_there_are()

    with pytest.raises(pytest.fail.Exception, match="finding_is_fuzzy"):
        contract({"finding_is_fuzzy": "a reason"}).test_exempts_only_promises_there_are()
