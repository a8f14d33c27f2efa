"""What must hold after any number of deaths, once everything is drained."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from crash.scene import APPLICATIONS, Application, Scene
from muster.audit import Action, Record, Result, Search, search
from muster.db import Row, Statement, Transaction
from muster.directory import apps, links, people, rules
from muster.model import ACCOUNT, App, AppName, Identity, Key, Link, LinkState, PersonId
from muster.policy import desired
from muster.service.desk import Desk

_INTENTS = Statement("SELECT * FROM intents ORDER BY opened_at, id")
_WORK = Statement("SELECT * FROM work")
_CHANGES = (Action.PERSON_CREATE, Action.PERSON_UPDATE, Action.PERSON_LEAVE, Action.PERSON_RETURN)


async def broken(scene: Scene) -> list[str]:
    """Every invariant that does not hold, in words; empty when all is well."""
    async with scene.desk() as desk:
        found = await desk.db.read(lambda tx: _in_the_database(tx, desk, scene))
        for application in APPLICATIONS:
            found += await _in_the_application(desk, scene, application)
    return [*found, *_in_the_files(scene)]


async def _in_the_database(tx: Transaction, desk: Desk, scene: Scene) -> list[str]:
    records = await search(tx, Search(tenant=desk.tenant, most=10_000_000))
    everybody = await people.everybody(tx, desk.tenant)
    return [
        *(f"left in the work table: {dict(row)}" for row in await tx.all(_WORK)),
        *_unaccounted_for(await tx.all(_INTENTS), records),
        *_half_taken_in(everybody, records),
        *_forgotten(scene, everybody),
    ]


def _unaccounted_for(intents: Iterable[Row], records: Iterable[Record]) -> list[str]:
    """Each intent is closed and has its two records: before the call, and how it ended."""
    told: dict[str, list[Result]] = {}
    for record in records:
        if record.operation is not None:
            told.setdefault(record.operation, []).append(record.result)
    wrong = []
    for row in intents:
        results = told.pop(row["id"], [])
        whole = results[:1] == [Result.INTENDED] and results[-1].value == row["state"]
        if row["closed_at"] is None or not whole or Result.INTENDED in results[1:]:
            wrong.append(f"intent {row['id']} ({row['verb']}, {row['state']}) is told as {results}")
    return [*wrong, *(f"records of an operation without an intent: {each}" for each in told)]


def _half_taken_in(everybody: Iterable[Identity], records: Iterable[Record]) -> list[str]:
    """A change and its record are committed together: as many records as versions."""
    changes = Counter(record.person for record in records if record.action in _CHANGES)
    return [
        f"{person.user_name} is at version {person.version} with {changes[person.id]} records"
        for person in everybody
        if person.version != changes[person.id]
    ]


def _forgotten(scene: Scene, everybody: Iterable[Identity]) -> list[str]:
    """What a process was told is committed is there."""
    if not scene.acknowledged.exists():
        return ["no change was ever acknowledged"]
    stored = {person.id: person.version for person in everybody}
    lines = [line.split() for line in scene.acknowledged.read_text().splitlines()]
    return [
        f"version {version} of {whom} was acknowledged, {stored.get(PersonId(whom))} is stored"
        for whom, version in (line for line in lines if len(line) == 2)
        if stored.get(PersonId(whom), 0) < int(version)
    ]


async def _in_the_application(desk: Desk, scene: Scene, application: Application) -> list[str]:
    """Each person has the account they should have, once, and every account is somebody's."""
    name = AppName(application.name)

    async def read(
        tx: Transaction,
    ) -> tuple[App | None, dict[str, Link], list[tuple[Identity, bool, object]]]:
        app = await apps.app(tx, desk.tenant, name)
        if app is None:
            raise LookupError(name)
        granting = await rules.of_app(tx, desk.tenant, name)
        wanted = []
        for person in await people.everybody(tx, desk.tenant):
            key = Key(tenant=desk.tenant, app=name, kind=ACCOUNT, subject=person.id)
            should = desired(person, key, app, granting)
            wanted.append((person, should.wanted, dict(should.attributes)))
        return app, {link.key.subject: link for link in await links.of_app(tx, desk.tenant, name)}, wanted

    _, linked, wanted = await desk.db.read(read)
    rows = {str(row["id"]): row for row in scene.rows(application)}
    held = [link.remote_id for link in linked.values() if link.state is not LinkState.TOMBSTONE]
    wrong = [
        f"{name}: two people are linked to account {each}"
        for each, count in Counter(held).items()
        if count > 1
    ]
    wrong += [f"{name}: account {each} is nobody's: {tuple(rows[each])}" for each in rows.keys() - set(held)]
    for person, should, attributes in wanted:
        link = linked.get(person.id)
        row = None if link is None or link.remote_id is None else rows.get(link.remote_id)
        if reason := _wrong(link, row, should=should, attributes=attributes):
            wrong.append(f"{name}: {person.user_name} ({person.stage}): {reason}")
    return wrong


def _wrong(link: Link | None, row: sqlite3.Row | None, *, should: bool, attributes: object) -> str:
    if not should:
        if row is not None and row["active"]:
            return f"should have no access, and has account {tuple(row)}"
        if row is not None and link is not None and link.state is not LinkState.DISABLED:
            return f"is out of use, and the link says {link.state}"
        return ""
    if link is None or row is None or link.state is not LinkState.LINKED:
        return f"should have an account, and has {link}"
    shown = {"username": row["username"], "title": row["title"]}
    return "" if (shown, row["active"]) == (attributes, 1) else f"should be {attributes}, and is {tuple(row)}"


def _in_the_files(scene: Scene) -> list[str]:
    files = [scene.target]
    if scene.database_url.startswith("sqlite:///"):
        files.append(Path(scene.database_url.removeprefix("sqlite:///")))
    wrong = []
    for file in files:
        with closing(sqlite3.connect(file)) as connection:
            (word,) = connection.execute("PRAGMA integrity_check").fetchone()
        if word != "ok":
            wrong.append(f"{file.name} is damaged: {word}")
    return wrong
