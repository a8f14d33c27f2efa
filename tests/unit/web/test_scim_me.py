"""``/Me``: the person a token belongs to (RFC 7644 §3.11)."""

from dataclasses import replace

import pytest

from desk import OPERATOR, grant, log
from muster.directory import apps
from muster.model import App, AppName, AttributeEquals, BadInput, Copied, PersonId, Scope
from muster.service import tokens
from muster.service.desk import Desk
from muster.service.rights import Rights
from scim_door import ENTERPRISE_URN, Client, user


async def _own(desk: Desk, client: Client, person: str, *scopes: Scope) -> Client:
    """The person with this id, by a token of their own."""
    source = (await tokens.list_sources(desk))[0]
    rights = Rights(scopes=frozenset(scopes), person=PersonId(person))
    return replace(client, token=(await tokens.add_token(desk, OPERATOR, source, rights)).secret)


async def test_a_person_reads_themselves(desk: Desk, hr: Client, url: str) -> None:
    """/Me answers as the User and says where that really is; versions and projection work as there."""
    ana = await hr.hire("ana", title="Designer")
    me = await _own(desk, hr, ana.id)
    location = f"{url}/scim/v2/Users/{ana.id}"
    read = await me.get("/Me")
    known = await me.get("/Me", If_None_Match=ana.etag)
    part = await me.get("/Me?attributes=title")
    head = await me.ask("HEAD", "/Me")

    assert (200, ana.body) == (read.status, read.body)
    assert {location} == {read.headers["location"], read.headers["content-location"], ana.headers["location"]}
    assert (304, location) == (known.status, known.headers["location"])
    assert {"id", "schemas", "title"} == set(part.body)
    assert (200, location) == (head.status, head.headers["location"])


async def test_a_person_reads_nobody_else(desk: Desk, hr: Client) -> None:
    """Their own resource is theirs at its real place, too; every other, and every list, takes more."""
    ana, ben = await hr.hire("ana"), await hr.hire("ben")
    me = await _own(desk, hr, ana.id, Scope.ME_READ, Scope.ME_WRITE, Scope.ME_DELETE)
    own = await me.get(f"/Users/{ana.id}")
    others = [
        await me.get(f"/Users/{ben.id}"),
        await me.get("/Users/unknown"),
        await me.get("/Users"),
        await me.get("/Groups"),
        await me.post("/Users", user("carl")),
        await me.put(f"/Users/{ben.id}", user("ben")),
        await me.patch(f"/Users/{ben.id}", {"op": "add", "path": "nickName", "value": "x"}),
        await me.delete(f"/Users/{ben.id}"),
    ]

    assert 200 == own.status
    assert [403] * len(others) == [answer.status for answer in others]
    assert ben.body == (await hr.get(f"/Users/{ben.id}")).body


async def test_a_person_changes_what_describes_them(desk: Desk, hr: Client, url: str) -> None:
    """With ``me:write`` PATCH and PUT of /Me store it, under their own name in the log."""
    ana = await hr.hire("ana", title="Designer")
    me = await _own(desk, hr, ana.id, Scope.ME_READ, Scope.ME_WRITE)
    patched = await me.patch("/Me", {"op": "add", "path": "nickName", "value": "Annie"})
    put = await me.put("/Me", {**patched.body, "locale": "de-AT"}, If_Match=patched.etag)
    stale = await me.patch("/Me", {"op": "remove", "path": "nickName"}, If_Match=patched.etag)
    read = (await hr.get(f"/Users/{ana.id}")).body
    records = await log(desk, "person:update")

    assert [200, 200, 412] == [answer.status for answer in (patched, put, stale)]
    assert {f"{url}/scim/v2/Users/{ana.id}"} == {one.headers["location"] for one in (patched, put, stale)}
    assert ("Annie", "de-AT", "Designer") == (read["nickName"], read["locale"], read["title"])
    assert [f"person:{ana.id}"] * 2 == [record.actor for record in records]
    assert [ana.id] * 2 == [record.person for record in records]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("active", False),
        ("userName", "root"),
        ("externalId", "E1"),
        ("emails", [{"value": "ceo@acme.example"}]),
        ("name.familyName", "CEO"),
        ("title", "CEO"),
        ("userType", "Admin"),
        ("roles", [{"value": "admin"}]),
        ("entitlements", [{"value": "all"}]),
        (f"{ENTERPRISE_URN}:department", "Board"),
    ],
)
async def test_a_person_does_not_decide_what_they_are(
    desk: Desk, hr: Client, path: str, value: object
) -> None:
    """What they are known, judged or found by is not theirs to write: 403, and nothing changes."""
    ana = await hr.hire("ana")
    me = await _own(desk, hr, ana.id, Scope.ME_WRITE)
    answer = await me.patch("/Me", {"op": "add", "path": path, "value": value})

    assert (403, "403") == (answer.status, answer.body["status"])
    assert ana.body == (await hr.get(f"/Users/{ana.id}")).body


async def test_no_rule_and_no_application_is_talked_into_anything(desk: Desk, hr: Client) -> None:
    """An attribute that a rule looks at, or that accounts are recognised by, is nobody's own to write."""
    await grant(desk, "chat", AttributeEquals(attribute="locale", value="de"))
    mapping = {"handle": Copied(attribute="nickName"), "tz": Copied(attribute="timezone")}
    wiki = App(
        tenant=desk.tenant,
        name=AppName("wiki"),
        connector="memory",
        mapping=mapping,
        match_on=("handle",),
    )
    await desk.db.write(lambda tx: apps.put(tx, wiki, {}, at=desk.clock()))
    ana = await hr.hire("ana")
    me = await _own(desk, hr, ana.id, Scope.ME_WRITE)
    statuses = {
        name: (await me.patch("/Me", {"op": "add", "path": name, "value": "Europe/Vienna"})).status
        for name in ("locale", "nickName", "timezone")
    }

    assert {"locale": 403, "nickName": 403, "timezone": 200} == statuses


async def test_reading_is_not_writing(desk: Desk, hr: Client) -> None:
    """A token that only reads its person neither changes nor removes them."""
    ana = await hr.hire("ana")
    me = await _own(desk, hr, ana.id)
    answers = [
        await me.put("/Me", ana.body),
        await me.patch("/Me", {"op": "add", "path": "nickName", "value": "x"}),
        await me.delete("/Me"),
    ]

    assert [403] * 3 == [answer.status for answer in answers]
    assert ana.body == (await hr.get(f"/Users/{ana.id}")).body


async def test_a_person_removes_themselves(desk: Desk, hr: Client, url: str) -> None:
    """With ``me:delete`` they leave: the resource is gone, and so is what the token speaks for."""
    ana = await hr.hire("ana")
    me = await _own(desk, hr, ana.id, Scope.ME_READ, Scope.ME_DELETE)
    gone = await me.delete("/Me")
    after = await me.get("/Me")

    assert (204, f"{url}/scim/v2/Users/{ana.id}") == (gone.status, gone.headers["location"])
    assert [401, 404] == [after.status, (await hr.get(f"/Users/{ana.id}")).status]


@pytest.mark.parametrize("end", ["inactive", "deleted"])
async def test_the_token_of_a_leaver_ends_with_them(desk: Desk, hr: Client, end: str) -> None:
    """As soon as the source says that somebody left, their own token is refused; back again, it is not."""
    ana = await hr.hire("ana", externalId="E1")
    me = await _own(desk, hr, ana.id)
    before = await me.get("/Me")
    path = f"/Users/{ana.id}"
    await (hr.put(path, user("ana", externalId="E1", active=False)) if end == "inactive" else hr.delete(path))
    after = await me.get("/Me")
    await (
        hr.put(path, user("ana", externalId="E1", active=True))
        if end == "inactive"
        else hr.hire("ana", externalId="E1")
    )
    back = await me.get("/Me")

    assert [200, 401, 200] == [before.status, after.status, back.status]


async def test_a_token_of_the_source_is_no_person(hr: Client) -> None:
    """404, since there is nobody it could mean, with the command that makes a token of a person."""
    answers = [
        await hr.get("/Me"),
        await hr.put("/Me", user("x")),
        await hr.patch("/Me", {"op": "add", "path": "title", "value": "x"}),
        await hr.delete("/Me"),
    ]

    assert [404] * 4 == [answer.status for answer in answers]
    assert "--person" in answers[0].body["detail"]


async def test_me_is_not_created(desk: Desk, hr: Client) -> None:
    """Who the token belongs to exists already: POST is 405, and Allow says what is possible."""
    ana = await hr.hire("ana")
    answer = await (await _own(desk, hr, ana.id)).post("/Me", user("ana"))

    assert (405, "GET, PUT, PATCH, DELETE") == (answer.status, answer.headers["allow"])


async def test_a_token_belongs_to_a_person_of_its_own_source(desk: Desk, hr: Client, other: Client) -> None:
    """Nobody of another source, nobody who left, and nobody unknown gets one."""
    theirs = await other.hire("ana")
    left = await hr.hire("ben", active=False)
    removed = await hr.hire("carl")
    await hr.delete(f"/Users/{removed.id}")
    source = next(one for one in await tokens.list_sources(desk) if one.name == "hr")
    for person in (theirs.id, left.id, removed.id, "unknown"):
        with pytest.raises(BadInput) as caught:
            await tokens.add_token(desk, OPERATOR, source, Rights(person=PersonId(person)))

        assert "MUSTER-TOKEN-PERSON" == caught.value.problem.code
