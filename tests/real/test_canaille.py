"""An identity provider by other authors pushes what people do at its forms into Muster."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from harness.canaille import Canaille, running
from muster.cli.demo import checks
from muster.cli.demo.applications import Running as Application
from office import Door, Office, serving, until

pytestmark = pytest.mark.real

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
BEING_THEMSELVES = {  # what differs from one run to the next
    "id",
    "meta",
    "schemas",
    "externalId",
}


@pytest.fixture
def office(sqlite_database_url: str, tmp_path: Path) -> Office:
    """A Muster without anything in it."""
    home = tmp_path / "muster"
    home.mkdir()
    return Office(home=home, database_url=sqlite_database_url)


@pytest.fixture
async def door(office: Office) -> AsyncGenerator[Door, None]:
    """Its SCIM endpoint, for an identity provider that was made before RFC 9865."""
    async with serving(office, "canaille", "--accept", "plain-config") as door:
        yield door


@pytest.fixture
async def canaille(door: Door, tmp_path: Path) -> AsyncGenerator[Canaille, None]:
    """A canaille that pushes there; it must have been refused nothing, and nothing of it must be left."""
    async with running(tmp_path / "canaille", pushes_to=door.url, token=door.token) as canaille:
        yield canaille
        assert [] == canaille.complaints()
    with pytest.raises(ProcessLookupError):
        os.killpg(canaille.process.pid, 0)


async def _user(door: Door, user_name: str) -> dict[str, Any]:
    """What Muster has of the user."""
    [found] = [user for user in await door.resources("Users") if user["userName"] == user_name]
    return found


async def _members(door: Door) -> dict[str, list[str]]:
    """The userNames of the members of every group, as Muster has them."""
    names = {user["id"]: user["userName"] for user in await door.resources("Users")}
    return {
        group["displayName"]: sorted(names[member["value"]] for member in group.get("members", []))
        for group in await door.resources("Groups")
    }


GRACE = {
    "userName": "grâce",
    "name": {"formatted": "Grâce Hopper 霍普", "familyName": "Hopper 霍普", "givenName": "Grâce"},
    "displayName": "Amazing Grace",
    "emails": [{"value": "grace@example.com"}, {"value": "ghopper@example.org"}],
    "phoneNumbers": [{"value": "+12025550100"}],
    "addresses": [
        {"streetAddress": "1 Navy Yard", "postalCode": "20374", "locality": "Washington", "region": "DC"}
    ],
    "title": "Rear Admiral",
    "profileUrl": "https://example.com/grace",
    "preferredLanguage": "fr",
    "active": True,
    ENTERPRISE: {"department": "Computing", "organization": "Navy", "employeeNumber": "1906"},
}


async def _add_grace(canaille: Canaille) -> None:
    """Every field of canaille's form for a new account is filled in."""
    await canaille.add_user(
        user_name="grâce",
        given_name="Grâce",
        family_name="Hopper 霍普",
        display_name="Amazing Grace",
        emails=("grace@example.com", "ghopper@example.org"),
        **{"phone_numbers-0": "+12025550100"},
        street="1 Navy Yard",
        postal_code="20374",
        locality="Washington",
        region="DC",
        title="Rear Admiral",
        department="Computing",
        organization="Navy",
        employee_number="1906",
        profile_url="https://example.com/grace",
        preferred_language="fr",
        password1="a-ship-in-port-is-safe",
        password2="a-ship-in-port-is-safe",
    )


async def test_a_life_of_an_account(door: Door, canaille: Canaille, office: Office) -> None:
    """Added, changed, locked, unlocked, deleted at canaille, a user is that in Muster; no hash stays."""
    await _add_grace(canaille)
    added = await _user(door, "grâce")
    await canaille.edit_user("grâce", given_name="Grâce Brewster", title="")
    edited = await _user(door, "grâce")
    await canaille.lock_user("grâce")
    locked = await _user(door, "grâce")
    await canaille.unlock_user("grâce")
    unlocked = await _user(door, "grâce")
    await canaille.delete_user("grâce")
    left = [user["userName"] for user in await door.resources("Users")]
    kept = [file.name for file in office.home.iterdir() if file.is_file() and b"pbkdf2" in file.read_bytes()]

    assert {name: value for name, value in added.items() if name not in BEING_THEMSELVES} == GRACE
    assert (edited["name"]["givenName"], edited.get("title")) == ("Grâce Brewster", None)
    assert [True, False, True] == [user["active"] for user in (edited, locked, unlocked)]
    assert {added["id"]} == {user["id"] for user in (edited, locked, unlocked)}
    assert ["admin"] == left
    assert [] == kept


async def test_a_life_of_a_group(door: Door, canaille: Canaille) -> None:
    """Made, filled, renamed, emptied, deleted at canaille, a group is the same in Muster."""
    seen = []
    for name in ("grace", "jean"):
        await canaille.add_user(user_name=name, family_name=name, emails=(f"{name}@example.com",))
    await canaille.add_group("crew", "Who sails")
    await canaille.put_in_groups("grace", "crew")
    await canaille.put_in_groups("jean", "crew")
    seen.append(await _members(door))
    await canaille.rename_group("crew", "fleet")
    await canaille.put_in_groups("grace")
    seen.append(await _members(door))
    await canaille.delete_user("jean")
    seen.append(await _members(door))
    await canaille.delete_group("fleet")
    seen.append(await _members(door))

    assert [
        {"crew": ["admin", "grace", "jean"]},
        {"fleet": ["admin", "jean"]},
        {"fleet": ["admin"]},
        {},
    ] == seen


async def test_from_a_form_to_an_account(
    office: Office, door: Door, canaille: Canaille, scim2_server: Application
) -> None:
    """Who is added at canaille's form gets an account in an application; who is locked there loses it."""
    await office.grant("chat", scim2_server)

    async def accounts() -> dict[str, bool]:
        return {one.user_name: one.active for one in await checks.scim_accounts(scim2_server)}

    async def has(expected: dict[str, bool]) -> bool:
        return await accounts() == expected

    await canaille.add_user(user_name="grace", family_name="Hopper", emails=("grace@example.com",))
    await until(lambda: has({"admin": True, "grace": True}))
    await canaille.lock_user("grace")
    await until(lambda: has({"admin": True, "grace": False}))

    assert {"admin": True, "grace": False} == await accounts()
