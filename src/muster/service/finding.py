"""From what a person typed to the person, app or source meant."""

from typing import cast

from muster.db import Transaction
from muster.directory import apps, people, rules, sources
from muster.model import App, AppName, Identity, NotFound, PersonId, Problem, Rule, Source
from muster.model.text import normalised
from muster.service.desk import Desk


async def person(desk: Desk, said: str) -> Identity:
    """The one person meant by an id, a userName, an externalId or a mail address.

    Raises:
        NotFound: nobody is, or several are; the problem names them.
    """

    async def read(tx: Transaction) -> list[Identity]:
        by_id = await people.person(tx, desk.tenant, PersonId(said))
        if by_id is not None:
            return [by_id]
        if named := await people.by_name(tx, desk.tenant, said):
            return _present(named)
        found: list[Identity] = []
        for source in await sources.all_sources(tx, desk.tenant):
            found += await people.by_external_id(tx, desk.tenant, source.id, said)
        found = found or [one for one in await _everybody(tx, desk) if normalised(said) in _addresses(one)]
        return _present(found)

    found = await desk.db.read(read)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            Problem(
                code="MUSTER-PERSON-UNKNOWN",
                what="Nobody is known by this name",
                where=said,
                next_step="give a userName, an id, the source's own id or a mail address; "
                "`muster log` shows who came in",
            )
        )
    raise NotFound(
        Problem(
            code="MUSTER-PERSON-AMBIGUOUS",
            what=f"{len(found)} people are known by this name",
            where=said,
            why=", ".join(f"{one.user_name} ({one.id})" for one in found),
            next_step="give the id of the one you mean",
        )
    )


def _present(found: list[Identity]) -> list[Identity]:
    """Those their sources still have; one of the others where there are none."""
    present = [one for one in found if not one.deleted]
    return present or found[:1]


async def _everybody(tx: Transaction, desk: Desk) -> list[Identity]:
    found: list[Identity] = []
    after: PersonId | None = None
    while page := await people.everybody(tx, desk.tenant, after=after):
        found += page
        after = page[-1].id
    return found


async def everybody(desk: Desk) -> list[Identity]:
    """Every person, whatever their stage, in the order of their ids."""
    return await desk.db.read(lambda tx: _everybody(tx, desk))


def _addresses(person: Identity) -> set[str]:
    emails = person.attributes.get("emails")
    if not isinstance(emails, list):
        return set()
    stated = [cast("dict[str, object]", one) for one in cast("list[object]", emails) if isinstance(one, dict)]
    values = [one.get("value") for one in stated]
    return {normalised(value) for value in values if isinstance(value, str)}


async def app(desk: Desk, name: str) -> App:
    """The app of this name.

    Raises:
        NotFound: there is none.
    """
    found = await desk.db.read(lambda tx: apps.app(tx, desk.tenant, AppName(name)))
    if found is None:
        known = ", ".join(one.name for one in await all_apps(desk)) or "none yet"
        raise NotFound(
            Problem(
                code="MUSTER-APP-UNKNOWN",
                what="No app of this name is configured",
                where=name,
                why=f"Configured are: {known}",
                next_step="`muster app list` shows them, `muster app add` adds one",
            )
        )
    return found


async def all_apps(desk: Desk) -> list[App]:
    """Every configured app, by name."""
    return await desk.db.read(lambda tx: apps.all_apps(tx, desk.tenant))


async def all_rules(desk: Desk) -> list[Rule]:
    """Every rule, by name."""
    return await desk.db.read(lambda tx: rules.all_rules(tx, desk.tenant))


async def source(desk: Desk, name: str) -> Source:
    """The source of this name.

    Raises:
        NotFound: there is none.
    """
    found = await desk.db.read(lambda tx: sources.by_name(tx, desk.tenant, name))
    if found is None:
        raise NotFound(
            Problem(
                code="MUSTER-SOURCE-UNKNOWN",
                what="No source of this name is configured",
                where=name,
                next_step="`muster source list` shows them, `muster source add` adds one",
            )
        )
    return found
