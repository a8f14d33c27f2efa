"""People files: what goes in, what is refused, and when nobody may be missing."""

import codecs

import pytest

from muster.intake.columns import ColumnMap, column_map
from muster.intake.people import PeopleFile, RowCode
from muster.intake.people_file import read_people
from muster.model import BadInput

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIFECYCLE = "urn:muster:schemas:extension:lifecycle:2.0:User"


def csv(text: str, columns: ColumnMap | None = None) -> PeopleFile:
    """What a CSV file says."""
    return read_people(text.encode(), format="csv", columns=columns or ColumnMap())


def json(text: str) -> PeopleFile:
    """What a JSON file says."""
    return read_people(text.encode(), format="json", columns=ColumnMap())


def refusal(data: bytes | str, format: str = "csv") -> BadInput:
    """Why a file as a whole is refused."""
    raw = data.encode() if isinstance(data, str) else data
    with pytest.raises(BadInput) as caught:
        read_people(raw, format="json" if format == "json" else "csv", columns=ColumnMap())
    return caught.value


def found(file: PeopleFile) -> list[tuple[int, str, RowCode]]:
    """Line, column and code of every problem."""
    return [(problem.line, problem.column, problem.code) for problem in file.problems]


def test_a_row_becomes_a_scim_user() -> None:
    """Every kind of column lands where RFC 7643 puts it."""
    file = csv(
        "externalId,userName,name.givenName,email,department,manager,startDate,active,groups\n"
        "E1,ana.ruiz,Ana,ana@acme.example,Design,E7,2026-11-30,yes,All staff|Design Team\n"
    )
    row = file.rows[0]

    assert row.attributes == {
        "userName": "ana.ruiz",
        "name": {"givenName": "Ana"},
        "emails": [{"type": "work", "value": "ana@acme.example", "primary": True}],
        ENTERPRISE: {"department": "Design", "manager": {"value": "E7"}},
        LIFECYCLE: {"startDate": "2026-11-30"},
    }
    assert (row.line, row.user_name, row.external_id, row.active) == (2, "ana.ruiz", "E1", True)
    assert row.groups == {"All staff", "Design Team"}
    assert file.complete


def test_blank_cells_are_not_set() -> None:
    """An empty cell, or one of spaces, leaves no trace; a blank active column means active."""
    file = csv("userName,title,email,active,externalId,groups\nana, ,,,,\n")

    assert file.rows[0].attributes == {"userName": "ana"}
    assert (file.rows[0].active, file.rows[0].external_id, file.rows[0].groups) == (True, None, frozenset())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_the_delimiter_and_a_byte_order_mark_are_recognised(delimiter: str, mark: bytes) -> None:
    """Files of Excel in any country are read without telling how."""
    text = f"userName{delimiter}title\r\nana{delimiter}Łódź, 5; 6\r\n".replace("Łódź, 5; 6", '"Łódź, 5; 6"')
    file = read_people(mark + text.encode(), format="csv", columns=ColumnMap())

    assert file.rows[0].attributes["title"] == "Łódź, 5; 6"


def test_a_file_of_one_column_is_read() -> None:
    """A list of names is a people file."""
    assert [row.user_name for row in csv("userName\nana\nbo\n").rows] == ["ana", "bo"]


def test_line_breaks_in_quotes_belong_to_the_value_and_lines_stay_physical() -> None:
    """RFC 4180 quoting works, and problems name the line an editor shows."""
    file = csv('userName,title,startDate\nana,"Head of\nDesign, ""the best""",\nbo,,soon\n')

    assert file.rows[0].attributes["title"] == 'Head of\nDesign, "the best"'
    assert found(file) == [(4, "startDate", RowCode.DATE)]


def test_blank_lines_and_rows_of_nothing_are_left_out() -> None:
    """What spreadsheets leave at the end is nobody."""
    file = csv("userName,title\n\nana,x\n,\n ,\n")

    assert (len(file.rows), file.problems, file.complete) == (1, (), True)


@pytest.mark.parametrize(
    ("row", "column", "code", "names"),
    [
        ("bo,x,true", "", RowCode.CELLS, False),
        ("bo,x,true,,E2,,", "", RowCode.CELLS, False),
        (",x,true,,E2,", "userName", RowCode.NO_USER_NAME, True),
        (",x,true,,,", "userName", RowCode.NO_USER_NAME, False),
        ("bo,x,FALSCH,,E2,", "active", RowCode.BOOLEAN, True),
        ("bo,x,,31.12.2026,E2,", "startDate", RowCode.DATE, True),
        ("bo,x,,2026-02-30,E2,", "startDate", RowCode.DATE, True),
        ("bo,x\x07,,,E2,", "title", RowCode.CHARACTERS, True),
        ('"b\to",x,,,E2,', "userName", RowCode.CHARACTERS, True),
        ('"b\no",x,,,,', "userName", RowCode.CHARACTERS, False),
        (f"bo,{'x' * 1025},,,E2,", "title", RowCode.TOO_LONG, True),
        (f"{'b' * 1025},x,,,,", "userName", RowCode.TOO_LONG, False),
        (f"bo,,,,E2,All staff|{'g' * 1025}", "groups", RowCode.TOO_LONG, True),
        ('bo,"x"y,,,E2,', "", RowCode.QUOTES, False),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_goes_in(
    row: str, column: str, code: RowCode, names: bool
) -> None:
    """One bad row costs one row; the file stays complete only if that row names its person."""
    file = csv(f"userName,title,active,startDate,externalId,groups\nana,y,,,E1,\n{row}\ncy,z,,,E3,\n")

    assert [one.user_name for one in file.rows] == ["ana", "cy"]
    assert [(problem.column, problem.code) for problem in file.problems] == [(column, code)]
    assert file.problems[0].line == 3
    assert file.problems[0].names_somebody is names
    assert file.complete is names
    assert bool(file.why_incomplete) is not names


def test_every_flaw_of_a_row_is_told() -> None:
    """Nobody mends a file one flaw at a time."""
    file = csv("userName,active,startDate\n,maybe,never\n")

    assert found(file) == [
        (2, "userName", RowCode.NO_USER_NAME),
        (2, "active", RowCode.BOOLEAN),
        (2, "startDate", RowCode.DATE),
    ]


def test_rows_that_claim_the_same_person_are_all_refused_and_name_each_other() -> None:
    """Which of two rows is right cannot be known; neither person is taken for missing."""
    file = csv("userName,externalId\nana,E1\nbo,E2\nANA,E3\ncy,E2\n")

    assert file.rows == ()
    assert found(file) == [
        (2, "userName", RowCode.DUPLICATE),
        (3, "externalId", RowCode.DUPLICATE),
        (4, "userName", RowCode.DUPLICATE),
        (5, "externalId", RowCode.DUPLICATE),
    ]
    assert "also stands in line 4" in file.problems[0].reason
    assert file.complete


def test_a_bad_row_counts_as_a_rival() -> None:
    """A row is not right only because the other one of that name is broken elsewhere."""
    file = csv("userName,active\nana,true\nana,perhaps\n")

    assert file.rows == ()
    assert found(file) == [(2, "userName", RowCode.DUPLICATE), (3, "active", RowCode.BOOLEAN)]


def test_values_are_normalised_and_names_trimmed() -> None:
    """Decomposed letters are composed; spaces around names and addresses are slips; others are data."""
    file = csv("userName,email,displayName,title\n ana , a@acme.example , Nn\u0303ez ,=1+1\n")

    assert file.rows[0].user_name == file.rows[0].attributes["userName"] == "ana"
    assert file.rows[0].attributes["emails"] == [{"type": "work", "value": "a@acme.example", "primary": True}]
    assert file.rows[0].attributes["displayName"] == " N\u00f1ez "
    assert file.rows[0].attributes["title"] == "=1+1"


def test_a_column_map_is_obeyed() -> None:
    """Mapped columns are read, ignored ones are not, and the separator of groups is the map's."""
    given = column_map(
        "columns: {Login: userName, Vorname: name.givenName, Notes: null}\ngroups_separator: '/'"
    )
    file = csv("Login;Vorname;Notes;groups\nana;Ana;secret;A / B|C\n", given)

    assert file.rows[0].attributes == {"userName": "ana", "name": {"givenName": "Ana"}}
    assert file.rows[0].groups == {"A", "B|C"}
    assert file.paths == ("userName", "name.givenName")


def test_the_file_says_what_it_speaks_of() -> None:
    """A column that is not there is not the same as an empty one."""
    file = csv("userName,email\nana,\n")

    assert file.paths == ("userName", 'emails[type eq "work"].value', 'emails[type eq "work"].primary')
    assert not file.says_groups


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "EMPTY", "nobody"),
        (b" \n\n", "EMPTY", "nobody"),
        (b"userName,title\n", "EMPTY", "nobody"),
        (b"userName,title\n,\n", "EMPTY", "nobody"),
        ("userName\nJosé\n".encode("latin-1"), "ENCODING", "0xE9 at offset 12.*UTF-8"),
        ("userName\nana\n".encode("utf-16"), "ENCODING", "UTF-16"),
        ("userName\nana\n".encode("utf-32"), "ENCODING", "UTF-32"),
        ("userName\nana\n".encode("utf-16-le"), "ENCODING", "UTF-16"),
        ("userName\nJosé".encode()[:-1], "TRUNCATED", "inside a character"),
        (b'userName,title\nana,"Head of', "TRUNCATED", "line 2.*fetch or export"),
        (b"userName,title\nana,x\nbo", "TRUNCATED", "after 1 of 2 cells"),
        (b"userName,ti", "COLUMNS", "“ti” is not known"),
        (b'userName,title\nana,"x\ny"z,\n', "QUOTES", "line 2"),
        (b'userName,title\nana,"' + b"x" * 200_000, "QUOTES", "line 2"),
    ],
)
def test_files_that_cannot_be_trusted_are_refused_as_a_whole(data: bytes, code: str, said: str) -> None:
    """Cut, empty, unreadable: nothing of the file is used, and the text says what to do."""
    problem = refusal(data).problem

    assert problem.code == f"MUSTER-IMPORT-{code}"
    assert problem.next_step
    with pytest.raises(BadInput, match=f"(?s){said}"):
        read_people(data, format="csv", columns=ColumnMap())


def test_a_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is checked before anything is read."""
    monkeypatch.setattr("muster.intake.decoding.LARGEST", 20)

    assert refusal("userName\n" + "a" * 20).problem.code == "MUSTER-IMPORT-TOO-LARGE"


@pytest.mark.parametrize("text", ["userName,title\nana,x\nbo,y", "userName\r\nana\r"])
def test_without_a_last_line_break_rows_go_in_but_nobody_is_absent(text: str) -> None:
    """The last row is whole, yet others may be missing after it."""
    file = csv(text)

    assert file.rows
    assert not file.complete
    assert "line break" in file.why_incomplete


def test_json_people_are_scim_users_with_names_of_groups() -> None:
    """Nested objects, enterprise attributes at the top level, groups as names or as SCIM shows them."""
    file = json(
        '[{"id": "1", "meta": {}, "schemas": [], "userName": " ana ", "externalId": "E1", "active": false,'
        '"name": {"GIVENNAME": "Ana"}, "department": "Design", "startDate": "2026-11-30",'
        '"emails": [{"value": " a@acme.example "}], "groups": ["A", {"value": "7", "display": "B"}]},\n'
        '{"userName": "bo"}]'
    )

    assert file.rows[0].attributes == {
        "userName": "ana",
        "name": {"givenName": "Ana"},
        "emails": [{"value": "a@acme.example"}],
        ENTERPRISE: {"department": "Design"},
        LIFECYCLE: {"startDate": "2026-11-30"},
    }
    assert (file.rows[0].external_id, file.rows[0].active) == ("E1", False)
    assert file.rows[0].groups == {"A", "B"}
    assert [row.line for row in file.rows] == [1, 2]
    assert (file.complete, file.paths, file.says_groups) == (True, None, True)


def test_json_may_hold_the_list_in_an_object() -> None:
    """``{"people": [...]}`` is the same; a file without the word groups does not speak of them."""
    file = json('{"people": [{"userName": "ana"}]}')

    assert [row.user_name for row in file.rows] == ["ana"]
    assert not file.says_groups


@pytest.mark.parametrize(
    ("person", "column", "code"),
    [
        ("5", "", RowCode.INVALID),
        ('{"title": "x"}', "userName", RowCode.NO_USER_NAME),
        ('{"userName": ""}', "userName", RowCode.NO_USER_NAME),
        ('{"userName": 5}', "userName", RowCode.NO_USER_NAME),
        ('{"userName": "bo", "titel": "x"}', "titel", RowCode.UNKNOWN),
        ('{"userName": "bo", "name": {"first": "x"}}', "name.first", RowCode.UNKNOWN),
        ('{"userName": "bo", "externalId": 5}', "externalId", RowCode.INVALID),
        ('{"userName": "bo", "active": "perhaps"}', "active", RowCode.BOOLEAN),
        ('{"userName": "bo", "groups": [5]}', "groups", RowCode.INVALID),
        ('{"userName": "bo", "title": 5}', "title", RowCode.INVALID),
        ('{"userName": "bo", "title": "a\\u0000b"}', "title", RowCode.CHARACTERS),
        ('{"userName": "bo", "title": "\\ud800"}', "title", RowCode.CHARACTERS),
        ('{"userName": "b\\no"}', "userName", RowCode.CHARACTERS),
        (f'{{"userName": "bo", "title": "{"x" * 1025}"}}', "title", RowCode.TOO_LONG),
        ('{"userName": "bo", "startDate": "soon"}', "startDate", RowCode.DATE),
        (f'{{"userName": "bo", "title": {"[" * 20 + "]" * 20}}}', "title", RowCode.INVALID),
    ],
)
def test_a_bad_json_person_is_reported_and_the_rest_goes_in(person: str, column: str, code: RowCode) -> None:
    """One bad person costs one person."""
    file = json(f'[{{"userName": "ana"}},\n{person}]')

    assert [row.user_name for row in file.rows] == ["ana"]
    assert file.problems[0].line == 2
    assert file.problems[0].column.startswith(column)
    assert file.problems[0].code is code


def test_two_people_of_one_name_on_one_line_of_json_are_both_refused() -> None:
    """Lines do not tell JSON people apart; their names do."""
    file = json('[{"userName": "ana"}, {"userName": "Ana"}, {"userName": "bo"}]')

    assert [row.user_name for row in file.rows] == ["bo"]
    assert len(file.problems) == 2


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[]", "EMPTY", "nobody"),
        ('{"people": []}', "EMPTY", "nobody"),
        ('[{"userName": "ana"}', "TRUNCATED", "ends before"),
        ('[{"userName": "a', "TRUNCATED", "ends before"),
        ('[{"userName": "a", "emails": [{"value": "x"}]', "TRUNCATED", "ends before"),
        ('{"people": [{"userName": "a"}]', "TRUNCATED", "ends before"),
        ('[{"userName": tru', "TRUNCATED", "ends before"),
        ('[{"userName": "a"},\n  {"userName" "b"}]', "JSON", "line 2, column 15"),
        ('[{"userName": "a", "userName": "b"}]', "JSON", "“userName” stands twice"),
        ('[{"userName": NaN}]', "JSON", "NaN"),
        ('[{"userName": 1e999}]', "JSON", "too large"),
        (f'[{{"userName": {"9" * 5000}}}]', "JSON", "too large"),
        ('[{"userName": "a"}] x', "JSON", "after the end"),
        ('{"persons": []}', "JSON", '"people"'),
        ('{"people": [], "x": 1}', "JSON", "expected"),
        ('"ana"', "JSON", "a list of people"),
        (f"[{'[' * 100_000}{']' * 100_000}]", "JSON", "nests too deeply"),
    ],
)
def test_json_that_cannot_be_trusted_is_refused_as_a_whole(text: str, code: str, said: str) -> None:
    """Cut, wrong or ambiguous documents give nothing, with line and column."""
    error = refusal(text, "json")

    assert error.problem.code == f"MUSTER-IMPORT-{code}"
    assert said in str(error)
