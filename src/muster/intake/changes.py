"""What a people file changes: who joins, moves, leaves or comes back. Pure: nothing is stored here.

A row is matched with a known person by ``externalId``, else by ``userName`` as names are compared. Where both
speak and contradict each other, nothing is guessed: the row is a problem, and nobody it may mean is taken for
absent. Nobody leaves by absence unless the file is complete.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from muster.intake.merging import Difference, differences, held, holds_anything, merged
from muster.intake.people import PERSON, PeopleFile, PersonRow, RowCode, RowProblem
from muster.model import Held, Identity, PersonId, Problem, Stage
from muster.model.text import normalised
from muster.scim import ResourceType
from muster.scim.errors import Mutability

LIMIT_PERCENT: Final = 20.0  # of a source's active people may leave by one file
LIMIT_COUNT: Final = 5  # … or so many, whichever is more


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """An active person nobody knew."""

    row: PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A known active person whose facts differ; ``row`` is how they are now, wholly."""

    person: Identity
    row: PersonRow
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """A person who had left and is back. ``row`` as for a mover."""

    person: Identity
    row: PersonRow
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """A known active person who is no longer one, and how the file says so."""

    person: Identity
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything a file changes, in the order of the file; leavers by absence come last, by userName.

    ``passed_over`` are rows of inactive people nobody knew. ``problems`` are those of the file and those of
    matching; nobody they name is changed.
    """

    joiners: tuple[Joiner, ...] = ()
    movers: tuple[Mover, ...] = ()
    leavers: tuple[Leaver, ...] = ()
    returning: tuple[Returning, ...] = ()
    unchanged: tuple[Identity, ...] = ()
    passed_over: tuple[PersonRow, ...] = ()
    problems: tuple[RowProblem, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether storing this file would change nobody."""
        return not (self.joiners or self.movers or self.leavers or self.returning)


def compare(known: Mapping[PersonId, Identity], file: PeopleFile, type: ResourceType = PERSON) -> Changes:
    """What the file changes for the people known from this source, such people, those who left included."""
    matching = _Matching(known.values(), file)
    holds = holds_anything(type)
    joiners: list[Joiner] = []
    movers: list[Mover] = []
    returning: list[Returning] = []
    leavers: list[Leaver] = []
    unchanged: list[Identity] = []
    passed_over: list[PersonRow] = []
    for row, person in matching.pairs:
        after = None if person is None or not row.active else merged(person, row, file)
        if holds and person is not None and after is not None:
            try:
                after = held(person, after, type)
            except Mutability as error:
                matching.clashes.append(_against(row, error))
                continue
        match person, after:
            case None, _:
                joiners.append(Joiner(row=row)) if row.active else passed_over.append(row)
            case Identity(stage=Stage.ACTIVE), None:
                leavers.append(Leaver(person=person, because="the file says that they are not active"))
            case Identity(mustered_out=True), PersonRow():
                unchanged.append(person)  # a named person ended them; no file brings them back
            case Identity(stage=Stage.LEFT), PersonRow():
                found = differences(person, after)
                returning.append(Returning(person=person, row=after, differences=found))
            case Identity(), PersonRow() if found := differences(person, after):
                movers.append(Mover(person=person, row=after, differences=found))
            case _:
                unchanged.append(person)
    leavers.extend(matching.absent())
    return Changes(
        joiners=tuple(joiners),
        movers=tuple(movers),
        leavers=tuple(leavers),
        returning=tuple(returning),
        unchanged=tuple(unchanged),
        passed_over=tuple(passed_over),
        problems=tuple(sorted((*file.problems, *matching.clashes), key=lambda problem: problem.line)),
    )


def guard_leavers(
    changes: Changes,
    active_count: int,
    *,
    limit_percent: float = LIMIT_PERCENT,
    limit_count: int = LIMIT_COUNT,
) -> None:
    """Pass when the file ends no more people than a source may end at once.

    Raises:
        Held: more would leave; the problem says how many of how many, and how to let them.
    """
    count = len(changes.leavers)
    limit = max(limit_count, int(active_count * limit_percent / 100))
    if count <= limit:
        return
    names = ", ".join(leaver.person.label for leaver in changes.leavers[:5])
    raise Held(
        Problem(
            code="MUSTER-IMPORT-HELD",
            what=f"{count} of {active_count} active people would leave by this file; none of them was ended",
            where=names + (" …" if count > 5 else ""),  # noqa: PLR2004 - five names tell enough
            why=f"one file may end {limit} at most: {limit_count}, or {limit_percent:g}% if that is more",
            next_step=f"check the file; if they really all leave, repeat with --allow-leavers {count}",
        )
    )


class _Matching:
    """Whom each row is about, and whom the file says nothing about."""

    def __init__(self, known: Iterable[Identity], file: PeopleFile) -> None:
        people = sorted(known, key=lambda person: (person.stage is Stage.ACTIVE, person.id))
        self._people = {person.id: person for person in people}
        self._by_id = {person.external_id: person for person in people if person.external_id is not None}
        self._by_name = {normalised(person.user_name): person for person in people}  # active ones win
        self._named: set[PersonId] = set()  # whom any row may be about, and who is thus not absent
        self._complete = file.complete
        self.clashes: list[RowProblem] = []
        for problem in file.problems:
            self._note(problem.user_name, problem.external_id)
        self.pairs = self._without_rivals([(row, self._match(row)) for row in file.rows])

    def absent(self) -> list[Leaver]:
        """The active people the file would have to name and does not, if that can be known."""
        if not self._complete:
            return []
        gone = (
            person
            for person in self._people.values()
            if person.stage is Stage.ACTIVE and person.id not in self._named
        )
        return [
            Leaver(person=person, because="they are no longer in the file")
            for person in sorted(gone, key=lambda person: normalised(person.user_name))
        ]

    def _note(
        self, user_name: str | None, external_id: str | None
    ) -> tuple[Identity | None, Identity | None]:
        by_id = None if external_id is None else self._by_id.get(external_id)
        by_name = None if user_name is None else self._by_name.get(normalised(user_name))
        self._named.update(person.id for person in (by_id, by_name) if person is not None)
        return by_id, by_name

    def _match(self, row: PersonRow) -> Identity | RowProblem | None:
        by_id, by_name = self._note(row.user_name, row.external_id)
        if by_name is None or by_name is by_id:
            return by_id
        if by_id is not None:
            return _clash(
                row,
                "userName",
                f"externalId “{row.external_id}” is {by_id.label}, userName “{row.user_name}” "
                f"is {by_name.label} (externalId {by_name.external_id or 'none'}); one of them must be wrong",
            )
        if row.external_id is not None and by_name.external_id is not None:
            return _clash(
                row,
                "externalId",
                f"userName “{row.user_name}” belongs to {by_name.label} with externalId "
                f"“{by_name.external_id}”; for the same person use that id, for another one another userName",
            )
        return by_name

    def _without_rivals(
        self, found: Sequence[tuple[PersonRow, Identity | RowProblem | None]]
    ) -> list[tuple[PersonRow, Identity | None]]:
        """The rows that are about one person alone; two rows about the same person are problems."""
        often = Counter(match.id for _, match in found if isinstance(match, Identity))
        pairs: list[tuple[PersonRow, Identity | None]] = []
        for row, match in found:
            if isinstance(match, RowProblem):
                self.clashes.append(match)
            elif match is not None and often[match.id] > 1:
                reason = f"another row is about {match.label}, too: one by externalId, one by userName"
                self.clashes.append(_clash(row, "", reason))
            else:
                pairs.append((row, match))
        return pairs


def _against(row: PersonRow, error: Mutability) -> RowProblem:
    """The problem of a row that changes what was set for good."""
    column = (error.path or "").rpartition(":")[2]
    return replace(_clash(row, column, error.detail), code=RowCode.INVALID)


def _clash(row: PersonRow, column: str, reason: str) -> RowProblem:
    return RowProblem(
        line=row.line,
        column=column,
        code=RowCode.CLASH,
        reason=reason,
        user_name=row.user_name,
        external_id=row.external_id,
    )
