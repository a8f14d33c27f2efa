"""Bulk against a fake of what is kept: what is done in which order, and what is told of it."""

from typing import Any

import pytest

from bulk_messages import change, delete, gather, hire, message, put, set_title
from fakes.scim_collection import World
from muster.model import Problem, Unavailable
from muster.scim.builtin import ENTERPRISE_USER_URN, USER_URN
from muster.scim.errors import Conflict, InvalidSyntax
from muster.service.scim_exchange import TypesChanged


def statuses(answer: list[dict[str, Any]]) -> list[str]:
    """The status of each operation that is listed."""
    return [one["status"] for one in answer]


def manager(world: World, name: str) -> object:
    """The manager of this user, as kept."""
    extension = world.users.all()[name].get(ENTERPRISE_USER_URN)
    return extension["manager"] if isinstance(extension, dict) else None


def members(world: World, name: str) -> object:
    """The ids of the members of this group, as kept."""
    listed = world.groups.all()[name].get("members", [])
    return {item["value"] for item in listed if isinstance(item, dict)} if isinstance(listed, list) else None


async def test_every_method_through_references() -> None:
    """What the request makes can be changed and removed in it; the answer has the order of the request."""
    world = World()
    answer = await world.ask(
        message(
            gather("team", "ana", "bo"),
            hire("ana"),
            hire("bo"),
            change("/Users/bulkId:ana", set_title("Designer")),
            put("/Users/bulkId:bo", {"schemas": [USER_URN], "userName": "bob"}, bulkId="x"),
            hire("gone"),
            delete("/Users/bulkId:gone"),
            change(
                "/Groups/bulkId:team",
                {"op": "remove", "path": 'members[value eq "bulkId:bo"]'},
                {"op": "replace", "path": "displayName", "value": "Design"},
            ),
        )
    )

    assert ["201", "201", "201", "200", "200", "201", "204", "200"] == statuses(answer)
    assert ["POST"] * 3 + ["PATCH", "PUT", "POST", "DELETE", "PATCH"] == [one["method"] for one in answer]
    assert ["team", "ana", "bo", None, "x", "gone", None, None] == [one.get("bulkId") for one in answer]
    ana = f"https://example.com/v2/Users/{world.users.named('ana')}"
    assert [ana, ana] == [answer[1]["location"], answer[3]["location"]]
    assert ['W/"1"', 'W/"2"'] == [answer[1]["version"], answer[3]["version"]]
    assert (answer[5]["location"], False) == (answer[6]["location"], "version" in answer[6])
    assert {"ana", "bob"} == set(world.users.all())
    assert "Designer" == world.users.all()["ana"]["title"]
    assert {world.users.named("ana")} == members(world, "Design")
    assert all("response" not in one for one in answer)


async def test_a_failure_stops_only_what_refers_to_it() -> None:
    """What cannot be resolved is a conflict, through any number of references; everything else is done."""
    world = World()
    answer = await world.ask(
        message(
            gather("team", "ana", "bo"),
            hire("ana", userName=""),
            hire("bo"),
            hire("chris", "ana"),
            gather("others", "bo"),
            change("/Users/bulkId:chris", set_title("x")),
            delete("/Users/unknown"),
        )
    )

    assert ["409", "400", "201", "409", "201", "409", "404"] == statuses(answer)
    assert ({"bo"}, {"others"}) == (set(world.users.all()), set(world.groups.all()))
    assert "bulkId:ana could not be resolved" in answer[0]["response"]["detail"]
    assert "bulkId:chris could not be resolved" in answer[5]["response"]["detail"]
    assert [one["status"] for one in answer if "response" in one] == [
        one["response"]["status"] for one in answer if "response" in one
    ]
    assert [6] == [number for number, one in enumerate(answer) if "location" in one and "response" in one]
    assert "https://example.com/v2/Users/unknown" == answer[6]["location"]


async def test_two_managers_of_each_other() -> None:
    """Both exist, each with the id of the other; the version of the first is the one after its completion."""
    world = World()
    answer = await world.ask(message(hire("ana", "bo"), hire("bo", "ana")))

    assert ["201", "201"] == statuses(answer)
    assert ['W/"2"', 'W/"1"'] == [one["version"] for one in answer]
    assert {"value": world.users.named("bo")} == manager(world, "ana")
    assert {"value": world.users.named("ana")} == manager(world, "bo")
    assert ["POST ana", "POST bo", "PATCH ana"] == world.users.calls


async def test_one_who_is_their_own_manager() -> None:
    """They exist, and refer to themselves."""
    world = World()
    await world.ask(message(hire("ana", "ana")))

    assert {"value": world.users.named("ana")} == manager(world, "ana")


async def test_groups_in_a_circle_are_made_where_groups_may_be_members() -> None:
    """The circle of RFC 7644 §3.7.1, where nothing forbids it."""
    world = World(nested=True)
    answer = await world.ask(message(gather("a", "b"), gather("b", "a")))

    assert ["201", "201"] == statuses(answer)
    assert {world.groups.named("b")} == members(world, "a")
    assert {world.groups.named("a")} == members(world, "b")


async def test_half_a_circle_is_told_as_it_is() -> None:
    """When the second cannot be created, the first exists without it: a conflict that says where it is."""
    world = World()
    answer = await world.ask(message(hire("ana", "bo"), hire("bo", "ana", active=7), gather("team", "ana")))

    assert ["409", "400", "201"] == statuses(answer)
    assert f"https://example.com/v2/Users/{world.users.named('ana')}" == answer[0]["location"]
    assert 'W/"1"' == answer[0]["version"]
    assert "was created, but without" in answer[0]["response"]["detail"]
    assert "location" not in answer[1]
    assert manager(world, "ana") is None


@pytest.mark.parametrize(("error", "status"), [(Conflict("a circle"), "409"), (KeyError("x"), "500")])
async def test_a_completion_that_fails_is_told_as_it_is(error: Exception, status: str) -> None:
    """The resource exists, so there is a location, and the error is the one of the completion."""
    world = World()
    world.users.broken["PATCH ana"] = error
    answer = await world.ask(message(hire("ana", "bo"), hire("bo", "ana")))

    assert [status, "201"] == statuses(answer)
    assert f"https://example.com/v2/Users/{world.users.named('ana')}" == answer[0]["location"]
    assert {"ana", "bo"} == set(world.users.all())


async def test_a_circle_whose_first_fails() -> None:
    """Nothing is there to be completed, and the second has nothing to refer to."""
    world = World()
    answer = await world.ask(message(hire("ana", "bo", active=7), hire("bo", "ana")))

    assert ["400", "409"] == statuses(answer)
    assert {} == world.users.all()


@pytest.mark.parametrize(("most", "listed"), [(1, 2), (2, 4), (3, 5), (None, 5)])
async def test_errors_end_the_request_where_the_client_says(most: int | None, listed: int) -> None:
    """After so many errors nothing more is begun, and what was not begun is not listed."""
    world = World()
    operations = [hire("a"), hire("a2", userName=""), hire("b"), delete("/Users/unknown"), hire("c")]
    answer = await world.ask(message(*operations, failOnErrors=most))

    assert ["201", "400", "201", "404", "201"][:listed] == statuses(answer)
    assert ["POST a", "POST b", "POST c"][: (listed + 1) // 2] == world.users.calls


async def test_the_end_leaves_no_circle_half_done() -> None:
    """The error that ends the request lies in a circle: all of the circle is tried, nothing else is begun."""
    world = World()
    answer = await world.ask(
        message(
            gather("team", "chris"),
            hire("ana", "chris", title="bulkId:bo"),
            hire("bo", "ana", active=7),
            hire("chris", "ana"),
            hire("late"),
            failOnErrors=1,
        )
    )

    assert [("ana", "409"), ("bo", "400"), ("chris", "201")] == [
        (one["bulkId"], one["status"]) for one in answer
    ]
    assert ["POST ana", "POST chris"] == world.users.calls
    assert {"value": world.users.named("ana")} == manager(world, "chris")


async def test_what_was_done_before_its_turn_is_listed() -> None:
    """An operation that waits is not listed when the end comes first; those that went before it are."""
    world = World()
    answer = await world.ask(message(gather("team", "ana"), delete("/Users/1"), hire("ana"), failOnErrors=1))

    assert [("DELETE", "404")] == [(one["method"], one["status"]) for one in answer]
    assert ([], []) == (world.users.calls, world.groups.calls)


async def test_versions_are_heeded() -> None:
    """An operation with another version than that of its resource fails with 412; ``*`` is any version."""
    world = World()
    await world.ask(message(hire("ana")))
    path = f"/Users/{world.users.named('ana')}"
    answer = await world.ask(
        message(
            change(path, set_title("a"), version='W/"1"'),
            change(path, set_title("b"), version='W/"1"'),
            put(path, {"schemas": [USER_URN], "userName": "ana"}, version="*"),
            delete(path, version='W/"1"'),
            delete(path, version='"3"'),
        )
    )

    assert ["200", "412", "200", "412", "204"] == statuses(answer)
    assert f"https://example.com/v2{path}" == answer[1]["location"]


async def test_a_message_that_is_none_does_nothing() -> None:
    """It is refused as a whole."""
    with pytest.raises(InvalidSyntax):
        await World().ask({"Operations": [hire("ana")]})


async def test_a_defect_in_one_operation_is_told_of_that_operation() -> None:
    """It is 500 for it and for no other: what is done is done, and the answer says so."""
    world = World()
    world.users.broken["POST ana"] = KeyError("ana")
    answer = await world.ask(message(hire("ana"), hire("bo"), gather("team", "bo")))

    assert ["500", "201", "201"] == statuses(answer)


@pytest.mark.parametrize("call", ["POST bo", "PATCH ana"])
async def test_types_that_change_meanwhile_are_looked_at_again(call: str) -> None:
    """The operation at that moment stored nothing: it is done anew with the types that hold, and only it."""
    world = World()
    world.users.broken[call] = TypesChanged("just now")
    answer = await world.ask(message(hire("ana", "bo"), hire("bo", "ana")))
    calls = ["POST ana", "POST bo", "PATCH ana"]
    place = calls.index(call)

    assert ["201", "201"] == statuses(answer)
    assert [*calls[:place], call, *calls[place:]] == world.users.calls


def _away() -> Unavailable:
    return Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="gone"))


async def test_a_database_that_is_away_from_the_start_ends_all() -> None:
    """Nothing was changed: the request as a whole can be repeated."""
    world = World()
    world.users.broken["POST ana"] = _away()
    with pytest.raises(Unavailable):
        await world.ask(message(delete("/Users/1"), hire("ana"), hire("bo")))

    assert ["POST ana"] == world.users.calls


async def test_a_database_that_goes_away_is_asked_no_more() -> None:
    """What was done is told, and everything after it has the same error without being tried."""
    world = World()
    world.users.broken["POST bo"] = _away()
    answer = await world.ask(message(hire("ana"), hire("bo"), hire("chris"), gather("team", "ana")))

    assert ["201", "500", "500", "500"] == statuses(answer)
    assert (["POST ana", "POST bo"], []) == (world.users.calls, world.groups.calls)
    assert 1 == len({one["response"]["detail"] for one in answer[1:]})


async def test_a_thousand_errors() -> None:
    """Each of a thousand operations that fail has its error."""
    answer = await World().ask(message(*(delete(f"/Users/{number}") for number in range(1_000))))

    assert ["404"] * 1_000 == statuses(answer)


async def test_a_chain_of_a_thousand() -> None:
    """Each user's manager is the next operation's: all are there, and every answer is in its place."""
    world = World()
    chain = [hire(str(number), str(number + 1)) for number in range(999)]
    answer = await world.ask(message(*chain, hire("999")))

    assert [str(number) for number in range(1_000)] == [one["bulkId"] for one in answer]
    assert {"201"} == set(statuses(answer))
    assert {"value": world.users.named("500")} == manager(world, "499")
