import pytest

from fakes.http import Script, Wire
from fakes.scim import PAGE, FakeScim
from muster.connectors.scim import ScimConnector
from muster.kit.contract import EXTERNAL_ID, New, Page
from muster.model import (
    ACCOUNT,
    GROUP,
    AuthFailed,
    Garbled,
    Gone,
    Invalid,
    Kind,
    Misconfigured,
    OperationId,
    RemoteId,
    Unsupported,
)

EMAIL = 'emails[type eq "work"].value'
OPERATION = OperationId("o1")


async def pages(connector: ScimConnector, limit: int = 2) -> list[Page]:
    """Give every page of one read of the accounts."""
    found = [await connector.read(ACCOUNT, None, limit)]
    while found[-1].next is not None:
        found.append(await connector.read(ACCOUNT, found[-1].next, limit))
    return found


def answers(status: int, body: bytes) -> Script:
    """Give a script that says that."""

    async def script(wire: Wire) -> None:
        await wire.answer(status, body)

    return script


async def test_probe_tells_what_is_there(fake: FakeScim, connector: ScimConnector) -> None:
    """A probe counts the users and says how they are changed, whether or not the service describes itself."""
    fake.put(userName="ada")

    assert "SCIM 2.0 service with 1 users, changed by PATCH" == await connector.probe()


async def test_probe_needs_no_description(fake: FakeScim, connector: ScimConnector) -> None:
    """A service without a service provider configuration is a service all the same."""
    fake.configuration = None

    assert "SCIM 2.0 service with 0 users, changed by PATCH" == await connector.probe()


async def test_probe_tries_the_credential(fake: FakeScim, connector: ScimConnector) -> None:
    """A description that everybody may read does not hide that the users may not be read."""
    fake.instead["GET /Users"] = answers(401, b"")

    with pytest.raises(AuthFailed):
        await connector.probe()


@pytest.mark.parametrize("body", [PAGE, b"", b'{"detail": "Not Found"}'])
async def test_a_wrong_address_is_misconfigured(
    fake: FakeScim, connector: ScimConnector, body: bytes
) -> None:
    """404 for the users themselves means that the address leads elsewhere, not that they are gone."""
    fake.instead["GET /Users"] = answers(404, body)

    with pytest.raises(Misconfigured):
        await connector.probe()
    with pytest.raises(Misconfigured):
        await connector.read(ACCOUNT, None, 10)
    with pytest.raises(Misconfigured):
        await connector.find(ACCOUNT, "userName", "ada")


@pytest.mark.parametrize("most", [1, 2, 3, 1000])
async def test_a_read_brings_everybody_whatever_the_page(
    fake: FakeScim, connector: ScimConnector, most: int
) -> None:
    """Pages smaller than asked for are taken as they come, and the read is complete at its end."""
    fake.most = most
    ids = {fake.put(userName=f"u{number}") for number in range(7)}

    read = await pages(connector, limit=3)

    assert ids == {item.id for page in read for item in page.items}
    assert [False] * (len(read) - 1) + [True] == [page.complete for page in read]


async def test_an_application_without_pages_is_read_at_once(fake: FakeScim, connector: ScimConnector) -> None:
    """All that an application sends in one answer is taken, though more than was asked for."""
    fake.paging = False
    for number in range(7):
        fake.put(userName=f"u{number}")

    (page,) = await pages(connector)

    assert (7, True) == (len(page.items), page.complete)


async def test_a_total_that_lies_is_no_certificate(fake: FakeScim, connector: ScimConnector) -> None:
    """Totals too large, too small, missing or senseless end in a read that proves no absence."""
    for number in range(3):
        fake.put(userName=f"u{number}")
    for lie in (4, 2, None, "3", -1, True, 10**30, 3.0):
        fake.total = lambda _, lie=lie: lie

        assert not any(page.complete for page in await pages(connector, limit=10))


async def test_somebody_leaving_during_a_read_takes_the_certificate(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """A deletion between two pages moves somebody to a page already read; the read says so."""
    ids = [fake.put(userName=f"u{number}") for number in range(4)]

    def leave(start: int) -> None:
        if start > 1:
            fake.store["Users"].pop(ids[0], None)

    fake.between = leave
    read = await pages(connector)

    assert not any(page.complete for page in read)


async def test_somebody_on_two_pages_takes_the_certificate(fake: FakeScim, connector: ScimConnector) -> None:
    """One more object before those read moves one to the next page as well; the read is no proof."""
    for number in range(3):
        fake.put(userName=f"u{number}")

    def replace(start: int) -> None:
        if start == 3:
            users = fake.store["Users"]
            users.pop("3")
            fake.store["Users"] = {"0": {"id": "0", "userName": "new"}, **users}

    fake.between = replace
    read = await pages(connector)

    assert ["1", "2", "2"] == [item.id for page in read for item in page.items]
    assert not any(page.complete for page in read)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'"users"',
        b'{"totalResults": 1, "Resources": {}}',
        b'{"totalResults": 1, "Resources": [{"userName": "ada"}]}',
        b'{"totalResults": 1, "Resources": [{"id": ".."}]}',
        b'{"totalResults": 1, "Resources": ["1"]}',
    ],
)
async def test_a_list_that_is_none_is_garbled(fake: FakeScim, connector: ScimConnector, body: bytes) -> None:
    """What is no list of users with ids is not read as one."""
    fake.instead["GET /Users"] = answers(200, body)

    with pytest.raises(Garbled):
        await connector.read(ACCOUNT, None, 10)


async def test_an_empty_list_may_leave_out_its_resources(fake: FakeScim, connector: ScimConnector) -> None:
    """A total of none without resources is a complete and empty read (RFC 7644 §3.4.2)."""
    fake.instead["GET /Users"] = answers(200, b'{"totalResults": 0}')

    page = await connector.read(ACCOUNT, None, 10)

    assert (0, True) == (len(page.items), page.complete)


async def test_get_gives_the_object_asked_for(fake: FakeScim, connector: ScimConnector) -> None:
    """An id with odd characters leads to its object, with its version."""
    fake.versions = True
    fake.store["Users"]["a/../b ?"] = {"id": "a/../b ?", "userName": "ada", "externalId": 7}

    found = await connector.get(ACCOUNT, RemoteId("a/../b ?"))

    assert ("ada", "7", 'W/"0"') == (found.attributes["userName"], found.external_id, found.etag)


async def test_another_object_is_garbled(fake: FakeScim, connector: ScimConnector) -> None:
    """An answer about somebody else is never taken for the one asked for."""
    fake.instead["GET /Users/1"] = answers(200, b'{"id": "2", "userName": "bob"}')

    with pytest.raises(Garbled):
        await connector.get(ACCOUNT, RemoteId("1"))


async def test_a_scim_404_is_gone(fake: FakeScim, connector: ScimConnector) -> None:
    """SCIM's own 404 says that there is no such object."""
    with pytest.raises(Gone):
        await connector.get(ACCOUNT, RemoteId("1"))


async def test_a_bare_404_beside_a_list_that_answers_is_gone(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """A 404 that says nothing counts as gone when the users themselves are there."""
    fake.bare_404 = True

    with pytest.raises(Gone):
        await connector.get(ACCOUNT, RemoteId("1"))


async def test_a_bare_404_without_a_list_is_misconfigured(fake: FakeScim, connector: ScimConnector) -> None:
    """A 404 that says nothing, where the users answer 404 as well, means a wrong address."""
    fake.instead |= {"GET /Users": answers(404, PAGE), "GET /Users/1": answers(404, PAGE)}

    with pytest.raises(Misconfigured):
        await connector.get(ACCOUNT, RemoteId("1"))


async def test_an_unknown_kind_is_unsupported(connector: ScimConnector) -> None:
    """A kind the manifest does not describe is refused before any call."""
    with pytest.raises(Unsupported):
        await connector.get(Kind("licence"), RemoteId("1"))


@pytest.mark.parametrize("filtering", ["works", "ignored"])
async def test_find_gives_exactly_who_was_asked_for(
    fake: FakeScim, connector: ScimConnector, filtering: str
) -> None:
    """Whether the application filters or sends everybody, only those with the value come back."""
    fake.filtering = filtering
    fake.most = 2
    for name in ("ada", "adam", "a", "bob", "Ada2"):
        fake.put(userName=name, externalId=f"x-{name}", emails=[{"type": "work", "value": f"{name}@a.org"}])
    fake.put(userName="eve", externalId="X-ada", emails=[{"type": "home", "value": "ada@a.org"}])

    by_name = await connector.find(ACCOUNT, "userName", "ADA")
    by_id = await connector.find(ACCOUNT, EXTERNAL_ID, "x-ada")
    by_mail = await connector.find(ACCOUNT, EMAIL, "ada@a.org")

    assert [["1"], ["1"], ["1"]] == [[item.id for item in found] for found in (by_name, by_id, by_mail)]


async def test_several_are_found_as_several(fake: FakeScim, connector: ScimConnector) -> None:
    """Two accounts with the same value both come back: whose is whose, is not for the connector to say."""
    ids = [fake.put(userName=name, externalId="same") for name in ("ada", "bob")]

    assert ids == [item.id for item in await connector.find(ACCOUNT, EXTERNAL_ID, "same")]


@pytest.mark.parametrize("value", ['" or id pr or id eq "', 'a"b', "a\\", "a b", "ä\n😀", "*", "%"])
async def test_no_value_breaks_out_of_a_search(fake: FakeScim, connector: ScimConnector, value: str) -> None:
    """Quotes, backslashes and operators in a value are part of the value."""
    fake.put(userName="ada")
    mine = fake.put(userName=value)

    assert [mine] == [item.id for item in await connector.find(ACCOUNT, "userName", value)]


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
async def test_a_value_no_filter_can_carry_is_invalid(connector: ScimConnector, value: str) -> None:
    """A NUL or half a character is refused before any call."""
    with pytest.raises(Invalid):
        await connector.find(ACCOUNT, "userName", value)


async def test_an_empty_value_is_nobodys(fake: FakeScim, connector: ScimConnector) -> None:
    """An empty text means that there is no value; nobody is looked for by that."""
    fake.put(userName="ada", title="")

    assert () == await connector.find(ACCOUNT, "title", "")


async def test_a_search_that_is_refused_is_unsupported(fake: FakeScim, connector: ScimConnector) -> None:
    """An application that takes no filter says so; that is no answer about the person."""
    fake.filtering = "refused"

    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, EXTERNAL_ID, "p1")


async def test_a_search_that_never_finds_anything_is_unsupported(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """An empty answer is tried on somebody known to be there before it is believed."""
    fake.blind_for = frozenset({"externalId"})
    fake.put(userName="ada", externalId="p1")

    for _ in range(2):
        with pytest.raises(Unsupported):
            await connector.find(ACCOUNT, EXTERNAL_ID, "p1")
    calls = len(fake.http.seen)
    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, EXTERNAL_ID, "p2")
    assert calls == len(fake.http.seen)
    assert ["1"] == [item.id for item in await connector.find(ACCOUNT, "userName", "ada")]


async def test_a_search_is_tried_on_what_was_created(fake: FakeScim, connector: ScimConnector) -> None:
    """In an empty application nothing can be tried; an empty answer is believed until the first creation."""
    fake.blind_for = frozenset({"externalId"})

    assert () == await connector.find(ACCOUNT, EXTERNAL_ID, "p1")
    new = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"})
    await connector.create(new, OPERATION)
    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, EXTERNAL_ID, "p1")


async def test_a_search_that_works_costs_one_call(fake: FakeScim, connector: ScimConnector) -> None:
    """Once a search has found somebody, its empty answers are believed without more ado."""
    fake.put(userName="ada")
    assert () == await connector.find(ACCOUNT, "userName", "bob")  # this tries it on ada
    calls = len(fake.http.seen)

    assert () == await connector.find(ACCOUNT, "userName", "eve")
    assert calls + 1 == len(fake.http.seen)


async def test_a_witness_that_left_proves_nothing(fake: FakeScim, connector: ScimConnector) -> None:
    """When the object a search was to be tried on is gone, another one is taken, and no search is blamed."""
    ada, _ = fake.put(userName="ada"), fake.put(userName="bob")
    await connector.read(ACCOUNT, None, 10)
    del fake.store["Users"][ada]

    assert () == await connector.find(ACCOUNT, "userName", "eve")


async def test_a_search_with_too_many_answers_is_unsupported(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """An application that ignores filters and holds more than can be looked through cannot be searched."""
    fake.filtering, fake.most = "ignored", 1
    for number in range(60):
        fake.put(userName=f"u{number}")

    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, "userName", "u59")


async def test_a_search_that_ends_early_is_garbled(fake: FakeScim, connector: ScimConnector) -> None:
    """Fewer answers than announced are not read as "the others do not match"."""
    fake.total = lambda number: number + 1
    fake.put(userName="ada")

    with pytest.raises(Garbled):
        await connector.find(ACCOUNT, "userName", "ada")


async def test_groups_are_read_without_their_members(fake: FakeScim, connector: ScimConnector) -> None:
    """A list of groups asks for no members, so that large groups cost nothing."""
    fake.put("Groups", displayName="Design")

    page = await connector.read(GROUP, None, 10)

    assert [{"displayName": "Design"}] == [item.attributes for item in page.items]
    assert all("excludedAttributes=members" in each.target for each in fake.http.seen)
