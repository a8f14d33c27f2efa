from typing import Any

import pytest

from muster.scim.errors import InvalidValue
from muster.scim.listing import Page, list_response, page


@pytest.mark.parametrize(
    ("start_index", "count", "expected"),
    [
        (None, None, Page(start=1, count=200)),
        ("1", "10", Page(start=1, count=10)),
        (11, 10, Page(start=11, count=10)),
        ("0", "0", Page(start=1, count=0)),
        ("-3", "-1", Page(start=1, count=0)),
        (" +2 ", "999999", Page(start=2, count=200)),
    ],
)
def test_parameters_follow_the_rules_of_the_rfc(start_index: Any, count: Any, expected: Page) -> None:  # noqa: ANN401 - any JSON
    """RFC 7644 table 6: less than 1 is 1, negative is 0, none is the server's maximum."""
    assert expected == page(start_index, count, most=200)
    assert expected.start - 1 == expected.offset


@pytest.mark.parametrize("value", ["x", "", "1.5", 1.5, True, [], "٣", "--1", "9" * 19, "1_0", "0x1"])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:  # noqa: ANN401 - any JSON
    """The error names the parameter."""
    with pytest.raises(InvalidValue) as first:
        page(value, None, most=1)
    with pytest.raises(InvalidValue) as second:
        page(None, value, most=1)

    assert ("startIndex", "count") == (first.value.path, second.value.path)


def test_the_message() -> None:
    """RFC 7644 figure 3: the total counts the result, itemsPerPage what is on the page."""
    assert {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 100,
        "itemsPerPage": 2,
        "startIndex": 11,
        "Resources": [{"id": "1"}, {"id": "2"}],
    } == list_response([{"id": "1"}, {"id": "2"}], total=100, start=11)


def test_nothing_found_is_an_empty_list() -> None:
    """Entra ID tests a connection by a query that finds nothing and wants a list, not an error."""
    assert ([], 0, 0) == tuple(
        list_response([], total=0)[key] for key in ("Resources", "totalResults", "itemsPerPage")
    )
