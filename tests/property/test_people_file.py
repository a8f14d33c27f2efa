"""People files of every kind: what is written is read, what is cut is noticed, what is noise is refused."""

import contextlib
import csv
import io
import json
import unicodedata
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.intake.changes import Changes, compare
from muster.intake.columns import ColumnMap
from muster.intake.people import PERSON, PeopleFile, PersonRow
from muster.intake.people_file import read_people
from muster.model import BadInput, Identity, PersonId, SourceId, Stage, Tenant
from muster.model.text import normalised
from muster.scim import JsonValue, ScimError, validate

FORMATS: tuple[Literal["csv", "json"], ...] = ("csv", "json")
HEADER = ("userName", "externalId", "title", "name.familyName", "email", "department", "groups")

VALUES = st.text(
    alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="|"),
    min_size=1,
    max_size=8,
).map(lambda text: unicodedata.normalize("NFC", text))
TEXTS = st.one_of(
    VALUES, st.just(""), st.sampled_from(['"', 'a"b', "a,b;c\td", "two\nlines", "two\r\nlines", "'"])
)


@st.composite
def tables(draw: st.DrawFn, least: int = 1) -> list[list[str]]:
    """Rows under ``HEADER``; no name and no id twice."""
    names = draw(st.lists(VALUES, min_size=least, max_size=6, unique_by=normalised))
    ids = draw(st.lists(VALUES, min_size=len(names), max_size=len(names), unique=True))
    return [
        [
            name,
            external_id if draw(st.booleans()) else "",
            draw(TEXTS),
            draw(TEXTS),
            draw(st.one_of(VALUES, st.just(""))),
            draw(TEXTS),
            "|".join(draw(st.lists(VALUES, max_size=3, unique=True))),
        ]
        for name, external_id in zip(names, ids, strict=True)
    ]


def written(
    table: list[list[str]], *, delimiter: str = ",", mark: bool = False, line_end: str = "\n"
) -> bytes:
    """The table as the csv module writes it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([list(HEADER), *table])
    return out.getvalue().encode("utf-8-sig" if mark else "utf-8")


def read(data: bytes) -> PeopleFile:
    """What the CSV file says."""
    return read_people(data, format="csv", columns=ColumnMap())


def back(row: PersonRow) -> list[str]:
    """The row under ``HEADER`` again."""
    resource = json.loads(json.dumps(row.attributes))
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    return [
        row.user_name,
        row.external_id or "",
        resource.get("title", ""),
        resource.get("name", {}).get("familyName", ""),
        resource.get("emails", [{}])[0].get("value", ""),
        resource.get(enterprise, {}).get("department", ""),
        "|".join(sorted(row.groups)),
    ]


def in_order(table: list[list[str]]) -> list[list[str]]:
    """The table with the groups of each row sorted."""
    return [[*row[:-1], "|".join(sorted(row[-1].split("|")))] for row in table]


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t"),
    mark=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_what_is_read(
    table: list[list[str]], delimiter: str, mark: bool, line_end: str
) -> None:
    """Any table reads back the same, whatever the delimiter, the mark, the line ends and the quoting."""
    file = read(written(table, delimiter=delimiter, mark=mark, line_end=line_end))

    assert file.problems == ()
    assert [back(row) for row in file.rows] == in_order(table)
    assert file.complete


@given(table=tables(least=2), data=st.data(), line_end=st.sampled_from(["\n", "\r\n"]))
def test_a_cut_file_never_passes_for_a_complete_one(
    table: list[list[str]], data: st.DataObject, line_end: str
) -> None:
    """Cut at any byte: refused, or not complete, unless the cut fell exactly between two rows."""
    whole = written(table, line_end=line_end)
    starts = [len(written(table[:count], line_end=line_end)) for count in range(len(table) + 1)]
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    try:
        file = read(whole[:cut])
    except BadInput:
        return

    assert not file.complete or cut in starts
    assert len(file.rows) <= len(table)


@given(table=tables(), data=st.data())
def test_a_cut_json_file_gives_nothing(table: list[list[str]], data: st.DataObject) -> None:
    """No proper beginning of a JSON document is one."""
    people = [{"userName": row[0], "title": row[2]} for row in table]
    whole = json.dumps(people, ensure_ascii=data.draw(st.booleans()), indent=1).encode()
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))

    with pytest.raises(BadInput) as caught:
        read_people(whole[:cut], format="json", columns=ColumnMap())

    assert caught.value.problem.code in {"MUSTER-IMPORT-TRUNCATED", "MUSTER-IMPORT-EMPTY"}


@given(
    data=st.one_of(
        st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b"userName,title\n" + tail)
    )
)
def test_noise_is_refused_and_never_breaks_anything(data: bytes) -> None:
    """Whatever the bytes are: people, problems, or BadInput."""
    for form in FORMATS:
        try:
            file = read_people(data, format=form, columns=ColumnMap())
        except BadInput:
            continue

        assert file.rows or file.problems


NAMES = [
    *("userName", "emails", "value", "type", "primary", "name", "givenName", "groups", "active", "x"),
    *("externalId", "schemas", "manager", "startDate", "urn:x:y", "meta"),
]
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(people=st.lists(_JSON, max_size=4))
def test_any_json_is_read_or_refused(people: list[object]) -> None:
    """Shapes nobody thought of are problems of rows, not crashes."""
    try:
        file = read_people(json.dumps(people).encode(), format="json", columns=ColumnMap())
    except BadInput:
        return

    assert len(file.rows) + len({problem.line for problem in file.problems}) >= 1


PLAIN = st.text(alphabet="abzé1", max_size=3)
ELEMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={"type": st.sampled_from(["work", "home"]), "value": PLAIN, "primary": st.just(value=False)},
    ),
    max_size=3,
)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"userName": PLAIN.filter(bool)},
        optional={
            "title": st.one_of(PLAIN, st.none()),
            "NAME": st.fixed_dictionaries({}, optional={"givenName": PLAIN, "FAMILYNAME": PLAIN}),
            "emails": ELEMENTS,
            "phoneNumbers": ELEMENTS,
            "photos": ELEMENTS,
            "x509Certificates": ELEMENTS,
            "manager": st.one_of(PLAIN, st.fixed_dictionaries({"value": PLAIN})),
            "department": PLAIN,
            "password": PLAIN,
        },
    ),
    max_size=6,
    unique_by=lambda person: normalised(str(person["userName"])),
)


@given(people=PEOPLE)
def test_a_json_person_is_what_the_schema_makes_of_them(people: list[dict[str, JsonValue]]) -> None:
    """Remembering patterns changes nothing: everybody comes out as validation alone would have them."""
    expected: dict[str, object] = {}
    for person in people:
        with contextlib.suppress(ScimError):
            resource = validate({**person, "schemas": [PERSON.schema.urn]}, PERSON)
            del resource["schemas"]
            expected[str(person["userName"])] = resource
    try:
        file = read_people(json.dumps(people).encode(), format="json", columns=ColumnMap())
    except BadInput:
        assert not people
        return

    assert {row.user_name: row.attributes for row in file.rows} == expected


def stored(known: dict[PersonId, Identity], changes: Changes) -> dict[PersonId, Identity]:
    """The people known after the changes."""
    now = dict(known)
    for joiner in changes.joiners:
        new = PersonId(f"new-{joiner.row.user_name}")
        now[new] = _as_stated(
            Identity(
                tenant=Tenant("t"),
                id=new,
                source=SourceId("s"),
                user_name="",
                stage=Stage.ACTIVE,
                version=1,
            ),
            joiner.row,
        )
    for mover in (*changes.movers, *changes.returning):
        now[mover.person.id] = _as_stated(mover.person, mover.row)
    for leaver in changes.leavers:
        now[leaver.person.id] = replace(leaver.person, stage=Stage.LEFT)
    return now


def _as_stated(person: Identity, row: PersonRow) -> Identity:
    return replace(
        person,
        user_name=row.user_name,
        external_id=row.external_id,
        attributes=row.attributes,
        groups=row.groups,
        stage=Stage.ACTIVE,
    )


@given(first=tables(), second=tables())
def test_importing_the_same_file_again_changes_nobody(
    first: list[list[str]], second: list[list[str]]
) -> None:
    """Once stored, a file compares as wholly unchanged; so it does after any other file before it."""
    known: dict[PersonId, Identity] = {}
    for table in (first, second):
        file = read(written(table))
        known = stored(known, compare(known, file))
        again = compare(known, file)

        assert again.is_nothing
        taken = len(again.unchanged) + len([problem for problem in again.problems if problem.code])
        assert taken == len(file.rows)


@given(first=tables(), second=tables())
def test_a_fate_befalls_everybody_once(first: list[list[str]], second: list[list[str]]) -> None:
    """No person of the source is in two parts of the changes, and every row is in one."""
    known = stored({}, compare({}, read(written(first))))
    file = read(written(second))
    changes = compare(known, file)
    people = [
        *(mover.person.id for mover in changes.movers),
        *(one.person.id for one in changes.returning),
        *(leaver.person.id for leaver in changes.leavers),
        *(person.id for person in changes.unchanged),
    ]

    assert len(people) == len(set(people))
    rows = len(changes.joiners) + len(people) - len(changes.leavers) + len(changes.problems)
    assert rows == len(file.rows)
