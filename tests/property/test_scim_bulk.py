"""What holds for every bulk request: its order heeds references, and it does what its operations say."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bulk_messages import change, delete, gather, hire, message, put, set_title
from fakes.scim_collection import World
from muster.scim.builtin import ENTERPRISE_USER_URN, GROUP, USER, USER_URN
from muster.scim.bulk import Complete, Do, Refuse, Unit, bulk_response, plan
from muster.scim.bulk_request import BadOperation, BulkOperation, BulkRequest, Method, parse_bulk
from muster.scim.errors import BadRequest, PayloadTooLarge

TYPES = (USER, GROUP)
USERS, GROUPS = [f"u{number}" for number in range(6)], [f"g{number}" for number in range(3)]
Operation = dict[str, Any]


def _manager(name: str) -> Operation:
    return {"op": "replace", "path": "manager", "value": f"bulkId:{name}"}


def _manager_of(user: Any) -> str | None:  # noqa: ANN401 - JSON
    """The id of a kept user's manager."""
    manager = user.get(ENTERPRISE_USER_URN, {}).get("manager")
    return None if manager is None else str(manager["value"])


@st.composite
def requests(draw: st.DrawFn, *, bad: bool = False) -> list[Operation]:
    """Users and groups that refer to each other at random, changes of them, and all in any order.

    Where ``bad``, some of the users cannot be created.
    """
    bosses = st.none() | st.sampled_from(USERS)
    members = st.lists(st.sampled_from(USERS), max_size=3, unique=True)
    spoilt = draw(st.sets(st.sampled_from(USERS))) if bad else set[str]()
    found = [hire(name, draw(bosses), **({"active": 7} if name in spoilt else {})) for name in USERS]
    found += [gather(name, *draw(members)) for name in GROUPS]
    return list(draw(st.permutations(found)))


@st.composite
def changing(draw: st.DrawFn) -> list[Operation]:
    """The same, with changes of what is created and of what may be there already."""
    known = st.sampled_from([f"/Users/bulkId:{name}" for name in USERS])
    edits = st.one_of(
        st.builds(change, known, st.sampled_from(USERS).map(_manager)),
        st.builds(change, known, st.integers(0, 9).map(str).map(set_title)),
    )
    found = draw(requests()) + draw(st.lists(edits, max_size=6))
    return list(draw(st.permutations(found)))


WILD = st.lists(
    st.one_of(
        st.builds(hire, st.sampled_from(USERS), st.none() | st.sampled_from(USERS)),
        st.builds(
            lambda name, to: gather(name, *to), st.sampled_from(GROUPS), st.lists(st.sampled_from(USERS))
        ),
        st.builds(
            change, st.sampled_from(["/Users/bulkId:u1", "/Users/1"]), st.sampled_from(USERS).map(_manager)
        ),
        st.builds(delete, st.sampled_from(["/Users/bulkId:u2", "/Users/1", "/Users", "/Bulk"])),
        st.builds(put, st.just("/Users/1"), st.sampled_from([{"title": "bulkId:u3"}, None])),
    ),
    min_size=1,
    max_size=12,
)


def planned(operations: list[Operation]) -> tuple[BulkRequest, tuple[Unit, ...]]:
    """The request and its plan."""
    request = parse_bulk(message(*operations), TYPES)
    return request, plan(request)


def _creators(request: BulkRequest) -> dict[str, int]:
    return {one.bulk_id: number for number, one in enumerate(request.operations) if one.method is Method.POST}


def _targets(operations: Sequence[BulkOperation | BadOperation]) -> dict[object, list[int]]:
    """The operations on each resource."""
    found: dict[object, list[int]] = {}
    for number, one in enumerate(operations):
        if isinstance(one, BulkOperation) and one.target.id is not None:
            found.setdefault((one.target.resource_type.name, one.target.id), []).append(number)
    return found


@given(changing() | WILD)
def test_every_operation_has_one_step_after_what_it_needs(operations: list[Operation]) -> None:
    """What a step refers to was created before it, or never will be; no operation is forgotten."""
    request, units = planned(operations)
    steps = [step for unit in units for step in unit]
    refused = {step.number for step in steps if isinstance(step, Refuse)}
    creators = _creators(request)
    done: set[int] = set()
    for step in steps:
        if not isinstance(step, Refuse):
            assert {creators[each] for each in step.references} <= done | refused
        done.add(step.number)

    tried = [step.number for step in steps if not isinstance(step, Complete)]
    assert list(range(len(operations))) == sorted(tried)


@given(changing() | WILD)
def test_nothing_is_done_before_its_turn(operations: list[Operation]) -> None:
    """A unit goes before an earlier one only while that waits; those on one resource keep their order."""
    request, units = planned(operations)
    place = {step.number: index for index, unit in enumerate(units) for step in unit}
    creators, waits = _creators(request), {number: set[int]() for number in place}
    for unit in units:
        for step in unit:
            if not isinstance(step, Refuse):
                waits[step.number] |= {creators[each] for each in step.references}
    for numbers in _targets(request.operations).values():
        valid = [number for number in numbers if isinstance(units[place[number]][0], Do)]
        assert valid == sorted(valid, key=place.__getitem__)
        for number, before in zip(valid[1:], valid, strict=False):
            waits[number].add(before)
    turns = [max(step.number for step in unit) for unit in units]
    for index, turn in enumerate(turns):
        for later in range(index + 1, len(turns)):
            if turns[later] < turn:
                assert any(place[each] >= index for step in units[later] for each in waits[step.number])


@given(changing() | WILD)
def test_only_circles_take_two_steps(operations: list[Operation]) -> None:
    """What is completed later needs itself, directly or through others."""
    request, units = planned(operations)
    creators = _creators(request)
    needs: dict[int, set[int]] = {}
    for unit in units:
        for step in unit:
            if not isinstance(step, Refuse):
                needs.setdefault(step.number, set()).update(creators[each] for each in step.references)
    for completed in (step.number for unit in units for step in unit if isinstance(step, Complete)):
        reached: set[int] = set()
        waiting = [completed]
        while waiting:
            fresh = needs.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting.extend(fresh)

        assert completed in reached


@given(changing())
def test_the_result_is_what_the_operations_say(operations: list[Operation]) -> None:
    """As if all were created first and then got their references, one request after another."""
    world = World()
    answer = asyncio.run(world.ask(message(*operations)))

    assert {"200", "201"} >= {one["status"] for one in answer}
    ids = {name: world.users.named(name) for name in USERS}
    managers, titles = dict[str, str | None](), dict[str, str]()
    for one in (one for one in operations if one["method"] == "POST" and one["path"] == "/Users"):
        boss = one["data"].get(ENTERPRISE_USER_URN, {}).get("manager", {}).get("value")
        managers[one["bulkId"]] = boss and ids[boss.removeprefix("bulkId:")]
    for one in (one for one in operations if one["method"] == "PATCH"):
        (edit,) = one["data"]["Operations"]
        name = one["path"].removeprefix("/Users/bulkId:")
        if edit["path"] == "title":
            titles[name] = edit["value"]
        else:
            managers[name] = ids[edit["value"].removeprefix("bulkId:")]
    for name, user in world.users.all().items():
        assert (managers[name], titles.get(name)) == (_manager_of(user), user.get("title"))
    for one in (one for one in operations if one["path"] == "/Groups"):
        wanted = {ids[member["value"].removeprefix("bulkId:")] for member in one["data"]["members"]}
        kept: Any = world.groups.all()[one["bulkId"]].get("members", [])

        assert wanted == {member["value"] for member in kept}


@given(requests(bad=True), st.none() | st.integers(1, 4))
def test_what_is_told_is_what_happened(operations: list[Operation], most: int | None) -> None:
    """201 exists with its references, a location exists without, anything else not; the end is an end."""
    world = World()
    answer = asyncio.run(world.ask(message(*operations, failOnErrors=most)))
    whole = asyncio.run(World().ask(message(*operations)))

    kept = world.users.all() | world.groups.all()
    told = {one["bulkId"]: one for one in answer}
    assert set(kept) == {name for name, one in told.items() if "location" in one}
    for name, one in told.items():
        sent = next(item["data"] for item in operations if item["bulkId"] == name)
        if one["status"] == "201":
            assert _references(sent) == _references(kept[name])
        elif "location" in one:
            assert _references(sent) > _references(kept[name])
    failed = [one for one in answer if one["status"] != "201"]
    assert [one["bulkId"] for one in answer] == [one["bulkId"] for one in whole if one["bulkId"] in told]
    assert len(answer) == len(whole) or len(failed) >= (most or 0)


def _references(resource: Any) -> int:  # noqa: ANN401 - JSON
    """How many references a resource has."""
    return len(resource.get("members", [])) + (_manager_of(resource) is not None)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["POST", "patch", "/Users", "bulkId:x", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "schemas",
                    "Operations",
                    "method",
                    "path",
                    "bulkId",
                    "version",
                    "data",
                    "value",
                    "op",
                    "$ref",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=5).map(lambda items: message(*items)) | JSON)
def test_any_message_is_planned_or_refused(body: Any) -> None:  # noqa: ANN401 - JSON
    """Whatever comes, each operation has a place in the plan, or the message is refused as a whole."""
    try:
        request = parse_bulk(body, TYPES)
    except (BadRequest, PayloadTooLarge):
        return
    numbers = {step.number for unit in plan(request) for step in unit}

    assert set(range(len(request.operations))) == numbers
    assert {"schemas", "Operations"} == set(bulk_response(request, {}))


def test_the_requests_of_these_tests_have_circles() -> None:
    """They would prove little otherwise."""
    _, units = planned([hire("u0", "u1"), hire("u1", "u0"), put("/Users/1", {"schemas": [USER_URN]})])

    assert [3, 1] == [len(unit) for unit in units]
