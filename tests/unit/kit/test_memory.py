"""The fake application: its switches, what people do there by hand, and what tests can see."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.kit.contract import EXTERNAL_ID, Cursor, Disables, HoldsMembers, New, Power
from muster.kit.memory import MemoryConnector, MemoryTarget, connect
from muster.model import (
    ACCOUNT,
    GROUP,
    Conflict,
    Gone,
    Invalid,
    Kind,
    OperationId,
    RemoteId,
    Unsupported,
)

OPERATION = OperationId("operation")


@pytest.mark.parametrize(
    ("disables", "holds_members", "powers"),
    [
        (True, True, {Power.DISABLE, Power.MEMBERS}),
        (True, False, {Power.DISABLE}),
        (False, True, {Power.MEMBERS}),
        (False, False, set[Power]()),
    ],
)
def test_switches_take_powers_away(disables: bool, holds_members: bool, powers: set[Power]) -> None:
    """The manifest offered and the connector's protocols are cut to what the switches leave."""
    target = MemoryTarget(disables=disables, holds_members=holds_members)
    connector = connect(target)

    assert powers == target.offered().powers
    assert disables == isinstance(connector, Disables)
    assert holds_members == isinstance(connector, HoldsMembers)


async def test_without_a_place_for_our_id_it_is_neither_kept_nor_found() -> None:
    """A target that keeps no external ids shows none, and a search by it is Unsupported."""
    target = MemoryTarget(external_ids=False)
    connector = connect(target)
    new = New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"})

    assert (await connector.create(new, OPERATION)).external_id is None
    assert not target.offered().kinds[ACCOUNT].external_id
    with pytest.raises(Unsupported):
        await connector.find(ACCOUNT, EXTERNAL_ID, "p1")


async def test_without_versions_nothing_is_stale() -> None:
    """A target without versions shows none and takes writes made from an old look."""
    target = MemoryTarget(versions=False)
    old = target.put(ACCOUNT, {"userName": "ada"})
    target.change(old, {"title": "Countess"})
    await MemoryConnector(target).set_active(old, False, OPERATION)

    assert old.etag is None
    assert not target.accounts[old.id].active


async def test_without_a_way_to_disable_it_is_unsupported() -> None:
    """A connector that tries to take out of use what cannot be gets told so."""
    target = MemoryTarget(disables=False)
    seen = target.put(ACCOUNT, {"userName": "ada"})

    with pytest.raises(Unsupported):
        await MemoryConnector(target).set_active(seen, False, OPERATION)
    assert seen == target.accounts[seen.id]


async def test_every_call_is_counted_and_can_be_held_up() -> None:
    """Calls are counted by name, and the latency hook runs before anything happens."""
    seen: list[tuple[str, int]] = []
    target = MemoryTarget()

    async def latency(call: str) -> None:
        seen.append((call, len(target.accounts)))

    target.latency = latency
    connector = connect(target)
    await connector.create(New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada"}), OPERATION)
    await connector.find(ACCOUNT, "userName", "ADA")

    assert [("create", 0), ("find", 1)] == seen
    assert {"create": 1, "find": 1} == target.calls


async def test_the_target_bounds_pages() -> None:
    """A target gives no more on a page than its limit, whatever is asked for."""
    target = MemoryTarget(limit=2)
    for number in range(5):
        target.put(ACCOUNT, {"userName": f"user{number}"})
    connector = connect(target)
    first = await connector.read(ACCOUNT, None, 100)
    last = await connector.read(ACCOUNT, Cursor("4"), 100)

    assert ["a1", "a2"] == [each.id for each in first.items]
    assert (Cursor("2"), False) == (first.next, first.complete)
    assert ["a5"] == [each.id for each in last.items]
    assert (None, True) == (last.next, last.complete)


async def test_a_strange_cursor_is_refused() -> None:
    """A cursor that was not given by the target is invalid."""
    with pytest.raises(Invalid):
        await connect(MemoryTarget()).read(ACCOUNT, Cursor("page two"), 10)


def test_people_can_change_things_by_hand() -> None:
    """Changes made in the application itself show as new versions and keep what was answered before."""
    target = MemoryTarget()
    seen = target.put(ACCOUNT, {"userName": "ada", "title": "Countess"})
    now = target.change(seen, {"title": None, "tags": ("math",)})

    assert {"userName": "ada", "tags": ("math",)} == now.attributes
    assert {"userName": "ada", "title": "Countess"} == seen.attributes
    assert seen.etag != now.etag
    assert target.accounts[seen.id] == now


def test_a_change_to_the_same_makes_no_new_version() -> None:
    """Writing what is there already changes nothing."""
    target = MemoryTarget()
    seen = target.put(ACCOUNT, {"userName": "ada"})

    assert seen == target.change(seen, {"userName": "ada", "title": None})
    assert seen == target.switch(seen, active=True)


def test_dropping_an_account_ends_its_memberships() -> None:
    """An account that is no more is no member of anything."""
    target = MemoryTarget()
    account = target.put(ACCOUNT, {"userName": "ada"})
    group = target.put(GROUP, {"displayName": "Analysts"})
    target.members[group.id].add(account.id)
    target.drop(ACCOUNT, account.id)
    target.drop(ACCOUNT, account.id)

    assert {group.id: set[RemoteId]()} == target.members
    with pytest.raises(Gone):
        target.object(ACCOUNT, account.id)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"userName": ""},
        {"userName": None},
        {"userName": "ada", "shoe": "42"},
        {"userName": "ada", "level": "three"},
        {"userName": "ada", "level": True},
        {"userName": "ada", "guest": 1},
        {"userName": "ada", "tags": "math"},
    ],
)
def test_what_does_not_fit_the_manifest_is_invalid(attributes: dict[str, str | bool | int | None]) -> None:
    """Missing, unknown and wrongly typed attributes are refused and nothing is made."""
    target = MemoryTarget()

    with pytest.raises(Invalid):
        target.put(ACCOUNT, attributes)
    assert {} == target.accounts


def test_fixed_attributes_cannot_be_changed() -> None:
    """An attribute that is mutable once takes a value at creation only."""
    target = MemoryTarget()
    seen = target.put(ACCOUNT, {"userName": "ada", "locale": "en"})

    with pytest.raises(Invalid):
        target.change(seen, {"locale": "fr"})


def test_unknown_kinds_are_unsupported() -> None:
    """A kind the manifest does not list is not there."""
    kinds = {ACCOUNT: MemoryTarget().manifest.kinds[ACCOUNT]}
    without_groups = MemoryTarget(manifest=replace(MemoryTarget().manifest, kinds=kinds))

    with pytest.raises(Unsupported):
        MemoryTarget().put(Kind("licence"), {})
    with pytest.raises(Unsupported):
        without_groups.objects(GROUP)


NAMES = st.sampled_from(["ada", "ADA", "bob", "Bob", "cy"])
STEPS = st.lists(st.tuples(st.sampled_from(["put", "rename", "drop"]), st.integers(0, 5), NAMES), max_size=40)


@given(STEPS)
def test_a_unique_name_is_found_and_never_held_twice(steps: list[tuple[str, int, str]]) -> None:
    """Whatever is made, renamed and dropped, look-up by index equals a look at everything."""
    target = MemoryTarget()
    for step, which, name in steps:
        objects = list(target.accounts.values())
        each = objects[which % len(objects)] if objects else None
        try:
            if step == "put" or each is None:
                target.put(ACCOUNT, {"userName": name}, external_id=f"p{which}")
            elif step == "rename":
                target.change(each, {"userName": name})
            else:
                target.drop(ACCOUNT, each.id)
        except Conflict:
            assert target.holding(ACCOUNT, "userName", name)

    held = [str(each.attributes["userName"]).casefold() for each in target.accounts.values()]

    assert len(held) == len(set(held))
    for name in ("ada", "bob", "cy"):
        assert held.count(name) == len(target.holding(ACCOUNT, "userName", name.upper()))
    for number in range(6):
        expected = [each for each in target.accounts.values() if each.external_id == f"p{number}"]
        assert expected == target.holding(ACCOUNT, EXTERNAL_ID, f"p{number}")
