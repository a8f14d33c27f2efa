"""Bulk through the endpoint: each operation is what the single request would be (RFC 7644 §3.7)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bulk_messages import change, delete, gather, hire, message, put, set_title
from desk import OPERATOR, forget_work, grant, log, waiting
from muster.model import Everyone, InGroup, Priority, Problem, Scope, Unavailable
from muster.scim.builtin import ENTERPRISE_USER_URN, USER_URN
from muster.service import scim_people, tokens
from muster.service.desk import Desk
from muster.service.rights import Rights
from muster.web.scim_request import MOST_BULK_BYTES
from scim_door import Answer, Client, user

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


async def ask(client: Client, *operations: Any, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """What the operations are answered with; the request as a whole must be 200."""
    return listed(await client.post("/Bulk", message(*operations, **more)))


def listed(answer: Answer) -> list[dict[str, Any]]:
    """The operations of an answer, which must be a BulkResponse."""
    assert 200 == answer.status, answer
    assert "application/scim+json" == answer.headers["content-type"]
    assert ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"] == answer.body["schemas"]
    operations: list[dict[str, Any]] = answer.body["Operations"]
    return operations


def path_of(client: Client, answer: dict[str, Any]) -> str:
    """The path of the resource of one operation, below the prefix."""
    return str(answer["location"]).removeprefix(f"{client.url}{client.prefix}")


def manager(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    """The id of the manager of a user."""
    return answer.body[ENTERPRISE_USER_URN]["manager"]["value"]


async def test_managers_in_a_circle(hr: Client) -> None:
    """Each of three manages the next; the versions told are those that are read."""
    answer = await ask(hr, hire("ana", "chris"), hire("bo", "ana"), hire("chris", "bo"))
    read = [await hr.get(path_of(hr, one)) for one in answer]

    assert ["201"] * 3 == [one["status"] for one in answer]
    assert [read[2].id, read[0].id, read[1].id] == [manager(one) for one in read]
    assert [one.etag for one in read] == [one["version"] for one in answer]


async def test_what_holds_for_single_requests_holds_here(desk: Desk, hr: Client) -> None:
    """Every change is in the log under its source, and marks the accounts it concerns, a joiner's first."""
    await grant(desk, "studio", InGroup(group="Design"))
    await grant(desk, "mail", Everyone())
    answer = await ask(
        hr,
        gather("Design", "ana"),
        hire("ana"),
        hire("bo"),
        change("/Users/bulkId:bo", set_title("Designer")),
        delete("/Users/bulkId:bo"),
    )
    marked = await waiting(desk)
    records = [(one.action.value, one.actor, one.cause) for one in await log(desk)]
    ana = (await hr.get(path_of(hr, answer[1]))).id

    assert [
        ("person:create", "source:hr", "SCIM POST /Users"),
        ("group:create", "source:hr", "SCIM POST /Groups"),
        ("person:create", "source:hr", "SCIM POST /Users"),
        ("person:update", "source:hr", "SCIM PATCH /Users"),
        ("person:delete", "source:hr", "SCIM DELETE /Users"),
    ] == [record for record in records if record[1] == "source:hr"]
    assert {("mail", ana), ("studio", ana)} <= {(one.key.app, one.key.subject) for one in marked}
    assert Priority.JOINER == next(
        one.priority for one in marked if (one.key.app, one.key.subject) == ("mail", ana)
    )


async def test_only_what_changes_is_marked(desk: Desk, hr: Client) -> None:
    """An operation that fails marks nothing."""
    ana = await hr.hire("ana")
    await grant(desk, "mail", Everyone())
    await forget_work(desk)
    answer = await ask(
        hr,
        change(f"/Users/{ana.id}", set_title("x"), version='W/"7"'),
        put(f"/Users/{ana.id}", {"schemas": [USER_URN], "userName": "ana"}),
        hire("ana"),
    )

    assert ["412", "200", "409"] == [one["status"] for one in answer]
    assert "uniqueness" == answer[2]["response"]["scimType"]
    assert [] == list(await waiting(desk))


async def test_sources_do_not_reach_each_other(hr: Client, other: Client) -> None:
    """A resource of another source is 404 in every operation, and its user is no member."""
    ana = await hr.hire("ana")
    path = f"/Users/{ana.id}"
    answer = await ask(
        other,
        change(path, set_title("x")),
        put(path, {"schemas": [USER_URN], "userName": "x"}),
        delete(path),
        gather("team", members=[{"value": ana.id}]),
    )

    assert ["404", "404", "404", "400"] == [one["status"] for one in answer]
    assert [f"{hr.url}/scim/v2{path}"] * 3 == [one["location"] for one in answer[:3]]
    assert ana.body == (await hr.get(path)).body


async def test_a_token_goes_no_further_than_its_scopes(desk: Desk, hr: Client) -> None:
    """Each operation takes the scope of the single request."""
    source = (await tokens.list_sources(desk))[0]
    rights = Rights(scopes=frozenset({Scope.USERS_WRITE}))
    new = await tokens.add_token(desk, OPERATOR, source, rights)
    answer = await ask(replace(hr, token=new.secret), hire("ana"), gather("team"), delete("/Groups/1"))

    assert ["201", "403", "403"] == [one["status"] for one in answer]
    assert 0 == (await hr.get("/Groups")).body["totalResults"]


async def test_who_has_no_token_is_refused(hr: Client) -> None:
    """Without one: 401, whatever is sent."""
    async with hr.http.post(f"{hr.url}/scim/v2/Bulk", json=message(hire("ana"))) as response:
        assert 401 == response.status


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "invalidSyntax"),
        ([], 400, "invalidSyntax"),
        (user("ana"), 400, "invalidSyntax"),
        (message(), 400, "invalidSyntax"),
        (message(hire("ana"), failOnErrors=0), 400, "invalidValue"),
        (message(*[{}] * 1_001), 413, None),
        (b'{"schemas": ["x"], "schemas": ["y"]}', 400, "invalidSyntax"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 400, "invalidSyntax"),
    ],
)
async def test_a_message_that_is_none_is_refused(
    hr: Client,
    body: Any,  # noqa: ANN401 - JSON
    status: int,
    kind: str | None,
) -> None:
    """The request as a whole, with an error, and nothing is done."""
    answer = await hr.post("/Bulk", body)

    assert (status, kind) == (answer.status, answer.body.get("scimType"))
    assert [ERROR] == answer.body["schemas"]
    assert 0 == (await hr.get("/Users")).body["totalResults"]


async def test_a_body_of_ten_mebibytes_is_read_and_no_more(hr: Client) -> None:
    """The limit is the one that is advertised, and the error names it; announced or not (RFC 7644 §3.7.4)."""
    one = json.dumps(message(hire("ana", title="x" * 9_000_000))).encode()
    longest = one + b" " * (MOST_BULK_BYTES - len(one))
    read, refused = await hr.post("/Bulk", longest), await hr.post("/Bulk", longest + b" ")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(longest) + 1, 1_000_000):
            yield (longest + b" ")[start : start + 1_000_000]

    headers = {"Authorization": f"Bearer {hr.token.reveal()}", "Content-Type": hr.content_type}
    async with hr.http.post(f"{hr.url}/scim/v2/Bulk", data=pieces(), headers=headers) as response:
        streamed = response.status

    assert ["201"] == [operation["status"] for operation in listed(read)]
    assert [413, 413] == [refused.status, streamed]
    assert str(MOST_BULK_BYTES) in refused.body["detail"]
    assert 413 == (await hr.post("/Users", b" " * 1_048_577)).status


async def test_a_thousand_creations(hr: Client) -> None:
    """All are there, each with its own answer, in the order of the request."""
    answer = await ask(hr, *(hire(f"person-{number}") for number in range(1_000)))
    found = await hr.get("/Users")

    assert [f"person-{number}" for number in range(1_000)] == [one["bulkId"] for one in answer]
    assert {"201"} == {one["status"] for one in answer}
    assert 1_000 == found.body["totalResults"] == len({one["location"] for one in answer})


async def test_a_thousand_errors(hr: Client) -> None:
    """Each operation has its own; ``failOnErrors`` ends them early."""
    operations = [change(f"/Users/{number}", set_title("x")) for number in range(1_000)]
    answer = await ask(hr, *operations)
    ended = await ask(hr, *operations, failOnErrors=10)

    assert (1_000, {"404"}) == (len(answer), {one["status"] for one in answer})
    assert 10 == len(ended)


async def test_a_chain_of_a_thousand_managers(hr: Client) -> None:
    """Each refers to the next: the last is created first."""
    chain = [hire(str(number), str(number + 1)) for number in range(999)]
    answer = await ask(hr, *chain, hire("999"))
    first, second = await hr.get(path_of(hr, answer[0])), await hr.get(path_of(hr, answer[1]))

    assert {"201"} == {one["status"] for one in answer}
    assert second.id == manager(first)


async def test_two_bulk_requests_at_once_lose_nothing(hr: Client) -> None:
    """Their operations mix, and each is carried out."""
    team = await hr.gather("Team")
    names = [[f"{letter}{number}" for number in range(20)] for letter in "ab"]

    def joining(name: str) -> list[dict[str, Any]]:
        member = {"op": "add", "path": "members", "value": [{"value": f"bulkId:{name}"}]}
        return [hire(name), change(f"/Groups/{team.id}", member)]

    answers = await asyncio.gather(
        *(ask(hr, *(operation for name in each for operation in joining(name))) for each in names)
    )

    assert {"200", "201"} == {one["status"] for answer in answers for one in answer}
    assert 40 == len((await hr.get(f"/Groups/{team.id}")).body["members"])


async def test_a_defect_is_told_of_its_operation(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done stays told; the other has a reference to the log and nothing else."""

    async def broken(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise KeyError("inner secret")

    monkeypatch.setattr(scim_people, "put", broken)
    with capture_logs() as logged:
        answer = await ask(hr, hire("ana"), put("/Users/bulkId:ana", {}), hire("bo"))

    assert ["201", "500", "201"] == [one["status"] for one in answer]
    assert [True] == [one["reference"] in answer[1]["response"]["detail"] for one in logged]
    assert "secret" not in answer[1]["response"]["detail"]


async def test_a_database_that_is_away_is_503(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a whole when nothing was done, which can be repeated; else for what was not done."""

    async def away(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="gone", where="/secret/place"))

    monkeypatch.setattr(scim_people, "put", away)
    with capture_logs() as logged:
        whole = await hr.post("/Bulk", message(put("/Users/1", {}), hire("ana")))
        rest = await ask(hr, hire("bo"), put("/Users/bulkId:bo", {}), hire("chris"))

    assert (503, True) == (whole.status, "retry-after" in whole.headers)
    assert ["201", "503", "503"] == [one["status"] for one in rest]
    assert 2 == len(logged)
    assert ["bo"] == [one["userName"] for one in (await hr.get("/Users")).body["Resources"]]
