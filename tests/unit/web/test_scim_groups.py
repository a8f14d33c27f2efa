"""Groups through the endpoint: members are people of the same source, changed one by one without loss."""

import asyncio

from desk import forget_work, grant, log, waiting
from muster.model import InGroup, Priority
from muster.service.desk import Desk
from scim_door import GROUP_URN, Client, group, user


def _members(body: dict[str, list[dict[str, str]]]) -> set[str]:
    return {member["value"] for member in body.get("members", [])}


async def test_a_created_group_reads_back_as_written(hr: Client, url: str) -> None:
    """POST answers 201 with members, place and version; GET gives the same."""
    ana = await hr.hire("ana.ruiz")
    created = await hr.post("/Groups", group("Design Team", ana.id, externalId="G1"))
    read = await hr.get(f"/Groups/{created.id}")

    assert 201 == created.status
    assert created.body == read.body
    assert ("Design Team", "G1") == (read.body["displayName"], read.body["externalId"])
    assert [{"value": ana.id, "$ref": f"{url}/scim/v2/Users/{ana.id}", "type": "User"}] == read.body[
        "members"
    ]
    assert (
        f"{url}/scim/v2/Groups/{created.id}" == created.headers["location"] == read.body["meta"]["location"]
    )
    assert 'W/"1"' == created.etag == read.body["meta"]["version"]


async def test_a_second_group_of_the_same_name_is_refused(hr: Client) -> None:
    """A displayName is unique within a source: 409."""
    await hr.gather("Design Team")
    again = await hr.post("/Groups", group("design team"))

    assert (409, "uniqueness") == (again.status, again.body["scimType"])
    assert "displayName" in again.body["detail"]


async def test_a_member_nobody_knows_is_refused(hr: Client, other: Client) -> None:
    """An unknown id, and people and groups of another source, are no members; nothing changes."""
    stranger, team = await other.hire("ana.ruiz"), await hr.gather("Design Team")
    strangers = await other.gather("Design Team", stranger.id)
    for value in ("unknown", stranger.id, strangers.id):
        created = await hr.post("/Groups", group("All", value))
        patched = await hr.patch(
            f"/Groups/{team.id}", {"op": "add", "path": "members", "value": [{"value": value}]}
        )

        assert [(400, "invalidValue")] * 2 == [(a.status, a.body["scimType"]) for a in (created, patched)]
    assert team.body == (await hr.get(f"/Groups/{team.id}")).body


async def test_the_display_of_a_member_may_be_sent(hr: Client) -> None:
    """``display`` is in the schema, for clients that send no other attributes, and ours to say."""
    ana = await hr.hire("ana.ruiz")
    named = {"value": ana.id, "display": "somebody else"}
    created = await hr.post("/Groups", {**group("Design Team"), "members": [named]})
    patched = await hr.patch(f"/Groups/{created.id}", {"op": "add", "path": "members", "value": [named]})
    schema = (await hr.get(f"/Schemas/{GROUP_URN}")).body
    [members] = [one for one in schema["attributes"] if one["name"] == "members"]
    [display] = [one for one in members["subAttributes"] if one["name"] == "display"]

    assert [201, 200] == [created.status, patched.status]
    assert "somebody else" not in str(patched.body["members"])
    assert "readOnly" == display["mutability"]


async def test_patch_adds_and_removes_members(hr: Client) -> None:
    """Each form that providers send changes exactly the members it names."""
    ana, jonas, mia = [await hr.hire(name) for name in ("ana", "jonas", "mia")]
    team = await hr.gather("Design Team", ana.id)
    path = f"/Groups/{team.id}"
    await hr.patch(path, {"op": "Add", "path": "members", "value": [{"value": jonas.id}, {"value": mia.id}]})
    added = await hr.get(path)
    await hr.patch(path, {"op": "remove", "path": f'members[value eq "{jonas.id}"]'})
    await hr.patch(path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": mia.id}]})
    removed = await hr.get(path)
    await hr.patch(path, {"op": "replace", "value": {"id": team.id, "displayName": "Designers"}})
    renamed = await hr.get(path)
    emptied = await hr.patch(path, {"op": "remove", "path": "members"})

    assert {ana.id, jonas.id, mia.id} == _members(added.body)
    assert {ana.id} == _members(removed.body) == _members(renamed.body)
    assert "Designers" == renamed.body["displayName"]
    assert "members" not in emptied.body


async def test_put_replaces_the_members(hr: Client) -> None:
    """The members are those of the body afterwards."""
    ana, jonas = await hr.hire("ana"), await hr.hire("jonas")
    team = await hr.gather("Design Team", ana.id, externalId="G1")
    put = await hr.put(f"/Groups/{team.id}", group("Design Team", jonas.id))

    assert {jonas.id} == _members(put.body)
    assert "externalId" not in put.body
    assert 'W/"2"' == put.etag


async def test_a_deleted_group_is_gone(hr: Client) -> None:
    """DELETE answers 204, then 404, and nobody is in the group."""
    ana = await hr.hire("ana")
    team = await hr.gather("Design Team", ana.id)
    deleted = await hr.delete(f"/Groups/{team.id}")
    gone = await hr.get(f"/Groups/{team.id}")

    assert [204, 404] == [deleted.status, gone.status]
    assert "groups" not in (await hr.get(f"/Users/{ana.id}")).body


async def test_membership_marks_what_it_grants(desk: Desk, hr: Client) -> None:
    """Who comes to a group, or leaves it, is looked at in the apps that the group grants; others are not."""
    await grant(desk, "studio", InGroup(group="Design Team"))
    ana, jonas = await hr.hire("ana"), await hr.hire("jonas")
    team = await hr.gather("Design Team", jonas.id)
    await forget_work(desk)
    await hr.patch(f"/Groups/{team.id}", {"op": "add", "path": "members", "value": [{"value": ana.id}]})
    joined = await waiting(desk)
    await forget_work(desk)
    await hr.delete(f"/Groups/{team.id}")
    dissolved = await waiting(desk)

    assert [("studio", ana.id, Priority.UPDATE)] == [
        (one.key.app, one.key.subject, one.priority) for one in joined
    ]
    assert {ana.id, jonas.id} == {one.key.subject for one in dissolved}


async def test_every_change_is_in_the_log(desk: Desk, hr: Client) -> None:
    """The log tells who came, who went and which request it was."""
    ana = await hr.hire("ana")
    team = await hr.gather("Design Team", ana.id)
    await hr.patch(f"/Groups/{team.id}", {"op": "remove", "path": "members"})
    await hr.delete(f"/Groups/{team.id}")
    records = await log(desk, "group")

    assert [
        ("group:create", "SCIM POST /Groups"),
        ("group:update", "SCIM PATCH /Groups"),
        ("group:delete", "SCIM DELETE /Groups"),
    ] == [(record.action.value, record.cause) for record in records]
    assert {"source:hr"} == {record.actor for record in records}
    assert [ana.id] == records[1].detail["removed"]


async def test_sources_do_not_see_each_other(hr: Client, other: Client) -> None:
    """A group of one source does not exist for another, which may use the same name."""
    team = await hr.gather("Design Team")
    path = f"/Groups/{team.id}"
    statuses = [
        (await other.get(path)).status,
        (await other.put(path, group("x"))).status,
        (await other.patch(path, {"op": "replace", "path": "displayName", "value": "x"})).status,
        (await other.delete(path)).status,
    ]
    listed = await other.get("/Groups")
    await other.gather("Design Team")

    assert [404, 404, 404, 404] == statuses
    assert 0 == listed.body["totalResults"]
    assert team.body == (await hr.get(path)).body


async def test_fifty_members_added_at_once_are_all_there(hr: Client) -> None:
    """Concurrent PATCHes of one group, each adding another member, lose nothing."""
    people = await asyncio.gather(*(hr.hire(f"person-{number}") for number in range(50)))
    team = await hr.gather("Everybody")
    answers = await asyncio.gather(
        *(
            hr.patch(f"/Groups/{team.id}", {"op": "add", "path": "members", "value": [{"value": person.id}]})
            for person in people
        )
    )
    read = await hr.get(f"/Groups/{team.id}")

    assert {200} == {answer.status for answer in answers}
    assert {person.id for person in people} == _members(read.body)
    assert 'W/"51"' == read.etag


async def test_one_user_created_fifty_times_at_once_is_one(hr: Client) -> None:
    """Of concurrent POSTs of the same userName one succeeds and the others get 409."""
    answers = await asyncio.gather(*(hr.post("/Users", user("ana")) for _ in range(50)))
    listed = await hr.get("/Users")

    assert [201] + [409] * 49 == sorted(answer.status for answer in answers)
    assert 1 == listed.body["totalResults"]
