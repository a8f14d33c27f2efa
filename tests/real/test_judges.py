"""What programs by other authors, made to judge SCIM servers, say of Muster's SCIM endpoint."""

import asyncio
from typing import Final

import pytest

from harness.judges import scim2_tester, scim_sanity
from office import Door

pytestmark = pytest.mark.real

# A server that offers less is checked less. So many checks scim2-tester makes of what Muster offers.
LEAST_TESTED: Final = 135
# scim-sanity adds a member with an id that nobody has, and wants 200. By RFC 7643 §4.2 a member is a User or
# a Group, and RFC 7644 §3.12 has `invalidValue` for what does not fit. Ids are ours to give, so nobody knows
# one before it is there; an answer of 200 would hide that the member does not exist.
STRANGERS_ARE_REFUSED: Final = "PATCH /Groups/{id} add member"
# Resource types of a draft that is no RFC (draft-abbey-scim-agent-extension).
DRAFT: Final = ("Agent", "AgenticApplication")


async def test_scim2_tester_finds_no_fault(door_on_each: Door) -> None:
    """scim2-tester's every check is a success, none is skipped, and it makes at least so many."""
    verdicts = await asyncio.to_thread(scim2_tester, door_on_each.url, door_on_each.token)

    assert [] == [verdict for verdict in verdicts if verdict.result != "SUCCESS"]
    assert len(verdicts) >= LEAST_TESTED


async def test_scim_sanity_finds_one_fault_that_is_none(door: Door) -> None:
    """By scim-sanity's strict rules all passes but a membership of nobody, which Muster refuses."""
    verdicts = await asyncio.to_thread(scim_sanity, door.url, door.token)
    by_result = {
        result: [verdict.check for verdict in verdicts if verdict.result == result]
        for result in {verdict.result for verdict in verdicts}
    }

    assert {"pass", "fail", "skip"} == by_result.keys()
    assert [STRANGERS_ARE_REFUSED] == by_result["fail"]
    assert all(check.startswith(DRAFT) for check in by_result["skip"])
    assert (27, 3) == (len(by_result["pass"]), len(by_result["skip"]))
