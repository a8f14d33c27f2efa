"""Reading: everything is shown once, absence is never claimed falsely, and a search is exact."""

from collections.abc import Sequence

from muster.kit.checks.trial import MOST_PAGES, NotApplicable, Trial, check, gone, holds
from muster.kit.contract import EXTERNAL_ID
from muster.kit.manifest import Case
from muster.model import ACCOUNT, Garbled, RemoteId, RemoteObject, Unsupported

HOSTILE = (
    '"',
    "'",
    "\\",
    "*",
    "%",
    "_",
    "(",
    ")",
    "&",
    "=",
    " ",
    "\n",
    '" or id pr or id eq "',
    "x' OR '1'='1",
)


async def check_every_object_is_read_once(trial: Trial) -> None:
    """A quiet read gives every object once, whatever the page size."""
    made = {(await trial.make()).id for _ in range(5)}

    for limit in (2, 3, 100):
        ids = await trial.ids(limit=limit)
        holds(made <= set(ids), f"a read in pages of {limit} gives every object")
        holds(len(ids) == len(set(ids)), f"a read in pages of {limit} gives no object twice")


async def check_pages_are_no_larger_than_asked_for(trial: Trial) -> None:
    """No page holds more than the limit."""
    for _ in range(3):
        await trial.make()

    limit = 2
    for page in await trial.everything(limit=limit):
        holds(len(page.items) <= limit, "a page holds no more than the limit")


async def check_only_the_last_page_is_complete(trial: Trial) -> None:
    """A quiet read is complete, and only its last page says so."""
    for _ in range(3):
        await trial.make()
    pages = await trial.everything(limit=2)

    holds(len(pages) > 1, "three objects do not fit on one page of two")
    holds(not any(page.complete for page in pages[:-1]), "only the last page may be complete")
    holds(pages[-1].complete, "the last page of a quiet read is complete")


async def check_an_empty_target_is_complete_and_empty(trial: Trial) -> None:
    """A target that holds nothing is read as one complete page of nothing."""
    if not trial.starts_empty:
        raise NotApplicable("the target holds objects from the start")
    (page,) = await trial.everything()

    holds(not page.items, "an empty target shows nothing")
    holds(page.complete, "the read of an empty target is complete")


async def check_a_deletion_during_a_read_hides_nothing(trial: Trial) -> None:
    """An object deleted while a read goes on shifts no other out of a read that claims to be complete."""
    made = {each.id: each for each in [await trial.make() for _ in range(6)]}
    seen: list[RemoteId] = []
    dropped: RemoteId | None = None
    page = await trial.connector.read(ACCOUNT, None, 2)
    try:
        for _ in range(MOST_PAGES):
            seen += [each.id for each in page.items]
            if dropped is None and made.keys() & set(seen):
                dropped = next(each for each in seen if each in made)
                await trial.connector.delete(made[dropped], trial.operation())
            if page.next is None:
                break
            page = await trial.connector.read(ACCOUNT, page.next, 2)
    except Garbled:  # the target was seen to shift: a way to claim nothing
        return

    missed = made.keys() - set(seen) - {dropped}
    holds(
        not (page.complete and missed), "a complete read misses nothing when an object is deleted meanwhile"
    )


async def check_reading_getting_and_finding_show_the_same(trial: Trial) -> None:
    """An object looks the same in a read, by its id, and in a search."""
    made = await trial.make()
    (attribute, value) = _name(trial, made)
    got = await trial.connector.get(ACCOUNT, made.id)
    read = [each for page in await trial.everything() for each in page.items if each.id == made.id]
    found = await trial.connector.find(ACCOUNT, attribute, value)

    holds([made.id] == [each.id for each in read], "an object is read once")
    for each in (*read, *found):
        alike = (each.attributes, each.external_id, each.active) == (
            got.attributes,
            got.external_id,
            got.active,
        )
        holds(alike, "an object looks the same however it is looked at")


async def check_get_gives_the_object_asked_for(trial: Trial) -> None:
    """Each id gives its own object."""
    made = [await trial.make() for _ in range(3)]

    for each in reversed(made):
        got = await trial.connector.get(ACCOUNT, each.id)
        holds(got.id == each.id, "get gives the object asked for")
        differing = trial.differing(ACCOUNT, each.attributes, got.attributes)
        holds(not differing, f"get shows what create showed, also {differing}")


async def check_an_unknown_id_is_gone(trial: Trial) -> None:
    """An id the target does not have is Gone."""
    made = await trial.make()
    await trial.connector.delete(made, trial.operation())

    await gone(trial, made)


async def check_finding_is_exact(trial: Trial) -> None:
    """A search gives objects with the very value: no part of it, nothing longer, nobody else."""
    made = await trial.make()
    await trial.make()
    attribute, value = _name(trial, made)

    holds([made.id] == await _found(trial, attribute, value), "a search gives the object with the value")
    for other in (value[:-1], value[1:], value[1:-1], value + "x", "x" + value, value[0] + "*", "*", "%"):
        holds(
            [] == await _found(trial, attribute, other),
            "a search gives nothing for a part, more, or a wildcard",
        )


async def check_letter_case_is_as_declared(trial: Trial) -> None:
    """A search by a name ignores letter case exactly where the manifest says so."""
    made = await trial.make()
    attribute, value = _name(trial, made)
    ignored = trial.kind().attributes[attribute].case is Case.IGNORE

    holds(value != value.swapcase(), "the sample's names have letters")
    found = await _found(trial, attribute, value.swapcase())
    holds(
        (found == [made.id]) == ignored, f"letter case of {attribute} is {'ignored' if ignored else 'minded'}"
    )
    holds(ignored or not found, f"letter case of {attribute} is minded")


async def check_nothing_is_found_for_an_unused_value(trial: Trial) -> None:
    """A search for a value nobody has gives nothing, and is no error."""
    await trial.make()
    for attribute in trial.kind().match_on:
        holds(
            [] == await _found(trial, attribute, trial.other_value(attribute)), "nobody has an unused value"
        )


async def check_several_are_found_as_several(trial: Trial) -> None:
    """A search by a shared value gives every object that has it, or is Unsupported."""
    (attribute,) = trial.plain()
    value = trial.other_value(attribute)
    made = {(await trial.make(changes={attribute: value})).id for _ in range(3)}
    await trial.make()
    try:
        found = await _found(trial, attribute, value)
    except Unsupported as unsupported:
        raise NotApplicable(f"the target cannot be searched by {attribute}") from unsupported

    holds(sorted(made) == sorted(found), "a search gives every object with the value, each once")


async def check_our_id_finds_the_object(trial: Trial) -> None:
    """What is created with our id shows it and is found by it, exactly."""
    _needs_external_id(trial)
    new = trial.new()
    made = await trial.create(new)
    await trial.make()
    got = await trial.connector.get(ACCOUNT, made.id)

    holds(made.external_id == new.external_id, "create shows our id")
    holds(got.external_id == new.external_id, "get shows our id")
    found = await trial.connector.find(ACCOUNT, EXTERNAL_ID, new.external_id)
    holds([(made.id, new.external_id)] == [(each.id, each.external_id) for each in found], "our id finds it")
    for other in (new.external_id[:-1], new.external_id + "0", new.external_id.upper(), "*"):
        holds([] == await _found(trial, EXTERNAL_ID, other), "a search by our id is exact")


async def check_no_value_breaks_out_of_a_search(trial: Trial) -> None:
    """Quotes, wildcards and filter syntax in a value are only a value."""
    await trial.make()
    attributes = [*trial.kind().match_on, *([EXTERNAL_ID] if trial.kind().external_id else [])]
    for attribute in attributes:
        for value in HOSTILE:
            holds([] == await _found(trial, attribute, value), f"{value!r} is only a value in a search")


def _name(trial: Trial, made: RemoteObject) -> tuple[str, str]:
    """Give an attribute an existing object is recognised by, and its value."""
    for attribute in trial.kind().match_on:
        value = made.attributes.get(attribute)
        if isinstance(value, str):
            return attribute, value
    raise NotApplicable("no object is recognised by a text")


def _needs_external_id(trial: Trial) -> None:
    if not trial.kind().external_id:
        raise NotApplicable("the target has no place for our id")


async def _found(trial: Trial, attribute: str, value: str) -> Sequence[RemoteId]:
    return [each.id for each in await trial.connector.find(ACCOUNT, attribute, value)]


CHECKS = tuple(
    check(run, group="reading")
    for run in (
        check_every_object_is_read_once,
        check_pages_are_no_larger_than_asked_for,
        check_only_the_last_page_is_complete,
        check_an_empty_target_is_complete_and_empty,
        check_a_deletion_during_a_read_hides_nothing,
        check_reading_getting_and_finding_show_the_same,
        check_get_gives_the_object_asked_for,
        check_an_unknown_id_is_gone,
        check_finding_is_exact,
        check_letter_case_is_as_declared,
        check_nothing_is_found_for_an_unused_value,
        check_several_are_found_as_several,
        check_our_id_finds_the_object,
        check_no_value_breaks_out_of_a_search,
    )
)
