import json

import pytest

from fakes.http import Script, Wire
from fakes.scim import PAGE, FakeScim
from muster.connectors.scim import ScimConnector
from muster.kit.contract import Delta, New
from muster.model import (
    ACCOUNT,
    GROUP,
    Attributes,
    Changed,
    Conflict,
    Gone,
    Invalid,
    OperationId,
    OutcomeUnknown,
    RemoteId,
    RemoteObject,
    Unsupported,
)

EMAIL = 'emails[type eq "work"].value'
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
OPERATION = OperationId("o1")
ADA = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada", "title": "Countess"})


def says(status: int, body: object = None, **headers: str) -> Script:
    """Give a script that answers so; bytes go out as they are."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(wire: Wire) -> None:
        await wire.answer(status, data, **headers)

    return script


async def seen(connector: ScimConnector, fake: FakeScim, **attributes: object) -> RemoteObject:
    """Give a look at an account that holds this."""
    return await connector.get(ACCOUNT, RemoteId(fake.put(**{"userName": "ada", **attributes})))


async def update(connector: ScimConnector, look: RemoteObject, changes: Attributes) -> RemoteObject:
    """Give what an update answers."""
    return await connector.update(look, Delta(set=changes), OPERATION)


async def test_create_sends_all_and_gives_what_is_there(fake: FakeScim, connector: ScimConnector) -> None:
    """An account is created in use, with our id and its attributes in their places."""
    new = New(
        kind=ACCOUNT, external_id="p1", attributes={"userName": "ada", EMAIL: "a@b.org", DEPARTMENT: "R"}
    )

    made = await connector.create(new, OPERATION)

    stored = fake.store["Users"][made.id]
    assert ("p1", True) == (stored["externalId"], stored["active"])
    assert [{"type": "work", "value": "a@b.org", "primary": True}] == stored["emails"]
    assert new.attributes == made.attributes
    assert ("p1", True) == (made.external_id, made.active)


@pytest.mark.parametrize("name", [None, ""])
async def test_a_missing_name_is_invalid(fake: FakeScim, connector: ScimConnector, name: str | None) -> None:
    """An account without a userName is not sent, and an account is not robbed of its own."""
    look = await seen(connector, fake)

    with pytest.raises(Invalid):
        await update(connector, look, {"userName": name})
    with pytest.raises(Invalid):
        await connector.create(
            New(kind=ACCOUNT, external_id="p1", attributes={"title": "T", "userName": name}), OPERATION
        )
    assert {"GET"} == set(fake.methods)


async def test_a_group_is_created_without_accounts_attributes(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """A group has no notion of being in use."""
    made = await connector.create(
        New(kind=GROUP, external_id="g1", attributes={"displayName": "Design"}), OPERATION
    )

    assert made.active is None
    assert "active" not in fake.store["Groups"][made.id]


async def test_a_taken_name_is_a_conflict(fake: FakeScim, connector: ScimConnector) -> None:
    """SCIM's uniqueness error is a Conflict, under its own status and under the wrong one some give it."""
    fake.put(userName="ADA")
    with pytest.raises(Conflict):
        await connector.create(ADA, OPERATION)
    fake.instead["POST /Users"] = says(400, {"scimType": "uniqueness", "detail": "taken"})
    with pytest.raises(Conflict, match="taken"):
        await connector.create(ADA, OPERATION)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"userName": "ada", "externalId": "p1"}, id="no id"),
        pytest.param({"id": "", "userName": "ada"}, id="empty id"),
        pytest.param({"id": "9", "userName": "ada", "externalId": "p2"}, id="another person's id"),
        pytest.param({"id": "9", "userName": "eve"}, id="another person's name"),
        pytest.param(["ada"], id="no object"),
        pytest.param(b"<html>Welcome</html>", id="a web page"),
    ],
)
async def test_an_answer_about_somebody_else_proves_nothing(
    fake: FakeScim, connector: ScimConnector, body: object
) -> None:
    """What does not show our object leaves open whether it was created; it is never linked."""
    fake.instead["POST /Users"] = says(201, body)

    with pytest.raises(OutcomeUnknown):
        await connector.create(ADA, OPERATION)


async def test_a_normalised_name_is_still_ours(fake: FakeScim, connector: ScimConnector) -> None:
    """An application may show a name in other letter case, and no externalId at all."""
    fake.instead["POST /Users"] = says(200, {"id": "9", "userName": "ADA"})

    assert "9" == (await connector.create(ADA, OPERATION)).id


async def test_an_empty_answer_is_looked_up(fake: FakeScim, connector: ScimConnector) -> None:
    """When only the Location tells where the object is, it is read from there and checked."""
    mine, other = fake.put(userName="ada", externalId="p1"), fake.put(userName="eve", externalId="p2")
    fake.instead["POST /Users"] = says(201, Location=f"https://app.example.org/scim/Users/{mine}")
    assert mine == (await connector.create(ADA, OPERATION)).id

    for location in (f"/Users/{other}", "/Users/404", "", "/", "/Users/.."):
        fake.instead["POST /Users"] = says(201, Location=location)
        with pytest.raises(OutcomeUnknown):
            await connector.create(ADA, OPERATION)


@pytest.mark.parametrize("patching", ["answers", "silent"])
async def test_an_update_is_one_small_patch(fake: FakeScim, connector: ScimConnector, patching: str) -> None:
    """One PATCH sets, replaces and clears, and keeps the rest, whether the answer shows it or not."""
    fake.patching = patching
    look = await seen(
        connector, fake, title="T", nickName="N", emails=[{"type": "work", "value": "old"}, {"value": "x"}]
    )

    result = await update(connector, look, {EMAIL: "new", "title": None, DEPARTMENT: "R", "displayName": "A"})

    stored = fake.store["Users"][look.id]
    assert [{"type": "work", "value": "new"}, {"value": "x"}] == stored["emails"]
    assert "title" not in stored
    expected = {"userName": "ada", "nickName": "N", EMAIL: "new", DEPARTMENT: "R", "displayName": "A"}
    assert expected == result.attributes == (await connector.get(ACCOUNT, look.id)).attributes
    assert 1 == len(fake.sent("PATCH"))
    assert 4 == len(fake.sent("PATCH")[0]["Operations"])


async def test_a_first_work_address_is_added(fake: FakeScim, connector: ScimConnector) -> None:
    """Where there is no work address yet, a strict application gets one, and keeps the others."""
    look = await seen(connector, fake, emails=[{"type": "home", "value": "h"}])

    result = await update(connector, look, {EMAIL: "w"})

    assert "w" == result.attributes[EMAIL]
    expected = [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}]
    assert expected == fake.store["Users"][look.id]["emails"]


async def test_a_work_address_that_vanished_is_added(fake: FakeScim, connector: ScimConnector) -> None:
    """When the address we saw is not there any more (noTarget), it ends as exactly one again."""
    look = await seen(connector, fake, emails=[{"type": "work", "value": "old"}])
    fake.store["Users"][look.id]["emails"] = []

    await update(connector, look, {EMAIL: "new"})

    assert [{"type": "work", "value": "new"}] == fake.store["Users"][look.id]["emails"]
    assert ["GET", "PATCH", "PATCH"] == fake.methods


async def test_clearing_what_vanished_is_done(fake: FakeScim, connector: ScimConnector) -> None:
    """An address to be cleared that is not there any more is cleared."""
    look = await seen(connector, fake, emails=[{"type": "work", "value": "old"}])
    fake.store["Users"][look.id]["emails"] = []

    result = await update(connector, look, {EMAIL: None})

    assert EMAIL not in result.attributes


async def test_an_application_that_forgets_types_keeps_one_address(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """Where addresses have no types, the one there is stands for the work address and is replaced."""
    fake.remembers_types = False
    fake.patch_only = frozenset({"userName"})
    look = await seen(connector, fake, emails=[{"value": "old", "primary": True}])
    assert "old" == look.attributes[EMAIL]

    result = await update(connector, look, {EMAIL: "new"})

    assert "new" == result.attributes[EMAIL]
    assert [{"value": "new", "primary": True}] == fake.store["Users"][look.id]["emails"]


@pytest.mark.parametrize("patching", ["none", "unrouted"])
async def test_without_patch_the_object_is_replaced(
    fake: FakeScim, connector: ScimConnector, patching: str
) -> None:
    """An application that does not know PATCH gets the whole object, and is not asked again."""
    fake.patching, fake.configuration = patching, None
    look = await seen(connector, fake, title="T", password="x", urn={"a": 1}, emails=[{"value": ""}])

    result = await update(connector, look, {"title": None, DEPARTMENT: "R"})
    result = await update(connector, result, {"title": "T2"})

    assert {"userName": "ada", "title": "T2", DEPARTMENT: "R"} == result.attributes
    assert {"a": 1} == fake.store["Users"][look.id]["urn"]
    assert ["GET", "PATCH", "GET", "PUT", "GET", "PUT"] == fake.methods


async def test_a_declared_lack_of_patch_is_believed(fake: FakeScim, connector: ScimConnector) -> None:
    """Where the configuration says that there is no PATCH, none is tried."""
    fake.configuration = {"patch": {"supported": False}}
    look = await seen(connector, fake)

    await connector.set_active(look, False, OPERATION)

    assert False is fake.store["Users"][look.id]["active"]
    assert ["GET", "GET", "PUT"] == fake.methods


async def test_attributes_patch_does_not_take_are_remembered(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """What is answered 501 goes by PUT from then on; the others still go by PATCH."""
    fake.patch_only = frozenset({"userName", "active"})
    look = await seen(connector, fake)
    look = await update(connector, look, {"userName": "ada2"})
    look = await update(connector, look, {"title": "T"})
    look = await update(connector, look, {"title": "T2"})
    look = await connector.set_active(look, False, OPERATION)

    assert ("T2", "ada2", False) == (look.attributes["title"], look.attributes["userName"], look.active)
    assert ["GET", "PATCH", "PATCH", "GET", "PUT", "GET", "PUT", "PATCH"] == fake.methods


async def test_one_refused_attribute_does_not_condemn_the_others(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """What PATCH took before goes by PATCH again, also after it was refused together with something else."""
    fake.patch_only = frozenset({"userName"})
    look = await seen(connector, fake)
    look = await update(connector, look, {"userName": "ada2"})
    look = await update(connector, look, {"userName": "ada3", "title": "T"})
    look = await update(connector, look, {"userName": "ada4"})

    assert {"userName": "ada4", "title": "T"} == look.attributes
    assert ["GET", "PATCH", "PATCH", "GET", "PUT", "PATCH"] == fake.methods


async def test_neither_patch_nor_put_is_unsupported(fake: FakeScim, connector: ScimConnector) -> None:
    """When PUT is answered with a web page too, the application cannot change accounts; nobody is gone."""
    fake.patching, fake.replacing = "none", False
    look = await seen(connector, fake)

    with pytest.raises(Unsupported):
        await update(connector, look, {"title": "T"})


@pytest.mark.parametrize("patching", ["answers", "none"])
async def test_a_cleared_address_leaves_no_shell(
    fake: FakeScim, connector: ScimConnector, patching: str
) -> None:
    """A work address that is cleared goes as a whole: nothing with a type and without a value is left."""
    fake.patching = patching
    emails = [{"type": "work", "value": "w", "primary": True, "display": "W"}, {"type": "home", "value": "h"}]
    look = await seen(connector, fake, emails=emails)

    await update(connector, look, {EMAIL: None})

    assert [{"type": "home", "value": "h"}] == fake.store["Users"][look.id]["emails"]


async def test_a_replacement_leaves_out_what_only_the_application_writes(
    fake: FakeScim, connector: ScimConnector
) -> None:
    """Groups and meta are the application's own (RFC 7643 §3.1, §4.1.2), so they are not sent back."""
    fake.patching = "none"
    look = await seen(connector, fake, groups=[{"value": "g"}], meta={"location": "x"}, title="T")

    await update(connector, look, {"title": "T2"})

    assert {"id", "userName", "title"} == set(fake.sent("PUT")[0])


async def test_an_update_of_nobody_is_gone(fake: FakeScim, connector: ScimConnector) -> None:
    """SCIM's own 404 to a PATCH is believed at once."""
    look = await seen(connector, fake)
    del fake.store["Users"][look.id]

    with pytest.raises(Gone):
        await update(connector, look, {"title": "T"})
    assert ["GET", "PATCH"] == fake.methods


async def test_a_bare_404_to_a_patch_of_nobody_is_gone(fake: FakeScim, connector: ScimConnector) -> None:
    """A 404 that says nothing to a PATCH is about the object when that is gone, and PATCH is not given up."""
    fake.bare_404 = True
    look, other = await seen(connector, fake), await seen(connector, fake, userName="eve")
    del fake.store["Users"][look.id]

    with pytest.raises(Gone):
        await update(connector, look, {"title": "T"})
    await update(connector, other, {"title": "T"})
    assert "PUT" not in fake.methods


@pytest.mark.parametrize("configuration", [None, {"patch": {"supported": False}}])
async def test_a_stale_look_is_changed(
    fake: FakeScim, connector: ScimConnector, configuration: dict[str, object] | None
) -> None:
    """Where the application has versions, a change from an old look is refused, by PATCH and by PUT."""
    fake.versions = True
    fake.configuration = configuration
    look = await seen(connector, fake)
    newer = await update(connector, look, {"title": "T"})

    assert newer.etag != look.etag
    with pytest.raises(Changed):
        await update(connector, look, {"title": "T2"})
    assert "T" == fake.store["Users"][look.id]["title"]


async def test_a_silent_patch_tells_its_version(fake: FakeScim, connector: ScimConnector) -> None:
    """After 204 the version in the header is the one the next change starts from."""
    fake.versions, fake.patching = True, "silent"
    look = await seen(connector, fake)
    for title in ("T1", "T2"):
        look = await update(connector, look, {"title": title})

    assert "T2" == fake.store["Users"][look.id]["title"]


async def test_no_version_is_made_up(fake: FakeScim, connector: ScimConnector) -> None:
    """Where the application shows no version, no condition is sent."""
    look = await seen(connector, fake)
    await update(connector, look, {"title": "T"})

    assert look.etag is None
    assert not any("if-match" in each.headers for each in fake.http.seen)


async def test_what_did_not_take_is_shown(fake: FakeScim, connector: ScimConnector) -> None:
    """The answer decides, not the wish: a value the application dropped is not in the result."""
    look = await seen(connector, fake, title="old")
    fake.instead[f"PATCH /Users/{look.id}"] = says(200, {"id": look.id, "userName": "ada", "title": "old"})

    assert "old" == (await update(connector, look, {"title": "new"})).attributes["title"]


@pytest.mark.parametrize("body", [{"id": "9", "userName": "eve"}, {"userName": "ada"}, []])
async def test_an_update_answered_with_somebody_else_proves_nothing(
    fake: FakeScim, connector: ScimConnector, body: object
) -> None:
    """An answer about another account leaves open what happened to ours."""
    look = await seen(connector, fake)
    fake.instead[f"PATCH /Users/{look.id}"] = says(200, body)

    with pytest.raises(OutcomeUnknown):
        await update(connector, look, {"title": "T"})


async def test_bad_data_is_invalid_and_not_sent_again(fake: FakeScim, connector: ScimConnector) -> None:
    """A value that is refused is refused: no other form of the same write is tried."""
    look = await seen(connector, fake)
    fake.instead[f"PATCH /Users/{look.id}"] = says(400, {"scimType": "invalidValue", "detail": "too long"})

    with pytest.raises(Invalid, match="too long"):
        await update(connector, look, {"title": "T"})
    assert ["GET", "PATCH"] == fake.methods


async def test_renaming_to_a_taken_name_is_a_conflict(fake: FakeScim, connector: ScimConnector) -> None:
    """A PATCH that meets a taken name is a Conflict, whichever status it has."""
    look = await seen(connector, fake)
    for status in (400, 409):
        fake.instead[f"PATCH /Users/{look.id}"] = says(status, {"scimType": "uniqueness"})
        with pytest.raises(Conflict):
            await update(connector, look, {"userName": "eve"})


async def test_an_update_of_nothing_is_a_look(fake: FakeScim, connector: ScimConnector) -> None:
    """Without changes, or with nothing to clear, nothing is written."""
    look = await seen(connector, fake)

    assert look == await update(connector, look, {})
    assert look == await update(connector, look, {"title": None})
    assert {"GET"} == set(fake.methods)


@pytest.mark.parametrize("patching", ["answers", "silent", "none"])
async def test_an_account_goes_out_of_use_and_comes_back(
    fake: FakeScim, connector: ScimConnector, patching: str
) -> None:
    """Whatever the way of writing, being in use is all that changes, and the answer tells it."""
    fake.patching = patching
    look = await seen(connector, fake, title="T")
    for active in (False, True):
        look = await connector.set_active(look, active, OPERATION)

        assert active is look.active
        assert active is fake.store["Users"][look.id]["active"]
        assert {"userName": "ada", "title": "T"} == look.attributes


async def test_an_answer_that_hides_the_use_is_looked_up(fake: FakeScim, connector: ScimConnector) -> None:
    """Where the answer does not say whether the account is in use, it is not taken for done."""
    look = await seen(connector, fake)
    fake.instead[f"PATCH /Users/{look.id}"] = says(200, {"id": look.id, "userName": "ada"})
    assert (await connector.set_active(look, False, OPERATION)).active is True

    fake.store["Users"][look.id]["active"] = False
    assert (await connector.set_active(look, False, OPERATION)).active is False


async def test_delete_twice_is_success(fake: FakeScim, connector: ScimConnector) -> None:
    """What is gone already is deleted, whether 404 is said in SCIM's words or in none."""
    look, other = await seen(connector, fake), await seen(connector, fake, userName="eve")
    for bare in (False, True, True):
        fake.bare_404 = bare
        await connector.delete(look, OPERATION)

    assert [other.id] == list(fake.store["Users"])


async def test_an_unrouted_delete_is_unsupported(fake: FakeScim, connector: ScimConnector) -> None:
    """A web page with 404 where the account still answers means that there is no deleting."""
    look = await seen(connector, fake)
    fake.instead[f"DELETE /Users/{look.id}"] = says(404, PAGE)

    with pytest.raises(Unsupported):
        await connector.delete(look, OPERATION)


async def test_a_lost_delete_is_unknown(fake: FakeScim, connector: ScimConnector) -> None:
    """A deletion answered by a gateway's error may have happened."""
    look = await seen(connector, fake)
    fake.instead[f"DELETE /Users/{look.id}"] = says(502)

    with pytest.raises(OutcomeUnknown):
        await connector.delete(look, OPERATION)
