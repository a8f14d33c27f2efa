from datetime import UTC, datetime

import pytest

from muster.scim.values import JsonValue, instant, is_present


@pytest.mark.parametrize("value", [True, False, 0, "x", ["x"], {"a": "x"}, [{"a": 0}]])
def test_present_values(value: JsonValue) -> None:
    """Anything but null and empty text, lists and objects is present, false and zero included."""
    assert is_present(value)


@pytest.mark.parametrize("value", [None, "", [], {}, [""], [{}], {"a": None}, [{"a": ""}, None]])
def test_absent_values(value: JsonValue) -> None:
    """What has no part that is present is absent."""
    assert not is_present(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-05-13T04:42:34Z", datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC)),
        ("2011-05-13t04:42:34z", datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC)),
        ("2011-05-13T06:42:34+02:00", datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC)),
        ("2011-05-13T04:42:34", datetime(2011, 5, 13, 4, 42, 34, tzinfo=UTC)),
        ("2011-05-13T04:42:34.1234567Z", datetime(2011, 5, 13, 4, 42, 34, 123456, tzinfo=UTC)),
        ("2011-05-13", None),
        ("20110513T044234Z", None),
        ("2011-05-13 04:42:34Z", None),
        ("2011-13-13T04:42:34Z", None),
        ("2011-05-13T24:42:34Z", None),
        ("2011-05-13T04:42:34+99:00", None),
        ("", None),
    ],
)
def test_instants(text: str, expected: datetime | None) -> None:
    """A date and time with any zone is one instant; anything else is none (RFC 7643 §2.3.5)."""
    assert expected == instant(text)
