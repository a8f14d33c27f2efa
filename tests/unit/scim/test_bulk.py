import re
from typing import Any

import pytest

from bulk_messages import change, delete, gather, hire, message, set_title
from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, GROUP_URN, USER
from muster.scim.bulk import Complete, Do, Outcome, Step, bulk_response, plan
from muster.scim.bulk_references import with_ids
from muster.scim.bulk_request import (
    BulkOperation,
    BulkRequest,
    Method,
    parse_bulk,
)
from muster.scim.errors import (
    InvalidSyntax,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
)
from muster.scim.patch_request import PATCH_URN
from rfc.examples import example

BASE = "https://example.com/v2"
TYPES = (USER, GROUP)


def printed(name: str) -> Any:  # noqa: ANN401 - JSON
    """The body of an example of RFC 7644 §3.7."""
    return example(f"rfc7644/3.7.{name}.http").body


def request(*operations: Any) -> BulkRequest:  # noqa: ANN401 - JSON
    """A bulk request, taken apart."""
    return parse_bulk(message(*operations), TYPES)


def steps(*operations: Any) -> list[Step]:  # noqa: ANN401 - JSON
    """The steps of the plan, in their order."""
    return [step for unit in plan(request(*operations)) for step in unit]


def order(*operations: Any) -> list[int]:  # noqa: ANN401 - JSON
    """The numbers of the operations in the order in which they are first tried."""
    return [step.number for step in steps(*operations) if not isinstance(step, Complete)]


# -- the figures of RFC 7644 §3.7 ---------------------------------------------------------------------------


def test_the_circle_of_section_3_7_1() -> None:
    """The first group is created without the other, the other with it, and then the first is completed."""
    first, second, completion = (
        step for unit in plan(parse_bulk(printed("1-circle-request"), TYPES)) for step in unit
    )

    assert isinstance(first, Do)
    assert isinstance(second, Do)
    assert isinstance(completion, Complete)
    assert (0, 1, 0) == (first.number, second.number, completion.number)
    assert {"schemas": [GROUP_URN], "displayName": "Group A"} == first.operation.data
    assert printed("1-circle-request")["Operations"][1]["data"] == second.operation.data
    assert ((), ("qwerty",), ("ytrewq",)) == (first.references, second.references, completion.references)
    added = {"op": "add", "path": "members", "value": [{"type": "Group", "value": "bulkId:ytrewq"}]}
    assert {"schemas": [PATCH_URN], "Operations": [added]} == completion.data


def test_the_reference_of_section_3_7_2() -> None:
    """The user comes first, and the group gets their id."""
    user, group = (step for unit in plan(parse_bulk(printed("2-member-request"), TYPES)) for step in unit)

    assert isinstance(user, Do)
    assert isinstance(group, Do)
    assert ((), ("qwerty",)) == (user.references, group.references)
    data: Any = with_ids(group.operation.data, Method.POST, {"qwerty": "92b725cd"})
    assert [{"type": "User", "value": "92b725cd"}] == data["members"]


def test_the_answer_of_section_3_7_2() -> None:
    """It has what is printed, no more and no less."""
    asked = parse_bulk(printed("2-member-request"), TYPES)
    places = (
        "/Users/92b725cd-9465-4e7d-8c16-01f8e146b87a",
        "/Groups/e9e30dba-f08f-4109-8486-d5c6a331660a",
    )
    versions = ('W/"4weymrEsh5O6cAEK"', 'W/"lha5bbazU3fNvfe5"')
    answer = bulk_response(
        asked,
        {
            number: Outcome(status=201, location=BASE + place, version=version)
            for number, (place, version) in enumerate(zip(places, versions, strict=True))
        },
    )

    assert printed("2-member-response") == answer


def test_the_reference_in_an_extension_of_section_3_7_2() -> None:
    """The manager's id takes the place of the reference; the rest stays."""
    asked = parse_bulk(printed("2-manager-request"), TYPES)
    bob = asked.operations[1]

    assert [0, 1] == [step.number for unit in plan(asked) for step in unit]
    assert isinstance(bob, BulkOperation)
    data: Any = with_ids(bob.data, Method.POST, {"qwerty": "92b725cd"})
    assert {"employeeNumber": "11250", "manager": {"value": "92b725cd"}} == data[ENTERPRISE_USER_URN]


def test_the_request_of_section_3_7_3() -> None:
    """Each operation as it is printed; the data of the PATCH is a list, which means the message."""
    asked = parse_bulk(printed("3-changes-request"), TYPES)

    assert 1 == asked.fail_on_errors
    assert [0, 1, 2, 3] == [step.number for unit in plan(asked) for step in unit]
    post, put, patch, delete = asked.operations
    assert isinstance(post, BulkOperation)
    assert isinstance(put, BulkOperation)
    assert isinstance(patch, BulkOperation)
    assert isinstance(delete, BulkOperation)
    assert ("qwerty", None) == (post.bulk_id, post.version)
    assert ("b7c14771-226c-4d05-8860-134711653041", 'W/"3694e05e9dff591"') == (put.target.id, put.version)
    assert isinstance(patch.data, dict)
    assert [PATCH_URN] == patch.data["schemas"]
    assert isinstance(patch.data["Operations"], list)
    assert {"op": "remove", "path": "nickName"} == patch.data["Operations"][0]
    assert (Method.DELETE, None) == (delete.method, delete.data)


def _of_3_7_3(outcomes: dict[int, Outcome]) -> Any:  # noqa: ANN401 - JSON
    return bulk_response(parse_bulk(printed("3-changes-request"), TYPES), outcomes)


USERS = [
    f"{BASE}/Users/{known}"
    for known in (
        "92b725cd-9465-4e7d-8c16-01f8e146b87a",
        "b7c14771-226c-4d05-8860-134711653041",
        "5d8d29d3-342c-4b5f-8683-a3cb6763ffcc",
        "e9025315-6bea-44e1-899c-1e07454e468b",
    )
]


def test_the_answer_of_section_3_7_3() -> None:
    """An operation of each method, all well."""
    answer = _of_3_7_3(
        {
            0: Outcome(status=201, location=USERS[0], version='W/"oY4m4wn58tkVjJxK"'),
            1: Outcome(status=200, location=USERS[1], version='W/"huJj29dMNgu3WXPD"'),
            2: Outcome(status=200, location=USERS[2], version='W/"huJj29dMNgu3WXPD"'),
            3: Outcome(status=204, location=USERS[3]),
        }
    )

    assert printed("3-changes-response") == answer


UNPARSABLE = InvalidSyntax("Request is unparsable, syntactically incorrect, or violates schema.")
MOVED = PreconditionFailed("Failed to update.  Resource changed on the server.")


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("3-stopped-response", {0: Outcome(error=UNPARSABLE)}),
        (
            "3-all-failed-response",
            {
                0: Outcome(error=UNPARSABLE),
                1: Outcome(error=MOVED, location=USERS[1]),
                2: Outcome(error=MOVED, location=USERS[2]),
                3: Outcome(error=NotFound("Resource does not exist."), location=USERS[3]),
            },
        ),
    ],
)
def test_the_failures_of_section_3_7_3(name: str, outcomes: dict[int, Outcome]) -> None:
    """What was not tried is not listed; the others have the error."""
    assert printed(name) == _of_3_7_3(outcomes)


def test_the_limit_of_section_3_7_4() -> None:
    """One operation more than may be is 413, and the error names the limit, as that of the figure does."""
    many = [delete("/Users/1")] * 1_001
    assert 1_000 == len(parse_bulk(message(*many[1:]), TYPES).operations)
    with pytest.raises(PayloadTooLarge, match=r"1000.*maxOperations") as refused:
        parse_bulk(message(*many), TYPES)

    shown = printed("4-too-large-response")
    assert shown["status"] == refused.value.as_response()["status"]
    assert re.search(r"maxPayloadSize \(\d+\)", shown["detail"])


# -- the order ----------------------------------------------------------------------------------------------


def test_without_need_the_order_is_that_of_the_request() -> None:
    """References to what came before move nothing."""
    title = set_title("x")
    assert list(range(6)) == order(
        hire("a"),
        hire("b", "a"),
        change("/Users/bulkId:b", title),
        delete("/Users/1"),
        gather("t", "a", "b"),
        change("/Users/1", title),
    )


def test_an_operation_waits_for_what_it_refers_to() -> None:
    """It comes as soon as all of it is there; nothing is done before its turn."""
    assert [1, 2, 3, 0, 4] == order(gather("t", "b", "a"), hire("a"), hire("c"), hire("b"), hire("d"))
    assert [1, 0] == order(change("/Users/1", {"op": "add", "value": {"manager": "bulkId:a"}}), hire("a"))
    assert [1, 0] == order(delete("/Users/bulkId:a"), hire("a"))


def test_operations_on_one_resource_keep_their_order() -> None:
    """The second waits with the first, whatever the first waits for; those on others do not."""
    manager = {"op": "replace", "path": "manager", "value": "bulkId:a"}
    title = set_title("x")
    assert [2, 3, 0, 1, 4] == order(
        change("/Users/1", manager),
        change("/Users/1/", title),
        change("/Users/2", title),
        hire("a"),
        delete("/Users/1"),
    )
    assert [1, 2, 0] == order(change("/Users/1", manager), change("/Groups/1", title), hire("a"))


def test_operations_on_one_created_resource_keep_their_order() -> None:
    """They wait for its creation, too."""
    title = set_title("x")
    assert [3, 0, 1, 2] == order(
        change("/Users/bulkId:a", title),
        change("/Users/bulkId:a", title),
        delete("/Users/bulkId:a"),
        hire("a"),
    )


def test_references_in_a_chain_of_a_thousand() -> None:
    """Each needs the next: they are done from the end, without recursion."""
    chain = [hire(str(number), str(number + 1)) for number in range(999)]

    assert list(range(999, -1, -1)) == order(*chain, hire("999"))
