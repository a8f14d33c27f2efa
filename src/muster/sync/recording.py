"""The transactions around a call.

The intent before it, the outcome after it, each fenced by ownership and each with its audit record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from muster import audit, work
from muster.audit import Action, Record, Result
from muster.db import Transaction
from muster.directory import apps, intents, links
from muster.directory.intents import Intent, IntentEnd
from muster.model import (
    App,
    Broken,
    Health,
    Link,
    LinkState,
    Operation,
    OperationId,
    OutcomeUnknown,
    Plan,
    Priority,
    Problem,
    RemoteObject,
    TargetError,
    Verb,
)
from muster.plan import Go, Hold, Window, guard
from muster.sync.engine import Engine
from muster.sync.facts import Facts
from muster.sync.failures import quarantine_until
from muster.work import Claim, Finish, Parked

WINDOW: Final = timedelta(hours=1)  # the guard's sliding window
_HOLD_LOOK: Final = timedelta(minutes=5)  # how often a held key asks again whether the window has room

ACTIONS: Final[Mapping[Verb, Action]] = {
    Verb.CREATE: Action.ACCOUNT_CREATE,
    Verb.LINK: Action.ACCOUNT_LINK,
    Verb.UPDATE: Action.ACCOUNT_UPDATE,
    Verb.ENABLE: Action.ACCOUNT_ENABLE,
    Verb.DISABLE: Action.ACCOUNT_DISABLE,
    Verb.DELETE: Action.ACCOUNT_DELETE,
    Verb.UNLINK: Action.ACCOUNT_UNLINK,
    Verb.ASK: Action.ACCOUNT_ASK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Writes what one pass over one claimed key does."""

    engine: Engine
    claim: Claim
    facts: Facts
    app: App

    async def intend(self, plan: Plan, operation: Operation) -> Intent | Hold:
        """The intent is committed, so the call may be sent; or the guard holds it and nothing may.

        Raises:
            Fenced: another process owns the app now.
        """
        at = self.engine.clock()
        intent = Intent(
            id=OperationId(self.engine.new_id()),
            key=operation.key,
            verb=operation.verb,
            remote_id=operation.remote_id,
            before=operation.before,
            after=operation.after,
            because=operation.because,
            cause=self.claim.cause,
            opened_at=at,
        )

        async def commit(tx: Transaction) -> Intent | Hold:
            # Passes side by side must not each count the same removals and all find room in the budget.
            await work.fence(tx, self.claim.owned, alone=operation.verb.destroys)
            if operation.verb.destroys and isinstance(verdict := await self._verdict(tx, plan, at), Hold):
                return verdict
            await intents.open_intent(tx, intent)
            if operation.verb is Verb.CREATE:
                await links.put(tx, Link(key=operation.key, state=LinkState.CREATING), at=at)
            await audit.append(tx, self._about(operation, at, Result.INTENDED, operation_id=intent.id))
            return intent

        return await self.engine.db.write(commit)

    async def _verdict(self, tx: Transaction, plan: Plan, at: datetime) -> Go | Hold:
        window = Window(
            managed=await links.count_managed(tx, plan.key),
            destroyed=await intents.count_destroyed(tx, plan.key.tenant, plan.key.app, since=at - WINDOW),
        )
        return guard(plan, self.app.limits, window, authoritative=self.authoritative)

    @property
    def authoritative(self) -> bool:
        """Whether a leaver signal or a named approver stands behind this pass."""
        return self.claim.priority is Priority.LEAVER or self.claim.approved_by is not None

    async def done(
        self,
        operation: Operation,
        intent: Intent | None,
        link: Link | None,
        *,
        finish: Finish | None,
        started: datetime,
    ) -> None:
        """What was done is recorded, with the link as it is now; ``finish`` also lets go of the key.

        Raises:
            Fenced: another process owns the app now; nothing was recorded.
            Duplicate: the remote object is linked to somebody else.
        """
        at = self.engine.clock()

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            if intent is not None:
                remote_id = None if link is None else link.remote_id
                await intents.close(tx, intent, IntentEnd.DONE, at=at, remote_id=remote_id)
            if link is not None:
                await links.put(tx, link, at=at)
            operation_id = None if intent is None else intent.id
            record = self._about(operation, at, Result.DONE, operation_id=operation_id, duration=at - started)
            detail = {**record.detail, "remote_id": None if link is None else link.remote_id}
            await audit.append(tx, replace(record, detail=detail))
            await self._let_go(tx, finish, at)

        await self.engine.db.write(commit)

    async def failed(
        self,
        operation: Operation,
        intent: Intent,
        error: TargetError,
        finish: Finish | None,
        *,
        started: datetime,
        unknown: bool = False,
    ) -> None:
        """How it failed is recorded; an unknown outcome leaves the intent open: the next pass looks first.

        Args:
            operation: what was tried.
            intent: under which it was tried.
            error: how it failed.
            finish: what becomes of the key; None while the pass goes on.
            started: when the call began.
            unknown: whether it may have happened although the error alone does not say so.
        """
        at = self.engine.clock()
        unknown = unknown or isinstance(error, OutcomeUnknown)

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            if unknown:
                await intents.leave_unknown(tx, intent, at=at, code=error.code, detail=error.why)
            else:
                await intents.close(tx, intent, IntentEnd.FAILED, at=at, code=error.code, detail=error.why)
                if operation.verb is Verb.CREATE:
                    await self._restore_link(tx, at)
            result = Result.UNKNOWN if unknown else Result.FAILED
            record = self._about(operation, at, result, operation_id=intent.id, duration=at - started)
            detail = {**record.detail, "why": error.why, "status": error.status}
            await audit.append(tx, replace(record, code=error.code, detail=detail))
            await self._quarantine_if_broken(tx, error, at)
            await self._let_go(tx, finish, at, recovered=False)

        await self.engine.db.write(commit)

    async def _restore_link(self, tx: Transaction, at: datetime) -> None:
        """The account was not made: what we remembered before the intent is what we remember."""
        if self.facts.link is None or self.facts.link.state is LinkState.CREATING:
            await links.forget(tx, self.facts.key)
        else:
            await links.put(tx, self.facts.link, at=at)

    async def not_seen(self, error: TargetError, finish: Finish) -> None:
        """The application could not be looked at: nothing is concluded, the key waits."""
        at = self.engine.clock()

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            action = Action.ACCOUNT_PARK if isinstance(finish, Parked) else Action.ACCOUNT_READ
            record = self._record(action, at, Result.FAILED)
            await audit.append(
                tx, replace(record, code=error.code, detail={"why": error.why, "status": error.status})
            )
            await self._quarantine_if_broken(tx, error, at)
            await self._let_go(tx, finish, at, recovered=False)

        await self.engine.db.write(commit)

    async def stopped(
        self, action: Action, problem: Problem, finish: Finish, *, link: Link | None = None
    ) -> None:
        """The pass ends without an answer from the application being wanted.

        Held, parked, or a question for a person.
        """
        at = self.engine.clock()

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            if link is not None:
                await links.put(tx, link, at=at)
            record = self._record(action, at, Result.REFUSED)
            await audit.append(tx, replace(record, code=problem.code, detail={"why": str(problem)}))
            await self._let_go(tx, finish, at)

        await self.engine.db.write(commit)

    async def hold(self, verdict: Hold) -> Finish:
        """The guard's word is recorded; the key asks again as the window slides."""
        finish = work.Held(due=self.engine.clock() + _HOLD_LOOK, reason=str(verdict.problem))
        await self.stopped(Action.ACCOUNT_HOLD, verdict.problem, finish)
        return finish

    async def resolved(self, ended: Sequence[tuple[Intent, IntentEnd]], why: str) -> None:
        """Intents whose outcome was unknown are closed with what looking brought to light."""
        at = self.engine.clock()

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            for intent, end in ended:
                await intents.close(tx, intent, end, at=at, detail=why)
                result = Result.DONE if end is IntentEnd.DONE else Result.FAILED
                record = self._record(ACTIONS[intent.verb], at, result)
                await audit.append(tx, replace(record, operation=intent.id, detail={"why": why}))

        await self.engine.db.write(commit)

    async def converged(self, finish: Finish, *, seen: RemoteObject | None, calls: int) -> None:
        """Nothing was to be done; the linked object, when it was seen, is remembered as it is now."""
        at = self.engine.clock()

        async def commit(tx: Transaction) -> None:
            await work.fence(tx, self.claim.owned)
            if seen is not None and self.facts.link is not None:
                await links.put(tx, self._as_seen(self.facts.link, seen, at), at=at)
            if calls:
                record = self._record(Action.ACCOUNT_READ, at, Result.DONE)
                await audit.append(tx, replace(record, detail={"calls": calls}))
            await self._let_go(tx, finish, at, recovered=calls > 0)

        await self.engine.db.write(commit)

    def _as_seen(self, link: Link, seen: RemoteObject, at: datetime) -> Link:
        """The link, caught up with a write whose record never came, or with what was done there by hand."""
        state = link.state if seen.active is None else LinkState.LINKED if seen.active else LinkState.DISABLED
        desired = self.facts.desired
        held = {name: seen.attributes.get(name) for name in desired.attributes if desired.wanted}
        return replace(
            link, state=state, etag=seen.etag, verified_at=at, last_applied={**link.last_applied, **held}
        )

    async def _let_go(
        self, tx: Transaction, finish: Finish | None, at: datetime, *, recovered: bool = True
    ) -> None:
        if (
            recovered
            and self.app.health is Health.QUARANTINED
            and await apps.recover(tx, self.app.tenant, self.app.name)
        ):
            await audit.append(tx, replace(self._record(Action.APP_RECOVER, at, Result.DONE), person=None))
        if finish is not None:
            await work.finish(tx, self.claim, finish, at=at)

    async def _quarantine_if_broken(self, tx: Transaction, error: TargetError, at: datetime) -> None:
        if not isinstance(error, Broken):
            return
        tries = await apps.quarantine_tries(tx, self.app.tenant, self.app.name)
        until = quarantine_until(tries, at=at)
        if self.app.health is Health.GOOD and tries:
            return  # another pass of the same moment already did
        if await apps.quarantine(tx, self.app, str(error), tries=tries, retry_at=until):
            record = replace(
                self._record(Action.APP_QUARANTINE, at, Result.DONE), person=None, code=error.code
            )
            await audit.append(tx, replace(record, detail={"why": error.why, "until": until.isoformat()}))

    def _about(
        self,
        operation: Operation,
        at: datetime,
        result: Result,
        *,
        operation_id: OperationId | None = None,
        duration: timedelta | None = None,
    ) -> Record:
        record = self._record(ACTIONS[operation.verb], at, result)
        return replace(
            record,
            operation=operation_id,
            before=dict(operation.before),
            after=dict(operation.after),
            detail={"because": list(operation.because)},
            duration=duration,
        )

    def _record(self, action: Action, at: datetime, result: Result) -> Record:
        return Record(
            id=self.engine.new_id(),
            tenant=self.facts.key.tenant,
            at=at,
            action=action,
            actor=self.claim.approved_by or "muster",
            cause=self.claim.cause,
            result=result,
            person=self.facts.key.subject,
            app=self.facts.key.app,
        )
