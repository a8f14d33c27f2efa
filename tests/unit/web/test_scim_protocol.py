"""The endpoint as such: who may speak, what it says of itself, and how it refuses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from desk import OPERATOR, as_tenant
from muster.model import Problem, Unavailable
from muster.service import scim_people, tokens
from muster.service.desk import Desk
from muster.vault import new_token
from scim_door import Client, user

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.mark.parametrize(
    "header", [None, "", "Basic aHI6aHI=", "Bearer", "Bearer x", "Bearer mst_\u00e4", "mst_x"]
)
async def test_who_has_no_token_is_refused(hr: Client, header: str | None) -> None:
    """Without a token, or with what is none: 401 and the challenge (RFC 6750 §3), whatever is asked."""
    for path in ("/Users", "/Users/1", "/ServiceProviderConfig", "/nonsense"):
        async with hr.http.get(
            f"{hr.url}/scim/v2{path}", headers={} if header is None else {"Authorization": header}
        ) as response:
            body = await response.json(content_type="application/scim+json")

            assert 401 == response.status
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="muster"')
            assert ([ERROR], "401") == (body["schemas"], body["status"])


async def test_a_token_that_is_not_ours_speaks_for_nobody(desk: Desk, hr: Client) -> None:
    """A well-formed token nobody issued, and one of another tenant, are refused."""
    unknown = replace(hr, token=new_token(desk.random))
    _, foreign = await tokens.add_source(as_tenant(desk, "other"), OPERATOR, "scim", "hr")

    assert 401 == (await unknown.get("/Users")).status
    assert foreign is not None
    assert 401 == (await replace(hr, token=foreign).get("/Users")).status


async def test_the_documents_say_what_is_implemented(hr: Client) -> None:
    """ServiceProviderConfig, ResourceTypes and Schemas are there, one by one and as lists (RFC 7644 §4)."""
    config = await hr.get("/ServiceProviderConfig")
    types, schemas = await hr.get("/ResourceTypes"), await hr.get("/Schemas")

    supported = {name: config.body[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag")}
    assert {"patch": True, "bulk": True, "filter": True, "sort": True, "etag": True} == supported
    assert config.body["changePassword"]["supported"] is False
    assert 1_000 == config.body["filter"]["maxResults"]
    assert (1_000, 10_485_760) == (
        config.body["bulk"]["maxOperations"],
        config.body["bulk"]["maxPayloadSize"],
    )
    assert {"User", "Group"} == {one["name"] for one in types.body["Resources"]}
    assert 3 == schemas.body["totalResults"]
    for document in (*types.body["Resources"], *schemas.body["Resources"]):
        path = document["meta"]["location"].removeprefix(f"{hr.url}/scim/v2")

        assert document == (await hr.get(path)).body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404),
        ("GET", "/Users/unknown", 404),
        ("GET", "/Users/%00", 404),
        ("GET", "/%0A0", 404),
        ("GET", "/Users/a/b", 404),
        ("GET", "/Schemas/urn:nonsense", 404),
        ("GET", "/ResourceTypes/Device", 404),
        ("GET", "/ServiceProviderConfig/x", 404),
        ("GET", "/Schemas?filter=id%20pr", 403),
        ("PUT", "/Users", 405),
        ("POST", "/Users/1", 405),
        ("DELETE", "/Schemas", 405),
        ("PROPFIND", "/Users", 405),
        ("GET", "/Bulk", 405),
        ("PUT", "/Bulk/", 405),
        ("POST", "/Bulk/1", 404),
        ("GET", "/Me", 404),
        ("GET", "/Me/x", 404),
        ("GET", "/.search", 405),
        ("GET", "/Users/.search", 405),
        ("POST", "", 405),
    ],
)
async def test_what_is_not_there_is_refused_as_scim(hr: Client, method: str, path: str, status: int) -> None:
    """Unknown paths, wrong methods and what is not implemented are SCIM errors (RFC 7644 §3.12)."""
    answer = await hr.ask(method, path)

    assert status == answer.status
    assert "application/scim+json" == answer.headers["content-type"]
    assert ([ERROR], str(status)) == (answer.body["schemas"], answer.body["status"])
    assert (status == 405) is ("allow" in answer.headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"NaN",
        b'{"userName": NaN}',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"userName": "a", "userName": "b"}',
        b'{"x": "\\"quoted\\":", "y": {"z": 1, "z": 2}}',
        b'{"userName": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"big": 1e999}',
    ],
)
async def test_what_is_not_json_is_refused(hr: Client, body: bytes) -> None:
    """Broken, ambiguous or bottomless JSON is invalidSyntax."""
    answer = await hr.ask("POST", "/Users", body)

    assert (400, "invalidSyntax") == (answer.status, answer.body["scimType"])


async def test_text_that_quotes_json_is_taken(hr: Client) -> None:
    """A value that looks like two members of one name is only text."""
    text = '{"a": 1, "a": 2}'
    answer = await hr.hire("ana", title=text)

    assert text == answer.body["title"]


async def test_too_long_a_body_is_refused(hr: Client) -> None:
    """More than 1 MiB is 413, whether the length is announced or not."""
    long = b'{"x": "' + b"y" * 1_048_576 + b'"}'
    announced = await hr.ask("POST", "/Users", long)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"y" * 65_536

    headers = {"Authorization": f"Bearer {hr.token.reveal()}", "Content-Type": hr.content_type}
    async with hr.http.post(f"{hr.url}/scim/v2/Users", data=pieces(), headers=headers) as streamed:
        statuses = [announced.status, streamed.status]

    assert [413, 413] == statuses


async def test_content_types(hr: Client) -> None:
    """SCIM and plain JSON are read, in any letter case and with parameters; others are 415."""
    taken = [
        (await replace(hr, content_type=kind).post("/Users", user(f"u{number}"))).status
        for number, kind in enumerate(("application/json", "Application/SCIM+JSON; charset=utf-8"))
    ]
    form = await replace(hr, content_type="application/x-www-form-urlencoded").post("/Users", user("x"))
    packed = await hr.ask("POST", "/Users", b"x", Content_Encoding="gzip")

    assert [201, 201] == taken
    assert [415, 415] == [form.status, packed.status]


@pytest.mark.parametrize("host", ["[", "a b", "x" * 5_000, "\u00e4", "evil.example:99999", ""])
async def test_a_strange_host_breaks_nothing(hr: Client, host: str) -> None:
    """The Host header only moves the places that answers name."""
    answer = await hr.get("/Users", Host=host)

    assert answer.status in {200, 400}


async def test_a_database_that_is_away_is_503(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is told to come back, and nothing of where the database is."""

    async def away(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="gone", where="/secret/place"))

    monkeypatch.setattr(scim_people, "get", away)
    answer = await hr.get("/Users/1")

    assert (503, "503") == (answer.status, answer.body["status"])
    assert "retry-after" in answer.headers
    assert "secret" not in answer.body["detail"]


async def test_a_defect_is_a_500_with_a_reference(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What should not happen is told to the log, and to the client only by a reference."""

    async def broken(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise KeyError("inner secret")

    monkeypatch.setattr(scim_people, "get", broken)
    answer = await hr.get("/Users/1")

    assert (500, "500") == (answer.status, answer.body["status"])
    assert "reference" in answer.body["detail"]
    assert "secret" not in answer.body["detail"]
