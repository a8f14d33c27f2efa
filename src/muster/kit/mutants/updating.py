"""Connectors that update wrongly."""

from dataclasses import replace
from typing import cast

from muster.kit.contract import Delta, New
from muster.kit.memory import MemoryTarget
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import (
    ACCOUNT,
    Attributes,
    Changed,
    Conflict,
    Gone,
    Invalid,
    Kind,
    OperationId,
    RemoteId,
    RemoteObject,
    Value,
)


class PutsForPatches(Mutant):
    """Clears whatever the update does not name."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Send the whole object as the delta alone."""
        kept = {"userName", "displayName", "locale"}
        cleared = {name: None for name in seen.attributes if name not in kept}
        return await super().update(seen, Delta(set={**cleared, **delta.set}), operation)


class UpdatesLoseOurId(Mutant):
    """Drops our id with every update."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Leave it out."""
        updated = replace(await super().update(seen, delta, operation), external_id=None)
        self.target.objects(seen.kind)[seen.id] = updated
        return updated


class UpdatesEverybody(Mutant):
    """Writes to every account."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Forget the condition."""
        updated = await super().update(seen, delta, operation)
        for other in list(self.target.objects(seen.kind).values()):
            unique = self.target.kind(seen.kind).unique
            shared = {name: value for name, value in delta.set.items() if name not in unique}
            self.target.change(other, shared)
        return self.target.object(updated.kind, updated.id)


class AnswersWithTheOld(Mutant):
    """Answers an update with what was seen before it."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Give the old look."""
        await super().update(seen, delta, operation)
        return seen


class AnswersWithAnother(Mutant):
    """Answers an update with another account."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Give the last one."""
        await super().update(seen, delta, operation)
        return list(self.target.objects(seen.kind).values())[-1]


class OnlyAnswersUpdates(Mutant):
    """Answers as if it had written."""

    breaks = "an_update_keeps_the_rest"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Write nothing."""
        self.target.object(seen.kind, seen.id)
        return replace(seen, attributes={**seen.attributes, **delta.set})


class KeepsAnOldLook(Mutant):
    """Remembers what it got and shows that for ever."""

    breaks = "an_update_keeps_the_rest"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        self._looks: dict[RemoteId, RemoteObject] = {}

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Remember it."""
        made = await super().create(new, operation)
        self._looks[made.id] = made
        return made

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Show the memory."""
        got = await super().get(kind, id)
        return self._looks.setdefault(id, got)


class IgnoresNone(Mutant):
    """Leaves what should be cleared."""

    breaks = "an_update_clears_with_none"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Drop every None."""
        kept = {name: value for name, value in delta.set.items() if value is not None}
        return await super().update(seen, Delta(set=kept), operation)


class ClearsToEmptyText(Mutant):
    """Writes an empty text where a value should be cleared."""

    breaks = "an_update_clears_with_none"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Send an empty text."""
        emptied = {name: "" if value is None else value for name, value in delta.set.items()}
        return await super().update(seen, Delta(set=emptied), operation)


class UpdatesOneThing(Mutant):
    """Sends the first change only."""

    breaks = "an_update_does_several_things_at_once"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Drop the others."""
        return await super().update(seen, Delta(set=dict(list(delta.set.items())[:1])), operation)


class UpdatesTextOnly(Mutant):
    """Does not send flags, numbers and lists."""

    breaks = "every_type_of_value_can_change"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Drop them."""
        kept = {name: value for name, value in delta.set.items() if value is None or isinstance(value, str)}
        return await super().update(seen, Delta(set=kept), operation)


class AddsToLists(Mutant):
    """Adds to a list where it should replace it."""

    breaks = "every_type_of_value_can_change"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Keep the old items."""
        now = self.target.object(seen.kind, seen.id).attributes
        longer = {name: _longer(now.get(name), value) for name, value in delta.set.items()}
        return await super().update(seen, Delta(set=longer), operation)


class CountsUpdates(Mutant):
    """Ends in another state with every repetition."""

    breaks = "an_update_twice_is_an_update_once"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Count."""
        counted: Attributes = {"level": len(self.target.calls) + self.target.calls["update"]}
        return await super().update(
            seen, Delta(set={**counted, **delta.set} if seen.kind == ACCOUNT else delta.set), operation
        )


class RefusesEmptyUpdates(Mutant):
    """Makes an error of an update without changes."""

    breaks = "an_update_of_nothing_changes_nothing"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Refuse it."""
        if not delta.set:
            raise Invalid("there is nothing to change", status=400)
        return await super().update(seen, delta, operation)


class LosesOddTextLater(Mutant):
    """Escapes markup when it updates."""

    breaks = "odd_text_survives"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Escape it."""
        escaped = {
            name: value.replace("<", "&lt;") if isinstance(value, str) else value
            for name, value in delta.set.items()
        }
        return await super().update(seen, Delta(set=escaped), operation)


class IgnoresVersions(Mutant):
    """Writes over what changed meanwhile."""

    breaks = "a_stale_update_is_changed"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Drop the version."""
        return await super().update(replace(seen, etag=None), delta, operation)


class WritesBeforeItChecks(Mutant):
    """Says changed and has written."""

    breaks = "a_stale_update_is_changed"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Write first."""
        before = self.target.object(seen.kind, seen.id)
        self.target.change(seen, delta.set)
        if seen.etag != before.etag:
            raise Changed("the version is not the one given", status=412)
        return self.target.object(seen.kind, seen.id)


class BringsBackTheDeleted(Mutant):
    """Creates what an update does not find."""

    breaks = "updating_what_is_no_more_is_gone"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Make it again."""
        try:
            return await super().update(seen, delta, operation)
        except Gone:
            return self.target.put(seen.kind, {**seen.attributes, **delta.set}, seen.external_id)


class SwallowsTakenNames(Mutant):
    """Leaves a name as it was where the new one is taken, and says nothing."""

    breaks = "renaming_to_a_taken_name_is_a_conflict"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Give the object as it is."""
        try:
            return await super().update(seen, delta, operation)
        except Conflict:
            return self.target.object(seen.kind, seen.id)


class RenamesByMakingAnew(Mutant):
    """Makes another object for another name."""

    breaks = "an_id_outlives_a_new_name"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Delete and create."""
        if delta.set.keys().isdisjoint(self.target.kind(seen.kind).unique):
            return await super().update(seen, delta, operation)
        now = self.target.object(seen.kind, seen.id)
        self.target.drop(seen.kind, seen.id)
        return self.target.put(now.kind, {**now.attributes, **delta.set}, now.external_id)


class ReachesIntoAnswers(Mutant):
    """Changes the very object it answered with before."""

    breaks = "what_was_answered_stays_as_it_was"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Write into it."""
        updated = await super().update(seen, delta, operation)
        cast("dict[str, Value]", seen.attributes).update(delta.set)
        return updated


class UpdatesReactivate(Mutant):
    """Brings an account back into use with any update."""

    breaks = "an_account_out_of_use_can_be_updated"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Switch it on."""
        updated = await super().update(seen, delta, operation)
        return self.target.switch(updated, active=True) if seen.kind == ACCOUNT else updated


class DoesNotRenameGroups(Mutant):
    """Takes an update of a group and does nothing."""

    breaks = "a_group_lives"

    async def update(self, seen: RemoteObject, delta: Delta, operation: OperationId) -> RemoteObject:
        """Skip groups."""
        return await super().update(seen, delta, operation) if seen.kind == ACCOUNT else seen


def _longer(now: Value, value: Value) -> Value:
    return now + value if isinstance(now, tuple) and isinstance(value, tuple) else value


MUTANTS: tuple[type[Mutating], ...] = (
    PutsForPatches,
    UpdatesLoseOurId,
    UpdatesEverybody,
    AnswersWithTheOld,
    AnswersWithAnother,
    OnlyAnswersUpdates,
    KeepsAnOldLook,
    IgnoresNone,
    ClearsToEmptyText,
    UpdatesOneThing,
    UpdatesTextOnly,
    AddsToLists,
    CountsUpdates,
    RefusesEmptyUpdates,
    LosesOddTextLater,
    IgnoresVersions,
    WritesBeforeItChecks,
    BringsBackTheDeleted,
    SwallowsTakenNames,
    RenamesByMakingAnew,
    ReachesIntoAnswers,
    UpdatesReactivate,
    DoesNotRenameGroups,
)
