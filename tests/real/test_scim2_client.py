"""A SCIM client by other authors, scim2-client, which checks every answer of Muster's against the schemas."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import pytest
from httpx2 import AsyncClient
from scim2_client.engines.httpx2 import AsyncSCIMClient
from scim2_models import (
    BulkOperation,
    BulkRequest,
    InvalidFilterException,
    ListResponse,
    NotFoundException,
    PatchOp,
    PatchOperation,
    PreconditionFailedException,
    Resource,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)

from office import Door

pytestmark = pytest.mark.real

ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GRACE: Final = {
    "userName": "grace",
    "externalId": "N-1906",
    "name": {"givenName": "Grace", "familyName": "Hopper"},
    "emails": [
        {"value": "grace@example.com", "type": "work", "primary": True},
        {"value": "grace@example.org", "type": "home"},
    ],
    ENTERPRISE: {"department": "Computing", "employeeNumber": "1906"},
}


@pytest.fixture
async def scim(door: Door) -> AsyncGenerator[AsyncSCIMClient, None]:
    """The client, which has found out by itself what Muster offers."""
    headers = {"Authorization": f"Bearer {door.token}"}
    async with AsyncClient(base_url=door.url, headers=headers) as http:
        client = AsyncSCIMClient(http)
        await client.discover()
        yield client


def _model(scim: AsyncSCIMClient, name: str) -> Any:  # noqa: ANN401 - a class made from Muster's schema
    return scim.get_resource_model(name)


def _user(scim: AsyncSCIMClient, **values: object) -> Any:  # noqa: ANN401 - of that class
    return _model(scim, "User").model_validate(values)


async def _names(scim: AsyncSCIMClient, filter: str) -> list[str]:
    """The userNames of who is found by the filter."""
    found = await scim.query(_model(scim, "User"), query_parameters=SearchRequest(filter=filter))
    assert isinstance(found, ListResponse)
    return sorted(user.user_name for user in found.resources or [])


def _change(model: Any, *operations: PatchOperation) -> PatchOp[Resource[Any]]:  # noqa: ANN401 - a class
    return PatchOp[model](operations=list(operations))


async def test_what_it_discovers(scim: AsyncSCIMClient) -> None:
    """From the discovery documents the client learns both resource types, the extension and the powers."""
    types = {found.id: found for found in scim.provider.resource_types}
    config = scim.provider.config

    assert {"User", "Group"} == types.keys()
    assert [ENTERPRISE] == [one.schema_ for one in types["User"].schema_extensions]
    assert (True, True, True) == (config.patch.supported, config.filter.supported, config.etag.supported)


async def test_a_life_of_a_user(scim: AsyncSCIMClient) -> None:
    """Created, read, replaced, changed and deleted, a user is each time what the client meant."""
    model = _model(scim, "User")
    created = await scim.create(_user(scim, **GRACE))
    read = await scim.query(model, created.id)
    read.name.given_name, read.emails = "Grace Brewster", read.emails[:1]
    replaced = await scim.replace(read)
    changed = await scim.modify(
        model,
        created.id,
        _change(
            model,
            PatchOperation(op="replace", path='emails[type eq "work"].value', value="hopper@example.com"),
            PatchOperation(op="add", path=f"{ENTERPRISE}:costCenter", value="4130"),
            PatchOperation(op="remove", path="externalId"),
        ),
    )
    again = await scim.query(model, created.id)
    await scim.delete(model, created.id)
    with pytest.raises(NotFoundException):
        await scim.query(model, created.id)

    assert created.meta.location.endswith(f"/Users/{created.id}")
    assert ("Grace Brewster", 1) == (replaced.name.given_name, len(replaced.emails))
    assert ["hopper@example.com"] == [mail.value for mail in changed.emails]
    assert again == changed
    assert again.external_id is None
    assert {"department": "Computing", "employeeNumber": "1906", "costCenter": "4130"} == (
        again.model_dump()[ENTERPRISE]
    )


async def test_it_finds_by_filter(scim: AsyncSCIMClient) -> None:
    """Whom the client asks for by a filter is found, in the grammar of RFC 7644 §3.4.2.2."""
    for name, title in (("grace", "Rear Admiral"), ("jean", "Programmer"), ("kay", "Programmer")):
        await scim.create(_user(scim, **{**GRACE, "userName": name, "externalId": name, "title": title}))
    with pytest.raises(InvalidFilterException):
        await scim.query(_model(scim, "User"), query_parameters={"filter": "userName eq"})

    assert ["grace"] == await _names(scim, 'userName eq "GRACE"')
    assert ["jean", "kay"] == await _names(scim, 'title eq "programmer"')
    assert ["kay"] == await _names(scim, 'title sw "Prog" and not (userName co "ea")')
    assert ["grace", "jean", "kay"] == await _names(scim, 'emails[type eq "work" and value ew ".com"]')
    assert [] == await _names(scim, f'{ENTERPRISE}:department ne "Computing"')


async def test_it_turns_pages_by_index_and_by_cursor(scim: AsyncSCIMClient) -> None:
    """Either way everybody is seen once, in the order that was asked for, and only what was asked for."""
    model = _model(scim, "User")
    for number in (3, 0, 6, 1, 5, 2, 4):
        await scim.create(_user(scim, userName=f"user-{number}", title="Sailor"))
    asked = {"count": 3, "attributes": ["userName"], "sort_by": "userName", "sort_order": "descending"}
    by_index: list[Any] = []
    for start in (1, 4, 7):
        page = await scim.query(model, query_parameters=SearchRequest(start_index=start, **asked))
        assert (7, start) == (page.total_results, page.start_index)
        by_index.extend(page.resources)
    by_cursor: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await scim.query(model, query_parameters=SearchRequest(cursor=cursor, **asked))
        by_cursor.extend(page.resources)
        cursor = page.next_cursor

    assert [f"user-{number}" for number in range(6, -1, -1)] == [user.user_name for user in by_index]
    assert by_index == by_cursor
    assert {None} == {user.title for user in by_index}


async def test_it_searches_by_message(scim: AsyncSCIMClient) -> None:
    """A search of one type, and one of all at once, find what a query would, and as they were asked to."""
    group = _model(scim, "Group")
    await scim.create(_user(scim, userName="grace", displayName="Amazing Grace"))
    await scim.create(_user(scim, userName="jean"))
    await scim.create(group(display_name="Grace's crew"))
    named = SearchRequest(filter='displayName co "grace"', attributes=["displayName"])
    users = await scim.search(_model(scim, "User"), search_request=named)
    everything = await scim.search(search_request=named)
    none = await scim.search(_model(scim, "User"), search_request=SearchRequest(count=0))

    assert ["Amazing Grace"] == [found.display_name for found in users.resources]
    assert {"Amazing Grace", "Grace's crew"} == {found.display_name for found in everything.resources}
    assert {"User", "Group"} == {type(found).__name__.partition("[")[0] for found in everything.resources}
    assert (2, []) == (none.total_results, none.resources or [])


async def test_a_group_has_members_and_they_have_the_group(scim: AsyncSCIMClient) -> None:
    """Members join and go by PATCH; each user shows the groups they are in."""
    user, group = _model(scim, "User"), _model(scim, "Group")
    grace = await scim.create(_user(scim, userName="grace"))
    jean = await scim.create(_user(scim, userName="jean"))
    crew = await scim.create(group(display_name="crew", members=[group.Members(value=grace.id)]))
    joined = await scim.modify(
        group,
        crew.id,
        _change(group, PatchOperation(op="add", path="members", value=[group.Members(value=jean.id)])),
    )
    went = await scim.modify(
        group, crew.id, _change(group, PatchOperation(op="remove", path=f'members[value eq "{grace.id}"]'))
    )
    small = await scim.query(group, crew.id, ResponseParameters(excluded_attributes=["members"]))

    assert {grace.id, jean.id} == {member.value for member in joined.members}
    assert [jean.id] == [member.value for member in went.members]
    assert (None, "crew") == (small.members, small.display_name)
    assert (await scim.query(user, grace.id)).groups is None
    assert [(crew.id, "crew")] == [
        (one.value, one.display) for one in (await scim.query(user, jean.id)).groups
    ]


async def test_a_group_in_a_group(scim: AsyncSCIMClient) -> None:
    """Whoever is in a group that is in another is in that one, too, but not directly."""
    user, group = _model(scim, "User"), _model(scim, "Group")
    grace = await scim.create(_user(scim, userName="grace"))
    crew = await scim.create(group(display_name="crew", members=[group.Members(value=grace.id)]))
    fleet = await scim.create(
        group(display_name="fleet", members=[group.Members(value=crew.id, type="Group")])
    )
    held = (await scim.query(user, grace.id)).groups

    assert [(crew.id, "Group")] == [(member.value, member.type) for member in fleet.members]
    assert {("crew", "direct"), ("fleet", "indirect")} == {(one.display, one.type) for one in held}


async def test_it_is_told_of_a_conflict(scim: AsyncSCIMClient) -> None:
    """A taken name is ``uniqueness``; a resource that moved on since it was read is a failed condition."""
    created = await scim.create(_user(scim, userName="grace"))
    with pytest.raises(UniquenessException):
        await scim.create(_user(scim, userName="Grace"))
    read = await scim.query(created)
    await scim.replace(created.model_copy(update={"title": "Rear Admiral"}))
    with pytest.raises(PreconditionFailedException):
        await scim.replace(read)

    assert read is created  # answered with 304


async def test_many_changes_in_one_request(scim: AsyncSCIMClient) -> None:
    """A bulk request makes a group before its members, refuses what is wrong, and says so one by one."""
    user, group = _model(scim, "User"), _model(scim, "Group")
    crew = group(display_name="crew", members=[group.Members(value="bulkId:grace", type="User")])
    done = await scim.bulk(
        BulkRequest[user | group](
            operations=[
                BulkOperation[group](method="POST", path="/Groups", bulk_id="crew", data=crew),
                BulkOperation[user](method="POST", path="/Users", bulk_id="grace", data=_user(scim, **GRACE)),
                BulkOperation[user](method="POST", path="/Users", bulk_id="again", data=_user(scim, **GRACE)),
            ]
        )
    )
    [grace] = (await scim.query(user)).resources
    [made] = (await scim.query(group)).resources

    assert [201, 201, 409] == [operation.status for operation in done.operations]
    assert "uniqueness" == done.operations[2].response.scim_type
    assert [grace.id] == [member.value for member in made.members]
    assert done.operations[0].location == made.meta.location
