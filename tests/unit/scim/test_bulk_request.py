from typing import Any

import pytest

from bulk_messages import change, delete, gather, hire, message
from muster.scim.builtin import GROUP, USER, USER_URN
from muster.scim.bulk import Do, Outcome, Refuse, Step, bulk_response, plan
from muster.scim.bulk_request import BULK_REQUEST_URN, BulkOperation, BulkRequest, Method, parse_bulk
from muster.scim.errors import Conflict, InvalidSyntax, InvalidValue, ScimError
from muster.scim.patch_request import PATCH_URN

TYPES = (USER, GROUP)


def request(*operations: Any) -> BulkRequest:  # noqa: ANN401 - JSON
    """A bulk request, taken apart."""
    return parse_bulk(message(*operations), TYPES)


def steps(*operations: Any) -> list[Step]:  # noqa: ANN401 - JSON
    """The steps of the plan, in their order."""
    return [step for unit in plan(request(*operations)) for step in unit]


@pytest.mark.parametrize(
    ("body", "error", "at"),
    [
        ([], InvalidSyntax, None),
        ("text", InvalidSyntax, None),
        (None, InvalidSyntax, None),
        ({}, InvalidSyntax, "schemas"),
        ({"schemas": BULK_REQUEST_URN, "Operations": [1]}, InvalidSyntax, "schemas"),
        ({"schemas": [USER_URN], "Operations": [1]}, InvalidSyntax, "schemas"),
        ({"schemas": [BULK_REQUEST_URN]}, InvalidSyntax, "Operations"),
        (message(), InvalidSyntax, "Operations"),
        (message() | {"Operations": {}}, InvalidSyntax, "Operations"),
        (message(1, failOnErrors=0), InvalidValue, "failOnErrors"),
        (message(1, failOnErrors=-1), InvalidValue, "failOnErrors"),
        (message(1, failOnErrors="1"), InvalidValue, "failOnErrors"),
        (message(1, failOnErrors=True), InvalidValue, "failOnErrors"),
        (message(1, failOnErrors=1.0), InvalidValue, "failOnErrors"),
    ],
)
def test_a_message_that_is_none_is_refused_as_a_whole(
    body: Any,  # noqa: ANN401 - JSON
    error: type[ScimError],
    at: str | None,
) -> None:
    """The error says which part is wrong."""
    with pytest.raises(error) as refused:
        parse_bulk(body, TYPES)

    assert at == refused.value.path


def test_names_are_read_in_any_case() -> None:
    """Attribute names are case-insensitive (RFC 7643 §2.1), and so are the methods."""
    asked = parse_bulk(
        {
            "SCHEMAS": [BULK_REQUEST_URN],
            "operations": [{"Method": "post", "PATH": "Users", "bulkid": "q", "DATA": {}}],
            "FailOnErrors": 2,
        },
        TYPES,
    )
    operation = asked.operations[0]

    assert isinstance(operation, BulkOperation)
    assert (Method.POST, "q", USER, 2) == (
        operation.method,
        operation.bulk_id,
        operation.target.resource_type,
        asked.fail_on_errors,
    )


# -- one operation ------------------------------------------------------------------------------------------

POST = {"method": "POST", "path": "/Users", "bulkId": "q", "data": {}}
PUT = {"method": "PUT", "path": "/Users/1", "data": {}}


@pytest.mark.parametrize(
    ("operation", "status", "at"),
    [
        (None, 400, ""),
        ([], 400, ""),
        ("POST", 400, ""),
        ({}, 400, ".method"),
        (POST | {"method": None}, 400, ".method"),
        (POST | {"method": "GET"}, 400, ".method"),
        (POST | {"method": "\u017fpost"}, 400, ".method"),
        (POST | {"bulkId": None}, 400, ".bulkId"),
        (POST | {"bulkId": ""}, 400, ".bulkId"),
        (POST | {"bulkId": 1}, 400, ".bulkId"),
        (POST | {"bulkId": "x" * 1_001}, 400, ".bulkId"),
        (PUT | {"bulkId": ["q"]}, 400, ".bulkId"),
        (POST | {"path": None}, 400, ".path"),
        (POST | {"path": 1}, 400, ".path"),
        (POST | {"path": "/Users/" + "x" * 1_001}, 400, ".path"),
        (POST | {"path": ""}, 404, ".path"),
        (POST | {"path": "/"}, 404, ".path"),
        (POST | {"path": "/Devices"}, 404, ".path"),
        (POST | {"path": "/users"}, 404, ".path"),
        (POST | {"path": "//Users"}, 404, ".path"),
        (POST | {"path": "https://example.com/v2/Users"}, 404, ".path"),
        (POST | {"path": "/Users?attributes=id"}, 404, ".path"),
        (PUT | {"path": "/Users/1/name"}, 404, ".path"),
        (PUT | {"path": "/Users/\x00"}, 404, ".path"),
        (PUT | {"path": "/Users/\ud800"}, 404, ".path"),
        (POST | {"path": "/Users/1"}, 405, ".path"),
        (POST | {"path": "/Users/bulkId:q"}, 405, ".path"),
        (PUT | {"path": "/Users"}, 405, ".path"),
        (PUT | {"path": "/Users", "method": "PATCH"}, 405, ".path"),
        (PUT | {"path": "/Users/", "method": "DELETE"}, 405, ".path"),
        *(
            (POST | {"path": path}, 400, ".path")
            for path in (
                "/Bulk",
                "/Me",
                "/Schemas",
                "/ResourceTypes/User",
                "/ServiceProviderConfig",
                "/.search",
                "/Users/.search",
            )
        ),
        (PUT | {"version": ""}, 400, ".version"),
        (PUT | {"version": 1}, 400, ".version"),
        (PUT | {"data": None}, 400, ".data"),
        ({"method": "PATCH", "path": "/Users/1"}, 400, ".data"),
        ({"method": "POST", "path": "/Users", "bulkId": "q"}, 400, ".data"),
    ],
)
def test_a_bad_operation_is_refused_by_itself(operation: Any, status: int, at: str) -> None:  # noqa: ANN401 - JSON
    """It has its own error, which says where it is; the operation beside it goes on."""
    bad, good = steps(operation, hire("ana"))

    assert isinstance(bad, Refuse)
    assert isinstance(good, Do)
    assert (status, f"Operations[0]{at}") == (bad.error.status, bad.error.path)


def test_what_could_be_read_of_a_bad_operation_is_in_its_answer() -> None:
    """Method and bulkId come back; a method or bulkId that is none does not."""
    asked = request(POST | {"path": "/Nowhere", "method": "post"}, POST | {"method": "GET", "bulkId": 5})
    outcomes = {number: Outcome(error=Conflict("no")) for number in (0, 1)}
    named, nameless = bulk_response(asked, outcomes)["Operations"]  # type: ignore[misc,union-attr]

    assert {"method", "bulkId", "status", "response"} == set(named)  # type: ignore[arg-type]
    assert {"status", "response"} == set(nameless)  # type: ignore[arg-type]
    assert ("POST", "q") == (named["method"], named["bulkId"])  # type: ignore[index,call-overload]


def test_what_is_of_no_use_to_an_operation_is_passed_over() -> None:
    """The version of a POST, the data of a DELETE, and a bulkId on what creates nothing, which comes back."""
    post, delete = request(
        POST | {"version": 'W/"1"'}, {"method": "DELETE", "path": "/Users/1/", "data": 7, "bulkId": "q"}
    ).operations

    assert isinstance(post, BulkOperation)
    assert isinstance(delete, BulkOperation)
    assert (None, None) == (post.version, delete.data)
    assert ("1", "q") == (delete.target.id, delete.bulk_id)


@pytest.mark.parametrize("data", [[{"op": "add"}], {"Operations": [{"op": "add"}]}])
def test_the_data_of_a_patch_may_be_bare(data: Any) -> None:  # noqa: ANN401 - JSON
    """A list of operations, or a message without schemas, is the message; nothing else is."""
    bare, other = request(
        PUT | {"method": "PATCH", "data": data}, PUT | {"method": "PATCH", "data": {"schemas": []}}
    ).operations

    assert isinstance(bare, BulkOperation)
    assert isinstance(other, BulkOperation)
    assert {"schemas": [PATCH_URN], "Operations": [{"op": "add"}]} == bare.data
    assert {"schemas": []} == other.data


def test_a_bulk_id_given_twice_means_neither() -> None:
    """Both creations are refused, because a reference could mean either; the others go on."""
    first, second, other, reference = steps(hire("q"), hire("q"), hire("p"), hire("r", "q"))

    assert [Refuse, Refuse, Do, Do] == [type(step) for step in (first, second, other, reference)]
    assert isinstance(first, Refuse)
    assert ("invalidValue", "Operations[0].bulkId") == (first.error.scim_type, first.error.path)


@pytest.mark.parametrize(
    "operation",
    [
        hire("ana", "nobody"),
        gather("team", "nobody"),
        change("/Users/bulkId:nobody", {"op": "remove", "path": "title"}),
        delete("/Users/bulkId:nobody"),
        change("/Groups/1", {"op": "remove", "path": 'members[value eq "bulkId:nobody"]'}),
        hire("ana", ""),
    ],
)
def test_a_reference_to_nothing_is_refused(operation: dict[str, Any]) -> None:
    """The error names the bulkId that no operation creates; a PATCH creates none."""
    bad, _ = steps(operation, change("/Users/1", {"op": "remove", "path": "title"}, bulkId="nobody"))

    assert isinstance(bad, Refuse)
    assert (400, "invalidValue") == (bad.error.status, bad.error.scim_type)
    assert "bulkId:" in bad.error.detail
