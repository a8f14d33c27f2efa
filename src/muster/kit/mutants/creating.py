"""Connectors that create or delete wrongly."""

from collections.abc import Sequence
from dataclasses import replace

from muster.kit.contract import Cursor, Delta, New, Page
from muster.kit.memory import MemoryTarget
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import ACCOUNT, Conflict, Gone, Invalid, Kind, OperationId, RemoteId, RemoteObject


class CreatesOutOfUse(Mutant):
    """Makes accounts that cannot be used."""

    breaks = "created_is_there_as_asked_for"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Switch it off."""
        made = await super().create(new, operation)
        return self.target.switch(made, active=False) if new.kind == ACCOUNT else made


class CreatesLess(Mutant):
    """Does not send one attribute and says nothing."""

    breaks = "created_is_there_as_asked_for"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Leave the department out."""
        kept = {name: value for name, value in new.attributes.items() if name != "department"}
        return await super().create(replace(new, attributes=kept), operation)


class EchoesWhatWasAsked(Mutant):
    """Answers with what was asked for, not with what the target made of it."""

    breaks = "created_is_there_as_asked_for"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Cut the department and hide it."""
        made = await super().create(new, operation)
        department = made.attributes.get("department")
        if isinstance(department, str):
            self.target.change(made, {"department": department[:3]})
        return made


class IsNotReadableAtOnce(Mutant):
    """Answers before the object is there."""

    breaks = "created_is_there_as_asked_for"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._fresh: set[RemoteId] = set()

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Remember what is fresh."""
        made = await super().create(new, operation)
        self._fresh.add(made.id)
        return made

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Deny it once."""
        if id in self._fresh:
            self._fresh.discard(id)
            raise Gone("not there yet", status=404)
        return await super().get(kind, id)


class CreatesUnderAnotherName(Mutant):
    """Changes the name so that what was created is not found again."""

    breaks = "created_is_found_again"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Find only what people made."""
        return [each for each in await super().find(kind, attribute, value) if each.external_id is None]


class SwallowsConflicts(Mutant):
    """Takes over whoever holds the name."""

    breaks = "a_taken_name_is_a_conflict"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Give the holder."""
        try:
            return await super().create(new, operation)
        except Conflict:
            (name, *_) = self.target.kind(new.kind).unique
            return self.target.holding(new.kind, name, str(new.attributes[name]))[0]


class SaysInvalidForConflict(Mutant):
    """Gives a taken name the wrong class."""

    breaks = "a_taken_name_is_a_conflict"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Call it invalid."""
        try:
            return await super().create(new, operation)
        except Conflict as conflict:
            raise Invalid("the name is not valid", status=400) from conflict


class UpdatesOnConflict(Mutant):
    """Writes the new person's data into the account that holds the name, then says conflict."""

    breaks = "a_taken_name_is_a_conflict"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Overwrite first."""
        (name, *_) = self.target.kind(new.kind).unique
        for holder in self.target.holding(new.kind, name, str(new.attributes.get(name))):
            rest = {key: value for key, value in new.attributes.items() if key not in {name, "locale"}}
            self.target.change(holder, rest)
        return await super().create(new, operation)


class MakesUpRequiredValues(Mutant):
    """Fills in a required value nobody gave."""

    breaks = "a_missing_required_value_is_rejected"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Make up a name."""
        made_up = {"userName": f"user-of-{new.external_id}"} if new.kind == ACCOUNT else {}
        return await super().create(replace(new, attributes={**made_up, **new.attributes}), operation)


class LosesOddText(Mutant):
    """Sends ASCII."""

    breaks = "odd_text_survives"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Drop the rest."""
        kept = {
            name: value.encode("ascii", "ignore").decode() if isinstance(value, str) else value
            for name, value in new.attributes.items()
        }
        return await super().create(replace(new, attributes=kept), operation)


class NamesAreIds(Mutant):
    """Uses the name as the id, so that a new name is another object."""

    breaks = "an_id_outlives_a_new_name"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Show the name."""
        return self._named(await super().create(new, operation))

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Look by the name."""
        return self._named(self._real(kind, id))

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Show names."""
        return [self._named(each) for each in await super().find(kind, attribute, value)]

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Show names."""
        page = await super().read(kind, after, limit)
        return replace(page, items=[self._named(each) for each in page.items])

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Change what has the name."""
        real = self._real(seen.kind, seen.id)
        return self._named(self.target.change(real, delta.set))

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Delete what has the name."""
        for each in self.target.holding(seen.kind, _NAME[seen.kind], seen.id):
            self.target.drop(seen.kind, each.id)

    def _real(self, kind: Kind, id: RemoteId) -> RemoteObject:
        for each in self.target.holding(kind, _NAME[kind], id):
            return each
        raise Gone("no such name", status=404)

    def _named(self, each: RemoteObject) -> RemoteObject:
        return replace(each, id=RemoteId(str(each.attributes[_NAME[each.kind]])))


class RefusesToDeleteTwice(Mutant):
    """Makes an error of deleting what is no more."""

    breaks = "deleting_twice_is_success"

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Look first."""
        self.target.object(seen.kind, seen.id)
        await super().delete(seen, operation)


class DeletesByDisabling(Mutant):
    """Only takes the account out of use."""

    breaks = "deleted_is_no_more"

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Switch it off."""
        if seen.id in self.target.accounts:
            self.target.switch(seen, active=False)


class DeletesANeighbour(Mutant):
    """Deletes one more."""

    breaks = "deleted_is_no_more"

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Take the next one too."""
        await super().delete(seen, operation)
        for each in list(self.target.objects(seen.kind))[:1]:
            self.target.drop(seen.kind, each)


class KeepsTheNamesOfTheDeleted(Mutant):
    """Hides what is deleted and keeps its name taken."""

    breaks = "a_name_is_free_after_a_deletion"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._hidden: set[RemoteId] = set()

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Hide it."""
        self._hidden.add(seen.id)

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Deny what is hidden."""
        if id in self._hidden:
            raise Gone("deleted", status=404)
        return await super().get(kind, id)


class GivesIdsTwice(Mutant):
    """Gives the id of a deleted object to the next one."""

    breaks = "a_name_is_free_after_a_deletion"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._free: list[RemoteId] = []

    async def delete(self, seen: RemoteObject, operation: OperationId) -> None:
        """Keep the id."""
        await super().delete(seen, operation)
        self._free.append(seen.id)

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Use it again."""
        made = await super().create(new, operation)
        if self._free:
            again = replace(made, id=self._free.pop())
            self.target.objects(new.kind)[again.id] = again
            del self.target.objects(new.kind)[made.id]
            return again
        return made


_NAME = {ACCOUNT: "userName", Kind("group"): "displayName"}

MUTANTS: tuple[type[Mutating], ...] = (
    CreatesOutOfUse,
    CreatesLess,
    EchoesWhatWasAsked,
    IsNotReadableAtOnce,
    CreatesUnderAnotherName,
    SwallowsConflicts,
    SaysInvalidForConflict,
    UpdatesOnConflict,
    MakesUpRequiredValues,
    LosesOddText,
    NamesAreIds,
    RefusesToDeleteTwice,
    DeletesByDisabling,
    DeletesANeighbour,
    KeepsTheNamesOfTheDeleted,
    GivesIdsTwice,
)
