"""Users through the endpoint: what a source writes is what it reads, and what follows from it."""

import pytest

from desk import StoppedClock, forget_work, grant, log, waiting
from muster.model import Priority
from muster.service.desk import Desk
from scim_door import USER_URN, Client, user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def test_a_created_user_reads_back_as_written(hr: Client, url: str) -> None:
    """POST answers 201 with the whole resource, its place and version; GET gives the same."""
    written = user(
        "ana.ruiz",
        externalId="E1001",
        name={"givenName": "Ana", "familyName": "Ruiz"},
        emails=[{"value": "ana@acme.example", "type": "work", "primary": True}],
        password="t1meMa$heen",
        **{ENTERPRISE: {"department": "Design"}},
    )
    created = await hr.post("/Users", {**written, "schemas": [USER_URN, ENTERPRISE]})
    read = await hr.get(f"/Users/{created.id}")

    assert 201 == created.status
    assert created.body == read.body
    assert f"{url}/scim/v2/Users/{created.id}" == created.headers["location"]
    assert "application/scim+json" == created.headers["content-type"]
    assert 'W/"1"' == created.etag == created.body["meta"]["version"]
    del written["password"], written["schemas"]
    assert {name: read.body[name] for name in written} == written
    assert read.body["active"] is True
    assert [USER_URN, ENTERPRISE] == read.body["schemas"]
    assert "User" == read.body["meta"]["resourceType"]
    assert created.headers["location"] == read.body["meta"]["location"]
    assert "password" not in read.body


async def test_a_second_user_of_the_same_name_is_refused(hr: Client) -> None:
    """A userName is unique in any letter case, externalId as written: 409 uniqueness."""
    await hr.hire("ana.ruiz", externalId="E1001")

    by_name = await hr.post("/Users", user("ANA.ruiz"))
    by_external_id = await hr.post("/Users", user("other", externalId="E1001"))

    assert (409, "uniqueness") == (by_name.status, by_name.body["scimType"])
    assert "userName" in by_name.body["detail"]
    assert (409, "uniqueness") == (by_external_id.status, by_external_id.body["scimType"])
    assert "externalId" in by_external_id.body["detail"]


async def test_renaming_onto_somebody_else_is_refused(hr: Client) -> None:
    """PUT and PATCH keep userName unique, and change nothing when they fail."""
    await hr.hire("ana.ruiz")
    jonas = await hr.hire("jonas.keller")

    put = await hr.put(f"/Users/{jonas.id}", user("ana.ruiz"))
    patched = await hr.patch(f"/Users/{jonas.id}", {"op": "replace", "path": "userName", "value": "Ana.Ruiz"})

    assert [409, 409] == [put.status, patched.status]
    assert jonas.body == (await hr.get(f"/Users/{jonas.id}")).body


async def test_put_replaces_everything_but_whether_the_person_is_active(hr: Client) -> None:
    """Attributes that PUT leaves out are gone; ``active`` stays, so that nobody returns by omission."""
    ana = await hr.hire("ana.ruiz", title="Designer", externalId="E1001", active=False)
    put = await hr.put(f"/Users/{ana.id}", user("ana.ruiz", displayName="Ana"))

    assert 200 == put.status
    assert 'W/"2"' == put.etag
    assert "title" not in put.body
    assert "externalId" not in put.body
    assert "Ana" == put.body["displayName"]
    assert put.body["active"] is False


async def test_a_put_that_changes_nothing_makes_no_version(hr: Client) -> None:
    """The same user again is the same version, with nothing in the log."""
    ana = await hr.hire("ana.ruiz", title="Designer")
    again = await hr.put(f"/Users/{ana.id}", user("ana.ruiz", title="Designer"))

    assert ana.body == again.body


async def test_patch_changes_what_it_names(hr: Client) -> None:
    """PATCH answers 200 with the changed resource; the rest stays."""
    ana = await hr.hire("ana.ruiz", title="Designer")
    patched = await hr.patch(
        f"/Users/{ana.id}",
        {"op": "Replace", "path": "title", "value": "Engineer"},
        {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Engineering"},
    )

    assert 200 == patched.status
    assert "Engineer" == patched.body["title"]
    assert {"department": "Engineering"} == patched.body[ENTERPRISE]
    assert patched.body == (await hr.get(f"/Users/{ana.id}")).body


async def test_a_patch_that_fails_half_way_changes_nothing(hr: Client) -> None:
    """The operations of one PATCH are applied all or none."""
    ana = await hr.hire("ana.ruiz", title="Designer")
    patched = await hr.patch(
        f"/Users/{ana.id}",
        {"op": "replace", "path": "title", "value": "Engineer"},
        {"op": "replace", "path": "nonsense", "value": "x"},
    )

    assert (400, "invalidPath") == (patched.status, patched.body["scimType"])
    assert ana.body == (await hr.get(f"/Users/{ana.id}")).body


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("change", [{"op": "remove"}, {"op": "replace", "value": None}])
async def test_active_can_be_unassigned(
    desk: Desk, hr: Client, active: bool, change: dict[str, object]
) -> None:
    """Removed, ``active`` is shown no more (RFC 7644 §3.5.2.2); nobody leaves or returns by that.

    Filters see what is shown.
    """
    ana = await hr.hire("ana.ruiz", active=active)
    path = f"/Users/{ana.id}"
    patched = await hr.patch(path, {**change, "path": "active"})
    titled = await hr.patch(path, {"op": "add", "path": "title", "value": "Designer"})
    found = await hr.get(f"/Users?filter=active%20pr%20or%20active%20eq%20{str(active).lower()}")
    part = await hr.get(f"{path}?attributes=userName,active")
    actions = [record.action.value for record in await log(desk, "person")]
    again = await hr.put(path, user("ana.ruiz"))

    assert [200, 200] == [patched.status, titled.status]
    assert [] == found.body["Resources"]
    for shown in (patched.body, titled.body, part.body):
        assert "active" not in shown
    assert ["person:create", "person:update", "person:update"] == actions
    assert again.body["active"] is active


async def test_active_is_assigned_again_when_it_is_stated(hr: Client) -> None:
    """After a removal the next value counts as ever."""
    ana = await hr.hire("ana.ruiz")
    path = f"/Users/{ana.id}"
    await hr.patch(path, {"op": "remove", "path": "active"})
    off = await hr.patch(path, {"op": "add", "path": "active", "value": False})

    assert off.body["active"] is False


async def test_a_deleted_user_is_gone_and_returns_as_the_same_person(hr: Client) -> None:
    """DELETE answers 204, then 404; created again they have the same id, and are in no group."""
    ana = await hr.hire("ana.ruiz", externalId="E1001")
    team = await hr.gather("Design Team", ana.id)
    deleted = await hr.delete(f"/Users/{ana.id}")
    gone = await hr.get(f"/Users/{ana.id}")
    listed = await hr.get("/Users?filter=userName%20eq%20%22ana.ruiz%22")
    again = await hr.delete(f"/Users/{ana.id}")
    left = await hr.get(f"/Groups/{team.id}")
    back = await hr.hire("ana.ruiz", externalId="E1001")

    assert [204, 404, 404] == [deleted.status, gone.status, again.status]
    assert 0 == listed.body["totalResults"]
    assert "members" not in left.body
    assert ana.id == back.id
    assert "groups" not in back.body
    assert back.body["active"] is True


async def test_a_user_shows_their_groups(hr: Client, url: str) -> None:
    """``groups`` follows from the groups (RFC 7643 §4.1.2) and cannot be written."""
    ana = await hr.hire("ana.ruiz", groups=[{"value": "made-up"}])
    team = await hr.gather("Design Team", ana.id)
    read = await hr.get(f"/Users/{ana.id}")
    written = await hr.patch(f"/Users/{ana.id}", {"op": "remove", "path": "groups"})

    shown = {"value": team.id, "$ref": f"{url}/scim/v2/Groups/{team.id}", "display": "Design Team"}
    assert [{**shown, "type": "direct"}] == read.body["groups"]
    assert "groups" not in ana.body
    assert (400, "mutability") == (written.status, written.body["scimType"])


async def test_the_tag_of_a_user_moves_with_their_groups(hr: Client) -> None:
    """When only the groups changed, a client is not told "not modified", yet may still write."""
    ana = await hr.hire("ana.ruiz")
    await hr.gather("Design Team", ana.id)
    read = await hr.get(f"/Users/{ana.id}", If_None_Match=ana.etag)
    written = await hr.patch(
        f"/Users/{ana.id}", {"op": "add", "path": "title", "value": "x"}, If_Match=ana.etag
    )

    assert 200 == read.status
    assert 200 == written.status


async def test_conditions_are_kept(hr: Client) -> None:
    """If-None-Match gives 304 for a known version; If-Match 412 for an old one, on PUT, PATCH and DELETE."""
    ana = await hr.hire("ana.ruiz")
    path = f"/Users/{ana.id}"
    known = await hr.get(path, If_None_Match=ana.etag)
    moved = await hr.put(path, user("ana.ruiz", title="x"), If_Match=ana.etag)
    put = await hr.put(path, user("ana.ruiz"), If_Match=ana.etag)
    patched = await hr.patch(path, {"op": "remove", "path": "title"}, If_Match=f'{ana.etag}, W/"99"')
    deleted = await hr.delete(path, If_Match=ana.etag)
    anyway = await hr.delete(path, If_Match="*")

    assert (304, None) == (known.status, known.body)
    assert 200 == moved.status
    assert [412, 412, 412] == [put.status, patched.status, deleted.status]
    assert 204 == anyway.status


@pytest.mark.parametrize("change", ["active", "delete"])
async def test_a_leaver_is_due_at_once(desk: Desk, hr: Client, change: str) -> None:
    """Setting inactive and deleting both mark every granted account before all other work."""
    await grant(desk, "chat")
    ana = await hr.hire("ana.ruiz")
    joined = await waiting(desk)
    await forget_work(desk)
    if change == "active":
        await hr.patch(f"/Users/{ana.id}", {"op": "replace", "value": {"active": "False"}})
    else:
        await hr.delete(f"/Users/{ana.id}")
    left = await waiting(desk)

    assert [("chat", ana.id, Priority.JOINER)] == [
        (one.key.app, one.key.subject, one.priority) for one in joined
    ]
    assert [("chat", ana.id, Priority.LEAVER)] == [
        (one.key.app, one.key.subject, one.priority) for one in left
    ]


async def test_somebody_who_returns_is_a_joiner(desk: Desk, hr: Client) -> None:
    """``active: true`` of a leaver gives back what the rules grant."""
    await grant(desk, "chat")
    ana = await hr.hire("ana.ruiz", active=False)
    before = await waiting(desk)
    await hr.patch(f"/Users/{ana.id}", {"op": "replace", "path": "active", "value": True})
    after = await waiting(desk)

    assert [] == list(before)
    assert [Priority.JOINER] == [one.priority for one in after]


async def test_every_change_is_in_the_log(desk: Desk, hr: Client) -> None:
    """Who, why, before and after stand in the log, committed with the change."""
    ana = await hr.hire("ana.ruiz", title="Designer")
    await hr.patch(f"/Users/{ana.id}", {"op": "replace", "path": "title", "value": "Engineer"})
    await hr.put(f"/Users/{ana.id}", user("ana.ruiz", active=False, title="Engineer"))
    await hr.delete(f"/Users/{ana.id}")
    records = await log(desk, "person")

    assert [
        ("person:create", "SCIM POST /Users"),
        ("person:update", "SCIM PATCH /Users"),
        ("person:leave", "SCIM PUT /Users"),
        ("person:delete", "SCIM DELETE /Users"),
    ] == [(record.action.value, record.cause) for record in records]
    assert {"source:hr"} == {record.actor for record in records}
    assert {ana.id} == {record.person for record in records}
    assert ({"title": "Designer"}, {"title": "Engineer"}) == (records[1].before, records[1].after)


async def test_sources_do_not_see_each_other(hr: Client, other: Client) -> None:
    """What one source brought does not exist for another, which may use the same names."""
    ana = await hr.hire("ana.ruiz", externalId="E1001")
    path = f"/Users/{ana.id}"
    statuses = [
        (await other.get(path)).status,
        (await other.put(path, user("x"))).status,
        (await other.patch(path, {"op": "add", "path": "title", "value": "x"})).status,
        (await other.delete(path)).status,
    ]
    listed = await other.get("/Users")
    by_id = await other.get(f"/Users?filter=id%20eq%20%22{ana.id}%22")
    same_name = await other.hire("ana.ruiz", externalId="E1001")

    assert [404, 404, 404, 404] == statuses
    assert [0, 0] == [listed.body["totalResults"], by_id.body["totalResults"]]
    assert ana.id != same_name.id
    assert ana.body == (await hr.get(path)).body


async def test_times_tell_creation_and_change(hr: Client, clock: StoppedClock) -> None:
    """``meta.created`` stays and ``meta.lastModified`` moves with the change."""
    ana = await hr.hire("ana.ruiz")
    clock.forward(minutes=5)
    changed = await hr.patch(f"/Users/{ana.id}", {"op": "add", "path": "title", "value": "x"})

    assert "2026-11-30T09:00:00.000000Z" == changed.body["meta"]["created"]
    assert "2026-11-30T09:05:00.000000Z" == changed.body["meta"]["lastModified"]


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 2_001, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 200]
)
async def test_a_name_no_index_can_hold_is_refused(hr: Client, name: str) -> None:
    """An empty or very long userName, also one that grows when normalised, is the client's error."""
    answer = await hr.post("/Users", user(name))

    assert (400, "invalidValue") == (answer.status, answer.body["scimType"])
