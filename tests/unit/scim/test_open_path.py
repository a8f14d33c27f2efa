"""Paths into extensions that no schema at hand describes."""

from typing import Any

import pytest

from muster.scim.builtin import ENTERPRISE_USER_URN, USER_URN
from muster.scim.errors import InvalidFilter, InvalidPath
from muster.scim.open_path import open_path
from muster.scim.path import read, write
from muster.scim.values import Resource

URN = "urn:acme:staff:1.0:User"
ANA: Resource = {
    "userName": "ana",
    URN: {
        "Badge": "b1",
        "floor": 3,
        "skills": ["chess", "go"],
        "locker": {"number": "7", "value": "north"},
        "cars": [
            {"plate": "HH 1", "main": False, "wheels": 4},
            {"plate": "HH 2", "main": True, "wheels": 3},
        ],
    },
}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("badge", "b1"),
        ("FLOOR", 3),
        ("skills", ["chess", "go"]),
        ("locker.number", "7"),
        ("locker", {"number": "7", "value": "north"}),
        ("cars.plate", ["HH 1", "HH 2"]),
        ('cars[plate eq "hh 2"].wheels', 3),
        ("cars[main eq true].plate", "HH 2"),
        ("cars[wheels gt 3].plate", "HH 1"),
        ("cars[plate pr and not (main eq false)].plate", "HH 2"),
        ('cars[plate eq "HH 9"].wheels', None),
        ("desk", None),
        ("badge.part", None),
    ],
)
def test_what_the_path_says_is_read(place: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """Names in any letter case, parts of objects and of every element, elements a filter selects."""
    path = open_path(f"{URN.upper()}:{place}")

    assert value == read(ANA, path)
    assert str(path) == str(open_path(str(path)))


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("badge", "b2", {"badge": "b2"}),
        ("locker.number", 7, {"locker": {"number": 7}}),
        ('cars[plate eq "HH 1"].wheels', 3, {"cars": [{"plate": "HH 1", "wheels": 3}]}),
    ],
)
def test_what_the_path_says_is_written(place: str, value: Any, expected: Resource) -> None:  # noqa: ANN401 - any JSON
    """A body for an application can be built from such paths, its ``schemas`` included."""
    written = write({"schemas": [USER_URN]}, open_path(f"{URN}:{place}"), value)

    assert {"schemas": [USER_URN, URN], URN: expected} == written


@pytest.mark.parametrize(
    "text", ["badge", "", f"{USER_URN}:badge", f"{ENTERPRISE_USER_URN.upper()}:badge", f"{URN}:a b", "urn::a"]
)
def test_a_known_schema_is_not_read_so(text: str) -> None:
    """Where the schema is known, a wrong name stays wrong; without a URN nothing is meant."""
    with pytest.raises(InvalidPath):
        open_path(text)


def test_a_broken_filter_is_refused() -> None:
    """What stands in brackets must be a filter."""
    with pytest.raises(InvalidFilter):
        open_path(f"{URN}:cars[plate].wheels")
