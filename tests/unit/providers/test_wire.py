"""What providers take for an answer, and what they show to their operator as a failure."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from fakes.http import FakeHttp, Script, Wire, fake_http
from muster.providers import Authentik, Entra, Google, Okta, OneLogin, Refused

EMPTY = {"totalResults": 0, "Resources": []}
ADA = {"id": "7", "userName": "ada", "active": True}


@pytest.fixture
async def fake() -> AsyncIterator[FakeHttp]:
    """A server that says what the test wants."""
    async with fake_http() as running:
        yield running


def says(status: int, body: object = None) -> Script:
    """Always the same answer."""

    async def script(wire: Wire) -> None:
        await wire.answer(status, b"" if body is None else json.dumps(body).encode())

    return script


async def refusal(action: Callable[[], object]) -> Refused:
    """The failure that the action ends with."""
    with pytest.raises(Refused) as caught:
        await asyncio.to_thread(action)
    return caught.value


async def test_requests_are_as_the_provider_sends_them(fake: FakeHttp) -> None:
    """Token, type, agent and the percent-encoded query of Google and Okta arrive, in one request each."""
    fake.otherwise = says(200, EMPTY)
    google, okta = Google(f"{fake.url}/scim/v2/", "t0ken"), Okta(f"{fake.url}/scim", "t0ken")
    await asyncio.to_thread(google.connect)
    await asyncio.to_thread(okta.connect)
    await refusal(lambda: okta.create_user('a "b"'))

    assert [
        "/scim/v2/Users?count=1",
        "/scim/Users?startIndex=1&count=2",
        "/scim/Groups?startIndex=1&count=100",
        "/scim/Users?filter=userName%20eq%20%22a%20%5C%22b%5C%22%22&startIndex=1&count=100",
        "/scim/Users",
    ] == [request.target for request in fake.seen]
    assert {"Bearer t0ken"} == {request.headers["authorization"] for request in fake.seen}
    assert "application/json" == fake.seen[0].headers["accept"]
    assert "Google-Auto-Provisioning" == fake.seen[0].headers["user-agent"]
    assert "application/scim+json; charset=utf-8" == fake.seen[-1].headers["content-type"]


async def test_entra_wants_an_empty_list_and_no_404(fake: FakeHttp) -> None:
    """Test Connection fails on 404, and on somebody whose name is a random GUID."""
    entra = Entra(fake.url, "t")
    fake.otherwise = says(404)
    missing = await refusal(entra.connect)
    fake.otherwise = says(200, {"totalResults": 1, "Resources": [ADA]})
    somebody = await refusal(entra.connect)

    assert 404 == missing.exchange.answer.status
    assert "random GUID" in str(somebody)


async def test_okta_and_onelogin_take_404_for_nobody(fake: FakeHttp) -> None:
    """They go on to create whom a 404 says to be missing."""
    fake.scripts["/Users"] = says(404)
    await asyncio.to_thread(OneLogin(fake.url, "t").connect)
    error = await refusal(lambda: Okta(fake.url, "t").create_user("ada"))

    assert "POST" == error.exchange.method


@pytest.mark.parametrize(
    "body", [{"totalResults": "0", "Resources": []}, {"Resources": []}, [], None, "x", {"totalResults": True}]
)
async def test_a_list_has_numbers_that_are_numbers(fake: FakeHttp, body: object) -> None:
    """Okta's parser is strict: totalResults is an integer."""
    fake.otherwise = says(200, body)

    assert "ListResponse" in str(await refusal(Okta(fake.url, "t").connect))


async def test_a_created_user_comes_back_with_an_id(fake: FakeHttp) -> None:
    """An empty 201 is a failure to every provider that creates."""

    async def script(wire: Wire) -> None:
        made = wire.request.method == "POST"
        await wire.answer(201 if made else 200, b"" if made else json.dumps(EMPTY).encode())

    fake.otherwise = script

    assert "with its id" in str(await refusal(lambda: Google(fake.url, "t").create_user("ada")))


async def test_entra_looks_whether_the_user_is_inactive(fake: FakeHttp) -> None:
    """A server that answers 200 and goes on showing the user as active has failed."""
    fake.otherwise = says(200, ADA)

    assert "inactive" in str(await refusal(lambda: Entra(fake.url, "t").deactivate("7")))


async def test_pages_that_end_too_early(fake: FakeHttp) -> None:
    """An import that is promised more users than it gets says how many are missing."""

    async def script(wire: Wire) -> None:
        first = "startIndex=1&" in wire.request.target
        await wire.answer(200, json.dumps({"totalResults": 3, "Resources": [ADA] if first else []}).encode())

    fake.otherwise = script

    assert "2 more users" in str(await refusal(Okta(fake.url, "t").import_users))


async def test_a_conflict_with_nobody(fake: FakeHttp) -> None:
    """Authentik cannot take over what the server says is there and does not find."""

    async def script(wire: Wire) -> None:
        made = wire.request.method == "POST"
        await wire.answer(409 if made else 200, json.dumps(EMPTY).encode())

    fake.otherwise = script

    assert "in conflict" in str(await refusal(lambda: Authentik(fake.url, "t").create_user("ada")))


async def test_a_failure_shows_request_and_answer(fake: FakeHttp) -> None:
    """Whoever reads the message sees what was sent and what came back, and not the token."""
    fake.otherwise = says(500, {"detail": "boom"})
    error = await refusal(lambda: Google(fake.url, "t0p-s3cret").create_user("ada"))

    assert "Google Workspace: expects 200" in str(error)
    assert "GET /Users?filter=userName%20eq%20%22ada%22" in str(error)
    assert '500 {"detail": "boom"}' in str(error)
    assert "t0p-s3cret" not in str(error)
