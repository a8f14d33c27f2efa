"""People in from a file: read, compare, guard, store; all of it in one transaction, or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from muster import audit
from muster.audit import Action, Record, Result
from muster.db import Transaction
from muster.directory import groups, people, sources
from muster.intake import group as group_intake
from muster.intake import person as person_intake
from muster.intake.changes import Changes, Mover, Returning, compare, guard_leavers
from muster.intake.columns import ColumnMap, column_map
from muster.intake.inbound import Bindings, Inbound, bindings
from muster.intake.merging import Difference
from muster.intake.people import PeopleFile, PersonRow, RowProblem
from muster.intake.people_file import read_people
from muster.model import BadInput, Held, Identity, Members, PersonId, Priority, Problem, Source, SourceId
from muster.model.text import normalised
from muster.service.desk import Actor, Desk
from muster.service.import_schemas import check_unique, check_version, claim_all, person_type
from muster.service.names import checked_name
from muster.service.schemas import types_of
from muster.service.scim_types import Types

FILE: Final = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One person an import concerns, and what it changes, a line each."""

    user_name: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What an import did, or in a dry run would do."""

    dry_run: bool
    joiners: int
    movers: int
    leavers: int
    returning: int
    unchanged: int
    problems: tuple[RowProblem, ...]
    nobody_ended_because: str  # why absence was not taken for leaving; empty where it was
    shown: tuple[tuple[str, tuple[Shown, ...]], ...]

    @property
    def changes_anything(self) -> bool:
        """Whether anybody is concerned."""
        return bool(self.joiners or self.movers or self.leavers or self.returning)


async def import_people(
    desk: Desk,
    actor: Actor,
    data: bytes,
    *,
    format: Literal["csv", "json"],
    name: str,
    source: str,
    columns: str | None = None,
    dry_run: bool = False,
    allow_leavers: int | None = None,
) -> Import:
    """Everybody in the file is known as it says, and who is not in it any more has left.

    Args:
        desk: the open Muster.
        actor: who asks.
        data: the file.
        format: what kind of file it is.
        name: what the file is called, for the log.
        source: the source these people belong to; made when it is new.
        columns: a column map in YAML, for a CSV file with other headers.
        dry_run: only say what would happen.
        allow_leavers: the actor answers for so many leavers, beyond what the guard allows.

    Raises:
        BadInput: nothing of the file can be used; nothing changed.
        Held: more people would leave than the guard allows; nothing changed.
    """
    checked_name(source, what="source")
    types = await desk.db.read(lambda tx: types_of(tx, desk))
    person = person_type(types)
    given = ColumnMap() if columns is None else column_map(columns, person)
    file = read_people(data, format=format, columns=given, person=person)
    cause = f"import of {name}"
    at = desk.clock()

    async def preview(tx: Transaction) -> Import:
        of = await _known_source(tx, desk, source)
        changes = await _compared(tx, desk, of, file, types)
        await _guarded(tx, desk, of, changes, allow_leavers)
        return _result(changes, file, dry_run=True)

    async def commit(tx: Transaction) -> Import:
        of = await _source(tx, desk, actor, source)
        changes = await _compared(tx, desk, of, file, types)
        await _guarded(tx, desk, of, changes, allow_leavers)
        inbound = Inbound(
            source=of,
            actor=actor.name,
            cause=cause,
            at=at,
            new_id=desk.new_id,
            priority=Priority.IMPORT,
            leavers_approved=True,
        )
        result = _result(changes, file, dry_run=False)
        changed = await _store(tx, inbound, await bindings(tx, desk.tenant), changes, file)
        await claim_all(tx, types, changed)
        await check_version(tx, desk, types)
        if result.changes_anything or result.problems:
            await audit.append(tx, _summary(inbound, result))
        return result

    return await (desk.db.read(preview) if dry_run else desk.db.write(commit))


async def _known_source(tx: Transaction, desk: Desk, name: str) -> Source | None:
    """The source of this name, if there is one yet; refused when it brings its people in another way."""
    found = await sources.by_name(tx, desk.tenant, name)
    if found is None or found.type == FILE:
        return found
    raise BadInput(
        Problem(
            code="MUSTER-SOURCE-TYPE",
            what="This source does not bring people by file",
            where=f"source {name}, type {found.type}",
            next_step="import into another source: --source NAME",
        )
    )


async def _source(tx: Transaction, desk: Desk, actor: Actor, name: str) -> Source:
    """The source of this name, made where there is none yet."""
    if (found := await _known_source(tx, desk, name)) is not None:
        return found
    source = Source(tenant=desk.tenant, id=SourceId(desk.new_id()), name=name, type=FILE)
    await sources.insert(tx, source, at=desk.clock())
    record = Record(
        id=desk.new_id(),
        tenant=desk.tenant,
        at=desk.clock(),
        action=Action.SOURCE_ADD,
        actor=actor.name,
        cause="first import",
        result=Result.DONE,
        after={"name": name, "type": FILE},
    )
    await audit.append(tx, record)
    return source


async def _compared(
    tx: Transaction, desk: Desk, source: Source | None, file: PeopleFile, types: Types
) -> Changes:
    known: dict[PersonId, Identity] = {}
    if source is not None:
        known = {person.id: person for person in await people.of_source(tx, desk.tenant, source.id)}
    changes = compare(known, file, person_type(types))
    check_unique(types, known, changes)
    return changes


async def _guarded(
    tx: Transaction, desk: Desk, source: Source | None, changes: Changes, allow_leavers: int | None
) -> None:
    if allow_leavers is not None:
        _check_allowed(len(changes.leavers), allow_leavers)
        return
    if source is not None:
        guard_leavers(changes, await people.count_active(tx, desk.tenant, source.id))


def _check_allowed(leavers: int, allowed: int) -> None:
    """Somebody answers for so many leavers, and for no more."""
    if leavers > allowed:
        raise Held(
            Problem(
                code="MUSTER-IMPORT-HELD",
                what=f"{leavers} people would leave by this file, and {allowed} were allowed; "
                "none of them was ended",
                next_step=f"check the file; if they really all leave, repeat with --allow-leavers {leavers}",
            )
        )


async def _store(
    tx: Transaction, inbound: Inbound, bound: Bindings, changes: Changes, file: PeopleFile
) -> list[Identity]:
    """Everything is stored; gives those who came or changed."""
    changed: list[tuple[Identity, frozenset[str]]] = []
    for joiner in changes.joiners:
        person = await person_intake.arrive(tx, inbound, bound, _facts(joiner.row, active=True))
        changed.append((person, joiner.row.groups))
    known: list[Mover | Returning] = [*changes.movers, *changes.returning]
    for one in known:
        person = await person_intake.change(tx, inbound, bound, one.person, _facts(one.row, active=True))
        changed.append((person, one.row.groups))
    if file.says_groups:
        settled = [*((person, person.groups) for person in changes.unchanged), *changed]
        await _store_groups(tx, inbound, bound, settled)
    for leaver in changes.leavers:
        facts = person_intake.PersonFacts(
            user_name=leaver.person.user_name,
            external_id=leaver.person.external_id,
            active=False,
            attributes=leaver.person.attributes,
        )
        await person_intake.change(tx, inbound, bound, leaver.person, facts)
    return [person for person, _ in changed]


async def _store_groups(
    tx: Transaction, inbound: Inbound, bound: Bindings, settled: Sequence[tuple[Identity, frozenset[str]]]
) -> None:
    """Every group has those of the file's people who say so; members the file does not speak of stay."""
    spoken_of = {person.id for person, _ in settled}
    wanted: dict[str, set[PersonId]] = {}
    names: dict[str, str] = {}
    for person, groups_ in settled:
        for name in person.groups | groups_:
            names.setdefault(normalised(name), name)
            members = wanted.setdefault(normalised(name), set())
            if name in groups_:
                members.add(person.id)
    for key in sorted(wanted):
        found = await groups.by_name(tx, inbound.tenant, names[key], inbound.source.id)
        if not found:
            await group_intake.arrive(tx, inbound, bound, _new_group(names[key]), wanted[key])
            continue
        group, now = found[0], (await groups.members(tx, inbound.tenant, found[0].id)).people
        gone = (now & spoken_of) - wanted[key]
        await group_intake.change(
            tx,
            inbound,
            bound,
            group,
            group_intake.facts_of(group),
            add=wanted[key] - now,
            remove=Members(people=gone),
        )


def _new_group(name: str) -> group_intake.GroupFacts:
    return group_intake.GroupFacts(name=name, external_id=None, attributes={"displayName": name})


def _facts(row: PersonRow, *, active: bool) -> person_intake.PersonFacts:
    return person_intake.PersonFacts(
        user_name=row.user_name, external_id=row.external_id, active=active, attributes=row.attributes
    )


def _result(changes: Changes, file: PeopleFile, *, dry_run: bool) -> Import:
    shown = (
        ("joiner", tuple(Shown(user_name=one.row.user_name) for one in changes.joiners)),
        (
            "mover",
            tuple(
                Shown(user_name=one.row.user_name, changes=_lines(one.differences)) for one in changes.movers
            ),
        ),
        (
            "returning",
            tuple(
                Shown(user_name=one.row.user_name, changes=_lines(one.differences))
                for one in changes.returning
            ),
        ),
        (
            "leaver",
            tuple(Shown(user_name=one.person.user_name, changes=(one.because,)) for one in changes.leavers),
        ),
    )
    return Import(
        dry_run=dry_run,
        joiners=len(changes.joiners),
        movers=len(changes.movers),
        leavers=len(changes.leavers),
        returning=len(changes.returning),
        unchanged=len(changes.unchanged),
        problems=changes.problems,
        nobody_ended_because="" if file.complete else file.why_incomplete,
        shown=tuple(shown),
    )


def _lines(differences: Iterable[Difference]) -> tuple[str, ...]:
    return tuple(f"{one.path}: {_text(one.before)} → {_text(one.after)}" for one in differences)


def _text(value: object) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, tuple | list):
        return ", ".join(str(part) for part in cast("Sequence[object]", value))
    return str(value)


def _summary(inbound: Inbound, result: Import) -> Record:
    detail: dict[str, object] = {
        "joiners": result.joiners,
        "movers": result.movers,
        "leavers": result.leavers,
        "returning": result.returning,
        "unchanged": result.unchanged,
        "problems": [str(problem) for problem in result.problems[:100]],
        "problems_in_all": len(result.problems),
    }
    return inbound.record(Action.IMPORT_RUN, detail=detail)
