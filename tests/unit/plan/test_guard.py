"""The guard on what takes access away."""

import pytest

from muster.model import ACCOUNT, AppName, Key, Limits, Operation, PersonId, Plan, RemoteId, Tenant, Verb
from muster.plan import Go, Hold, Window, budget, guard

KEY = Key(tenant=Tenant("acme"), app=AppName("chat"), kind=ACCOUNT, subject=PersonId("ana"))


def plan(*verbs: Verb) -> Plan:
    """A plan that does these things to account 1."""
    return Plan(key=KEY, operations=tuple(Operation(verb=v, key=KEY, remote_id=RemoteId("1")) for v in verbs))


@pytest.mark.parametrize(
    ("count", "percent", "managed", "allowed"),
    [
        (5, 5.0, 0, 5),
        (5, 5.0, 100, 5),
        (5, 5.0, 119, 5),
        (5, 5.0, 120, 6),
        (0, 5.0, 19, 0),
        (0, 5.1, 1000, 51),
        (0, 0.57, 10_000, 57),
        (0, 0.0, 1_000_000, 0),
        (3, 100.0, 2, 3),
    ],
)
def test_the_budget_is_a_count_or_a_share(count: int, percent: float, managed: int, allowed: int) -> None:
    """The larger of count and share counts; a share is rounded down, in decimal arithmetic."""
    assert budget(Limits(destroy_count=count, destroy_percent=percent), managed=managed) == allowed


@pytest.mark.parametrize("verb", [Verb.DISABLE, Verb.DELETE])
def test_removals_go_through_up_to_the_budget(verb: Verb) -> None:
    """The last removal the budget covers goes, the next one is held."""
    limits = Limits(destroy_count=5, destroy_percent=0.0)

    assert guard(plan(verb), limits, Window(managed=50, destroyed=4), authoritative=False) == Go()
    held = guard(plan(verb), limits, Window(managed=50, destroyed=5), authoritative=False)
    assert isinstance(held, Hold)


def test_an_authoritative_removal_is_never_held() -> None:
    """A leaver whom a person ended loses the account however many went before."""
    assert guard(plan(Verb.DISABLE), Limits(), Window(managed=5, destroyed=500), authoritative=True) == Go()


def test_joining_and_changing_flow_while_removals_are_held() -> None:
    """Only what takes access away is ever held."""
    harmless = plan(*(verb for verb in Verb if not verb.destroys))

    assert (
        guard(harmless, Limits(destroy_count=0), Window(managed=1, destroyed=99), authoritative=False) == Go()
    )


def test_a_hold_says_what_where_why_and_what_next() -> None:
    """The problem names app and person, the numbers, and the command that lets the removals through."""
    held = guard(plan(Verb.DELETE), Limits(), Window(managed=40, destroyed=7), authoritative=False)

    assert isinstance(held, Hold)
    assert held.problem.code == "MUSTER-GUARD-HELD"
    assert held.problem.where == "app chat, person ana"
    assert "7 of the 40 accounts" in held.problem.why
    assert "allows 5 (5, or 5 % of the accounts" in held.problem.why
    assert "`muster sync chat --approve-removals`" in held.problem.next_step
