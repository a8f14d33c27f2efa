from typing import Any

import pytest

from bulk_messages import change, delete, gather, hire, message, set_title
from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.bulk import Complete, Do, Refuse, Step, Unit, plan
from muster.scim.bulk_request import parse_bulk
from muster.scim.schema import Attribute, Extension, Mutability, ResourceType, Schema, Type


def units(*operations: Any) -> tuple[Unit, ...]:  # noqa: ANN401 - JSON
    """The units of the plan."""
    return plan(parse_bulk(message(*operations), (USER, GROUP)))


def steps(*operations: Any) -> list[Step]:  # noqa: ANN401 - JSON
    """The steps of the plan, in their order."""
    return [step for unit in units(*operations) for step in unit]


def test_two_managers_of_each_other() -> None:
    """The first comes without a manager, and gets one by a PATCH once both exist."""
    (unit,) = units(hire("a", "b"), hire("b", "a"))
    first, second, completion = unit

    assert isinstance(first, Do)
    assert isinstance(second, Do)
    assert isinstance(completion, Complete)
    assert {"schemas": [USER_URN], "userName": "a", ENTERPRISE_USER_URN: {}} == first.operation.data
    assert ("a",) == second.references
    assert (0, ("b",)) == (completion.number, completion.references)
    added = {"op": "add", "path": f"{ENTERPRISE_USER_URN}:manager", "value": {"value": "bulkId:b"}}
    assert [added] == completion.data["Operations"]


def test_one_who_is_their_own_manager() -> None:
    """A circle of one is a circle."""
    first, completion = steps(hire("a", "a"))

    assert isinstance(first, Do)
    assert isinstance(completion, Complete)
    assert ((), ("a",)) == (first.references, completion.references)


@pytest.mark.parametrize(
    "manager",
    [
        {ENTERPRISE_USER_URN: {"MANAGER": "bulkId:b"}},
        {"manager": {"value": "bulkId:b", "$ref": "../Users/bulkId:b"}},
        {f"{ENTERPRISE_USER_URN}:manager": "bulkId:b"},
    ],
)
def test_whatever_way_a_manager_is_written(manager: dict[str, Any]) -> None:
    """The loose and the bare form are left out and added as the strict one is."""
    first, _, completion = steps(hire("a", **manager), hire("b", "a"))

    assert isinstance(first, Do)
    assert isinstance(completion, Complete)
    assert () == first.references
    assert ("b",) == completion.references
    assert isinstance(completion.data["Operations"], list)
    (added,) = completion.data["Operations"]
    assert isinstance(added, dict)
    assert f"{ENTERPRISE_USER_URN}:manager" == added["path"]


def test_only_what_is_missing_is_left_out() -> None:
    """Members that exist are there from the start, and so is every other attribute."""
    group = gather("t", "a", "u")
    unit = units(hire("a"), group, gather("u", "t"))[-1]
    first, _, completion = unit

    assert isinstance(first, Do)
    assert isinstance(completion, Complete)
    assert isinstance(first.operation.data, dict)
    assert [{"value": "bulkId:a"}] == first.operation.data["members"]
    assert (("a",), ("u",)) == (first.references, completion.references)


def test_a_circle_stands_where_its_last_operation_does() -> None:
    """What stands between its operations comes first; what needs it comes after its completion."""
    planned = units(
        hire("a", "b"),
        change("/Users/bulkId:a", set_title("x")),
        delete("/Users/1"),
        hire("b", "a"),
        gather("t", "a"),
    )

    assert [[2], [0, 3, 0], [1], [4]] == [[step.number for step in unit] for unit in planned]


def test_a_circle_does_not_wait_for_what_needs_it() -> None:
    """A group that two in a circle are in is created whole, once, with its members."""
    planned = units(gather("t", "a", "b"), hire("a", "b"), hire("b", "a"))

    assert [[1, 2, 1], [0]] == [[step.number for step in unit] for unit in planned]


def test_a_user_who_names_their_groups_is_in_no_circle() -> None:
    """The groups of a user are read-only: nothing is to be resolved in them."""
    planned = units(hire("a", groups=[{"value": "bulkId:t"}]), gather("t", "a"))

    assert [[0], [1]] == [[step.number for step in unit] for unit in planned]


def test_a_circle_that_fails_outside_fails_whole() -> None:
    """A reference that has nothing to do with the circle is not left out."""
    (_, unit) = units(hire("c"), hire("a", "b", title="bulkId:c"), hire("b", "a"))
    first, _, _ = unit

    assert isinstance(first, Do)
    assert ("c",) == first.references


def _own(required: Attribute, *, extension: bool = False) -> ResourceType:
    urn = "urn:acme:2.0:Own"
    return ResourceType(
        name="User",
        endpoint="/Users",
        schema=USER.schema,
        extensions=(
            Extension(schema=Schema(urn=urn, name="Own", attributes=(required,)), required=extension),
        ),
    )


@pytest.mark.parametrize(
    "resource_type",
    [_own(Attribute(name="boss", required=True)), _own(Attribute(name="boss"), extension=True)],
)
def test_what_is_required_cannot_come_later(resource_type: ResourceType) -> None:
    """The other goes first, when it can; when none can, all of the circle are refused with 409."""
    one = hire("a", **{"urn:acme:2.0:Own": {"boss": "bulkId:b"}})
    other = hire("b", **{"urn:acme:2.0:Own": {"boss": "bulkId:a"}})
    free = hire("b", nickName="bulkId:a")
    helped = [step for unit in plan(parse_bulk(message(one, free), [resource_type])) for step in unit]
    hopeless = [step for unit in plan(parse_bulk(message(one, other), [resource_type])) for step in unit]

    assert [(1, Do), (0, Do), (1, Complete)] == [(step.number, type(step)) for step in helped]
    assert [(0, 409), (1, 409)] == [
        (step.number, step.error.status) for step in hopeless if isinstance(step, Refuse)
    ]


def test_what_is_set_once_comes_whole() -> None:
    """Elements of an immutable attribute are all added at once, because later nothing can be added."""
    bosses = Attribute(
        name="bosses",
        type=Type.COMPLEX,
        multi_valued=True,
        mutability=Mutability.IMMUTABLE,
        sub_attributes=(Attribute(name="value"),),
    )
    one = hire("a", **{"urn:acme:2.0:Own": {"bosses": [{"value": "1"}, {"value": "bulkId:b"}]}})
    parsed = parse_bulk(message(one, hire("b", nickName="bulkId:a")), [_own(bosses)])
    first, _, completion = (step for unit in plan(parsed) for step in unit)

    assert isinstance(first, Do)
    assert isinstance(completion, Complete)
    assert isinstance(first.operation.data, dict)
    assert {} == first.operation.data["urn:acme:2.0:Own"]
    added = {"op": "add", "path": "urn:acme:2.0:Own:bosses", "value": [{"value": "1"}, {"value": "bulkId:b"}]}
    assert [added] == completion.data["Operations"]


def test_an_unknown_extension_cannot_come_later() -> None:
    """No path leads into it, so the other goes first."""
    done = steps(hire("a", **{"urn:own:1": {"boss": "bulkId:b"}}), hire("b", "a"))

    assert [(1, Do), (0, Do), (1, Complete)] == [(step.number, type(step)) for step in done]


def test_a_ring_of_a_thousand_needs_one_completion() -> None:
    """Once one of them is there, each of the others can follow."""
    ring = [hire(str(number), str((number + 1) % 1_000)) for number in range(1_000)]
    done = steps(*ring)

    assert [0, *range(999, 0, -1), 0] == [step.number for step in done]
    assert [False] * 1_000 + [True] == [isinstance(step, Complete) for step in done]


def test_everybody_refers_to_everybody() -> None:
    """Three hundred groups, each with all the others: what comes too early follows later."""
    names = [str(number) for number in range(300)]
    (unit,) = units(*(gather(name, *(other for other in names if other != name)) for name in names))
    created: set[str] = set()
    for step in unit:
        assert isinstance(step, Do | Complete)
        assert created >= set(step.references)
        created.add(step.operation.bulk_id)

    assert set(names) == created
