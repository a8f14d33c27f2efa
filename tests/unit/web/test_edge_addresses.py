"""Addresses: what a path, a query or a host may not smuggle in."""

import pytest

from muster.service.desk import Desk
from muster.web import create
from raw_http import exchange, head
from scim_door import Client, serving


@pytest.fixture
def database_url(sqlite_database_url: str) -> str:
    """One database will do: none of this depends on it."""
    return sqlite_database_url


NOWHERE = [
    "/scim/v2/../v2/Users",
    "/scim/v2/%2e%2e/v2/Users",
    "/scim/v2/Users/..",
    "/scim/v2/Users/%2e%2e/Groups",
    "/scim/v2/Users%2F{id}",
    "/scim/v2/Users%2f{id}",
    "/scim/v2/Users/%2F{id}",
    "/scim/v2/Users/..%2fUsers%2f{id}",
    "/scim/v2//Users",
    "/scim/v2/Users//{id}",
    "/scim/v2/Users;x=1",
    "/scim/v2/Users;x=1/{id}",
    "/scim/v2/Users/{id};x=1",
    "/scim/v2/Users/{id}%00",
    "/scim/v2/Users/{id}%0d%0aX:%20y",
    "/scim/v2/Users/{id}%20",
    "/scim/v2/Users/{id}.json",
    "/scim/v2/Users/%c0%af{id}",
    "/scim/v2/%c0%ae%c0%ae/Users",
    "/scim/v2/Users/%ff",
    "/scim/v2/Users/%",
    "/scim/v2/Users/%zz",
    "/scim/v2/Users/%u0041",
    "/scim/v2/Users/%5c..%5c",
    "/scim/v2/users/{id}",
    "/scim/v2/USERS",
    "/scim/v2/Users/" + "x" * 10_000,
    "/scim/v2/" + "a/" * 5_000,
    "/scim/v2/Users/{id}/groups",
    "/scim/v2/Schemas/../Users",
]


@pytest.mark.parametrize("target", NOWHERE, ids=lambda target: target[:60])
async def test_an_address_that_is_none_leads_nowhere(hr: Client, url: str, target: str) -> None:
    """Dots, encoded slashes, parameters of segments, NUL, broken escapes: 404 as SCIM words it."""
    ana = await hr.hire("ana")
    answer = await exchange(url, head("GET", target.replace("{id}", ana.id), hr.token))

    assert 404 == answer.refusal


@pytest.mark.parametrize(
    "target",
    [
        "/scim/v2/Users/{id}",
        "/scim/v2/Users/{id}/",
        "/scim/v2/%55sers/{id}",
        "/%73cim/v2/Users/{id}",
        "http://muster.example/scim/v2/Users/{id}",
        "/scim/v2/Users/{id}?",
        "/scim/v2/Users/{id}?unknown=1",
    ],
)
async def test_an_address_that_only_looks_different_is_the_same(hr: Client, url: str, target: str) -> None:
    """Escapes of letters, a slash at the end, and the absolute form mean what they say (RFC 3986 §6.2)."""
    ana = await hr.hire("ana")
    answer = await exchange(url, head("GET", target.replace("{id}", ana.id), hr.token))

    assert (200, ana.id) == (answer.status, answer.data["id"])


@pytest.mark.parametrize(
    "query",
    [
        "filter=userName%20eq%20%22a%22&filter=userName%20pr",
        "filter=userName%20pr&fil%74er=userName%20pr",
        "startIndex=1&startIndex=2",
        "count=1&count=1000",
        "count=1;count=2&count=3",
        "x=1&x=2",
    ],
)
async def test_a_parameter_that_is_said_twice_is_refused(hr: Client, query: str) -> None:
    """Nobody knows which of two is meant: 400."""
    answer = await hr.get(f"/Users?{query}")

    assert (400, "invalidValue") == (answer.status, answer.body["scimType"])


@pytest.mark.parametrize(
    "query",
    [
        "filter=%00",
        "filter=userName%20eq%20%22%00%22",
        "filter=userName%20eq%20%22%5Cu0000%22",
        "filter=%ff%fe",
        "filter=userName%20eq%20%22%ff%22",
        "filter=userName%20eq%20%22%5Cud800%22",
        "filter=" + "(" * 4_000,
        "filter=" + "not%20(" * 500,
        "filter=" + "a" * 15_000,
        "startIndex=" + "9" * 5_000,
        "count=" + "9" * 5_000,
        "count=-" + "9" * 30,
        "count=%D9%A3",
        "count=1e3",
        "startIndex=NaN",
        "attributes=" + "a," * 5_000,
        "attributes=" + "userName," * 1_500,
        "&".join(f"p{number}=1" for number in range(1_500)),
        "%",
        "=",
        "&&&",
        "filter",
        "filter=userName%20eq%20%22a%22%0d%0aX:%20y",
    ],
    ids=lambda query: query[:40],
)
async def test_a_query_that_is_none_is_answered(hr: Client, url: str, query: str) -> None:
    """NUL, wrong encodings, depth, length and number: an answer or a 400, and never a 5xx."""
    answer = await exchange(url, head("GET", f"/scim/v2/Users?{query}", hr.token))

    assert answer.status in {200, 400}
    if answer.status == 400:
        assert 400 == answer.refusal


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("muster.example", "http"),
        ("muster.example:8443", "https"),
        ("[::1]:8080", "http"),
        ("10.0.0.1", "https"),
    ],
)
async def test_resources_are_named_by_the_host_that_was_asked(
    hr: Client, url: str, host: str, scheme: str
) -> None:
    """Without a public URL, Host and the proxy's scheme say where resources are."""
    ana = await hr.hire("ana")
    proto = f"X-Forwarded-Proto: {scheme}"
    answer = await exchange(url, head("GET", f"/scim/v2/Users/{ana.id}", hr.token, proto, host=host))

    assert f"{scheme}://{host}/scim/v2/Users/{ana.id}" == answer.data["meta"]["location"]


@pytest.mark.parametrize("proto", ["javascript", "https://evil", "file", "", "https, http"])
async def test_a_scheme_there_is_not_names_nothing(hr: Client, url: str, proto: str) -> None:
    """What a proxy claims is a scheme of HTTP or nothing."""
    ana = await hr.hire("ana")
    lines = (f"X-Forwarded-Proto: {proto}", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example")
    answer = await exchange(url, head("GET", f"/scim/v2/Users/{ana.id}", hr.token, *lines))

    assert f"http://muster.example/scim/v2/Users/{ana.id}" == answer.data["meta"]["location"]


async def test_the_public_url_names_everything(desk: Desk, hr: Client) -> None:
    """Where it is set, no client can make an answer name another place."""
    ana = await hr.hire("ana")
    team = await hr.gather("Team", ana.id)
    public = "https://muster.example/in"
    async with serving(desk, create(desk, public_url=public)) as url:
        answers = {
            path: await exchange(url, head("GET", f"/scim/v2{path}", hr.token, host="evil.example"))
            for path in (f"/Users/{ana.id}", f"/Groups/{team.id}", "/Users", "/Schemas", "/ResourceTypes")
        }
        bad = await exchange(url, head("GET", "/scim/v2/Users", hr.token, host="a b"))

    assert {200} == {answer.status for answer in answers.values()}
    assert all(b"evil" not in answer.body for answer in answers.values())
    assert f"{public}/scim/v2/Users/{ana.id}" == answers[f"/Users/{ana.id}"].header("location")
    assert f"{public}/scim/v2/Users/{ana.id}" == answers[f"/Groups/{team.id}"].data["members"][0]["$ref"]
    assert 400 == bad.refusal


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/scim+json", 200),
        ("application/json", 200),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200),
        ("application/*", 200),
        ("text/html", 406),
        ("application/xml", 406),
        ("application/json;q=0, text/html", 406),
        ("image/png, audio/*", 406),
    ],
)
async def test_who_takes_no_scim_is_told_so(hr: Client, accept: str, status: int) -> None:
    """406 where Accept allows neither type of RFC 7644 §8.1, before anything is changed."""
    read = await hr.get("/Users", Accept=accept)
    written = await hr.ask("POST", "/Users", {"userName": "x"}, Accept=accept)

    assert status == read.status
    assert (written.status == 406) is (status == 406)
