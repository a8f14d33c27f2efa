"""The dirty set: nothing marked is lost, nothing is in two hands, and whoever lost an app records nothing."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from muster import work
from muster.db import FOREVER, Database, Row, Statement, Transaction, open_database
from muster.model import ACCOUNT, AppName, Fenced, Key, PersonId, Priority, Tenant
from muster.work import Claim, Finish, Held, Owned, Parked, Retry, Settled

TENANT = Tenant("acme")
CHAT = AppName("chat")
AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
ADD_APP = Statement(
    "INSERT INTO ownership (tenant, app, owner, until, epoch) VALUES (:tenant, :app, :owner, :until, 1)"
)
HAND_OVER = Statement("UPDATE ownership SET until = 0")
ROWS = Statement("SELECT * FROM work ORDER BY tenant, app, subject")
ENDS: list[Finish] = [
    Settled(),
    Retry(due=LATER, reason="r"),
    Held(due=LATER, reason="h"),
    Parked(reason="p"),
]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database in which process ``one`` owns the chat."""
    opened = await open_database(database_url, migrate=True)
    await opened.write(lambda tx: tx.run(ADD_APP, tenant=TENANT, app=CHAT, owner="one", until=FOREVER))
    yield opened
    await opened.close()


def owned(owner: str = "one", epoch: int = 1) -> Owned:
    """The lease that the fixture gave, or a later one."""
    return Owned(tenant=TENANT, app=CHAT, owner=owner, epoch=epoch)


def key(subject: str) -> Key:
    """A person's account in the chat."""
    return Key(tenant=TENANT, app=CHAT, kind=ACCOUNT, subject=PersonId(subject))


async def mark(
    db: Database,
    *subjects: str,
    priority: Priority = Priority.UPDATE,
    at: datetime = AT,
    by: str | None = None,
) -> None:
    """Make accounts due."""
    keys = [key(subject) for subject in subjects]
    await db.write(lambda tx: work.mark(tx, keys, priority=priority, cause="test", at=at, approved_by=by))


async def claim(
    db: Database, lease: Owned | None = None, *, at: datetime = AT, room: int = 100, urgent: bool = False
) -> list[Claim]:
    """Claim what is due."""
    least = Priority.LEAVER if urgent else Priority.DRIFT_SCAN
    return await db.write(lambda tx: work.claim(tx, lease or owned(), at=at, room=room, least_urgent=least))


async def finish(db: Database, claimed: Claim, how: Finish, *, at: datetime = AT) -> None:
    """Let go of a key."""
    await db.write(lambda tx: work.finish(tx, claimed, how, at=at))


async def rows(db: Database) -> list[Row]:
    """The whole set."""
    return await db.read(lambda tx: tx.all(ROWS))


def subjects(claims: Iterable[Claim]) -> list[str]:
    """Whose accounts they are."""
    return [claimed.key.subject for claimed in claims]


async def take_over(db: Database, owner: str = "two") -> Owned:
    """The lease of the former owner lapses and another process takes the app."""
    await db.write(lambda tx: tx.run(HAND_OVER))
    (taken,) = await db.write(lambda tx: work.renew(tx, owner, place="test", at=AT))
    return taken


async def test_ten_thousand_marks_of_one_key_are_one_row(db: Database) -> None:
    """However often a key changes, it is looked at once."""

    async def often(tx: Transaction) -> None:
        for _ in range(1_000):
            await work.mark(tx, [key("ana")], priority=Priority.UPDATE, cause="test", at=AT)

    for _ in range(10):
        await db.write(often)

    assert len(await rows(db)) == 1
    assert subjects(await claim(db)) == ["ana"]


async def test_a_key_is_claimed_once(db: Database) -> None:
    """What is in hand is not handed out again."""
    await mark(db, "ana", "bob")

    first, second = await claim(db), await claim(db)

    assert sorted(subjects(first)) == ["ana", "bob"]
    assert second == []


async def test_a_settled_key_is_gone(db: Database) -> None:
    """Nothing remains of work that is done."""
    await mark(db, "ana")
    (claimed,) = await claim(db)

    await finish(db, claimed, Settled())

    assert await rows(db) == []


@pytest.mark.parametrize("how", ENDS)
async def test_a_mark_during_the_pass_makes_the_key_due_again(db: Database, how: Finish) -> None:
    """Whatever the pass found, it may have looked before the change: the key is looked at again at once."""
    await mark(db, "ana")
    (claimed,) = await claim(db)
    await mark(db, "ana", priority=Priority.JOINER)

    await finish(db, claimed, how)

    (again,) = await claim(db)
    assert (again.attempts, again.priority) == (0, Priority.JOINER)
    await finish(db, again, Settled())
    assert await rows(db) == []


@pytest.mark.parametrize("how", ENDS)
async def test_a_key_made_due_by_a_mark_during_its_pass_says_so(db: Database, how: Finish) -> None:
    """It does not show as held or parked by the pass that came too early."""
    await mark(db, "ana")
    (claimed,) = await claim(db)
    await mark(db, "ana")

    await finish(db, claimed, how)

    (row,) = await rows(db)
    assert (row["state"], row["reason"], row["owner"]) == ("due", "", None)


async def test_a_retry_waits_until_its_time(db: Database) -> None:
    """Not a moment earlier, and with one more failed attempt behind it."""
    await mark(db, "ana")
    (claimed,) = await claim(db)

    await finish(db, claimed, Retry(due=LATER, reason="it was away"))

    assert await claim(db, at=LATER - timedelta(microseconds=1)) == []
    (again,) = await claim(db, at=LATER)
    assert again.attempts == 1


async def test_a_wait_that_is_nobodys_fault_does_not_count(db: Database) -> None:
    """Attempts make waits longer only for failures."""
    await mark(db, "ana")
    (claimed,) = await claim(db)

    await finish(db, claimed, Retry(due=LATER, reason="asked to wait", counts=False))

    (again,) = await claim(db, at=LATER)
    assert again.attempts == 0


@pytest.mark.parametrize("how", ENDS[1:])
async def test_a_mark_wakes_what_waits(db: Database, how: Finish) -> None:
    """Back-off, hold and park end when something changes."""
    await mark(db, "ana")
    (claimed,) = await claim(db)
    await finish(db, claimed, how)

    await mark(db, "ana")

    (again,) = await claim(db)
    assert again.attempts == 0


async def test_what_is_parked_stays_parked(db: Database) -> None:
    """Time alone does not wake it."""
    await mark(db, "ana")
    (claimed,) = await claim(db)

    await finish(db, claimed, Parked(reason="two accounts"))

    assert await claim(db, at=AT + timedelta(days=10_000)) == []
    (waiting,) = await db.read(lambda tx: work.waiting_for(tx, TENANT))
    assert (waiting.state, waiting.reason, waiting.due) == ("parked", "two accounts", None)


async def test_the_most_urgent_come_first(db: Database) -> None:
    """Leavers before everybody, then by priority, then by how long they wait."""
    await mark(db, "scan", priority=Priority.DRIFT_SCAN, at=AT - timedelta(hours=2))
    await mark(db, "new", priority=Priority.JOINER)
    await mark(db, "older", priority=Priority.UPDATE, at=AT - timedelta(hours=1))
    await mark(db, "younger", priority=Priority.UPDATE)
    await mark(db, "leaver", priority=Priority.LEAVER)

    one_by_one = [subjects(await claim(db, room=1)) for _ in range(5)]

    assert one_by_one == [["leaver"], ["new"], ["older"], ["younger"], ["scan"]]


async def test_the_most_urgent_come_first_in_one_claim(db: Database) -> None:
    """A claim of several is in the same order."""
    await mark(db, "scan", priority=Priority.DRIFT_SCAN, at=AT - timedelta(hours=2))
    await mark(db, "new", priority=Priority.JOINER)
    await mark(db, "leaver", priority=Priority.LEAVER)

    claims = await claim(db, room=2)

    assert subjects(claims) == ["leaver", "new"]


async def test_slots_for_leavers_take_leavers_only(db: Database) -> None:
    """``least_urgent`` leaves everything else alone."""
    await mark(db, "new", priority=Priority.JOINER)
    await mark(db, "leaver", priority=Priority.LEAVER)

    claims = await claim(db, urgent=True)

    assert subjects(claims) == ["leaver"]


async def test_a_mark_never_makes_a_key_less_urgent(db: Database) -> None:
    """A leaver in a bulk import is still a leaver, and keeps who approved it."""
    await mark(db, "ana", priority=Priority.LEAVER, by="cli:root")
    await mark(db, "ana", priority=Priority.IMPORT)

    (claimed,) = await claim(db)

    assert (claimed.priority, claimed.approved_by) == (Priority.LEAVER, "cli:root")


async def test_what_is_due_later_does_not_stand_before_what_is_due(db: Database) -> None:
    """A thousand keys in back-off hide none that is due, whatever their priority."""
    waiting = [f"w{number:04}" for number in range(1_000)]
    await mark(db, *waiting, priority=Priority.LEAVER, at=LATER)
    await mark(db, "ana", priority=Priority.DRIFT_SCAN)

    claims = await claim(db, room=1)

    assert subjects(claims) == ["ana"]


async def test_a_claim_takes_only_the_app_it_is_for(db: Database) -> None:
    """Another app of the tenant and the same app of another tenant are left alone."""
    others = [
        Key(tenant=TENANT, app=AppName("mail"), kind=ACCOUNT, subject=PersonId("ana")),
        Key(tenant=Tenant("other"), app=CHAT, kind=ACCOUNT, subject=PersonId("ana")),
    ]
    await db.write(lambda tx: work.mark(tx, others, priority=Priority.UPDATE, cause="test", at=AT))

    assert await claim(db) == []


async def test_who_takes_over_gets_what_was_in_hand(db: Database) -> None:
    """A dead owner's claims are free once its lease is over; none is lost."""
    await mark(db, "ana", "bob")
    await claim(db, room=1)

    two = await take_over(db)

    assert (two.owner, two.epoch) == ("two", 2)
    assert sorted(subjects(await claim(db, two))) == ["ana", "bob"]


@pytest.mark.parametrize("how", ENDS)
async def test_a_former_owner_records_nothing(db: Database, how: Finish) -> None:
    """A process that slept through its lease finds its claim void, and its transaction undone."""
    await mark(db, "ana")
    (claimed,) = await claim(db)
    two = await take_over(db)

    with pytest.raises(Fenced):
        await finish(db, claimed, how)
    with pytest.raises(Fenced):
        await db.write(lambda tx: work.fence(tx, claimed.owned))

    assert subjects(await claim(db, two)) == ["ana"]
    with pytest.raises(Fenced):
        await finish(db, claimed, how)


async def test_a_former_owner_claims_nothing(db: Database) -> None:
    """What it claimed after the takeover would stay in dead hands for ever."""
    two = await take_over(db)
    await mark(db, "ana")

    with pytest.raises(Fenced):
        await claim(db, owned())

    assert subjects(await claim(db, two)) == ["ana"]


async def test_an_owner_that_comes_back_starts_a_new_epoch(db: Database) -> None:
    """Its old claims stay void although the app is its own again."""
    await mark(db, "ana")
    (claimed,) = await claim(db)
    two = await take_over(db)
    await db.write(lambda tx: work.resign(tx, "two", [two]))
    one = await take_over(db, "one")

    with pytest.raises(Fenced):
        await finish(db, claimed, Settled())

    assert one.epoch == 3
    assert subjects(await claim(db, one)) == ["ana"]


async def test_a_late_word_about_an_old_claim_does_not_touch_a_new_one(db: Database) -> None:
    """A key that was settled, marked anew and claimed again is not let go by its earlier claim."""
    await mark(db, "ana")
    (old,) = await claim(db)
    await finish(db, old, Settled())
    await mark(db, "ana", at=AT + timedelta(microseconds=1))
    (new,) = await claim(db, at=LATER)

    with pytest.raises(Fenced):
        await finish(db, old, Retry(due=AT, reason="the answer of the first commit was lost"))

    await finish(db, new, Settled())
    assert await rows(db) == []


async def test_the_backlog_counts_what_waits(db: Database) -> None:
    """By app and state, with the age of the oldest."""
    await mark(db, "ana", at=AT - timedelta(hours=1))
    await mark(db, "bob")
    await mark(db, "eve")
    claimed = next(one for one in await claim(db) if one.key.subject == "eve")
    await finish(db, claimed, Parked(reason="why"))

    counted = await db.read(lambda tx: work.backlog(tx, TENANT))

    assert [(one.app, one.state, one.keys, one.oldest) for one in counted] == [
        (CHAT, "due", 2, AT - timedelta(hours=1)),
        (CHAT, "parked", 1, AT),
    ]
