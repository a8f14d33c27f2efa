"""What was stored before a schema came, or changed."""

from typing import Any

import pytest

from muster.scim.custom import schema_from_document
from muster.scim.errors import InvalidValue
from muster.scim.fitting import fitted

SCHEMA = schema_from_document(
    {
        "id": "urn:acme:staff:1.0:User",
        "attributes": [
            {"name": "badge", "required": True},
            {"name": "onCall", "type": "boolean"},
            {"name": "floor", "type": "integer"},
            {"name": "pin", "mutability": "writeOnly"},
            {"name": "since", "mutability": "readOnly"},
            {
                "name": "cars",
                "type": "complex",
                "multiValued": True,
                "subAttributes": [
                    {"name": "plate", "required": True},
                    {"name": "colour"},
                    {"name": "key", "mutability": "writeOnly"},
                ],
            },
        ],
    }
)


def test_it_takes_the_shape_of_the_schema() -> None:
    """Names are spelled as the schema spells them, and values have its types."""
    stored = {"BADGE": "b1", "oncall": "True", "Floor": 3, "cars": {"Plate": "HH 1"}, "since": "2020"}

    assert {
        "badge": "b1",
        "onCall": True,
        "floor": 3,
        "cars": [{"plate": "HH 1"}],
        "since": "2020",
    } == fitted(stored, SCHEMA)


def test_no_value_is_no_misfit() -> None:
    """``null`` and the empty list are nothing, whatever the type."""
    assert {"badge": "b1"} == fitted({"badge": "b1", "floor": None, "cars": []}, SCHEMA)


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("text", None),
        ({}, "badge"),
        ({"badge": ""}, "badge"),
        ({"badge": "b", "floor": "3"}, "floor"),
        ({"badge": "b", "floor": 3, "FLOOR": 4}, "floor"),
        ({"badge": "b", "desk": "12"}, "desk"),
        ({"badge": "b", "pin": "1234"}, "pin"),
        ({"badge": "b", "cars": {}}, "cars"),
        ({"badge": "b", "cars": [{"colour": "red"}]}, "cars.plate"),
        ({"badge": "b", "cars": [{"plate": "HH 1", "doors": 5}]}, "cars.doors"),
        ({"badge": "b", "cars": [{"plate": "HH 1", "key": "k"}]}, "cars.key"),
    ],
)
def test_what_would_be_lost_is_a_misfit(stored: Any, path: str | None) -> None:  # noqa: ANN401 - any JSON
    """Nothing stored disappears because a schema came: what has no place in it is named."""
    with pytest.raises(InvalidValue) as caught:
        fitted(stored, SCHEMA)

    assert path == caught.value.path
