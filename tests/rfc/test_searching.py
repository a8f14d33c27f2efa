"""RFC 7644 §3.4.2.1, §3.4.2.3, §3.4.3, RFC 9865: searching by message, everywhere, in order, by cursor."""

import pytest

from rfc.examples import Example, example, filters
from rfc.replay import Replay
from scim_door import GROUP_URN, USER_URN, group, user

JAMES, SMITHS = "2819c223-7f76-413861904646", "c8596b90-7539-4f20968d1908"


def smiths(client: Replay) -> None:
    """The user and the group that the search of §3.4.3 finds, and others that it must not."""
    client.create("/Users", user("jsmith", displayName="Smith, James"), JAMES)
    client.create("/Groups", group("Smith Family"), SMITHS)
    client.create("/Users", user("bjensen", displayName="Jensen, Smith"))
    client.create("/Groups", group("Jensens"))


def test_a_search_of_everything(client: Replay) -> None:
    """§3.4.3: the message finds a user and a group, with what was asked for and what is always returned."""
    smiths(client)
    printed = example("rfc7644/3.4.3-search-response.http")
    seen = client.send("rfc7644/3.4.3-search-request.http")
    kinds = {JAMES: USER_URN, SMITHS: GROUP_URN}

    assert (printed.status, printed.headers["Content-Type"]) == (seen.status, seen.headers["content-type"])
    assert printed.body["schemas"] == seen.body["schemas"]
    assert (2, 2, 1) == tuple(seen.body[name] for name in ("totalResults", "itemsPerPage", "startIndex"))
    assert [{"schemas": [kinds[one["id"]]], **one} for one in printed.body["Resources"]] == sorted(
        seen.body["Resources"], key=lambda one: one["id"]
    )


@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_a_search_of_one_type(client: Replay, endpoint: str) -> None:
    """§3.4.3: ``/.search`` stands after any endpoint."""
    smiths(client)
    request = example("rfc7644/3.4.3-search-request.http")
    seen = client.ask("POST", f"{endpoint}/.search", request.body)

    assert [{"/Users": JAMES, "/Groups": SMITHS}[endpoint]] == [one["id"] for one in seen.body["Resources"]]


def test_a_query_of_the_root(client: Replay) -> None:
    """§3.4.2.1: the root holds everything, ``meta.resourceType`` restricts it, unquoted words are refused."""
    smiths(client)
    (text,) = filters("rfc7644/3.4.2.1-root.filters")
    both = client.ask("GET", "/", query={"filter": text})
    groups = client.ask("GET", "/", query={"filter": 'meta.resourceType eq "Group"'})
    printed = client.ask("GET", "/", query={"filter": text.replace('"', "")})

    assert 4 == both.body["totalResults"]
    assert {GROUP_URN} == {urn for one in groups.body["Resources"] for urn in one["schemas"]}
    assert (400, "invalidFilter") == (printed.status, printed.body["scimType"])


NAMES = {"b": "Alpha", "a": "beta", "d": None, "c": "Gamma", "e": "alpha"}


@pytest.mark.parametrize(
    ("parameters", "order"),
    [
        ({"sortBy": "name.givenName"}, [{"b", "e"}, {"a"}, {"c"}, {"d"}]),
        ({"sortBy": "name.givenName", "sortOrder": "ascending"}, [{"b", "e"}, {"a"}, {"c"}, {"d"}]),
        ({"sortBy": "name.givenName", "sortOrder": "descending"}, [{"d"}, {"c"}, {"a"}, {"b", "e"}]),
        ({"sortBy": "userName"}, [{"a"}, {"b"}, {"c"}, {"d"}, {"e"}]),
        ({"sortBy": "emails"}, [{"e"}, {"a"}, {"c"}, {"b", "d"}]),
        ({"sortBy": "externalId"}, [{"e"}, {"a"}, {"b", "c", "d"}]),
    ],
)
def test_the_order(client: Replay, parameters: dict[str, str], order: list[set[str]]) -> None:
    """§3.4.2.3: by type and letter case; by the primary value or the first; who has none is last."""
    mails = {
        "a": [{"value": "m@x.example"}, {"value": "a@x.example"}],
        "c": [{"value": "b@x.example"}, {"value": "z@x.example", "primary": True}],
        "e": [{"value": "B@x.example"}],
    }
    external = {"a": "k", "e": "K"}  # case exact: capitals come first
    for name, given in NAMES.items():
        more = {"emails": mails[name]} if name in mails else {}
        more |= {"name": {"givenName": given}} if given else {}
        more |= {"externalId": external[name]} if name in external else {}
        client.create("/Users", user(name, **more))
    seen = [one["userName"] for one in client.ask("GET", "/Users", query=parameters).body["Resources"]]
    groups = [seen[sum(map(len, order[:place])) :][: len(names)] for place, names in enumerate(order)]

    assert order == [set(names) for names in groups]


def hundred(client: Replay) -> None:
    """A hundred users whose names begin with J, and one more."""
    for number in range(100):
        client.create("/Users", user(f"j{number:03}", displayName=f"Smith {number}"))
    client.create("/Users", user("other"))


def test_pages_by_cursor(client: Replay) -> None:
    """RFC 9865 §2: ten pages of ten, each with the cursor of the next but the last; everybody once.

    The second request is printed with ``username`` for ``userName``, which is the same query.
    """
    hundred(client)
    printed = example("rfc9865/2-first-page-response.http")
    first = client.send("rfc9865/2-first-page-request.http")
    request = example("rfc9865/2-next-page-request.http")
    after = example("rfc9865/2-next-page-response.http")
    pages, cursor = [first.body["Resources"]], first.body["nextCursor"]
    second = None
    while cursor is not None:
        target = request.target.replace("VZUTiyhEQJ94IR", cursor)
        page = client.send(Example(method="GET", target=target, headers={}))
        second = second or page
        pages.append(page.body["Resources"])
        cursor = page.body.get("nextCursor")

    assert printed.status == first.status
    assert set(printed.body) == set(first.body)
    for name in ("totalResults", "itemsPerPage", "schemas"):
        assert printed.body[name] == first.body[name]
    assert second is not None
    assert set(after.body) - {"previousCursor"} == set(second.body)
    assert 10 == len(pages)
    assert {f"j{number:03}" for number in range(100)} == {one["userName"] for page in pages for one in page}


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"cursor": "VZUTiyhEQJ94IR"}, "invalidCursor"),
        ({"cursor": "", "count": "many"}, "invalidCount"),
    ],
)
def test_what_is_no_page(client: Replay, parameters: dict[str, str], kind: str) -> None:
    """RFC 9865 §2.1: made-up cursors and counts that are none have keywords of their own."""
    seen = client.ask("GET", "/Users", query=parameters)

    assert (400, kind) == (seen.status, seen.body["scimType"])


def test_a_cursor_is_of_its_query(client: Replay) -> None:
    """RFC 9865 §2: with another filter, a cursor is refused; a larger page goes on where the last ended."""
    hundred(client)
    cursor = client.send("rfc9865/2-first-page-request.http").body["nextCursor"]
    other = client.ask("GET", "/Users", query={"filter": "title pr", "cursor": cursor, "count": "10"})
    larger = client.ask("GET", "/Users", query={"filter": 'userName sw "J"', "cursor": cursor, "count": "20"})

    assert (400, "invalidCursor") == (other.status, other.body["scimType"])
    assert [f"j{number:03}" for number in range(10, 30)] == [
        one["userName"] for one in larger.body["Resources"]
    ]


def test_the_default_is_by_index(client: Replay) -> None:
    """RFC 9865 §2.3, §2.4: without any parameter pages are by index, so no cursor is forced on a client."""
    printed = example("rfc9865/2.3-default-response.http")
    hundred(client)
    seen = client.send("rfc9865/2.3-default-request.http")

    assert printed.status == seen.status
    assert set(printed.body) - {"nextCursor"} | {"startIndex"} == set(seen.body)


def test_a_search_by_cursor(client: Replay) -> None:
    """RFC 9865 §3: the message may have a cursor; the next page is asked for by the message, too."""
    hundred(client)
    request, printed = example("rfc9865/3-search-request.http"), example("rfc9865/3-search-response.http")
    first = client.send(request)
    second = client.ask("POST", "/Users/.search", {**request.body, "cursor": first.body["nextCursor"]})

    assert printed.status == first.status
    assert set(printed.body) == set(first.body) == set(second.body)
    for name in ("totalResults", "itemsPerPage", "schemas"):
        assert printed.body[name] == first.body[name]
    assert not {one["id"] for one in first.body["Resources"]} & {
        one["id"] for one in second.body["Resources"]
    }


def test_the_configuration_tells_of_cursors(client: Replay) -> None:
    """RFC 9865 §4: ``pagination`` says what there is; pages are by index unless a cursor is asked for."""
    printed = example("rfc9865/4-config-response.http")
    seen = client.send("rfc9865/4-config-request.http")
    pagination = seen.body["pagination"]

    assert printed.body["schemas"] == seen.body["schemas"]
    assert (True, True, "index") == (
        pagination["cursor"],
        pagination["index"],
        pagination["defaultPaginationMethod"],
    )
    assert set(pagination) <= set(printed.body["pagination"])
    assert pagination["defaultPageSize"] <= pagination["maxPageSize"]
