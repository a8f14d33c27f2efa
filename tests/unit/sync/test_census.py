"""A census spares looking for each of many people, and never proves absent who may be there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from muster.kit import memory
from muster.kit.faulty import Fault, Faults, FaultyTarget
from muster.kit.memory_target import MemoryTarget
from muster.model import ACCOUNT, App, AppName, Tenant
from muster.sync.census import CensusTaker

APP = App(tenant=Tenant("acme"), name=AppName("chat"), connector="memory", match_on=("userName",))
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def taker_for(target: MemoryTarget, page: int = 10) -> CensusTaker:
    """A taker that calls the target itself."""
    return CensusTaker(APP, memory.connect(target), page)


async def absent(
    taker: CensusTaker, user_name: str, *, external_id: str = "p9", people: int = 100, at: datetime = NOON
) -> bool:
    """Whether the taker proves that this person is not there, while so many wait."""

    async def waiting() -> int:
        return people

    clock: Callable[[], datetime] = lambda: at  # noqa: E731 - a clock that stands
    return await taker.proves_absence(external_id, {"userName": user_name}, clock=clock, waiting=waiting)


async def test_who_is_nowhere_is_proven_absent() -> None:
    """A complete read that shows neither our id nor the name proves absence."""
    target = MemoryTarget()
    target.put(ACCOUNT, {"userName": "ada"}, "p1")

    assert await absent(taker_for(target), "bob")


async def test_who_may_be_there_is_not_proven_absent() -> None:
    """Our id, or the name in any letter case, is enough to look afresh."""
    target = MemoryTarget()
    target.put(ACCOUNT, {"userName": "Ada"}, "p1")

    assert not await absent(taker_for(target), "ada")
    assert not await absent(taker_for(target), "somebody", external_id="p1")


async def test_few_people_are_looked_for_one_by_one() -> None:
    """Below the threshold nothing is read and nothing is proven."""
    target = MemoryTarget()

    assert not await absent(taker_for(target), "bob", people=49)


async def test_an_old_census_proves_nothing_more() -> None:
    """After half a minute everybody is read anew, and who came meanwhile is seen."""
    target = MemoryTarget()
    taker = taker_for(target)
    before = await absent(taker, "bob")
    target.put(ACCOUNT, {"userName": "bob"})

    assert before
    assert await absent(taker, "bob", at=NOON + timedelta(seconds=30))
    assert not await absent(taker, "bob", at=NOON + timedelta(seconds=31))


async def test_a_read_that_fails_proves_nothing() -> None:
    """Half a read is no census: each person is looked for instead."""
    target = MemoryTarget()
    for number in range(25):
        target.put(ACCOUNT, {"userName": f"u{number}"})
    faults = Faults()
    faults.next("read", Fault.DOWN)
    taker = CensusTaker(APP, FaultyTarget(memory.connect(target), faults), 10)

    assert not await absent(taker, "bob")


async def test_a_read_that_costs_more_than_it_spares_is_given_up() -> None:
    """No more pages are read than people wait."""
    target = MemoryTarget()
    for number in range(60):
        target.put(ACCOUNT, {"userName": f"u{number}"})

    assert not await absent(taker_for(target, page=1), "bob", people=50)
    assert await absent(taker_for(target, page=1), "bob", people=70)
