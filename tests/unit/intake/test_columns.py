"""Which column means what."""

import pytest

from muster.intake.columns import ColumnMap, Meaning, column_map, columns_of, known_names, target
from muster.model import BadInput


def test_every_suggested_name_means_something() -> None:
    """No suggestion leads to another problem."""
    assert [target(name).meaning for name in known_names()]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("username", "userName"),
        ("Name.GivenName", "name.givenName"),
        ("MAIL", 'emails[type eq "work"].value'),
        ("emails", 'emails[type eq "work"].value'),
        ("phone", 'phoneNumbers[type eq "work"].value'),
        ("department", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
        ("manager", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"),
        ("startDate", "urn:muster:schemas:extension:lifecycle:2.0:User:startDate"),
        ('emails[type eq "home"].value', 'emails[type eq "home"].value'),
    ],
)
def test_names_are_scim_paths_in_any_case(name: str, path: str) -> None:
    """Attribute names, dotted names, short enterprise names and the usual short forms are known."""
    assert str(target(name).path) == path


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("name", "has parts; name one, as name.formatted"),
        ("emails.value", 'say which, as emails\\[type eq "work"\\].value'),
        ("password", "not for sources"),
        ("id", "not for sources"),
        ("meta.created", "not for sources"),
        ('emails[type eq "work"].type', "states type already"),
        ('emails[type eq "work"].primary', "no text"),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "whole extension"),
        ("salary", "no such attribute"),
        ("emails[type", "expected"),
    ],
)
def test_what_one_cell_cannot_hold_is_refused(name: str, why: str) -> None:
    """A column leads to exactly one text that a source may state."""
    with pytest.raises(ValueError, match=why):
        target(name)


def test_a_map_gives_names_a_meaning_or_leaves_them_out() -> None:
    """The map of the manual works, whatever the letter case of the header."""
    given = column_map(
        'columns: {Vorname: name.givenName, "E-Mail": \'emails[type eq "work"].value\', Notes: null}\n'
        'groups_separator: "/"\ndelimiter: tab\n'
    )
    columns = columns_of(["USERNAME", " vorname", "E-MAIL", "notes", "Groups"], given)

    assert [column.target and column.target.meaning for column in columns] == [
        Meaning.USER_NAME,
        Meaning.ATTRIBUTE,
        Meaning.ATTRIBUTE,
        None,
        Meaning.GROUPS,
    ]
    assert columns[2].target is not None
    assert columns[2].target.paths == ('emails[type eq "work"].value', 'emails[type eq "work"].primary')
    assert (given.groups_separator, given.delimiter) == ("/", "\t")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colums: {}", r"line 1, column 9, colums.*did you mean columns\?"),
        (
            "columns:\n  Vorname: nme.givenName",
            r"line 2, column 12, columns.Vorname.*name.givenName\?",
        ),
        ("columns: {A: title, a: active}", "twice, in another spelling"),
        ("columns: {a: 5}", "put it in quotes"),
        ("columns: {a: name}", "has parts"),
        ("delimiter: '.'", 'write ",", ";" or "tab"'),
        ("groups_separator: ' '", "without space"),
        ("columns: [a]", "names and values"),
    ],
)
def test_a_wrong_map_is_refused_with_its_line(text: str, said: str) -> None:
    """Nothing in a map is silently ignored."""
    with pytest.raises(BadInput, match=said) as caught:
        column_map(text)

    assert caught.value.problem.code == "MUSTER-IMPORT-COLUMN-MAP"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (["userName", "Titel"], r"“Titel” is not known \(did you mean title\?\)"),
        (["userName", "zzz", "qqq"], "“zzz” is not known.*“qqq” is not known"),
        (["userName", *(f"zzz{number}" for number in range(30))], "and more"),
        (["title"], "no column holds the userName"),
        (["userName", "email", "mail"], "“email” and “mail” both mean"),
        (["userName", "userName"], "both mean userName"),
        (["userName", "manager", "manager.value"], "both mean"),
        (["userName", " "], "column 2 has no name"),
    ],
)
def test_unclear_headers_are_refused(headers: list[str], said: str) -> None:
    """Every column must be known, alone and named, and one must be the userName."""
    with pytest.raises(BadInput, match=said) as caught:
        columns_of(headers, ColumnMap())

    assert caught.value.problem.code == "MUSTER-IMPORT-COLUMNS"


def test_a_mapped_column_must_be_there() -> None:
    """A column that went missing is noticed, not read as empty; one that is left out may be missing."""
    given = column_map("columns: {Vorname: name.givenName, Notes: null}")

    with pytest.raises(BadInput, match="“vorname”, which the file does not have"):
        columns_of(["userName"], given)
