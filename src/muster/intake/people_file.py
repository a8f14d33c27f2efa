"""A people file, bytes in, values out: who is in it, what could not be read, whether anybody may be missing.

What makes a file unusable as a whole (cut short, another encoding, unclear columns, nobody in it) is a
``BadInput``. A row that cannot be taken is a ``RowProblem``; the others go in. Two rows that claim the same
userName or externalId are both refused, because which one is right cannot be known.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, assert_never

from muster.intake.columns import ColumnMap, Meaning
from muster.intake.csv_people import csv_people
from muster.intake.decoding import decoded, unusable
from muster.intake.json_people import json_people, says_groups
from muster.intake.json_scan import items
from muster.intake.people import PERSON, PeopleFile, PersonRow, RowCode, RowProblem
from muster.model import BadInput
from muster.model.text import normalised
from muster.scim import ResourceType

_OPEN_END: Final = "the last line has no line break, so lines may be missing after it"
_SHOWN: Final = 5  # line numbers named in one sentence
_Claim: TypeAlias = tuple[str, str]  # column, value as it is compared


def read_people(
    data: bytes,
    *,
    format: Literal["csv", "json"],
    columns: ColumnMap,
    person: ResourceType = PERSON,
) -> PeopleFile:
    """Everything the file says. ``columns`` is for CSV; a JSON file names its attributes itself.

    ``person`` is what may be said of people: RFC 7643, and the operator's own schemas.

    Raises:
        BadInput: nothing of the file can be used; the problem says why and what to do.
    """
    text = decoded(data)
    if not text.strip():
        raise _empty()
    match format:
        case "csv":
            return _from_csv(text, columns, person)
        case "json":
            return _from_json(text, person)
        case _:
            assert_never(format)


def _from_csv(text: str, given: ColumnMap, person: ResourceType) -> PeopleFile:
    table = csv_people(text, given, person)
    targets = [column.target for column in table.columns if column.target is not None]
    return _file(
        table.rows,
        open_end="" if table.has_end else _OPEN_END,
        paths=tuple(path for target in targets for path in target.paths),
        says_groups=any(target.meaning is Meaning.GROUPS for target in targets),
    )


def _from_json(text: str, person: ResourceType) -> PeopleFile:
    stated = tuple(items(text))
    return _file(json_people(stated, person), open_end="", paths=None, says_groups=says_groups(stated))


def _file(
    read: Iterable[PersonRow | tuple[RowProblem, ...]],
    *,
    open_end: str,
    paths: tuple[str, ...] | None,
    says_groups: bool,
) -> PeopleFile:
    rows: list[PersonRow] = []
    problems: list[RowProblem] = []
    for one in read:
        if isinstance(one, PersonRow):
            rows.append(one)
        else:
            problems.extend(one)
    if not rows and not problems:
        raise _empty()
    rows, doubles = _without_doubles(rows, problems)
    problems = sorted((*problems, *doubles), key=lambda problem: problem.line)
    why = open_end or _why_somebody_may_be_missing(problems)
    return PeopleFile(
        rows=tuple(rows),
        problems=tuple(problems),
        complete=not why,
        why_incomplete=why,
        paths=paths,
        says_groups=says_groups,
    )


def _without_doubles(
    rows: list[PersonRow], problems: Iterable[RowProblem]
) -> tuple[list[PersonRow], list[RowProblem]]:
    """The rows that share no name and no id with another row, and the problems of the others."""
    lines = _lines_by_claim(rows, problems)
    contested = {claim: found for claim, found in lines.items() if len(found) > 1}
    if not contested:
        return rows, []
    kept: list[PersonRow] = []
    refused: list[RowProblem] = []
    for row in rows:
        claims = [claim for claim in _claims(row.user_name, row.external_id) if claim in contested]
        refused.extend(_double(row, claim, contested[claim]) for claim in claims)
        if not claims:
            kept.append(row)
    return kept, refused


def _lines_by_claim(rows: Sequence[PersonRow], problems: Iterable[RowProblem]) -> dict[_Claim, list[int]]:
    """Where each userName and externalId stands, rows with problems included: they may be the right ones."""
    found: dict[_Claim, list[int]] = {}
    faulty = {(problem.line, problem.user_name, problem.external_id) for problem in problems}
    for line, name, external_id in (*((row.line, row.user_name, row.external_id) for row in rows), *faulty):
        for claim in _claims(name, external_id):
            found.setdefault(claim, []).append(line)
    return found


def _claims(user_name: str | None, external_id: str | None) -> list[_Claim]:
    claims: list[_Claim] = [] if user_name is None else [("userName", normalised(user_name))]
    return claims if external_id is None else [*claims, ("externalId", external_id)]


def _double(row: PersonRow, claim: _Claim, lines: Sequence[int]) -> RowProblem:
    column = claim[0]
    value = row.user_name if column == "userName" else row.external_id
    others = sorted(lines)
    others.remove(row.line)
    return RowProblem(
        line=row.line,
        column=column,
        code=RowCode.DUPLICATE,
        reason=f"{column} “{value}” also stands in line {_listed(others)}; none of these rows was taken",
        user_name=row.user_name,
        external_id=row.external_id,
    )


def _why_somebody_may_be_missing(problems: Iterable[RowProblem]) -> str:
    nameless = [problem.line for problem in problems if not problem.names_somebody]
    if not nameless:
        return ""
    return (
        f"whom line {_listed(nameless)} is about could not be read; they may be among those who seem missing"
    )


def _listed(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:_SHOWN])) + (" …" if len(lines) > _SHOWN else "")


def _empty() -> BadInput:
    return unusable(
        "MUSTER-IMPORT-EMPTY",
        "there is nobody in it",
        "check the export; a source that really has nobody left is ended by removing the source",
    )
