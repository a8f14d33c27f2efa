"""The people of a CSV file: one row, one person, every flaw with its line and column."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from muster.intake.cells import Reading
from muster.intake.columns import DELIMITERS, Column, ColumnMap, Meaning, columns_of, count_known
from muster.intake.csv_records import Record, first_record, has_closed_end, records
from muster.intake.decoding import truncated
from muster.intake.people import PERSON, PersonRow, RowCode, RowProblem
from muster.intake.shape import Shape, Slot, shaped
from muster.intake.values import (
    LONGEST,
    Flaw,
    cleaned,
    flaw_in,
    is_date,
    is_plain,
    no_user_name,
    not_a_date,
    not_a_truth,
    problems_of,
    truth_of,
)
from muster.scim import JsonValue, Path, Resource, ResourceType, ScimError, validate, write

Read: TypeAlias = PersonRow | tuple[RowProblem, ...]
"""What became of one row: a person, or why not."""

_MOST_SHAPES: Final = 10_000  # patterns of filled cells remembered; real files have a handful


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvPeople:
    """A CSV file whose header is understood. ``has_end`` is false where its last line is not ended."""

    columns: tuple[Column, ...]
    rows: Iterator[Read]
    has_end: bool


def csv_people(text: str, given: ColumnMap, person: ResourceType = PERSON) -> CsvPeople:
    """The people of a CSV file, such people; the rows are read as they are asked for.

    Raises:
        BadInput: the header is not clear; while the rows are read: the file is cut or its quotes are broken.
    """
    delimiter = given.delimiter or _delimiter(text, given, person)
    lines = records(text, delimiter)
    header = next(lines, None)
    columns = columns_of(() if header is None else header.cells or (), given, person)
    has_end = has_closed_end(text)
    reader = _Reader(columns, given.groups_separator, person, plain=is_plain(text))
    return CsvPeople(columns=columns, rows=_rows(lines, reader, has_end=has_end), has_end=has_end)


def _rows(lines: Iterator[Record], reader: "_Reader", *, has_end: bool) -> Iterator[Read]:
    last: Record | None = None
    for record in lines:
        yield reader.read(record)
        last = record
    if last is not None and not has_end and last.cells is not None and len(last.cells) < reader.width:
        how = f"after {len(last.cells)} of {reader.width} cells, without a line break"
        raise truncated(how, where=f"line {last.line}")


def _delimiter(text: str, given: ColumnMap, person: ResourceType) -> str:
    """The delimiter that makes the most sense of the header; of equals, the one that makes the most cells."""

    def sense(delimiter: str) -> tuple[int, int]:
        cells = [cell for cell in first_record(text, delimiter) if cell.strip()]
        return count_known(cells, given, person), len(cells)

    return max(DELIMITERS, key=sense)


class _Reader:
    """Reads rows under one header.

    Where values go depends only on which cells are filled, so the resource is built and validated once for
    each such pattern, with slots for the values; a row then only fills them.
    """

    def __init__(
        self, columns: Sequence[Column], separator: str, person: ResourceType, *, plain: bool
    ) -> None:
        self._type = person
        self.width = len(columns)
        self._names = tuple(column.header for column in columns)
        self._separator = separator
        self._plain = plain  # no cell needs cleaning
        self._place = {column.target.meaning: index for index, column in enumerate(columns) if column.target}
        self._paths = _paths(columns)
        self._readings = _readings(columns)
        self._trimmed = tuple(index for index, (path, _) in self._paths.items() if _is_email(path))
        self._shapes: dict[tuple[int, ...], Shape | Flaw] = {}
        one_line = (Meaning.USER_NAME, Meaning.EXTERNAL_ID, Meaning.GROUPS)
        self._one_line = frozenset(self._place[meaning] for meaning in one_line if meaning in self._place)
        self._used = tuple(index for index, column in enumerate(columns) if column.target)

    def read(self, record: Record) -> Read:
        """The person of a row, or its problems."""
        line, cells = record.line, record.cells
        if cells is None:
            flaw = Flaw(
                "", RowCode.QUOTES, 'the quotes of this row do not pair up; write “"” inside one twice'
            )
            return problems_of([flaw], line=line, user_name=None, external_id=None)
        if len(cells) != self.width:
            reason = f"the row has {len(cells)} cells, the header {self.width}"
            flaw = Flaw("", RowCode.CELLS, reason)
            return problems_of([flaw], line=line, user_name=None, external_id=None)
        flaws: dict[int, Flaw] = {}
        if not self._plain or max(map(len, cells)) > LONGEST:
            cells = [cleaned(cell) for cell in cells]
        if not self._plain or self._is_suspect(cells):
            flaws = self._flaws(cells)
        return self._person(line, cells, flaws)

    def _is_suspect(self, cells: Sequence[str]) -> bool:
        if max(map(len, cells)) > LONGEST:
            return True
        return any("\n" in cells[at] or "\t" in cells[at] or "\r" in cells[at] for at in self._one_line)

    def _flaws(self, cells: Sequence[str]) -> dict[int, Flaw]:
        found: dict[int, Flaw] = {}
        groups = self._place.get(Meaning.GROUPS)
        for at in self._used:
            texts = cells[at].split(self._separator) if at == groups else [cells[at]]
            for text in texts:
                flaw = flaw_in(text.strip(), self._names[at], one_line=at in self._one_line)
                if flaw is not None:
                    found[at] = flaw
        return found

    def _person(self, line: int, cells: list[str], flaws: dict[int, Flaw]) -> Read:
        name_at = self._place[Meaning.USER_NAME]
        user_name = cells[name_at] = cells[name_at].strip()
        for at in self._trimmed:
            cells[at] = cells[at].strip()
        if not user_name:
            flaws[name_at] = no_user_name(self._names[name_at])
        active = self._active(cells, flaws)
        self._check_date(cells, flaws)
        self._check_readings(cells, flaws)
        external_id = self._external_id(cells)
        filled = tuple(at for at in self._paths if cells[at] and not cells[at].isspace())
        shape = self._shapes.get(filled)
        if shape is None:
            shape = self._remember(filled)
        if isinstance(shape, Flaw):
            flaws[-1] = shape
        if flaws or isinstance(shape, Flaw):
            known = None if name_at in flaws else user_name
            known_id = None if self._place.get(Meaning.EXTERNAL_ID) in flaws else external_id
            in_order = (flaws[at] for at in sorted(flaws))
            return problems_of(in_order, line=line, user_name=known, external_id=known_id)
        return PersonRow(
            line=line,
            user_name=user_name,
            external_id=external_id,
            active=active,
            attributes=cast("Mapping[str, object]", shape(cells)),
            groups=self._groups(cells),
        )

    def _active(self, cells: Sequence[str], flaws: dict[int, Flaw]) -> bool:
        """Whether the person is active: by being in the file, unless the file says otherwise."""
        at = self._place.get(Meaning.ACTIVE)
        if at is None or not cells[at].strip():
            return True
        truth = truth_of(cells[at])
        if truth is None:
            flaws.setdefault(at, not_a_truth(cells[at], self._names[at]))
        return truth is not False

    def _check_date(self, cells: list[str], flaws: dict[int, Flaw]) -> None:
        at = self._place.get(Meaning.START_DATE)
        if at is None:
            return
        cells[at] = cells[at].strip()
        if cells[at] and not is_date(cells[at]):
            flaws.setdefault(at, not_a_date(cells[at], self._names[at]))

    def _check_readings(self, cells: Sequence[str], flaws: dict[int, Flaw]) -> None:
        for at, how in self._readings.items():
            text = cells[at]
            if text and not text.isspace() and how.value(text) is None:
                reason = f"“{text[:40]}” is not {how.wanted}"
                flaws.setdefault(at, Flaw(self._names[at], RowCode.INVALID, reason))

    def _external_id(self, cells: Sequence[str]) -> str | None:
        """The source's own id as it stands there; only a blank cell is none."""
        at = self._place.get(Meaning.EXTERNAL_ID)
        return None if at is None or not cells[at].strip() else cells[at]

    def _groups(self, cells: Sequence[str]) -> frozenset[str]:
        at = self._place.get(Meaning.GROUPS)
        if at is None or not cells[at]:
            return frozenset()
        return frozenset(name for part in cells[at].split(self._separator) if (name := part.strip()))

    def _remember(self, filled: tuple[int, ...]) -> Shape | Flaw:
        if len(self._shapes) >= _MOST_SHAPES:
            self._shapes.clear()
        shape = self._shapes[filled] = self._shape(filled)
        return shape

    def _shape(self, filled: tuple[int, ...]) -> Shape | Flaw:
        """What makes the resource when these columns are filled, or what the schema has against it."""
        try:
            if self._place[Meaning.USER_NAME] in filled:  # without one the row is refused anyway
                validate(self._made(filled, self._sample), self._type)
            resource = self._made(filled, Slot)
        except ScimError as error:
            return Flaw(error.path or "", RowCode.INVALID, error.detail)
        readings = {at: self._readings[at].value for at in filled if at in self._readings}
        return shaped({name: value for name, value in resource.items() if name != "schemas"}, readings)

    def _made(self, filled: tuple[int, ...], value: Callable[[int], JsonValue]) -> Resource:
        """A person with a value for each of these columns."""
        resource: Resource = {"schemas": [self._type.schema.urn]}
        for at in filled:
            path, primary = self._paths[at]
            resource = write(resource, path, value(at))
            if primary is not None:
                resource = write(resource, primary, True)
        return resource

    def _sample(self, at: int) -> JsonValue:
        """A value as the cells of the column have."""
        how = self._readings.get(at)
        return Slot(at) if how is None else how.sample


def _readings(columns: Sequence[Column]) -> dict[int, Reading]:
    """How cells become values in the columns that hold no texts, by place."""
    return {
        at: column.target.reading
        for at, column in enumerate(columns)
        if column.target is not None and column.target.reading is not None
    }


def _paths(columns: Sequence[Column]) -> dict[int, tuple[Path, Path | None]]:
    """The paths of the columns that hold attributes, by place."""
    return {
        at: (column.target.path, column.target.primary)
        for at, column in enumerate(columns)
        if column.target is not None and column.target.path is not None
    }


def _is_email(path: Path) -> bool:
    return path.attribute is not None and path.attribute.name == "emails"
