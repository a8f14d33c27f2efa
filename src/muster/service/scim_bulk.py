"""Many changes of one source in one request (RFC 7644 §3.7), each carried out as it would be alone.

Every operation is a transaction of its own: whenever the process dies, an operation has happened or not. Only
creations that refer to each other in a circle take a second step. The resource exists first without the
reference, and when the step fails the answer says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, assert_never

from muster.model import Unavailable
from muster.scim.bulk import Complete, Do, Outcome, Refuse, Step, Unit, bulk_response, plan
from muster.scim.bulk_references import PREFIX, with_ids
from muster.scim.bulk_request import BulkRequest, Method, Target, parse_bulk
from muster.scim.errors import Conflict, ScimError
from muster.scim.values import JsonValue, Resource
from muster.service.desk import Desk
from muster.service.scim_exchange import ANY_VERSION, Caller, Expected, Stored, TypesChanged
from muster.service.scim_types import Types


class Changes(Protocol):
    """How the resources of one type are changed; ``scim_people`` and ``scim_groups`` are such."""

    async def create(self, desk: Desk, caller: Caller, body: JsonValue) -> Stored:
        """The resource exists."""
        ...

    async def put(
        self, desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ...
    ) -> Stored:
        """The resource is as the body says."""
        ...

    async def patch(
        self, desk: Desk, caller: Caller, id: str, body: JsonValue, *, expected: Expected = ...
    ) -> Stored:
        """The operations of the body are applied to the resource."""
        ...

    async def delete(self, desk: Desk, caller: Caller, id: str, *, expected: Expected = ...) -> None:
        """The resource does not exist for its source."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a bulk request is carried out by.

    Args:
        collections: What changes resources, by the name of their endpoint, as ``Users``.
        worded: What the client is told of an error.
        latest_types: What users and groups may hold, when that changes while the request is carried out.
    """

    collections: Mapping[str, Changes]
    worded: Callable[[Exception], ScimError]
    latest_types: Callable[[], Awaitable[Types]]


async def bulk(desk: Desk, caller: Caller, body: JsonValue, means: Means) -> Resource:
    """The operations of the message are carried out, until as many have failed as it allows; the answer.

    Raises:
        ScimError: The body is no BulkRequest message; nothing was done.
        Unavailable: The database cannot be used; nothing was done.
    """
    # Ten megabytes of references take a second to order, in which others are answered.
    request, units = await asyncio.to_thread(_planned, body, caller)
    run = _Run(desk, caller, request, means)
    for unit in units:
        if run.is_over():
            break
        for step in unit:
            await run.take(step)
    return bulk_response(request, run.outcomes)


def _planned(body: JsonValue, caller: Caller) -> tuple[BulkRequest, tuple[Unit, ...]]:
    request = parse_bulk(body, caller.types.all())
    return request, plan(request)


class _Run:
    """One request while it is carried out: what was created, and what became of each operation."""

    def __init__(self, desk: Desk, caller: Caller, request: BulkRequest, means: Means) -> None:
        self._desk = desk
        self._caller = caller
        self._request = request
        self._means = means
        self._ids: dict[str, str] = {}
        self._changed = False
        self._away: ScimError | None = None  # the database; nothing more is tried then
        self.outcomes: dict[int, Outcome] = {}

    def is_over(self) -> bool:
        """Whether as many operations have failed as the client allows."""
        most = self._request.fail_on_errors
        return most is not None and sum(one.error is not None for one in self.outcomes.values()) >= most

    async def take(self, step: Step) -> None:
        """What became of the operation is known.

        Raises:
            Unavailable: The database cannot be used, and nothing was changed before.
        """
        match step:
            case Refuse():
                self.outcomes[step.number] = Outcome(error=step.error, location=self._place(step.number))
            case Do():
                self.outcomes[step.number] = await self._done(step)
            case Complete():
                self.outcomes[step.number] = await self._completed(step, self.outcomes[step.number])
            case _:
                assert_never(step)

    async def _done(self, step: Do) -> Outcome:
        try:
            self._check(step.references)
            outcome = await self._by_latest_types(lambda: self._carried_out(step))
        except Exception as error:  # noqa: BLE001 - told to the client and the log; the others go on
            return Outcome(error=self._refusal(error), location=self._place(step.number))
        self._changed = True
        return outcome

    async def _by_latest_types(self, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        try:
            return await work()
        except TypesChanged:  # at this very moment; nothing was stored
            self._caller = replace(self._caller, types=await self._means.latest_types())
            return await work()

    async def _carried_out(self, step: Do) -> Outcome:
        desk, caller, operation = self._desk, self._caller, step.operation
        target, collection = operation.target, self._collection(operation.target)
        data = with_ids(operation.data, operation.method, self._ids) if step.references else operation.data
        version = operation.version
        expected = ANY_VERSION if version is None else Expected(etags=frozenset({version}))
        known = self._id(target) or ""
        match operation.method:
            case Method.POST:
                stored = await collection.create(desk, caller, data)
                self._ids[operation.bulk_id] = stored.id
                return Outcome(status=201, location=stored.location, version=stored.etag)
            case Method.PUT:
                stored = await collection.put(desk, caller, known, data, expected=expected)
            case Method.PATCH:
                stored = await collection.patch(desk, caller, known, data, expected=expected)
            case Method.DELETE:
                await collection.delete(desk, caller, known, expected=expected)
                return Outcome(status=204, location=caller.location(target.resource_type, known))
            case _:
                assert_never(operation.method)
        return Outcome(status=200, location=stored.location, version=stored.etag)

    async def _completed(self, step: Complete, created: Outcome) -> Outcome:
        if created.error is not None:
            return created
        operation = step.operation
        data = with_ids(step.data, Method.PATCH, self._ids)
        known = self._ids[operation.bulk_id]

        async def change() -> Outcome:
            stored = await self._collection(operation.target).patch(self._desk, self._caller, known, data)
            return replace(created, version=stored.etag)

        try:
            self._check(step.references)
            return await self._by_latest_types(change)
        except Exception as error:  # noqa: BLE001 - as above
            return replace(created, error=_incomplete(step, self._refusal(error)))

    def _check(self, references: Collection[str]) -> None:
        """Return when there is a database, and an id for each of the bulkIds."""
        if self._away is not None:
            raise self._away
        missing = next((each for each in references if each not in self._ids), None)
        if missing is not None:
            raise Conflict(f"{PREFIX}{missing[:80]} could not be resolved, because nothing was created by it")

    def _refusal(self, error: Exception) -> ScimError:
        if isinstance(error, Unavailable) and not self._changed:
            raise error
        refusal = self._means.worded(error)
        if isinstance(error, Unavailable):
            self._away = refusal
        return refusal

    def _collection(self, target: Target) -> Changes:
        return self._means.collections[target.resource_type.endpoint.removeprefix("/")]

    def _id(self, target: Target) -> str | None:
        """The id of the resource an operation goes to; None where it has none (yet)."""
        if target.id is None or not target.id.startswith(PREFIX):
            return target.id
        return self._ids.get(target.id.removeprefix(PREFIX))

    def _place(self, number: int) -> str | None:
        """The location of the resource an operation that failed went to."""
        target = self._request.operations[number].target
        known = None if target is None else self._id(target)
        return None if target is None or known is None else self._caller.location(target.resource_type, known)


def _incomplete(step: Complete, error: ScimError) -> ScimError:
    """What to tell of a resource that exists without all its references."""
    if error.status >= _FAILURES:
        return error
    name = step.operation.target.resource_type.name
    return Conflict(f"the {name} was created, but without its circular references: {error.detail}")


_FAILURES: Final = 500  # statuses from here on are no refusals
