"""The suite finds every faulty connector, and every promise is one that a faulty connector breaks."""

import asyncio
from collections.abc import Mapping

import pytest

from muster.kit.checks import CHECKS, Check, NotApplicable, Trial, Violated, default_sample, described
from muster.kit.contract import Connector
from muster.kit.faulty import Fault, Faults, with_faults
from muster.kit.memory import MANIFEST, MemoryTarget, connect
from muster.kit.mutants import BREAKS, FAULTY, SECRET
from muster.model import ACCOUNT, Unreachable

BY_NAME: Mapping[str, Check] = {check.name: check for check in CHECKS}
NEEDS_A_STRANGER = "a_credential_not_accepted_is_auth_failed"


async def trial_of(connector: Connector, stranger: Connector | None = None) -> Trial:
    """A trial as the suite would hold it."""
    offered = await described(connector, MANIFEST)
    return Trial(
        connector=connector,
        manifest=offered,
        sample=default_sample(offered),
        mark="m",
        starts_empty=True,
        secrets=[SECRET],
        stranger=stranger,
    )


async def broken(name: str) -> set[str]:
    """The checks that a faulty connector fails, each tried on a fresh one."""
    failed: set[str] = set()
    for check in CHECKS:
        trial = await trial_of(FAULTY[name]())
        if check.power is not None and check.power not in trial.manifest.powers:
            continue
        try:
            await check.run(trial)
        except NotApplicable:
            continue
        except Exception:  # noqa: BLE001 - a faulty connector may raise anything; under pytest that fails a test
            failed.add(check.name)
    return failed


@pytest.mark.parametrize("name", sorted(FAULTY))
async def test_every_faulty_connector_is_found(name: str) -> None:
    """The check that names the broken promise fails on the faulty connector."""
    assert BREAKS[name] in await broken(name)


def test_every_promise_can_be_broken() -> None:
    """There is no check that only ever passes; two have tests of their own below."""
    assert {"has_the_core", NEEDS_A_STRANGER} == set(BY_NAME) - set(BREAKS.values())


async def test_a_connector_without_a_call_of_the_core_is_found() -> None:
    """What lacks a call is no connector."""

    class Half:
        async def probe(self) -> str:
            return "half a connector"

    with pytest.raises(Violated, match="every call of the core"):
        await BY_NAME["has_the_core"].run(await trial_of(Half()))  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", [None, Fault.DOWN, Fault.FORBIDDEN])
async def test_a_wrong_credential_that_is_not_auth_failed_is_found(fault: Fault | None) -> None:
    """Accepting a wrong credential, or calling it anything else, is found."""
    faults = Faults()
    faults.always("probe", fault)
    stranger = with_faults(connect(MemoryTarget()), faults)

    with pytest.raises(Violated, match="AuthFailed expected"):
        await BY_NAME[NEEDS_A_STRANGER].run(await trial_of(connect(MemoryTarget()), stranger))


async def test_a_trial_cleans_up() -> None:
    """What a check made is removed, and a target that fails meanwhile is left in peace."""
    target, faults = MemoryTarget(), Faults()
    target.put(ACCOUNT, {"userName": "ada"})
    trial = await trial_of(with_faults(connect(target), faults))
    made = [await trial.make() for _ in range(3)]
    faults.next("get", None, Unreachable("down for a moment"))
    await trial.clean()

    assert ["a1", made[1].id] == list(target.accounts)


def test_names_promises_and_checks_agree() -> None:
    """Checks have one name each and say their promise; every fault breaks a check there is."""
    assert len(BY_NAME) == len(CHECKS)
    assert all(check.promise.endswith(".") for check in CHECKS)
    assert set(BREAKS.values()) <= set(BY_NAME)
    assert len(FAULTY) > 100  # none is shadowed by another of the same name


def test_the_trials_need_no_clock() -> None:
    """Checks run in any event loop, one after the other, without a test tool."""
    for check in CHECKS[:3]:
        asyncio.run(_once(check))


async def _once(check: Check) -> None:
    await check.run(await trial_of(connect(MemoryTarget())))
