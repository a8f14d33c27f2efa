"""Each app belongs to one process at a time, and the apps are shared fairly over the processes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from muster import work
from muster.db import Database, Row, Statement, Transaction, open_database
from muster.directory import apps
from muster.model import App, AppName, Fenced, Tenant
from muster.work import Owned
from muster.work.ownership import LEASE

TENANT = Tenant("acme")
AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LAPSE = Statement("UPDATE ownership SET until = 0 WHERE owner = :owner")
DIE = Statement("UPDATE workers SET until = 1 WHERE id = :owner")
OWNERSHIP = Statement("SELECT * FROM ownership ORDER BY tenant, app")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database with six apps."""
    opened = await open_database(database_url, migrate=True)

    async def setup(tx: Transaction) -> None:
        for number in range(6):
            app = App(tenant=TENANT, name=AppName(f"app{number}"), connector="memory")
            await apps.put(tx, app, {}, at=AT)

    await opened.write(setup)
    yield opened
    await opened.close()


async def renew(
    db: Database, owner: str, *, at: datetime = AT, busy: frozenset[AppName] = frozenset()
) -> list[Owned]:
    """One renewal of one process."""
    return await db.write(lambda tx: work.renew(tx, owner, place="test", at=at, busy=busy))


async def die(db: Database, owner: str) -> None:
    """A process ends without a word and its leases run out."""

    async def work(tx: Transaction) -> None:
        await tx.run(LAPSE, owner=owner)
        await tx.run(DIE, owner=owner)

    await db.write(work)


async def owners(db: Database) -> list[Row]:
    """Who owns what."""
    return await db.read(lambda tx: tx.all(OWNERSHIP))


async def test_one_process_owns_every_app(db: Database) -> None:
    """Whoever is alone does all the work."""
    owned = await renew(db, "one")

    assert [one.app for one in owned] == [f"app{number}" for number in range(6)]
    assert {one.epoch for one in owned} == {1}


async def test_a_renewal_keeps_the_epoch(db: Database) -> None:
    """Claims made before it stay valid."""
    first = await renew(db, "one")

    assert await renew(db, "one") == first


async def test_processes_share_the_apps(db: Database) -> None:
    """After a few renewals three processes have two apps each, and no app has two owners."""
    for _ in range(4):
        for owner in ("one", "two", "three"):
            await renew(db, owner)

    assert Counter(row["owner"] for row in await owners(db)) == {"one": 2, "two": 2, "three": 2}


async def test_an_app_in_use_is_not_given_back(db: Database) -> None:
    """What has keys in hand stays until they are finished."""
    mine = await renew(db, "one")
    busy = frozenset(one.app for one in mine[:5])
    await renew(db, "two")

    kept = await renew(db, "one", busy=busy)

    assert busy <= {one.app for one in kept}


async def test_the_apps_of_a_dead_process_are_taken_over(db: Database) -> None:
    """With a new epoch each, so that its claims are void."""
    for _ in range(3):
        await renew(db, "one")
        await renew(db, "two")
    lost = [one.app for one in await renew(db, "one")]
    await die(db, "one")

    owned = await renew(db, "two")

    assert len(owned) == 6
    assert len(lost) == 3
    taken = {one.app: one.epoch for one in owned if one.app in lost}
    kept = {one.app: one.epoch for one in owned if one.app not in lost}
    assert min(taken.values()) >= 2
    assert len(kept) == 3


async def test_a_lease_that_holds_is_not_taken(db: Database) -> None:
    """A second process gets nothing from one that is busy and alive."""
    mine = await renew(db, "one")

    assert await renew(db, "two") == []
    assert await renew(db, "one", busy=frozenset(one.app for one in mine)) == mine


async def test_a_lapsed_lease_that_nobody_took_is_renewed_as_it_was(db: Database) -> None:
    """A process that was late loses nothing as long as it stands in the row."""
    mine = await renew(db, "one")
    await db.write(lambda tx: tx.run(LAPSE, owner="one"))

    assert await renew(db, "one", at=AT + 10 * LEASE) == mine


async def test_who_resigns_is_followed_at_once(db: Database) -> None:
    """Nobody waits for the lease of a process that stopped in good order."""
    mine = await renew(db, "one")

    await db.write(lambda tx: work.resign(tx, "one", mine))

    assert len(await renew(db, "two")) == 6
    with pytest.raises(Fenced):
        await db.write(lambda tx: work.fence(tx, mine[0]))


async def test_resigning_late_takes_nothing_from_the_successor(db: Database) -> None:
    """A former owner that says goodbye after the takeover gives back nothing that is not its own."""
    mine = await renew(db, "one")
    await die(db, "one")
    theirs = await renew(db, "two")

    await db.write(lambda tx: work.resign(tx, "one", mine))

    assert await renew(db, "two") == theirs


async def test_an_app_added_later_is_owned_at_the_next_renewal(db: Database) -> None:
    """Nobody has to be told."""
    await renew(db, "one")
    late = App(tenant=Tenant("other"), name=AppName("late"), connector="memory")
    await db.write(lambda tx: apps.put(tx, late, {}, at=AT))

    owned = await renew(db, "one")

    assert ("other", "late") in {(one.tenant, one.app) for one in owned}


async def test_processes_that_race_for_free_apps_get_different_ones(db: Database) -> None:
    """However they overlap, no app has two owners and none is left free."""
    for _ in range(6):
        await asyncio.gather(*(renew(db, owner) for owner in ("one", "two", "three")))

    taken = [row["owner"] for row in await owners(db)]
    told = [(one.app, owner) for owner in ("one", "two", "three") for one in await renew(db, owner)]
    assert None not in taken
    assert len({app for app, _ in told}) == len(told) == 6


async def test_who_works_is_counted(db: Database) -> None:
    """As long as they renew, and no longer once they stopped."""
    await renew(db, "one")
    await renew(db, "two")
    both = await db.read(lambda tx: work.alive(tx, at=AT))
    await db.write(lambda tx: work.resign(tx, "one", []))
    one = await db.read(lambda tx: work.alive(tx, at=AT))
    await die(db, "two")
    none = await db.read(lambda tx: work.alive(tx, at=AT + timedelta(seconds=1)))

    assert (both, one, none) == (2, 1, 0)
