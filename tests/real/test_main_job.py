"""The main job, with real processes and real applications: one account for each hire, none for a leaver.

Whatever is killed in between. What the application holds is asked over its own API.
"""

import csv
import signal
from pathlib import Path
from typing import Final

import asyncpg

from muster.cli.demo import checks
from muster.cli.demo.applications import Running as Application
from office import PATCH, USER, Office, speaking, until

PEOPLE: Final = Path(__file__).parents[2] / "examples" / "acme" / "people.csv"
ROWS: Final = csv.DictReader(PEOPLE.read_text(encoding="utf-8").splitlines())
HIRED: Final = sorted(row["userName"] for row in ROWS)
SOME: Final = 30  # accounts that are there when Muster is killed


async def names(application: Application, *, active: bool | None = None) -> list[str]:
    """The userName of every account, one each, as the application itself tells."""
    seen = await checks.scim_accounts(application)
    return sorted(one.user_name for one in seen if active is None or one.active is active)


async def count(application: Application) -> int:
    """How many accounts the application says it has."""
    async with (
        speaking(application.token.reveal()) as session,
        session.get(f"{application.url}/Users", params={"count": "1"}) as answer,
    ):
        total: int = (await answer.json(content_type=None))["totalResults"]
        return total


async def test_a_hundred_hires_survive_a_kill_and_a_leaver_leaves(
    database_url: str, tmp_path: Path, scim2_server: Application
) -> None:
    """Killed amid a hundred and started again, Muster makes one account for each; then one leaves."""
    office = Office(home=tmp_path, database_url=database_url)
    await office.grant("chat", scim2_server)
    await office.muster("import", str(PEOPLE), "--source", "hr")
    token = (await office.muster("source", "add", "scim", "entra", "--json")).data["token"]
    async with office.running("serve", "--port", "0") as first:

        async def some_are_there() -> bool:
            return await count(scim2_server) >= SOME

        await until(some_are_there, every=0.005)
        first.process.send_signal(signal.SIGKILL)
        await first.process.wait()
    when_killed = await count(scim2_server)
    async with office.running("serve", "--port", "0") as second, speaking(token) as provider:
        outcome = await office.converged()
        hired = await names(scim2_server)
        users = f"{second.url}/scim/v2/Users"
        async with provider.post(users, json={"schemas": [USER], "userName": "lea.vers"}) as answer:
            location = answer.headers["Location"]

        async def joined() -> bool:
            return "lea.vers" in await names(scim2_server, active=True)

        await until(joined)
        off = {"op": "replace", "path": "active", "value": False}
        async with provider.patch(location, json={"schemas": [PATCH], "Operations": [off]}):
            pass

        async def left() -> bool:
            return "lea.vers" in await names(scim2_server, active=False)

        await until(left)
        still = await names(scim2_server, active=True)
        ended, said, complained = await second.stop(signal.SIGTERM)

    assert SOME <= when_killed < len(HIRED)
    assert (outcome["keys"], outcome["left"]) == (len(HIRED), [])
    assert hired == HIRED
    assert still == HIRED
    assert (ended, complained) == (0, "")
    assert "Stopped in good order." in said


async def test_one_call_of_an_identity_provider_becomes_an_account(
    sqlite_database_url: str, tmp_path: Path, scim2_server: Application
) -> None:
    """A user created at Muster's SCIM endpoint is in the application without any command, under our id."""
    office = Office(home=tmp_path, database_url=sqlite_database_url)
    await office.grant("chat", scim2_server)
    token = (await office.muster("source", "add", "scim", "entra", "--json")).data["token"]
    user = {
        "schemas": [USER],
        "userName": "ada",
        "displayName": "Ada Lovelace",
        "emails": [{"type": "work", "value": "ada@acme.example"}],
    }
    async with office.running("serve", "--port", "0") as muster, speaking(token) as provider:
        async with provider.post(f"{muster.url}/scim/v2/Users", json=user) as answer:
            created = await answer.json(content_type=None)

        async def there() -> bool:
            return await names(scim2_server) == ["ada"]

        await until(there)
    [account] = await checks.scim_accounts(scim2_server)

    assert account.facts["externalId"] == created["id"]
    assert account.facts["displayName"] == "Ada Lovelace"
    assert [mail["value"] for mail in account.facts["emails"]] == ["ada@acme.example"]


async def _owners(database_url: str) -> dict[str, int]:
    """The process id of who owns each app now."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT app, place FROM ownership JOIN workers ON workers.id = ownership.owner"
        )
    finally:
        await connection.close()
    return {row["app"]: int(row["place"].rpartition(":")[2]) for row in rows}


async def test_two_workers_share_the_applications_and_one_takes_over(
    postgres_database_url: str, tmp_path: Path, scim2_server: Application, django_scim2: Application
) -> None:
    """Each of two processes owns one application; one is killed at work, the other finishes, none twice."""
    office = Office(home=tmp_path, database_url=postgres_database_url)
    await office.grant("chat", scim2_server)
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    keeps_none = ("displayName", "title", f"{enterprise}:department", f"{enterprise}:employeeNumber")
    await office.grant("wiki", django_scim2, leaves_out=keeps_none)
    async with office.running("work") as one, office.running("work") as other:
        by_pid = {process.process.pid: process.process for process in (one, other)}

        async def shared() -> bool:
            return set((await _owners(postgres_database_url)).values()) == set(by_pid)

        await until(shared)
        owners = await _owners(postgres_database_url)
        await office.muster("import", str(PEOPLE), "--source", "hr")

        async def some_are_there() -> bool:
            return await count(scim2_server) >= SOME

        await until(some_are_there, every=0.005)
        by_pid[owners["chat"]].send_signal(signal.SIGKILL)
        await by_pid[owners["chat"]].wait()
        when_killed = await count(scim2_server)
        outcome = await office.converged()
        heirs = await _owners(postgres_database_url)

    assert SOME <= when_killed < len(HIRED)
    assert outcome["left"] == []
    assert await names(scim2_server) == await names(django_scim2) == HIRED
    assert heirs == {"chat": owners["wiki"], "wiki": owners["wiki"]}
