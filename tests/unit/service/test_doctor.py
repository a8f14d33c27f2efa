"""What is not well, and which command mends it."""

import asyncio
from datetime import timedelta

from desk import OPERATOR
from muster.kit.faulty import Fault
from muster.model import Limits, Secret
from muster.service import configuring, converging, doctor, rotation, tokens
from muster.service.admission import Admission
from muster.service.doctor import Finding
from muster.service.rights import Rights
from working_desk import Place


async def _examined(place: Place, *, probe: bool = True) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in await doctor.examine(place.desk, probe=probe):
        found.setdefault(one.subject, []).append(one)
    return found


def _codes(found: dict[str, list[Finding]]) -> set[str]:
    return {one.problem.code for every in found.values() for one in every if one.problem is not None}


async def test_a_new_muster_is_well_and_lacks_a_source(place: Place) -> None:
    """With nothing configured nothing is wrong, and the first step is told."""
    found = await _examined(place)

    assert _codes(found) == set()
    assert "muster import" in found["sources"][0].says
    assert "0 apps" in found["database"][0].says


async def test_all_is_well(place: Place) -> None:
    """Everything converged and every app answering: no problem, and each app says who it is."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    found = await _examined(place)

    assert _codes(found) == set()
    assert "sources" not in found
    assert [one.says for one in found["app chat"]] == ["application in memory (a fake) with 1 accounts"]


async def test_work_nobody_does_is_told(place: Place) -> None:
    """Due accounts without a process that works are a problem with the command that mends it."""
    await place.add_app("chat")
    await place.hire("ana")
    alone = await _examined(place)
    await place.others_work()
    worked = await _examined(place)
    place.clock.forward(minutes=6)
    late = await _examined(place)
    mend = alone["workers"][0].problem

    assert (_codes(alone), _codes(worked)) == ({"MUSTER-NO-WORKER"}, set())
    assert mend is not None
    assert "muster serve" in mend.next_step
    assert "MUSTER-NOT-CONVERGED" in _codes(late)
    assert "1 accounts are due" in late["app chat"][0].says


async def test_what_is_stuck_is_told_with_what_mends_it(place: Place) -> None:
    """Held, parked and retried accounts are each told by app, with the command for that state."""
    for app in ("held", "parked", "retry"):
        await place.add_app(app, limits=Limits(destroy_count=0, destroy_percent=0))
    await place.hire("ana")
    place.fakes["parked"].faults.always("create", Fault.INVALID)
    place.fakes["retry"].faults.always("create", Fault.CONFLICT)
    place.fakes["retry"].faults.always("find", Fault.DOWN)
    await converging.sync(place.desk, OPERATOR, patience=0.5)
    await configuring.remove_rule(place.desk, OPERATOR, "held-rule")
    await converging.sync(place.desk, OPERATOR, app="held")
    found = await _examined(place, probe=False)
    problems = {app: found[f"app {app}"][0].problem for app in ("held", "parked", "retry")}
    steps = {app: "" if problem is None else problem.next_step for app, problem in problems.items()}

    assert "muster sync held --approve-removals" in steps["held"]
    assert "muster log --app parked" in steps["parked"]
    assert "goes on trying" in steps["retry"]


async def test_an_app_that_does_not_answer_is_told(place: Place) -> None:
    """Asked who it is, an app that is away is a problem; without asking, nothing is known against it."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    place.fakes["chat"].faults.always("probe", Fault.DOWN)

    assert _codes(await _examined(place)) == {"MUSTER-TARGET-UNREACHABLE"}
    assert _codes(await _examined(place, probe=False)) == set()


async def test_an_app_in_quarantine_is_told(place: Place) -> None:
    """An app that is not called is told with the reason, the next probe, and what to do; it is not called."""
    await place.add_app("chat")
    await place.hire("ana")
    place.fakes["chat"].faults.always("*", Fault.FORBIDDEN)
    await converging.sync(place.desk, OPERATOR, patience=0.5)
    calls = len(place.fakes["chat"].faults.injected)
    found = await _examined(place)
    [quarantined] = [one for one in found["app chat"] if "quarantine" in one.says]

    assert len(place.fakes["chat"].faults.injected) == calls
    assert quarantined.problem is not None
    assert (quarantined.problem.code, quarantined.problem.where) == ("MUSTER-APP-QUARANTINED", "chat")
    assert "MUSTER-TARGET-FORBIDDEN" in quarantined.problem.why
    assert "probed again at" in quarantined.says


async def _used(place: Place, token: Secret) -> None:
    """Whoever holds the token used it now."""
    gate = Admission(place.desk, seconds=lambda: 0.0)
    await gate.admit(f"Bearer {token.reveal()}")
    while gate._noting:
        await asyncio.wait(gate._noting)


async def test_a_token_that_ends_is_told_before_it_does(place: Place) -> None:
    """One that is in use and ends within two weeks is a problem, until another is in use instead."""
    desk = place.desk
    until = place.clock() + timedelta(days=20)
    source, token = await tokens.add_source(desk, OPERATOR, "scim", "idp", Rights(expires_at=until))
    assert token is not None
    unused = _codes(await _examined(place))
    await _used(place, token)
    early = _codes(await _examined(place))
    place.clock.forward(days=7)
    late = _codes(await _examined(place))
    next_one = await rotation.rotate(desk, OPERATOR, source, overlap=timedelta(days=1))
    overlapping = _codes(await _examined(place))
    place.clock.forward(minutes=2)
    await _used(place, next_one.new.secret)
    done = _codes(await _examined(place))

    assert [set(), set()] == [unused, early]
    assert [{"MUSTER-TOKEN-ENDS"}, {"MUSTER-TOKEN-ENDS"}] == [late, overlapping]
    assert set() == done


async def test_a_source_nobody_can_speak_for_is_told(place: Place) -> None:
    """A SCIM source without a valid token is a problem; a source of files needs none."""
    source, _ = await tokens.add_source(place.desk, OPERATOR, "scim", "idp")
    await tokens.add_source(place.desk, OPERATOR, "file", "people")
    before = _codes(await _examined(place))
    token = (await tokens.list_tokens(place.desk, source))[0]
    await tokens.revoke_token(place.desk, OPERATOR, token.id)
    found = await _examined(place)

    assert set() == before
    assert {"MUSTER-TOKEN-NONE"} == _codes(found)
    assert "source people" not in found
