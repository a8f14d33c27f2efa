"""Connectors that read, get or find wrongly."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from muster.kit.contract import EXTERNAL_ID, Cursor, New, Page
from muster.kit.memory import MemoryTarget
from muster.kit.mutants.base import Mutant, Mutating
from muster.model import (
    Gone,
    Invalid,
    Kind,
    OperationId,
    RemoteId,
    RemoteObject,
    Value,
)


class LosesTheLastPage(Mutant):
    """Stops before the last object and calls that complete."""

    breaks = "every_object_is_read_once"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Drop the last object."""
        page = await super().read(kind, after, limit)
        return replace(page, items=page.items[:-1]) if page.next is None else page


class RepeatsObjects(Mutant):
    """Begins every page with the last object of the page before."""

    breaks = "every_object_is_read_once"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Go back by one."""
        page = await super().read(kind, after, limit)
        if page.next is None or len(page.items) < 2:  # noqa: PLR2004 - else it would have no end
            return page
        return replace(page, next=Cursor(str(int(page.next) - 1)))


class ReadsWithoutEnd(Mutant):
    """Begins again after the last page."""

    breaks = "every_object_is_read_once"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Go on from the start."""
        page = await super().read(kind, after, limit)
        return replace(page, next=page.next or Cursor("0"), complete=False)


class ReadsInPlace(Mutant):
    """Gives the cursor it was given."""

    breaks = "every_object_is_read_once"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Stay on the first page."""
        page = await super().read(kind, None, limit)
        return replace(page, next=Cursor("0"), complete=False)


class IgnoresTheLimit(Mutant):
    """Gives everything at once."""

    breaks = "pages_are_no_larger_than_asked_for"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Ask for more."""
        return await super().read(kind, after, limit * 100)


class LiesAboutCompleteness(Mutant):
    """Calls every page complete."""

    breaks = "only_the_last_page_is_complete"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Say so."""
        return replace(await super().read(kind, after, limit), complete=True)


class IsNeverComplete(Mutant):
    """Never vouches for a read, so that nobody is ever seen to be gone."""

    breaks = "only_the_last_page_is_complete"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Say so."""
        return replace(await super().read(kind, after, limit), complete=False)


class IsIncompleteWhenEmpty(Mutant):
    """Does not vouch for an empty target."""

    breaks = "an_empty_target_is_complete_and_empty"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Doubt emptiness."""
        page = await super().read(kind, after, limit)
        return page if page.items else replace(page, complete=False)


class PagesByPosition(Mutant):
    """Counts positions, so that a deletion shifts an object out, and still calls the read complete."""

    breaks = "a_deletion_during_a_read_hides_nothing"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Cut by position."""
        start = int(after) if after else 0
        objects = list(self.target.objects(kind).values())
        end = start + limit
        following = Cursor(str(end)) if end < len(objects) else None
        return Page(items=objects[start:end], next=following, complete=following is None)


class ReadsLess(Mutant):
    """Leaves attributes out of a read that it shows by id."""

    breaks = "reading_getting_and_finding_show_the_same"

    async def read(self, kind: Kind, after: Cursor | None, limit: int) -> Page:
        """Show names only."""
        page = await super().read(kind, after, limit)
        items = [replace(each, attributes=dict(list(each.attributes.items())[:1])) for each in page.items]
        return replace(page, items=items)


class FindsWithoutOurId(Mutant):
    """Does not show our id in what a search gives."""

    breaks = "reading_getting_and_finding_show_the_same"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Leave it out."""
        return [replace(each, external_id=None) for each in await super().find(kind, attribute, value)]


class GetsAnother(Mutant):
    """Gives the first account, whichever was asked for."""

    breaks = "get_gives_the_object_asked_for"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give the first."""
        await super().get(kind, id)
        return next(iter(self.target.objects(kind).values()))


class GetsAnotherUnderTheId(Mutant):
    """Gives the first account's data under the id asked for."""

    breaks = "get_gives_the_object_asked_for"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Give the first one's data."""
        got = await super().get(kind, id)
        return replace(got, attributes=next(iter(self.target.objects(kind).values())).attributes)


class RaisesKeyErrorForGone(Mutant):
    """Lets an error of its own language out."""

    breaks = "an_unknown_id_is_gone"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Look into a dictionary."""
        return self.target.objects(kind)[id]


class SaysInvalidForGone(Mutant):
    """Gives an unknown id the wrong class."""

    breaks = "an_unknown_id_is_gone"

    async def get(self, kind: Kind, id: RemoteId) -> RemoteObject:
        """Call it invalid."""
        try:
            return await super().get(kind, id)
        except Gone as gone:
            raise Invalid("no such id", status=400) from gone


class FindsByPrefix(Mutant):
    """Finds what begins with the value."""

    breaks = "finding_is_exact"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Compare the beginning."""
        await super().find(kind, attribute, value)
        return _found(self.target, kind, attribute, lambda held: held.startswith(value.casefold()))


class FindsByPart(Mutant):
    """Finds what holds the value somewhere."""

    breaks = "finding_is_exact"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Look inside."""
        await super().find(kind, attribute, value)
        return _found(self.target, kind, attribute, lambda held: value.casefold() in held)


class FindsByWildcard(Mutant):
    """Takes an asterisk for anything."""

    breaks = "no_value_breaks_out_of_a_search"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Match a pattern."""
        exact = await super().find(kind, attribute, value)
        return exact or _found(self.target, kind, attribute, lambda held: fnmatchcase(held, value.casefold()))


class FindsEverybody(Mutant):
    """Ignores the value."""

    breaks = "finding_is_exact"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give all."""
        await super().find(kind, attribute, value)
        return list(self.target.objects(kind).values())


class FindsAnybodyForNobody(Mutant):
    """Gives the first account where nothing is found, as a target does that ignores an unknown filter."""

    breaks = "nothing_is_found_for_an_unused_value"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Give somebody."""
        return await super().find(kind, attribute, value) or list(self.target.objects(kind).values())[:1]


class SaysGoneForNobody(Mutant):
    """Makes an error of finding nothing."""

    breaks = "nothing_is_found_for_an_unused_value"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Raise instead."""
        found = await super().find(kind, attribute, value)
        if not found:
            raise Gone("no such account", status=404)
        return found


class MindsLetterCase(Mutant):
    """Minds letter case where the manifest says it is ignored."""

    breaks = "letter_case_is_as_declared"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Compare bytes."""
        found = await super().find(kind, attribute, value)
        return [each for each in found if _text(each, attribute) == value]


class IgnoresLetterCaseOfOurId(Mutant):
    """Ignores letter case of our id, which is exact."""

    breaks = "our_id_finds_the_object"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Fold it."""
        if attribute != EXTERNAL_ID:
            return await super().find(kind, attribute, value)
        return _found(self.target, kind, attribute, lambda held: held == value.casefold())


class FindsOneOfSeveral(Mutant):
    """Gives the first of several, which hides a question for a person."""

    breaks = "several_are_found_as_several"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Stop at one."""
        return (await super().find(kind, attribute, value))[:1]


class DropsOurId(Mutant):
    """Does not send our id while declaring a place for it."""

    breaks = "our_id_finds_the_object"

    async def create(self, new: New, operation: OperationId) -> RemoteObject:
        """Leave it out."""
        return self.target.put(new.kind, new.attributes)


class BreaksAtQuotes(Mutant):
    """Builds its search from text, so that a quote is an error."""

    breaks = "no_value_breaks_out_of_a_search"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Fail at a quote."""
        if '"' in value:
            raise Invalid(f"the filter {attribute} eq {value} is not valid", status=400)
        return await super().find(kind, attribute, value)


class RunsWhatIsSearchedFor(Mutant):
    """Builds its search from text, so that a value can say more than a value."""

    breaks = "no_value_breaks_out_of_a_search"

    async def find(self, kind: Kind, attribute: str, value: str) -> Sequence[RemoteObject]:
        """Obey an ``or``."""
        if " or " in value or " OR " in value:
            return list(self.target.objects(kind).values())
        return await super().find(kind, attribute, value)


def _text(each: RemoteObject, attribute: str) -> Value:
    return each.external_id if attribute == EXTERNAL_ID else each.attributes.get(attribute)


def _found(
    target: MemoryTarget, kind: Kind, attribute: str, matches: Callable[[str], bool]
) -> list[RemoteObject]:
    return [
        each
        for each in target.objects(kind).values()
        if matches(str(_text(each, attribute) or "").casefold())
    ]


MUTANTS: tuple[type[Mutating], ...] = (
    LosesTheLastPage,
    RepeatsObjects,
    ReadsWithoutEnd,
    ReadsInPlace,
    IgnoresTheLimit,
    LiesAboutCompleteness,
    IsNeverComplete,
    IsIncompleteWhenEmpty,
    PagesByPosition,
    ReadsLess,
    FindsWithoutOurId,
    GetsAnother,
    GetsAnotherUnderTheId,
    RaisesKeyErrorForGone,
    SaysInvalidForGone,
    FindsByPrefix,
    FindsByPart,
    FindsByWildcard,
    FindsEverybody,
    FindsAnybodyForNobody,
    SaysGoneForNobody,
    MindsLetterCase,
    IgnoresLetterCaseOfOurId,
    FindsOneOfSeveral,
    DropsOurId,
    BreaksAtQuotes,
    RunsWhatIsSearchedFor,
)
