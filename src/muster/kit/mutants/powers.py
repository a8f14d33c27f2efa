"""Connectors that use their powers wrongly."""

from collections.abc import Sequence
from dataclasses import replace

from muster.kit.contract import Cursor, Members, Page
from muster.kit.memory import MemoryTarget
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import (
    ACCOUNT,
    Changed,
    Conflict,
    Gone,
    Invalid,
    Kind,
    OperationId,
    RemoteId,
    RemoteObject,
)


class DisablesByDeleting(Mutant):
    """Deletes the account it should take out of use."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Delete it."""
        switched = await super().set_active(seen, active, operation)
        if not active:
            self.target.drop(seen.kind, seen.id)
        return switched


class OnlyAnswersDisabled(Mutant):
    """Answers as if the account were out of use."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Write nothing."""
        self._check_version(seen)
        return replace(self.target.object(seen.kind, seen.id), active=active)


class DisablesWithLoss(Mutant):
    """Clears an account when it takes it out of use."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Clear the title."""
        switched = await super().set_active(seen, active, operation)
        return switched if active else self.target.change(switched, {"title": None})


class DisablesWithoutOurId(Mutant):
    """Drops our id when it takes an account out of use."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Leave it out."""
        switched = replace(await super().set_active(seen, active, operation), external_id=None)
        self.target.accounts[seen.id] = switched
        return switched


class DisablesEverybody(Mutant):
    """Takes every account out of use."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Forget the condition."""
        switched = await super().set_active(seen, active, operation)
        for each in list(self.target.accounts.values()):
            if not active:
                self.target.switch(each, active=False)
        return switched


class EnablesNobody(Mutant):
    """Cannot bring an account back and does not say so."""

    breaks = "disabling_keeps_the_account"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Leave it out of use."""
        return await super().set_active(seen, False, operation)


class ReadsOnlyWhoIsInUse(Mutant):
    """Leaves accounts out of use out of a read it calls complete."""

    breaks = "disabling_keeps_the_account"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Hide them."""
        page = await super().read(kind, after, limit)
        return replace(page, items=[each for each in page.items if each.active is not False])


class FindsOnlyWhoIsInUse(Mutant):
    """Does not find accounts out of use, so that a rehire gets a second one."""

    breaks = "disabling_keeps_the_account"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Hide them."""
        return [each for each in await super().find(kind, attribute, value) if each.active is not False]


class RefusesToDisableTwice(Mutant):
    """Makes an error of an account already as asked for."""

    breaks = "disabling_twice_is_success"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Look first."""
        if self.target.object(seen.kind, seen.id).active == active:
            raise Conflict("it is so already", status=409)
        return await super().set_active(seen, active, operation)


class TogglesActive(Mutant):
    """Turns an account's use round."""

    breaks = "disabling_twice_is_success"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Turn it round."""
        now = self.target.object(seen.kind, seen.id)
        return await super().set_active(seen, not now.active, operation)


class DisablesTheDeleted(Mutant):
    """Calls it success to take out of use what is no more."""

    breaks = "disabling_what_is_no_more_is_gone"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Swallow it."""
        try:
            return await super().set_active(seen, active, operation)
        except Gone:
            return replace(seen, active=active)


class DisablesFromAnOldLook(Mutant):
    """Ignores that the account changed meanwhile."""

    breaks = "disabling_from_an_old_look_is_changed"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Drop the version."""
        return await super().set_active(replace(seen, etag=None), active, operation)


class DisablesAndSaysChanged(Mutant):
    """Says changed and has taken the account out of use."""

    breaks = "disabling_from_an_old_look_is_changed"

    async def set_active(self, seen: RemoteObject, active: bool, operation: OperationId) -> RemoteObject:
        """Write first."""
        try:
            return await super().set_active(seen, active, operation)
        except Changed:
            self.target.switch(seen, active)
            raise


class ReplacesAllMembers(Mutant):
    """Writes the added ones over all others."""

    breaks = "members_come_and_go_one_by_one"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Clear first."""
        if members.add:
            self.target.object(group.kind, group.id)
            self.target.members[group.id].clear()
        await super().change_members(group, members, operation)


class RemovesNoMember(Mutant):
    """Adds and never removes."""

    breaks = "members_come_and_go_one_by_one"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Drop the removals."""
        await super().change_members(group, replace(members, remove=frozenset()), operation)


class RemovesAllMembers(Mutant):
    """Removes everybody where one should go, as a PATCH without its filter does."""

    breaks = "members_come_and_go_one_by_one"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Forget the filter."""
        everybody = frozenset(self.target.members.get(group.id, ())) - members.add
        wider = replace(members, remove=everybody) if members.remove else members
        await super().change_members(group, wider, operation)


class ChangesEveryGroup(Mutant):
    """Adds the members to every group."""

    breaks = "members_come_and_go_one_by_one"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Forget which."""
        await super().change_members(group, members, operation)
        for held in self.target.members.values():
            held.update(members.add)


class RenamesTheGroup(Mutant):
    """Changes the group's name with its members."""

    breaks = "members_come_and_go_one_by_one"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Write the name."""
        await super().change_members(group, members, operation)
        self.target.change(group, {"displayName": f"renamed {group.id}"})


class RefusesWhoIsThere(Mutant):
    """Makes an error of a member who is there already."""

    breaks = "member_changes_can_be_repeated"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Look first."""
        if members.add & self.target.members.get(group.id, set()):
            raise Conflict("a member already", status=409)
        await super().change_members(group, members, operation)


class RefusesWhoIsNotThere(Mutant):
    """Makes an error of removing who is no member."""

    breaks = "member_changes_can_be_repeated"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Look first."""
        if members.remove - self.target.members.get(group.id, set()):
            raise Invalid("no member", status=400)
        await super().change_members(group, members, operation)


class ShowsMembersTwice(Mutant):
    """Shows every member twice."""

    breaks = "member_changes_can_be_repeated"

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Repeat them."""
        page, following = await super().members(group, after)
        return [*page, *page], following


class ShowsSomeMembers(Mutant):
    """Shows the first page of members and calls it all."""

    breaks = "many_members_are_all_there"

    def __init__(self, target: MemoryTarget) -> None:
        super().__init__(target)
        target.limit = 4

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Stop after a page."""
        page, _ = await super().members(group, after)
        return page, None


class TakesSomeMembers(Mutant):
    """Sends the first chunk of a change and forgets the others."""

    breaks = "many_members_are_all_there"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Cut it."""
        cut = replace(members, add=frozenset(sorted(members.add)[:10]))
        await super().change_members(group, cut, operation)


class MembersWithoutEnd(Mutant):
    """Never says that the members are all shown."""

    breaks = "many_members_are_all_there"

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Begin again."""
        page, following = await super().members(group, after)
        return page, following or Cursor("0")


class DropsUnknownMembers(Mutant):
    """Leaves out who does not exist, and says nothing."""

    breaks = "an_unknown_member_is_refused"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Filter them."""
        known = replace(members, add=frozenset(each for each in members.add if each in self.target.accounts))
        await super().change_members(group, known, operation)


class RefusesAndClears(Mutant):
    """Refuses an unknown member and has lost the others."""

    breaks = "an_unknown_member_is_refused"

    async def change_members(self, group: RemoteObject, members: Members, operation: OperationId) -> None:
        """Clear on refusal."""
        try:
            await super().change_members(group, members, operation)
        except Invalid:
            self.target.members[group.id].clear()
            raise


class ShowsNoMembersOfNoGroup(Mutant):
    """Shows a group that is no more as one without members."""

    breaks = "members_of_no_group_are_gone"

    async def members(
        self, group: RemoteObject, after: Cursor | None
    ) -> tuple[Sequence[RemoteId], Cursor | None]:
        """Give none."""
        return await super().members(group, after) if group.id in self.target.groups else ([], None)


class CreatesGroupsTwiceOver(Mutant):
    """Does not find groups."""

    breaks = "a_group_lives"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Look among accounts only."""
        return await super().find(kind, attribute, value) if kind == ACCOUNT else []


MUTANTS: tuple[type[Mutating], ...] = (
    DisablesByDeleting,
    OnlyAnswersDisabled,
    DisablesWithLoss,
    DisablesWithoutOurId,
    DisablesEverybody,
    EnablesNobody,
    ReadsOnlyWhoIsInUse,
    FindsOnlyWhoIsInUse,
    RefusesToDisableTwice,
    TogglesActive,
    DisablesTheDeleted,
    DisablesFromAnOldLook,
    DisablesAndSaysChanged,
    ReplacesAllMembers,
    RemovesNoMember,
    RemovesAllMembers,
    ChangesEveryGroup,
    RenamesTheGroup,
    RefusesWhoIsThere,
    RefusesWhoIsNotThere,
    ShowsMembersTwice,
    ShowsSomeMembers,
    TakesSomeMembers,
    MembersWithoutEnd,
    DropsUnknownMembers,
    RefusesAndClears,
    ShowsNoMembersOfNoGroup,
    CreatesGroupsTwiceOver,
)
