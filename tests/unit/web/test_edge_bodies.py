"""Bodies: what is no JSON, what JSON leaves open, and what no database or client can hold."""

from dataclasses import replace

import pytest

from raw_http import exchange, request
from scim_door import USER_URN, Client, user

JSON = "Content-Type: application/scim+json"


def _user(members: bytes) -> bytes:
    return b'{"schemas":["' + USER_URN.encode() + b'"],"userName":"ana",' + members + b"}"


REFUSED = {
    "nothing": b"",
    "spaces": b"   ",
    "a byte order mark": b"\xef\xbb\xbf" + _user(b'"title":"x"'),
    "UTF-16": '{"userName":"ana"}'.encode("utf-16"),
    "UTF-32": '{"userName":"ana"}'.encode("utf-32"),
    "Latin-1": _user('"title":"\u00e4"'.encode("latin-1")),
    "overlong UTF-8": _user(b'"title":"\xc0\xaf"'),
    "a surrogate in UTF-8": _user(b'"title":"\xed\xa0\x80"'),
    "a lone surrogate": _user(b'"title":"\\ud800"'),
    "surrogates the wrong way round": _user(b'"title":"\\udc00\\ud800"'),
    "a control character": _user(b'"title":"a\nb"'),
    "an escape there is not": _user(b'"title":"\\x41"'),
    "single quotes": b"{'userName':'ana'}",
    "a comma too many": _user(b'"title":"x",'),
    "a comment": _user(b'/* x */"title":"x"'),
    "NaN": _user(b'"title":NaN'),
    "Infinity": _user(b'"title":-Infinity'),
    "a number that is none": _user(b'"title":01'),
    "a number beyond every float": _user(b'"title":1e999'),
    "something behind": _user(b'"title":"x"') + b"{}",
    "a member twice": _user(b'"userName":"ben"'),
    "a member twice by escapes": _user(b'"user\\u004eame":"ben"'),
    "a member twice far inside": _user(b'"emails":[{"value":"a@b.c","value":"d@e.f"}]'),
    "forty levels": _user(b'"title":' + b"[" * 41 + b"]" * 41),
    "a hundred thousand levels": b"[" * 100_000,
    "a million levels": b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
}


@pytest.fixture
def database_url(sqlite_database_url: str) -> str:
    """One database will do: none of this reaches it."""
    return sqlite_database_url


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_body_that_is_no_json_is_refused(hr: Client, url: str, method: str, body: bytes) -> None:
    """400 with invalidSyntax, whichever method brings it, and nothing is stored."""
    before = await hr.hire("ben")
    target = "/scim/v2/Users" if method == "POST" else f"/scim/v2/Users/{before.id}"
    answer = await exchange(url, request(method, target, hr.token, body, JSON))

    assert (400, "invalidSyntax") == (answer.refusal, answer.data["scimType"])
    assert before.body == (await hr.get(f"/Users/{before.id}")).body
    assert 1 == (await hr.get("/Users")).body["totalResults"]


@pytest.mark.parametrize(
    "member",
    [
        b'"title":18446744073709551616',
        b'"emails":[{"value":"a@b.c","primary":170141183460469231731687303715884105727}]',
        b'"active":1',
        b'"urn:acme:2.0:Own":{"n":18446744073709551616}',
        b'"urn:acme:2.0:Own":{"n":-9223372036854775809}',
        b'"urn:acme:2.0:Own":{"n":1e308}',
        b'"urn:acme:2.0:Own":{"n":1e-999}',
        b'"urn:acme:2.0:Own":{"n":' + b"9" * 400 + b"}",
        b'"urn:acme:2.0:Own":{"n":0.' + b"1" * 5_000 + b"}",
        b'"urn:acme:2.0:Own":{"n":' + b"9" * 5_000 + b"}",
        b'"__proto__":{"admin":true},"constructor":{"prototype":{}}',
        b'"__class__":"x","__dict__":{"a":1}',
        b'"title":"\\u0000"',
        b'"":"x"," ":"y","\\u0000":"z"',
    ],
    ids=lambda member: member[:40].decode(),
)
async def test_a_value_no_column_holds_breaks_nothing(hr: Client, url: str, member: bytes) -> None:
    """Numbers beyond 64 bits, NUL, names of inner things: stored or refused, and readable afterwards."""
    answer = await exchange(url, request("POST", "/scim/v2/Users", hr.token, _user(member), JSON))
    listed = await hr.get("/Users")

    assert answer.status in {201, 400}
    if answer.status == 400:
        assert 400 == answer.refusal
    assert 200 == listed.status
    assert (answer.status == 201) == (listed.body["totalResults"] == 1)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/scim+json", 201),
        ("application/json; charset=UTF-8", 201),
        ('application/scim+json; charset="utf-8"', 201),
        ("application/json; charset=us-ascii", 201),
        ("application/json;charset=utf-16", 415),
        ("application/scim+json; charset=iso-8859-1", 415),
        ("application/json; charset=utf-8; charset=utf-7", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/merge-patch+json", 415),
        ("application/xml", 415),
        ("text/html, application/json", 415),
    ],
)
async def test_the_type_of_a_body(hr: Client, kind: str, status: int) -> None:
    """SCIM and plain JSON in UTF-8 are read; anything else is 415 and is not looked into."""
    answer = await replace(hr, content_type=kind).post("/Users", user("ana"))

    assert status == answer.status


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "zstd"])
async def test_a_packed_body_is_refused(hr: Client, coding: str) -> None:
    """Nothing is unpacked, so nothing can explode: 415."""
    answer = await hr.ask("POST", "/Users", b"\x1f\x8b\x08", Content_Encoding=coding)

    assert 415 == answer.status


async def test_a_user_at_the_limit_is_taken(hr: Client) -> None:
    """A body of exactly 1 MiB is stored and comes back whole; one byte more is 413."""
    empty = len(b'{"schemas":["' + USER_URN.encode() + b'"],"userName":"ana","title":""}')
    fits = await hr.post("/Users", user("ana", title="x" * (1_048_576 - empty)))
    more = await hr.post("/Users", user("ben", title="x" * (1_048_577 - empty)))
    back = await hr.get(f"/Users/{fits.id}")

    assert (201, 413, "413") == (fits.status, more.status, more.body["status"])
    assert 1_048_576 - empty == len(back.body["title"])
