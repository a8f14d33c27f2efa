"""Which existing account is this person's: one is a match, more is a question, others' are never taken."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from muster.model import Attributes, RemoteId, RemoteObject, Value
from muster.model.text import normalised

BY_EXTERNAL_ID = "externalId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """What looking for a person's account brought, by the first attribute that brought anything.

    ``found`` may be the person's; ``withheld`` match as well but are linked to somebody else. ``unsure`` says
    that the only object found bears a foreign ``externalId``, so that somebody else may claim it.
    """

    found: tuple[RemoteObject, ...] = ()
    by: str = ""  # the attribute they were recognised by; empty when nothing was
    withheld: tuple[RemoteObject, ...] = ()
    unsure: bool = False

    @property
    def taken(self) -> bool:
        """Whether everything that matches belongs to somebody else: a conflict only a person can resolve."""
        return bool(self.withheld) and not self.found

    @property
    def match(self) -> RemoteObject | None:
        """The one object that is the person's beyond doubt, where there is one."""
        return self.found[0] if len(self.found) == 1 and not self.unsure else None

    @property
    def asks(self) -> bool:
        """Whether a person must decide."""
        return self.match is None and bool(self.found or self.withheld)


def correlate(
    external_id: str,
    wanted: Attributes,
    candidates: Sequence[RemoteObject],
    match_on: Sequence[str],
    *,
    case_ignored: frozenset[str],
    linked_elsewhere: frozenset[RemoteId],
) -> Correlation:
    """Recognise a person's account by our id, else by the first attribute of ``match_on`` a candidate shares.

    Args:
        external_id: our immutable id of the person; compared exactly.
        wanted: what the account should hold; an attribute it gives no value recognises nothing.
        candidates: objects the application gave when it was searched; one may stand there more than once.
        match_on: target attributes, the most telling first.
        case_ignored: the attributes in which letter case makes no difference.
        linked_elsewhere: the objects that belong to other people.
    """
    distinct = tuple({candidate.id: candidate for candidate in reversed(candidates)}.values())
    ours = [candidate for candidate in distinct if external_id and candidate.external_id == external_id]
    if ours:
        return _correlation(ours, BY_EXTERNAL_ID, linked_elsewhere, external_id)
    for attribute in match_on:
        fold = attribute in case_ignored
        sought = _identifying(wanted.get(attribute), case_ignored=fold)
        if sought is None:
            continue
        shares = [
            c for c in distinct if _identifying(c.attributes.get(attribute), case_ignored=fold) == sought
        ]
        if shares:
            return _correlation(shares, attribute, linked_elsewhere, external_id)
    return Correlation()


def _correlation(
    matching: Sequence[RemoteObject], by: str, linked_elsewhere: frozenset[RemoteId], external_id: str
) -> Correlation:
    ordered = sorted(matching, key=lambda candidate: candidate.id)
    found = tuple(candidate for candidate in ordered if candidate.id not in linked_elsewhere)
    return Correlation(
        found=found,
        by=by,
        withheld=tuple(candidate for candidate in ordered if candidate.id in linked_elsewhere),
        unsure=len(found) == 1 and _is_foreign(found[0], external_id),
    )


def _is_foreign(candidate: RemoteObject, external_id: str) -> bool:
    return bool(candidate.external_id) and candidate.external_id != external_id


def _identifying(value: Value, *, case_ignored: bool) -> str | None:
    """The form in which a value identifies somebody; None for a blank, a yes or no, a list."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = normalised(str(value)) if case_ignored else unicodedata.normalize("NFKC", str(value))
    return text if text.strip() else None
