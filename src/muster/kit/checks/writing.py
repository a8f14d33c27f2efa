"""Writing: what was asked for becomes true and nothing else does; what is stale is told from what is done."""

from dataclasses import replace

from muster.kit.checks.trial import NotApplicable, Trial, check, gone, holds, raises
from muster.kit.contract import EXTERNAL_ID, Delta
from muster.kit.manifest import AttributeType, Mutable
from muster.model import ACCOUNT, Attributes, Changed, Conflict, Gone, Rejected, RemoteObject

ODD = 'Zoë Ó\'Brien-Łukasz 李 "q" \\ <b> & ; -- %41 {x} 😀'


async def check_created_is_there_as_asked_for(trial: Trial) -> None:
    """What create answers, and what is read back, holds every value asked for, in use, under an id."""
    new = trial.new()
    made = await trial.create(new)
    got = await trial.connector.get(ACCOUNT, made.id)

    for shown in (made, got):
        differing = trial.differing(ACCOUNT, new.attributes, shown.attributes)
        holds(not differing, f"what is created holds what was asked for, also {differing}")
        holds(shown.active is not False, "what is created is in use")
    holds(made.id in await trial.ids(), "what is created is read")


async def check_created_is_found_again(trial: Trial) -> None:
    """What is created is found by what it is recognised by: this is done after an unknown outcome."""
    made = await trial.make()
    for attribute in trial.kind().match_on:
        value = made.attributes[attribute]
        holds(isinstance(value, str), f"{attribute} is a text to recognise by")
        found = await trial.connector.find(ACCOUNT, attribute, str(value))
        holds([made.id] == [each.id for each in found], f"what is created is found by {attribute}")


async def check_a_taken_name_is_a_conflict(trial: Trial) -> None:
    """A unique value that is taken is a Conflict; nothing is made and its holder stays as it was."""
    names = trial.names()
    holder = await trial.make()
    count = len(await trial.ids())
    for name in names:
        await raises(
            Conflict,
            trial.create(trial.new(changes={name: holder.attributes[name]})),
            f"creating with a taken {name} is a Conflict",
        )

    holds(count == len(await trial.ids()), "a conflict makes nothing")
    await _unchanged(trial, holder)


async def check_renaming_to_a_taken_name_is_a_conflict(trial: Trial) -> None:
    """An update to a unique value that is taken is a Conflict and changes neither object."""
    (name, *_) = trial.names(changeable=True)
    holder, other = await trial.make(), await trial.make()
    await raises(
        Conflict,
        _set(trial, other, {name: holder.attributes[name]}),
        f"a change to a taken {name} is a Conflict",
    )

    await _unchanged(trial, holder)
    await _unchanged(trial, other)


async def check_an_id_outlives_a_new_name(trial: Trial) -> None:
    """A name may change; the id stays and the object is found by the new name only."""
    (name, *_) = trial.names(changeable=True)
    made = await trial.make()
    value = trial.other_value(name)
    renamed = await _set(trial, made, {name: value})

    holds(renamed.id == made.id, "an id outlives a new name")
    got = await trial.connector.get(ACCOUNT, made.id)
    holds(trial.same(ACCOUNT, {name: value}, got.attributes), "a new name is shown")
    if name in trial.kind().match_on:
        found = await trial.connector.find(ACCOUNT, name, value)
        holds([made.id] == [each.id for each in found], "a new name finds the object")
        old = await trial.connector.find(ACCOUNT, name, str(made.attributes[name]))
        holds(not old, "an old name finds nothing")


async def check_a_missing_required_value_is_rejected(trial: Trial) -> None:
    """Creating without a required value is Rejected and makes nothing."""
    required = [name for name, each in trial.kind().attributes.items() if each.required]
    if not required:
        raise NotApplicable("no attribute is required")
    count = len(await trial.ids())
    for name in required:
        promise = f"creating without the required {name} is Rejected"
        await raises(Rejected, trial.create(trial.new(changes={name: None})), promise)

    holds(count == len(await trial.ids()), "what is rejected makes nothing")


async def check_an_update_keeps_the_rest(trial: Trial) -> None:
    """An update changes what it names and keeps all else, our id and the use of it included."""
    (attribute,) = trial.plain()
    made, bystander = await trial.make(), await trial.make()
    value = trial.other_value(attribute)
    updated = await _set(trial, made, {attribute: value})
    got = await trial.connector.get(ACCOUNT, made.id)

    for shown in (updated, got):
        differing = trial.differing(ACCOUNT, {**made.attributes, attribute: value}, shown.attributes)
        holds(not differing, f"an update changes what it names and keeps the rest, also {differing}")
        holds(shown.external_id == made.external_id, "an update keeps our id")
        holds(shown.active == made.active, "an update keeps an account's use")
        holds(shown.id == made.id, "an update answers about the object it changed")
    await _unchanged(trial, bystander)


async def check_an_update_clears_with_none(trial: Trial) -> None:
    """None clears a value; setting it again brings it back."""
    (attribute,) = trial.plain()
    made = await trial.make()
    cleared = await _set(trial, made, {attribute: None})
    got = await trial.connector.get(ACCOUNT, made.id)

    for shown in (cleared, got):
        holds(trial.same(ACCOUNT, {attribute: None}, shown.attributes), "None clears a value")
    back = await _set(trial, got, {attribute: made.attributes[attribute]})
    holds(trial.same(ACCOUNT, made.attributes, back.attributes), "a cleared value can be set again")


async def check_an_update_does_several_things_at_once(trial: Trial) -> None:
    """Setting one value, clearing another and keeping a third are one update."""
    first, second = trial.plain(2)
    made = await trial.make()
    value = trial.other_value(first)
    updated = await _set(trial, made, {first: value, second: None})

    expected = {**made.attributes, first: value, second: None}
    differing = trial.differing(ACCOUNT, expected, updated.attributes)
    holds(not differing, f"one update sets and clears, also {differing}")
    await _unchanged(trial, updated)


async def check_every_type_of_value_can_change(trial: Trial) -> None:
    """Flags, numbers and lists are changed as texts are, and a list is replaced as a whole."""
    sample = trial.sample(ACCOUNT, trial.token())
    changes = {
        name: not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else value
        for name, value in sample.items()
        if trial.kind().attributes[name].mutable is Mutable.ALWAYS
        and trial.kind().attributes[name].type is not AttributeType.TEXT
    }
    if not changes:
        raise NotApplicable("only texts may be changed")
    made = await trial.make()
    updated = await _set(trial, made, changes)

    differing = trial.differing(ACCOUNT, {**made.attributes, **changes}, updated.attributes)
    holds(not differing, f"values of every type change, also {differing}")


async def check_an_update_twice_is_an_update_once(trial: Trial) -> None:
    """The same update again, made from a fresh look, succeeds and ends in the same state."""
    (attribute,) = trial.plain()
    made = await trial.make()
    value = trial.other_value(attribute)
    once = await _set(trial, made, {attribute: value})
    twice = await _set(trial, once, {attribute: value})

    holds(once.attributes == twice.attributes, "the same update twice ends in the same state")


async def check_an_update_of_nothing_changes_nothing(trial: Trial) -> None:
    """An update without changes gives the object as it is."""
    made = await trial.make()
    updated = await _set(trial, made, {})

    holds(updated.id == made.id, "an update answers about its object")
    await _unchanged(trial, made)


async def check_odd_text_survives(trial: Trial) -> None:
    """Accents, quotes, other scripts and markup come back as they were sent."""
    (attribute,) = trial.plain()
    made = await trial.make(changes={attribute: ODD})
    got = await trial.connector.get(ACCOUNT, made.id)

    holds(got.attributes.get(attribute) == ODD, "odd text survives a creation")
    await _set(trial, got, {attribute: ODD[::-1]})
    got = await trial.connector.get(ACCOUNT, made.id)
    holds(got.attributes.get(attribute) == ODD[::-1], "odd text survives an update")


async def check_a_stale_update_is_changed(trial: Trial) -> None:
    """Where objects have versions, an update made from an old look is Changed and changes nothing."""
    (attribute,) = trial.plain()
    old = await trial.make()
    if old.etag is None:
        raise NotApplicable("the target has no versions")
    now = await _set(trial, old, {attribute: trial.other_value(attribute)})

    holds(now.etag != old.etag, "a change makes another version")
    stale = _set(trial, old, {attribute: trial.other_value(attribute)})
    await raises(Changed, stale, "an update made from an old look is Changed")
    await _unchanged(trial, now)


async def check_updating_what_is_no_more_is_gone(trial: Trial) -> None:
    """An update of an object that was deleted is Gone and does not bring it back."""
    (attribute,) = trial.plain()
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())
    for seen in (made, replace(made, etag=None)):
        update = _set(trial, seen, {attribute: trial.other_value(attribute)})
        await raises(Gone, update, "an update of what is no more is Gone")

    await gone(trial, made)


async def check_deleted_is_no_more(trial: Trial) -> None:
    """What is deleted is shown, read and found no more; others stay."""
    made, bystander = await trial.make(), await trial.make()
    await trial.connector.delete(made, trial.operation())

    await gone(trial, made)
    ids = await trial.ids()
    holds(made.id not in ids, "what is deleted is read no more")
    holds(bystander.id in ids, "a deletion leaves others")
    for attribute in trial.kind().match_on:
        found = await trial.connector.find(ACCOUNT, attribute, str(made.attributes[attribute]))
        holds(not found, f"what is deleted is found no more by {attribute}")
    if trial.kind().external_id and made.external_id is not None:
        found = await trial.connector.find(ACCOUNT, EXTERNAL_ID, made.external_id)
        holds(not found, "what is deleted is found no more by our id")
    await _unchanged(trial, bystander)


async def check_deleting_twice_is_success(trial: Trial) -> None:
    """Deleting what is no more succeeds."""
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())
    await trial.connector.delete(made, trial.operation())

    await gone(trial, made)


async def check_a_name_is_free_after_a_deletion(trial: Trial) -> None:
    """A deleted object's names can be given to a new one, which is another object."""
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())
    again = await trial.make(changes={name: made.attributes[name] for name in trial.names()})

    holds(again.id != made.id, "an id is not given twice")
    await gone(trial, made)


async def check_what_was_answered_stays_as_it_was(trial: Trial) -> None:
    """An answer is a value: a later update does not reach into it."""
    (attribute,) = trial.plain()
    made = await trial.make()
    before = dict(made.attributes)
    await _set(trial, made, {attribute: trial.other_value(attribute)})

    holds(before == dict(made.attributes), "an answer does not change when the target does")


async def _set(trial: Trial, seen: RemoteObject, changes: Attributes) -> RemoteObject:
    return await trial.connector.update(seen, Delta(set=changes), trial.operation())


async def _unchanged(trial: Trial, seen: RemoteObject) -> None:
    now = await trial.connector.get(seen.kind, seen.id)
    differing = trial.differing(seen.kind, seen.attributes, now.attributes)
    holds(
        not differing and not set(now.attributes) - set(seen.attributes),
        f"an object stays as it was: {differing}",
    )
    holds((seen.active, seen.external_id) == (now.active, now.external_id), "an object stays as it was")


CHECKS = tuple(
    check(run, group="writing")
    for run in (
        check_created_is_there_as_asked_for,
        check_created_is_found_again,
        check_a_taken_name_is_a_conflict,
        check_renaming_to_a_taken_name_is_a_conflict,
        check_an_id_outlives_a_new_name,
        check_a_missing_required_value_is_rejected,
        check_an_update_keeps_the_rest,
        check_an_update_clears_with_none,
        check_an_update_does_several_things_at_once,
        check_every_type_of_value_can_change,
        check_an_update_twice_is_an_update_once,
        check_an_update_of_nothing_changes_nothing,
        check_odd_text_survives,
        check_a_stale_update_is_changed,
        check_updating_what_is_no_more_is_gone,
        check_deleted_is_no_more,
        check_deleting_twice_is_success,
        check_a_name_is_free_after_a_deletion,
        check_what_was_answered_stays_as_it_was,
    )
)
