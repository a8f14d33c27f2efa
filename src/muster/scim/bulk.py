"""Bulk: in which order the operations of one request are carried out, and the answer (RFC 7644 §3.7).

An operation waits for those that create what it refers to, and for the one before it on the same resource;
otherwise the order is that of the request. So nothing is ever done before its turn. Creations that refer to
each other in a circle are one unit, which stands where the last of them stands and is never left half-way.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from muster.scim.bulk_circle import can_go_without, parted
from muster.scim.bulk_order import circles, ordered
from muster.scim.bulk_references import PREFIX, references_of
from muster.scim.bulk_request import BadOperation, BulkOperation, BulkRequest, Method
from muster.scim.errors import Conflict, InvalidValue, ScimError
from muster.scim.values import JsonValue, Resource

BULK_RESPONSE_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """Carry the operation out, once all the bulkIds it refers to have ids."""

    number: int
    operation: BulkOperation
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Add to what the operation created what it was created without, by the PATCH message ``data``."""

    number: int
    operation: BulkOperation
    data: Resource
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Do nothing; the operation cannot be carried out."""

    number: int
    error: ScimError


Step: TypeAlias = Do | Complete | Refuse
"""``number`` is the place of the operation in the request, from 0."""

Unit: TypeAlias = tuple[Step, ...]
"""Steps that are carried out all, or not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one operation; ``status`` counts only where there is no error."""

    status: int = 200
    location: str | None = None
    version: str | None = None
    error: ScimError | None = None


def plan(request: BulkRequest) -> tuple[Unit, ...]:
    """Return the units in the order in which they are carried out.

    Every operation has one ``Do`` or ``Refuse``; a creation that goes first in a circle has a ``Complete``
    later in the same unit.
    """
    return _Plan(request).units()


def bulk_response(request: BulkRequest, outcomes: Mapping[int, Outcome]) -> Resource:
    """Return the BulkResponse message: what became of the operations that were tried, in their order."""
    listed: list[JsonValue] = [
        _answer(operation, outcomes[number])
        for number, operation in enumerate(request.operations)
        if number in outcomes
    ]
    return {"schemas": [BULK_RESPONSE_URN], "Operations": listed}


def _answer(operation: BulkOperation | BadOperation, outcome: Outcome) -> Resource:
    error = outcome.error
    answer: dict[str, JsonValue] = {
        "location": outcome.location,
        "method": operation.method,
        "bulkId": operation.bulk_id or None,
        "version": outcome.version,
        "status": str(outcome.status if error is None else error.status),
        "response": None if error is None else error.as_response(),
    }
    return {name: value for name, value in answer.items() if value is not None}


class _Plan:
    """What is known of a request while its plan is made."""

    def __init__(self, request: BulkRequest) -> None:
        self._creators = _creators(request.operations)
        self._steps = {number: self._step(number, one) for number, one in enumerate(request.operations)}
        self._needs = {number: self._creators_for(step) for number, step in self._steps.items()}
        self._line_up()

    def _step(self, number: int, operation: BulkOperation | BadOperation) -> Do | Refuse:
        if isinstance(operation, BadOperation):
            return Refuse(number=number, error=operation.refusal)
        if operation.method is Method.POST and len(self._creators[operation.bulk_id]) > 1:
            error = InvalidValue(
                "another operation creates by the same bulkId", path=f"{operation.at}.bulkId"
            )
            return Refuse(number=number, error=error)
        found = references_of(operation)
        unknown = next((each for each in found if each not in self._creators), None)
        if unknown is not None:
            error = InvalidValue(f"no operation creates {PREFIX}{unknown[:80]}", path=operation.at)
            return Refuse(number=number, error=error)
        return Do(number=number, operation=operation, references=found)

    def _creators_for(self, step: Do | Refuse) -> set[int]:
        found = step.references if isinstance(step, Do) else ()
        return {creator for bulk_id in found for creator in self._creators[bulk_id]}

    def _line_up(self) -> None:
        """Let each operation on a resource wait for the one before it on the same."""
        latest: dict[tuple[str, str], int] = {}
        for number, step in self._steps.items():
            if isinstance(step, Do) and step.operation.target.id is not None:
                where = (step.operation.target.resource_type.endpoint, step.operation.target.id)
                if where in latest:
                    self._needs[number].add(latest[where])
                latest[where] = number

    def units(self) -> tuple[Unit, ...]:
        """Return the steps in groups, each group standing where its last operation does or later."""
        groups = {members[-1]: members for members in circles(self._needs)}
        place = {number: last for last, members in groups.items() for number in members}
        needs = {
            last: {place[needed] for number in members for needed in self._needs[number]} - {last}
            for last, members in groups.items()
        }
        order, _ = ordered(needs)
        return tuple(self._unit(groups[last]) for last in order)

    def _unit(self, members: Sequence[int]) -> Unit:
        if len(members) == 1 and members[0] not in self._needs[members[0]]:
            return (self._steps[members[0]],)
        steps = {number: step for number in members if isinstance(step := self._steps[number], Do)}
        names = {number: step.operation.bulk_id for number, step in steps.items()}
        order, cut = ordered(
            {number: self._needs[number] & steps.keys() for number in steps},
            lambda number: can_go_without(steps[number].operation, set(names.values())),
        )
        halves = {number: _halves(steps[number], {names[each] for each in cut[number]}) for number in cut}
        begun = [halves[number][0] if number in cut else steps[number] for number in order]
        hopeless = [Refuse(number=number, error=_HOPELESS) for number in steps if number not in order]
        return (*begun, *hopeless, *(completion for _, completion in halves.values()))


def _halves(step: Do, bulk_ids: AbstractSet[str]) -> tuple[Do, Complete]:
    """Return the creation without the references to these, and what completes it."""
    first, addition = parted(step.operation, bulk_ids)
    creation = replace(step.operation, data=first)
    patch = replace(step.operation, method=Method.PATCH, data=addition)
    return (
        Do(number=step.number, operation=creation, references=references_of(creation)),
        Complete(
            number=step.number, operation=step.operation, data=addition, references=references_of(patch)
        ),
    )


_HOPELESS: Final = Conflict(
    "the operations refer to each other in a circle, and no resource can be made first"
)


def _creators(operations: Sequence[BulkOperation | BadOperation]) -> Mapping[str, Sequence[int]]:
    """Return by bulkId which operations create, or were meant to."""
    found: dict[str, list[int]] = {}
    for number, operation in enumerate(operations):
        if operation.method is Method.POST and operation.bulk_id:
            found.setdefault(operation.bulk_id, []).append(number)
    return found
