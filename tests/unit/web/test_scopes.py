"""What tokens may do: no action goes beyond the scopes, whichever way it is asked for."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desk import OPERATOR
from muster.model import Scope
from muster.scim.errors import InsufficientScope
from muster.scim.listing import Page
from muster.service import scim_everything, scim_groups, scim_people, tokens
from muster.service.desk import Desk
from muster.service.rights import Rights
from muster.service.scim_exchange import Caller, Query
from scim_door import Client, group, user

GIVEN: dict[str, Any] = {"id": "1", "body": {}, "query": Query(page=Page(start=1, count=1))}


async def _with(desk: Desk, client: Client, *scopes: Scope) -> Client:
    """The same source, by another token with these scopes."""
    source = (await tokens.list_sources(desk))[0]
    new = await tokens.add_token(desk, OPERATOR, source, Rights(scopes=frozenset(scopes)))
    return replace(client, token=new.secret)


async def _statuses(client: Client, path: str, place: str, body: dict[str, object]) -> dict[str, int]:
    """What each kind of request is answered with."""
    change = {"op": "replace", "path": "externalId", "value": "E1"}
    return {
        "list": (await client.get(path)).status,
        "read": (await client.get(place)).status,
        "add": (await client.post(path, body)).status,
        "replace": (await client.put(place, {**body, "userName": "carl", "displayName": "Third"})).status,
        "change": (await client.patch(place, change)).status,
        "remove": (await client.delete(place)).status,
    }


READS = {"list", "read"}
WRITES = {"add", "replace", "change", "remove"}


@pytest.mark.parametrize(
    ("scope", "path", "allowed"),
    [
        (Scope.USERS_READ, "/Users", READS),
        (Scope.USERS_WRITE, "/Users", WRITES),
        (Scope.GROUPS_READ, "/Groups", READS),
        (Scope.GROUPS_WRITE, "/Groups", WRITES),
        (Scope.GROUPS_WRITE, "/Users", set()),
        (Scope.USERS_WRITE, "/Groups", set()),
    ],
)
async def test_a_token_does_what_its_scope_says(
    desk: Desk, hr: Client, scope: Scope, path: str, allowed: set[str]
) -> None:
    """Each scope allows its own requests and no other; what is refused is 403 and changes nothing."""
    ana = await hr.hire("ana")
    team = await hr.gather("Team", ana.id)
    concerned, body = {"/Users": (ana, user("ben")), "/Groups": (team, group("Other"))}[path]
    limited = await _with(desk, hr, scope)
    before = (await hr.get(path)).body
    statuses = await _statuses(limited, path, f"{path}/{concerned.id}", body)
    after = (await hr.get(path)).body

    assert {"list", "read", "add", "replace", "change", "remove"} - allowed == {
        name for name, status in statuses.items() if status == 403
    }
    assert all(statuses[name] < 300 for name in allowed)
    assert (before == after) is not bool(allowed & WRITES)


async def test_the_refusal_names_the_scope(desk: Desk, hr: Client) -> None:
    """403 as SCIM words it, with the challenge of RFC 6750 §3.1 and the scope that it takes."""
    limited = await _with(desk, hr, Scope.USERS_READ)
    answer = await limited.post("/Users", user("ana"))

    assert (403, "403") == (answer.status, answer.body["status"])
    assert "users:write" in answer.body["detail"]
    assert (
        'Bearer realm="muster", error="insufficient_scope", scope="users:write"'
        == answer.headers["www-authenticate"]
    )


async def test_what_a_token_may_not_read_does_not_show(desk: Desk, hr: Client) -> None:
    """Whether a resource exists, or a body is right, is not told to who may not ask."""
    ana = await hr.hire("ana")
    limited = await _with(desk, hr, Scope.GROUPS_READ)
    answers = [
        await limited.get(f"/Users/{ana.id}"),
        await limited.get("/Users/unknown"),
        await limited.get('/Users?filter=userName eq "ana"'),
        await limited.get("/Users?filter=nonsense"),
        await limited.post("/Users", {"nonsense": True}),
        await limited.put("/Users/unknown", {}),
    ]

    assert {403} == {answer.status for answer in answers[:3] + answers[4:]}
    assert 400 == answers[3].status  # it does not parse, whoever asks


async def test_every_token_may_discover(desk: Desk, hr: Client) -> None:
    """The discovery documents need a token and no scope (RFC 7644 §4)."""
    limited = await _with(desk, hr, Scope.GROUPS_READ)
    statuses = [
        (await limited.get(path)).status
        for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Schemas?count=1")
    ]

    assert [200] * 4 == statuses


async def test_a_bulk_request_goes_no_further(desk: Desk, hr: Client) -> None:
    """Each operation takes the scope of the single request: one is 403, the other is done."""
    limited = await _with(desk, hr, Scope.USERS_WRITE)
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("ana")},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Team")},
    ]
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = await limited.post("/Bulk", {"schemas": [urn], "Operations": operations})

    assert ["201", "403"] == [one["status"] for one in answer.body["Operations"]]
    assert [1, 0] == [(await hr.get(path)).body["totalResults"] for path in ("/Users", "/Groups")]


def _actions() -> list[Callable[..., Any]]:
    """Every public function of the collections that is given a caller."""
    return [
        function
        for module in (scim_people, scim_groups, scim_everything)
        for name, function in vars(module).items()
        if inspect.iscoroutinefunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and "caller" in inspect.signature(function).parameters
    ]


@pytest.mark.parametrize("action", _actions(), ids=lambda action: f"{action.__module__}.{action.__name__}")
async def test_no_action_of_the_service_forgets_the_scopes(
    desk: Desk, hr: Client, action: Callable[..., Any]
) -> None:
    """Each action asks for a scope before anything else, so that no other door, as Bulk, gets round it."""
    bearer = await tokens.authenticate(desk, hr.token)
    assert bearer is not None
    nobody = replace(bearer, token=replace(bearer.token, scopes=()))
    caller = Caller(bearer=nobody, base="https://muster.example/scim/v2")
    wanted = [
        parameter.name
        for parameter in inspect.signature(action).parameters.values()
        if parameter.default is inspect.Parameter.empty and parameter.name not in {"desk", "caller"}
    ]
    with pytest.raises(InsufficientScope):
        await action(desk, caller, **{parameter: GIVEN.get(parameter) for parameter in wanted})
