import json
from typing import Any

import pytest

from bulk_messages import change, delete, gather, hire, message, put
from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER
from muster.scim.bulk_references import references_of, with_ids
from muster.scim.bulk_request import BulkOperation, Method, parse_bulk
from muster.scim.errors import InvalidValue


def _referring(operation: dict[str, Any]) -> tuple[str, ...]:
    found = parse_bulk(message(operation), (USER, GROUP)).operations[0]
    assert isinstance(found, BulkOperation)
    return references_of(found)


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (hire("a", "b"), ("b",)),
        (hire("a", title="bulkId:b"), ("b",)),
        (hire("a", **{f"{ENTERPRISE_USER_URN}:manager": {"value": "bulkId:b"}}), ("b",)),
        (hire("a", **{"urn:own:1": {"deep": [[{"er": "bulkId:b"}]]}}), ("b",)),
        (hire("a", unknown="bulkId:b"), ("b",)),
        (hire("a", title="a bulkId:b"), ()),
        (hire("a", title="BULKID:b"), ()),
        (hire("a", groups=[{"value": "bulkId:b"}], meta={"location": "bulkId:b"}, id="bulkId:b"), ()),
        (gather("a", "b", "c", "b"), ("b", "c")),
        (gather("a", members=[{"$ref": "../Users/bulkId:b"}]), ("b",)),
        (gather("a", members=[{"$REF": "https://example.com/v2/Users/bulkId:b/c"}]), ("b/c",)),
        (gather("a", members=[{"display": "/Users/bulkId:b"}]), ()),
        (put("/Users/bulkId:b", {"x": "bulkId:c"}), ("b", "c")),
        (delete("/Users/bulkId:b"), ("b",)),
        (change("/Users/bulkId:b/c", {"op": "add", "value": {"manager": "bulkId:d"}}), ("b/c", "d")),
        (change("/Groups/1", {"op": "remove", "path": 'members[value eq "bulkId:b"]'}), ("b",)),
        (change("/Groups/1", {"op": "remove", "PATH": 'm[v eq "bulkId:b" or v eq "bulkId:c"]'}), ("b", "c")),
        (change("/Groups/1", {"op": "remove", "path": 'm[v eq "bulkId:\\u0062\\""]'}), ('b"',)),
        (change("/Groups/1", {"op": "remove", "path": 'm[v eq "\\"bulkId:b"]'}), ()),
        (change("/Groups/1", {"op": "remove", "path": 'm[v eq "bulkId:b'}), ()),
        (change("/Groups/1", {"op": "remove", "path": "m[v eq bulkId:b]"}), ()),
        (change("/Groups/1", {"op": "add", "value": {'members[value eq "bulkId:b"].type': "x"}}), ("b",)),
        (change("/Groups/1", {"op": "add", "path": "x", "value": {'m[v eq "bulkId:b"]': "x"}}), ()),
        (change("/Users/1", {"op": "add", "value": '{"manager": {"value": "bulkId:b"}}'}), ("b",)),
        (change("/Users/1", {"op": "add", "path": "title", "value": '{"m": "bulkId:b"}'}), ()),
        (change("/Users/1", {"op": "add", "value": "bulkId:b"}), ("b",)),
        (change("/Users/1", {"op": "add", "value": "[" * 100_000}), ()),
    ],
)
def test_where_references_are_found(operation: dict[str, Any], found: tuple[str, ...]) -> None:
    """Whole texts at any depth, ends of a $ref, quoted texts in the paths of a PATCH, ids in a path."""
    assert found == _referring(operation)


IDS = {"b": "id-b", "c": "id-c"}


@pytest.mark.parametrize(
    ("method", "data", "resolved"),
    [
        (Method.POST, {"a": ["bulkId:b", {"value": "bulkId:c"}]}, {"a": ["id-b", {"value": "id-c"}]}),
        (Method.POST, {"a": "bulkId:d", "$ref": "/Users/d"}, {"a": "bulkId:d", "$ref": "/Users/d"}),
        (
            Method.PUT,
            {"$ref": "../Users/bulkId:b", "x": "../Users/bulkId:b"},
            {"$ref": "../Users/id-b", "x": "../Users/bulkId:b"},
        ),
        (Method.POST, {"path": 'm[v eq "bulkId:b"]'}, {"path": 'm[v eq "bulkId:b"]'}),
        (
            Method.PATCH,
            {"Operations": [{"op": "remove", "path": 'm[v eq "bulkId:b" and w eq "x\\""].u'}]},
            {"Operations": [{"op": "remove", "path": 'm[v eq "id-b" and w eq "x\\""].u'}]},
        ),
        (
            Method.PATCH,
            {"OPERATIONS": [{"Path": "bulkId:b", "VALUE": ["bulkId:b"]}, 7, "bulkId:b"]},
            {"OPERATIONS": [{"Path": "bulkId:b", "VALUE": ["id-b"]}, 7, "bulkId:b"]},
        ),
        (
            Method.PATCH,
            {"Operations": [{"value": {'m[v eq "bulkId:b"]': {"w": "bulkId:c"}}}]},
            {"Operations": [{"value": {'m[v eq "id-b"]': {"w": "id-c"}}}]},
        ),
        (
            Method.PATCH,
            {"Operations": [{"path": None, "value": '{"manager": "bulkId:b"}'}]},
            {"Operations": [{"path": None, "value": {"manager": "id-b"}}]},
        ),
        (Method.PATCH, {"Operations": "bulkId:b"}, {"Operations": "bulkId:b"}),
        (Method.PATCH, ["bulkId:b"], ["id-b"]),
    ],
)
def test_ids_take_the_place_of_references(method: Method, data: Any, resolved: Any) -> None:  # noqa: ANN401 - JSON
    """Only references change, and what was sent stays as it was."""
    before = json.dumps(data)

    assert resolved == with_ids(data, method, IDS)
    assert before == json.dumps(data)


def test_two_names_that_become_one_are_refused() -> None:
    """Whichever of them was meant, the other would be lost."""
    value = {'m[v eq "bulkId:b"]': 1, 'm[v eq "bulkId:\\u0062"]': 2}
    with pytest.raises(InvalidValue):
        with_ids({"Operations": [{"op": "add", "value": value}]}, Method.PATCH, IDS)
