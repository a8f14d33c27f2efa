import pytest

from fakes.http import Wire
from fakes.scim import FakeScim
from muster.connectors.scim import ScimConnector
from muster.kit.contract import Members
from muster.model import GROUP, Conflict, Gone, Invalid, OperationId, RemoteId, RemoteObject, Unsupported


def ids(*members: str) -> frozenset[RemoteId]:
    """Give ids of accounts."""
    return frozenset(map(RemoteId, members))


async def group(connector: ScimConnector, fake: FakeScim, *members: str) -> RemoteObject:
    """Give a look at a group with these members."""
    held = [{"value": each, "display": f"Member {each}"} for each in members]
    return await connector.get(GROUP, RemoteId(fake.put("Groups", displayName="Design", members=held)))


def held(fake: FakeScim, look: RemoteObject) -> list[str]:
    """Give the members the application holds."""
    return sorted(each["value"] for each in fake.store["Groups"][look.id].get("members", []))


async def change(connector: ScimConnector, look: RemoteObject, add: str = "", remove: str = "") -> None:
    """Make a change of members, named by single letters."""
    await connector.change_members(look, Members(add=ids(*add), remove=ids(*remove)), OperationId("o1"))


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({}, id="the RFC's forms"),
        pytest.param({"patching": "silent"}, id="204"),
        pytest.param({"removing": "value"}, id="removal by value"),
        pytest.param({"patching": "none"}, id="no PATCH"),
        pytest.param({"patching": "unrouted"}, id="PATCH not routed"),
        pytest.param({"configuration": None}, id="no configuration"),
    ],
)
async def test_members_come_and_go_in_every_dialect(
    fake: FakeScim, connector: ScimConnector, switches: dict[str, object]
) -> None:
    """Adding and removing end in the same members, in whatever form and however often."""
    look = await group(connector, fake, "a", "b", "c")
    for name, value in switches.items():
        setattr(fake, name, value)
    for _ in range(3):
        await change(connector, look, add="de", remove="bx")

    assert ["a", "c", "d", "e"] == held(fake, look)
    members, after = await connector.members(look, None)
    assert (["a", "c", "d", "e"], None) == (sorted(members), after)
    assert "Design" == fake.store["Groups"][look.id]["displayName"]


async def test_the_last_member_leaves(fake: FakeScim, connector: ScimConnector) -> None:
    """A group may be emptied; where it is replaced, the empty list is said and not left out."""
    fake.patching = "none"
    look = await group(connector, fake, "a")

    await change(connector, look, remove="a")

    assert [] == fake.sent("PUT")[0]["members"]
    assert [] == held(fake, look)


async def test_large_changes_go_in_pieces(fake: FakeScim, connector: ScimConnector) -> None:
    """No call carries more members than the manifest allows, and all of them arrive."""
    look = await group(connector, fake)
    many = ids(*(f"u{number:03}" for number in range(250)))

    await connector.change_members(look, Members(add=many), OperationId("o1"))
    await connector.change_members(look, Members(remove=many), OperationId("o2"))

    sizes = [sum(len(each.get("value", [0])) for each in body["Operations"]) for body in fake.sent("PATCH")]
    assert [100, 100, 50] * 2 == sizes
    assert [] == held(fake, look)


async def test_the_form_that_worked_is_remembered(fake: FakeScim, connector: ScimConnector) -> None:
    """The removal an application refuses is not tried on it again."""
    fake.removing = "value"
    look = await group(connector, fake, "a", "b", "c")
    await change(connector, look, remove="a")
    calls = len(fake.http.seen)
    await change(connector, look, remove="b")

    assert ["c"] == held(fake, look)
    assert calls + 1 == len(fake.http.seen)


async def test_a_group_that_was_emptied_is_filled_again(fake: FakeScim, connector: ScimConnector) -> None:
    """An application that takes "remove these" for "remove all" gets the others back."""
    fake.removing = "empties"
    look = await group(connector, fake, "a", "b", "c")

    with pytest.raises(Unsupported):
        await change(connector, look, remove="a")

    assert ["b", "c"] == held(fake, look)


async def test_a_member_who_is_there_already_is_no_conflict(fake: FakeScim, connector: ScimConnector) -> None:
    """Where adding somebody twice is answered 409, only those who are missing are added."""
    look = await group(connector, fake, "a")
    asked: list[bytes] = []

    async def refuse(wire: Wire) -> None:
        asked.append(wire.request.body)
        if b'"a"' in wire.request.body:
            await wire.answer(409, b'{"detail": "already a member"}')
        else:
            del fake.instead[f"PATCH /Groups/{look.id}"]
            await fake.script(wire)

    fake.instead[f"PATCH /Groups/{look.id}"] = refuse
    await change(connector, look, add="ab")
    assert ["a", "b"] == held(fake, look)

    fake.instead[f"PATCH /Groups/{look.id}"] = refuse
    await change(connector, look, add="a")
    assert ["a", "b"] == held(fake, look)


async def test_a_conflict_that_stays_is_told(fake: FakeScim, connector: ScimConnector) -> None:
    """A 409 about somebody who is no member yet is not taken for success."""
    look = await group(connector, fake)

    async def refuse(wire: Wire) -> None:
        await wire.answer(409, b'{"detail": "full"}')

    fake.instead[f"PATCH /Groups/{look.id}"] = refuse
    with pytest.raises(Conflict, match="full"):
        await change(connector, look, add="a")


async def test_an_unknown_member_is_invalid(fake: FakeScim, connector: ScimConnector) -> None:
    """A refused member parks the change; no other form of the write is tried."""
    look = await group(connector, fake)

    async def refuse(wire: Wire) -> None:
        await wire.answer(400, b'{"detail": "no such user"}')

    fake.instead[f"PATCH /Groups/{look.id}"] = refuse
    with pytest.raises(Invalid, match="no such user"):
        await change(connector, look, add="a")
    assert ["GET", "PATCH"] == fake.methods


async def test_a_group_that_keeps_its_members_is_told(fake: FakeScim, connector: ScimConnector) -> None:
    """An application that replaces the group but not its members cannot change them; that is no success."""
    fake.patching, fake.keeps_members = "none", True
    look = await group(connector, fake, "a")

    with pytest.raises(Unsupported):
        await change(connector, look, add="b")


async def test_members_of_no_group_are_gone(fake: FakeScim, connector: ScimConnector) -> None:
    """A group that is no more has no members to read or to change."""
    look = await group(connector, fake, "a")
    del fake.store["Groups"][look.id]

    with pytest.raises(Gone):
        await change(connector, look, add="b")
    with pytest.raises(Gone):
        await connector.members(look, None)


async def test_a_change_of_nobody_calls_nobody(fake: FakeScim, connector: ScimConnector) -> None:
    """Without members to add or to remove nothing is sent."""
    look = await group(connector, fake, "a")
    calls = len(fake.http.seen)
    await change(connector, look)

    assert calls == len(fake.http.seen)
