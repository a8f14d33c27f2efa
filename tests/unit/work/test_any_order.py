"""The dirty set against a model in plain dicts, in whatever order things happen."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from muster import work
from muster.db import FOREVER, Database, Statement, Transaction, from_micros, open_database
from muster.model import ACCOUNT, AppName, Fenced, Key, PersonId, Priority, Tenant
from muster.work import Claim, Finish, Held, Owned, Parked, Retry, Settled

START = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
CHAT = AppName("chat")
TENANT = Tenant("acme")
OWNERS = ("one", "two", "three")
ROWS = Statement("SELECT * FROM work")
LAPSE = Statement("UPDATE ownership SET until = 0")
CLEAR = [Statement("DELETE FROM work"), Statement("DELETE FROM ownership"), Statement("DELETE FROM workers")]
FREE = Statement(
    "INSERT INTO ownership (tenant, app, owner, until, epoch) VALUES (:tenant, :app, NULL, 0, 0)"
)
SUBJECTS = st.sampled_from([PersonId(name) for name in ("ana", "bob", "cyd", "dan", "eve")])
ENDS = st.one_of(
    st.just(Settled()),
    st.builds(lambda seconds, counts: ("retry", seconds, counts), st.integers(0, 30), st.booleans()),
    st.builds(lambda seconds: ("held", seconds, False), st.integers(0, 30)),
    st.just(Parked(reason="parked")),
)


@dataclass(frozen=True)
class Row:
    """What the model knows of one dirty key."""

    due: datetime | None  # None: no time wakes it
    priority: Priority
    attempts: int = 0
    state: str = "due"
    held_by: Owned | None = None
    marked_again: bool = False  # since it was claimed


class DirtySet(RuleBasedStateMachine):
    """Marks, claims, ends, crashes and takeovers; after each step the table is what the model says."""

    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self, runner: asyncio.Runner, db: Database) -> None:
        super().__init__()
        self.runner = runner
        self.db = db
        self.now = START
        self.model: dict[PersonId, Row] = {}
        self.owner: Owned | None = None
        self.leases: list[Owned] = []
        self.write(self._clear)

    async def _clear(self, tx: Transaction) -> None:
        for statement in CLEAR:
            await tx.run(statement)
        await tx.run(FREE, tenant=TENANT, app=CHAT)

    def write(self, act: Any) -> Any:  # noqa: ANN401 - whatever the transaction gives
        """Run one transaction to its end."""
        return self.runner.run(self.db.write(act))

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        """It is later now."""
        self.now += timedelta(seconds=seconds)

    @rule(
        subjects=st.sets(SUBJECTS, min_size=1),
        priority=st.sampled_from(Priority),
    )
    def mark(self, subjects: set[PersonId], priority: Priority) -> None:
        """Something changed about these people."""
        keys = [_key(subject) for subject in subjects]
        self.write(lambda tx: work.mark(tx, keys, priority=priority, cause="test", at=self.now))
        for subject in subjects:
            row = self.model.get(subject)
            if row is None:
                self.model[subject] = Row(due=self.now, priority=priority)
                continue
            due = self.now if row.due is None else min(row.due, self.now)
            urgency = min(row.priority, priority)
            again = row.held_by is not None
            self.model[subject] = replace(
                row, due=due, priority=urgency, attempts=0, state="due", marked_again=again
            )

    @rule(owner=st.sampled_from(OWNERS))
    def take_over(self, owner: str) -> None:
        """The lease of whoever has the app runs out, and a process takes it."""
        self.write(lambda tx: tx.run(LAPSE))
        (taken,) = self.write(lambda tx: work.renew(tx, owner, place="test", at=self.now))
        if self.owner is None or self.owner.owner != owner:
            self.model = {
                subject: replace(row, held_by=None, marked_again=False) for subject, row in self.model.items()
            }
        self.owner = taken
        self.leases.append(taken)

    @precondition(lambda self: self.leases)
    @rule(target=claims, data=st.data(), room=st.integers(1, 4), leavers_only=st.booleans())
    def claim(self, data: st.DataObject, room: int, leavers_only: bool) -> Any:  # noqa: ANN401
        """A process, perhaps one that lost the app, takes what is due."""
        lease = data.draw(st.sampled_from(self.leases))
        least = Priority.LEAVER if leavers_only else Priority.DRIFT_SCAN
        try:
            taken = self.write(lambda tx: work.claim(tx, lease, at=self.now, room=room, least_urgent=least))
        except Fenced:
            assert lease != self.owner
            return multiple()
        assert lease == self.owner
        self._is_right_to_claim(taken, room, least)
        for claimed in taken:
            row = self.model[claimed.key.subject]
            assert (claimed.priority, claimed.attempts) == (row.priority, row.attempts)
            self.model[claimed.key.subject] = replace(row, held_by=lease, marked_again=False)
        return multiple(*taken)

    def _is_right_to_claim(self, taken: list[Claim], room: int, least: Priority) -> None:
        free = {
            subject: (row.priority, row.due)
            for subject, row in self.model.items()
            if row.held_by is None and row.due is not None and row.due <= self.now and row.priority <= least
        }
        order = [free.pop(claimed.key.subject) for claimed in taken]
        assert order == sorted(order)
        assert len(taken) == room or not free
        assert not free or not order or max(order) <= min(free.values())

    @rule(claimed=consumes(claims), end=ENDS)
    def finish(self, claimed: Claim, end: Any) -> None:  # noqa: ANN401
        """A process, perhaps one that lost the app, is done with a key."""
        how = self._end(end)
        subject = claimed.key.subject
        row = self.model.get(subject)
        ours = row is not None and row.held_by == claimed.owned and claimed.owned == self.owner
        try:
            self.write(lambda tx: work.finish(tx, claimed, how, at=self.now))
        except Fenced:
            assert not ours
            return
        assert ours
        assert row is not None
        self.model[subject] = self._after(row, claimed, how)
        if isinstance(how, Settled) and not row.marked_again:
            del self.model[subject]

    def _end(self, end: Any) -> Finish:  # noqa: ANN401
        if isinstance(end, Settled | Parked):
            return end
        what, seconds, counts = end
        due = self.now + timedelta(seconds=seconds)
        return Retry(due=due, reason="retry", counts=counts) if what == "retry" else Held(due=due, reason="h")

    def _after(self, row: Row, claimed: Claim, how: Finish) -> Row:
        free = replace(row, held_by=None, marked_again=False)
        if row.marked_again:
            return replace(free, due=self.now)
        match how:
            case Retry(due=due, counts=counts):
                return replace(free, due=due, state="retry", attempts=claimed.attempts + counts)
            case Held(due=due):
                return replace(free, due=due, state="held", attempts=claimed.attempts)
            case _:
                return replace(free, due=None, state="parked", attempts=claimed.attempts)

    @rule(claimed=consumes(claims))
    def forget(self, claimed: Claim) -> None:
        """A process dies over a key and never says how it went."""

    @invariant()
    def the_table_is_what_the_model_says(self) -> None:
        """No key is lost, none is made up, and each has the holder it should have."""
        stored = {
            PersonId(row["subject"]): Row(
                due=None if row["due"] >= FOREVER else from_micros(row["due"]),
                priority=Priority(row["priority"]),
                attempts=row["attempts"],
                state=row["state"],
                held_by=self._holder(row),
                marked_again=row["owner"] is not None and row["gen"] != row["claim_gen"],
            )
            for row in self.runner.run(self.db.read(lambda tx: tx.all(ROWS)))
        }
        assert stored == self.model

    def _holder(self, row: Any) -> Owned | None:  # noqa: ANN401
        if row["owner"] is None:
            return None
        return Owned(tenant=TENANT, app=CHAT, owner=row["owner"], epoch=row["epoch"])

    def teardown(self) -> None:
        """Whatever happened, one live process can bring everything to its end."""
        self.take_over("last")
        assert self.owner is not None
        self.write(
            lambda tx: work.mark(tx, map(_key, self.model), priority=Priority.IMPORT, cause="t", at=self.now)
        )
        for claimed in self.write(lambda tx: work.claim(tx, self.owner, at=self.now, room=100)):
            self.write(lambda tx, claimed=claimed: work.finish(tx, claimed, Settled(), at=self.now))
        assert self.runner.run(self.db.read(lambda tx: tx.all(ROWS))) == []


def _key(subject: PersonId) -> Key:
    return Key(tenant=TENANT, app=CHAT, kind=ACCOUNT, subject=subject)


@pytest.mark.parametrize(("dialect", "examples", "steps"), [("sqlite", 60, 40), ("postgresql", 12, 30)])
def test_no_key_is_lost_or_held_twice_in_any_order(
    request: pytest.FixtureRequest, dialect: str, examples: int, steps: int
) -> None:
    """Marks, claims, ends, deaths and takeovers in any order leave the table as the model has it."""
    url = request.getfixturevalue({"sqlite": "sqlite_database_url"}.get(dialect, "postgres_database_url"))
    with asyncio.Runner() as runner:
        db = runner.run(open_database(url, migrate=True))
        run_state_machine_as_test(
            lambda: DirtySet(runner, db), settings=settings(max_examples=examples, stateful_step_count=steps)
        )
        runner.run(db.close())
