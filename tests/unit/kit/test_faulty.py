"""What each injected fault does to the target and to the caller."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from muster.kit.contract import Connector, Delta, Disables, HoldsMembers, Members, New
from muster.kit.faulty import ANY, WRITES, After, Fault, Faults, FaultyTarget, Slow, with_faults
from muster.kit.memory import MemoryConnector, MemoryTarget, connect
from muster.model import (
    ACCOUNT,
    GROUP,
    AuthFailed,
    Changed,
    Conflict,
    Forbidden,
    Garbled,
    Gone,
    Invalid,
    Misconfigured,
    OperationId,
    OutcomeUnknown,
    RateLimited,
    TargetError,
    Unreachable,
)

OPERATION = OperationId("operation")
ADA = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"})


class World:
    """A target with one account and one group, seen through faults."""

    def __init__(self) -> None:
        self.target = MemoryTarget()
        self.faults = Faults()
        self.connector = FaultyTarget(MemoryConnector(self.target), self.faults)
        self.bob = self.target.put(ACCOUNT, {"userName": "bob"}, "p0")
        self.group = self.target.put(GROUP, {"displayName": "Analysts"})

    def state(self) -> object:
        """Everything the target holds, as a value that can be compared."""
        members = {group: frozenset(held) for group, held in self.target.members.items()}
        return dict(self.target.accounts), dict(self.target.groups), members

    def calls(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Every call a connector has, ready to be made; each write changes something."""
        it = self.connector
        delta = Delta(set={"title": "Chief"})
        joining = Members(add=frozenset({self.bob.id}))
        return {
            "probe": it.probe,
            "read": lambda: it.read(ACCOUNT, None, 10),
            "get": lambda: it.get(ACCOUNT, self.bob.id),
            "find": lambda: it.find(ACCOUNT, "userName", "bob"),
            "create": lambda: it.create(ADA, OPERATION),
            "update": lambda: it.update(self.bob, delta, OPERATION),
            "delete": lambda: it.delete(self.bob, OPERATION),
            "set_active": lambda: it.set_active(self.bob, False, OPERATION),
            "members": lambda: it.members(self.group, None),
            "change_members": lambda: it.change_members(self.group, joining, OPERATION),
        }


CALLS = sorted(World().calls())
HAPPEN = {Fault.DROP_AFTER_COMMIT, Fault.GARBLED, Fault.WRONG_USER}
ON_READ = {
    Fault.DOWN: Unreachable,
    Fault.DROP_BEFORE: Unreachable,
    Fault.DROP_AFTER_COMMIT: Unreachable,
    Fault.AUTH: AuthFailed,
    Fault.FORBIDDEN: Forbidden,
    Fault.CONFLICT: Conflict,
    Fault.CHANGED: Changed,
    Fault.INVALID: Invalid,
    Fault.RATE_LIMITED: RateLimited,
    Fault.SERVER_ERROR: Unreachable,
    Fault.GARBLED: Garbled,
    Fault.WRONG_USER: Garbled,
}
ON_WRITE = ON_READ | {
    Fault.DROP_BEFORE: OutcomeUnknown,
    Fault.DROP_AFTER_COMMIT: OutcomeUnknown,
    Fault.SERVER_ERROR: OutcomeUnknown,
    Fault.GARBLED: OutcomeUnknown,
    Fault.WRONG_USER: OutcomeUnknown,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [each for each in Fault if each in ON_READ])
async def test_a_fault_raises_its_error_and_happens_or_not(call: str, fault: Fault) -> None:
    """Each fault raises what a faithful connector would; the write has happened just where it says so."""
    world = World()
    before = world.state()
    world.faults.next(call, fault)
    expected = (ON_WRITE if call in WRITES else ON_READ)[fault]

    with pytest.raises(TargetError) as caught:
        await world.calls()[call]()

    assert expected is type(caught.value)
    assert (call in WRITES and fault in HAPPEN) == (before != world.state())
    assert [(call, fault)] == world.faults.injected


@pytest.mark.parametrize("call", CALLS)
async def test_without_a_fault_the_call_goes_through(call: str) -> None:
    """A call the script has nothing for answers as the connector underneath does."""
    world = World()
    before = world.state()
    await world.calls()[call]()

    assert (call in WRITES) == (before != world.state())
    assert [] == world.faults.injected


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("probe", Misconfigured),
        ("read", Misconfigured),
        ("find", Misconfigured),
        ("create", Misconfigured),
        ("get", Gone),
        ("update", Gone),
        ("set_active", Gone),
        ("members", Gone),
        ("change_members", Gone),
    ],
)
async def test_not_found_is_about_the_object_or_the_service(call: str, error: type[TargetError]) -> None:
    """A "not found" means the object where the call is aimed at one, else the address is wrong."""
    world = World()
    world.faults.next(call, Fault.NOT_FOUND)

    with pytest.raises(error):
        await world.calls()[call]()


async def test_not_found_on_delete_is_believed() -> None:
    """A delete answered with "not found" succeeds, though this application lied."""
    world = World()
    world.faults.next("delete", Fault.NOT_FOUND)
    await world.calls()["delete"]()

    assert world.bob.id in world.target.accounts


@pytest.mark.parametrize("call", ["get", "create", "update", "set_active"])
async def test_another_object_can_be_passed_on(call: str) -> None:
    """The unseen wrong user: the call happens and the answer is another object of the target."""
    world = World()
    other = world.target.put(ACCOUNT, {"userName": "eve"})
    world.faults.next(call, Fault.WRONG_USER_UNSEEN)
    answer = await world.calls()[call]()

    assert (world.bob if call == "create" else other) == answer


@pytest.mark.parametrize("call", ["probe", "read", "members", "change_members", "delete"])
async def test_answers_without_one_object_cannot_be_of_another(call: str) -> None:
    """Where the answer is not one object there is no wrong one: the call goes through."""
    world = World()
    before = world.state()
    world.faults.next(call, Fault.WRONG_USER_UNSEEN)
    await world.calls()[call]()

    assert (call in WRITES) == (before != world.state())


async def test_a_search_can_find_somebody_else() -> None:
    """The unseen wrong user in a search: one object that does not match, made up when there is no other."""
    world = World()
    world.faults.next("find", Fault.WRONG_USER_UNSEEN)
    (found,) = await world.connector.find(ACCOUNT, "userName", "bob")

    assert "somebody-else" == found.id


async def test_scripts_go_call_by_call() -> None:
    """Queued faults come one each in order, None lets one through, and what was not met is counted."""
    world = World()
    world.faults.next("get", Fault.AUTH, None, Fault.DOWN)
    world.faults.next(ANY, Fault.GARBLED)

    with pytest.raises(AuthFailed):
        await world.connector.get(ACCOUNT, world.bob.id)
    with pytest.raises(Garbled):
        await world.connector.find(ACCOUNT, "userName", "bob")
    assert world.bob == await world.connector.get(ACCOUNT, world.bob.id)
    assert 1 == world.faults.left


async def test_standing_faults_last_until_ended() -> None:
    """``always`` holds for every call of its name, then for none once it is ended."""
    world = World()
    world.faults.always(ANY, Fault.DOWN)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await world.connector.get(ACCOUNT, world.bob.id)
    world.faults.always(ANY, None)

    assert world.bob == await world.connector.get(ACCOUNT, world.bob.id)


async def test_any_error_can_be_raised_as_it_is() -> None:
    """An exception in the script is raised and the call does not happen."""
    world = World()
    world.faults.next("create", RateLimited("slow down", retry_after=2.5))

    with pytest.raises(RateLimited) as caught:
        await world.connector.create(ADA, OPERATION)
    assert 2.5 == caught.value.retry_after
    assert 1 == len(world.target.accounts)


async def test_a_crash_can_come_after_the_call() -> None:
    """``After`` lets the call happen and raises instead of answering."""
    world = World()
    world.faults.next("create", After(error=asyncio.CancelledError()))

    with pytest.raises(asyncio.CancelledError):
        await world.connector.create(ADA, OPERATION)
    assert 2 == len(world.target.accounts)


async def test_a_refusal_can_be_lost_too() -> None:
    """A dropped answer hides that the application refused."""
    world = World()
    world.faults.next("create", Fault.DROP_AFTER_COMMIT)

    with pytest.raises(OutcomeUnknown):
        await world.connector.create(
            New(kind=ACCOUNT, external_id="p9", attributes={"userName": "BOB"}), OPERATION
        )
    assert 1 == len(world.target.accounts)


async def test_a_slow_call_waits_for_its_event() -> None:
    """A slow call happens after its event, and goes on as ``then`` says."""
    world = World()
    event = asyncio.Event()
    world.faults.next("create", Slow(until=event, then=Fault.DROP_AFTER_COMMIT))
    call = asyncio.create_task(world.connector.create(ADA, OPERATION))
    await asyncio.sleep(0)
    before = len(world.target.accounts)
    event.set()

    with pytest.raises(OutcomeUnknown):
        await call
    assert (1, 2) == (before, len(world.target.accounts))


def test_a_wrapped_connector_has_the_powers_of_the_inner_one() -> None:
    """Wrapping gives and takes no power."""
    for disables in (True, False):
        for holds_members in (True, False):
            inner = connect(MemoryTarget(disables=disables, holds_members=holds_members))
            wrapped = with_faults(inner, Faults())

            assert isinstance(wrapped, Connector)
            assert disables == isinstance(wrapped, Disables)
            assert holds_members == isinstance(wrapped, HoldsMembers)


async def test_a_script_can_be_any_function() -> None:
    """A plain function of the call's name is a script."""
    connector = with_faults(connect(MemoryTarget()), lambda call: Fault.DOWN if call == "probe" else None)

    with pytest.raises(Unreachable):
        await connector.probe()
    assert (await connector.read(ACCOUNT, None, 1)).complete
