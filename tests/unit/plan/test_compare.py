"""Comparing desired, last applied and observed."""

import pytest

from muster.model import Attributes, Value
from muster.plan import Cause, Difference, differences, same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ""),
        (None, ()),
        ("", ()),
        (("b", "a"), ("a", "b")),
        (("a", "a"), ("a",)),
        ("Zoe\N{COMBINING DIAERESIS}", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"),
        (1, 1.0),
        ("1", 1),
        (True, 1),
    ],
)
def test_values_no_application_tells_apart_are_the_same(one: Value, other: Value) -> None:
    """Ways of being unset, order of a list, composition of letters and how a number is written make none."""
    assert same(one, other, case_ignored=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ana", "ana"), ("1", 2), ("", "x"), (False, None), (0, None), (("a",), "a"), (" ana", "ana")],
)
def test_values_that_differ_are_not_the_same(one: Value, other: Value) -> None:
    """Letter case, numbers, blanks and an explicit no are differences."""
    assert not same(one, other, case_ignored=False)


def test_letter_case_is_ignored_where_the_application_ignores_it() -> None:
    """Only attributes declared so are compared without letter case, also inside lists."""
    assert same("STRASSE", "straße", case_ignored=True)
    assert same(("Ana@X.example",), ("ana@x.example",), case_ignored=True)


@pytest.mark.parametrize(
    ("last_applied", "observed", "cause"),
    [
        ({"title": "Old"}, {"title": "Old"}, Cause.OURS),
        ({"title": None}, {}, Cause.OURS),
        ({}, {"title": "Theirs"}, Cause.OURS),
        ({"title": "New"}, {"title": "Theirs"}, Cause.DRIFT),
        ({"title": "New"}, {}, Cause.DRIFT),
        ({"title": "Old"}, {"title": "Theirs"}, Cause.BOTH),
    ],
)
def test_the_cause_of_a_difference(last_applied: Attributes, observed: Attributes, cause: Cause) -> None:
    """Whoever left the last written value made the difference; what we never wrote is ours to begin with."""
    found = differences({"title": "New"}, last_applied, observed, case_ignored=frozenset())

    expected = Difference(attribute="title", desired="New", observed=observed.get("title"), cause=cause)
    assert found == (expected,)


def test_only_what_the_mapping_names_is_managed() -> None:
    """An attribute once applied but no longer desired is left as it is."""
    found = differences({}, {"title": "Old"}, {"title": "Theirs", "locale": "de"}, case_ignored=frozenset())

    assert found == ()


def test_differences_come_by_name() -> None:
    """The order of the mapping does not show in a plan."""
    found = differences({"b": "1", "a": "1", "c": None}, {}, {}, case_ignored=frozenset())

    assert [difference.attribute for difference in found] == ["a", "b"]
