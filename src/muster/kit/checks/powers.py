"""Powers: accounts go out of use and come back without loss; members change one by one."""

from collections.abc import Sequence
from typing import cast

from muster.kit.checks.trial import MOST_PAGES, NotApplicable, Trial, check, gone, holds, raises
from muster.kit.contract import EXTERNAL_ID, Cursor, Delta, Disables, HoldsMembers, Members, Power
from muster.model import ACCOUNT, GROUP, Changed, Gone, Invalid, RemoteId, RemoteObject


async def check_disabling_keeps_the_account(trial: Trial) -> None:
    """An account out of use keeps everything, is still shown, read and found, and comes back as it was."""
    made, bystander = await trial.make(), await trial.make()
    disabled = await _switch(trial, made, active=False)
    await _stays(trial, made, disabled, active=False)
    await _is_found(trial, made)
    got = await trial.connector.get(ACCOUNT, made.id)
    enabled = await _switch(trial, got, active=True)
    await _stays(trial, made, enabled, active=True)
    other = await trial.connector.get(ACCOUNT, bystander.id)

    holds(other.active is True, "disabling one account leaves others in use")


async def check_disabling_twice_is_success(trial: Trial) -> None:
    """An account already as asked for stays so."""
    made = await trial.make()
    made = await _switch(trial, made, active=True)
    await _stays(trial, made, made, active=True)
    disabled = await _switch(trial, made, active=False)
    again = await _switch(trial, disabled, active=False)

    await _stays(trial, made, again, active=False)


async def check_disabling_what_is_no_more_is_gone(trial: Trial) -> None:
    """An account that was deleted cannot be taken out of use or back: it is Gone."""
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())
    for active in (False, True):
        await raises(Gone, _switch(trial, made, active=active), "switching what is no more is Gone")

    await gone(trial, made)


async def check_disabling_from_an_old_look_is_changed(trial: Trial) -> None:
    """Where objects have versions, taking out of use from an old look is Changed and changes nothing."""
    old = await trial.make()
    if old.etag is None:
        raise NotApplicable("the target has no versions")
    await _switch(trial, await _switch(trial, old, active=False), active=True)
    await raises(Changed, _switch(trial, old, active=False), "switching from an old look is Changed")

    got = await trial.connector.get(ACCOUNT, old.id)
    holds(got.active is True, "what is Changed stays as it was")


async def check_an_account_out_of_use_can_be_updated(trial: Trial) -> None:
    """An update of an account out of use leaves it out of use."""
    (attribute,) = trial.plain()
    made = await trial.make()
    disabled = await _switch(trial, made, active=False)
    value = trial.other_value(attribute)
    delta = Delta(set={attribute: value})
    updated = await trial.connector.update(disabled, delta, trial.operation())
    got = await trial.connector.get(ACCOUNT, made.id)

    holds(trial.same(ACCOUNT, {attribute: value}, updated.attributes), "an account out of use can be updated")
    holds((updated.active, got.active) == (False, False), "an update does not bring an account back into use")


async def check_a_group_lives(trial: Trial) -> None:
    """A group is created, shown, read, found, renamed and deleted as an account is."""
    made = await trial.make(GROUP)
    (name, *_) = trial.kind(GROUP).match_on
    value = trial.other_value(name, GROUP)
    found = await trial.connector.find(GROUP, name, str(made.attributes[name]))
    holds([made.id] == [each.id for each in found], "a group is found by its name")
    holds(made.id in await trial.ids(GROUP), "a group is read")
    renamed = await trial.connector.update(made, Delta(set={name: value}), trial.operation())
    holds(trial.same(GROUP, {name: value}, renamed.attributes), "a group can be renamed")
    await trial.connector.delete(renamed, trial.operation())
    await trial.connector.delete(renamed, trial.operation())

    await gone(trial, made)


async def check_members_come_and_go_one_by_one(trial: Trial) -> None:
    """A member change adds and removes whom it names and keeps all others."""
    first, second, third = [await trial.make() for _ in range(3)]
    group, other = await trial.make(GROUP), await trial.make(GROUP)
    holds(await _members(trial, group) == [], "a new group has no members")
    await _change(trial, other, add=[first])
    await _change(trial, group, add=[first, second])
    holds(await _members(trial, group) == _ids(first, second), "members are added")
    await _change(trial, group, add=[third])
    holds(await _members(trial, group) == _ids(first, second, third), "adding one keeps the others")
    await _change(trial, group, remove=[second])
    holds(await _members(trial, group) == _ids(first, third), "removing one keeps the others")
    await _change(trial, group, add=[second], remove=[first])
    holds(await _members(trial, group) == _ids(second, third), "adding and removing are one change")

    holds(await _members(trial, other) == _ids(first), "a member change leaves other groups")
    got = await trial.connector.get(GROUP, group.id)
    holds(trial.same(GROUP, group.attributes, got.attributes), "a member change keeps the group's attributes")


async def check_member_changes_can_be_repeated(trial: Trial) -> None:
    """Adding who is there and removing who is not is success; no member is there twice."""
    first, second = await trial.make(), await trial.make()
    group = await trial.make(GROUP)
    for _ in range(2):
        await _change(trial, group, add=[first], remove=[second])

    holds(await _members(trial, group) == _ids(first), "a member change can be repeated")
    await _change(trial, group)
    holds(await _members(trial, group) == _ids(first), "a change of nobody changes nobody")


async def check_many_members_are_all_there(trial: Trial) -> None:
    """More members than fit into one call or page are all taken, shown and let go."""
    group = await trial.make(GROUP)
    made = [await trial.make() for _ in range(min(trial.manifest.limits.members_per_call, 10) + 1)]
    await _change(trial, group, add=made)
    holds(await _members(trial, group) == _ids(*made), "every member is taken and shown once")
    await _change(trial, group, remove=made[1:])

    holds(await _members(trial, group) == _ids(made[0]), "every member is let go")


async def check_an_unknown_member_is_refused(trial: Trial) -> None:
    """Somebody who does not exist is Invalid, never dropped in silence; those in the group stay."""
    member, nobody = await trial.make(), await trial.make()
    await trial.connector.delete(nobody, trial.operation())
    group = await trial.make(GROUP)
    await _change(trial, group, add=[member])
    await raises(Invalid, _change(trial, group, add=[nobody]), "a member who does not exist is Invalid")

    holds(await _members(trial, group) == _ids(member), "a refused change keeps the members")


async def check_members_of_no_group_are_gone(trial: Trial) -> None:
    """A group that was deleted has no members to show or change: it is Gone."""
    member, group = await trial.make(), await trial.make(GROUP)
    await trial.connector.delete(group, trial.operation())

    await raises(Gone, _change(trial, group, add=[member]), "changing members of no group is Gone")
    await raises(Gone, _members(trial, group), "reading members of no group is Gone")


async def _switch(trial: Trial, seen: RemoteObject, *, active: bool) -> RemoteObject:
    return await cast("Disables", trial.connector).set_active(seen, active, trial.operation())


async def _stays(trial: Trial, made: RemoteObject, answered: RemoteObject, *, active: bool) -> None:
    got = await trial.connector.get(ACCOUNT, made.id)
    for shown in (answered, got):
        holds(shown.id == made.id, "switching answers about its account")
        holds(shown.active is active, f"an account shows that it is {'in' if active else 'out of'} use")
        differing = trial.differing(ACCOUNT, made.attributes, shown.attributes)
        holds(not differing, f"switching keeps everything, also {differing}")
        holds(shown.external_id == made.external_id, "switching keeps our id")


async def _is_found(trial: Trial, made: RemoteObject) -> None:
    holds(made.id in await trial.ids(), "an account out of use is read")
    searches = {name: made.attributes[name] for name in trial.kind().match_on}
    if trial.kind().external_id:
        searches[EXTERNAL_ID] = made.external_id
    for name, value in searches.items():
        found = await trial.connector.find(ACCOUNT, name, str(value))
        holds([made.id] == [each.id for each in found], f"an account out of use is found by {name}")


async def _change(
    trial: Trial, group: RemoteObject, add: Sequence[RemoteObject] = (), remove: Sequence[RemoteObject] = ()
) -> None:
    members = Members(add=frozenset(each.id for each in add), remove=frozenset(each.id for each in remove))
    await cast("HoldsMembers", trial.connector).change_members(group, members, trial.operation())


async def _members(trial: Trial, group: RemoteObject) -> list[RemoteId]:
    ids: list[RemoteId] = []
    after: Cursor | None = None
    for _ in range(MOST_PAGES):
        page, after = await cast("HoldsMembers", trial.connector).members(group, after)
        ids += page
        if after is None:
            break
    holds(after is None, "the members of a group have an end")
    return sorted(ids)


def _ids(*objects: RemoteObject) -> list[RemoteId]:
    return sorted(each.id for each in objects)


CHECKS = (
    *(
        check(run, group="powers", power=Power.DISABLE)
        for run in (
            check_disabling_keeps_the_account,
            check_disabling_twice_is_success,
            check_disabling_what_is_no_more_is_gone,
            check_disabling_from_an_old_look_is_changed,
            check_an_account_out_of_use_can_be_updated,
        )
    ),
    *(
        check(run, group="powers", power=Power.MEMBERS)
        for run in (
            check_a_group_lives,
            check_members_come_and_go_one_by_one,
            check_member_changes_can_be_repeated,
            check_many_members_are_all_there,
            check_an_unknown_member_is_refused,
            check_members_of_no_group_are_gone,
        )
    ),
)
