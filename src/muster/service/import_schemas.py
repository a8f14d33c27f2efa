"""What schemas of the operator's own ask of a people file: their types, and that what is unique stays so."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from muster.db import Transaction
from muster.directory import schemas, unique_values
from muster.directory.unique_values import Claim, Claimant
from muster.intake.changes import Changes, Mover, Returning
from muster.intake.people import PERSON
from muster.model import BadInput, Identity, PersonId, Problem
from muster.scim import USER
from muster.scim.schema import ResourceType
from muster.service.desk import Desk
from muster.service.scim_types import Types
from muster.service.scim_unique import claims_of

_SHOWN: Final = 5  # values named in one problem


def person_type(types: Types) -> ResourceType:
    """What may be said of people in a file: RFC 7643, and the operator's own schemas."""
    own = [item for item in types.user.extensions if PERSON.extension(item.schema.urn) is None]
    return replace(PERSON, extensions=(*PERSON.extensions, *own)) if own else PERSON


def check_unique(types: Types, known: Mapping[PersonId, Identity], changes: Changes) -> None:
    """Pass when no two people of the source would have the same value of what is unique.

    Raises:
        BadInput: two would; nothing of the file is taken.
    """
    unique = types.unique.get(USER.name)
    if not unique:
        return
    after: dict[str, tuple[str, Mapping[str, object]]] = {
        person.id: (person.user_name, person.attributes) for person in known.values()
    }
    moved: list[Mover | Returning] = [*changes.movers, *changes.returning]
    for one in moved:
        after[one.person.id] = (one.row.user_name, one.row.attributes)
    holders: dict[Claim, list[str]] = {}
    joining = ((one.row.user_name, one.row.attributes) for one in changes.joiners)
    for name, attributes in (*after.values(), *joining):
        for claim in claims_of(unique, attributes):
            holders.setdefault(claim, []).append(name)
    twice = [(claim, names) for claim, names in holders.items() if len(names) > 1]
    if twice:
        raise _taken((claim.path, names) for claim, names in twice)


async def claim_all(tx: Transaction, types: Types, changed: Iterable[Identity]) -> None:
    """What is unique belongs to whoever has it now.

    Raises:
        BadInput: another import gave the value to somebody else at the same moment.
    """
    unique = types.unique.get(USER.name)
    if not unique:
        return
    people = list(changed)
    for person in people:  # before any of them takes a value that another one gives up
        await unique_values.release(tx, person.tenant, person.id)
    for person in people:
        claimant = Claimant(tenant=person.tenant, source=person.source, kind=USER.name, id=person.id)
        taken = await unique_values.claim(tx, claimant, claims_of(unique, person.attributes))
        if taken is not None:
            raise _taken([(taken.path, [person.user_name])])


async def check_version(tx: Transaction, desk: Desk, types: Types) -> None:
    """Pass when the schemas are those the file was read by; asked last, as by ``scim_exchange.written``.

    Raises:
        BadInput: they changed meanwhile; nothing was imported.
    """
    if await schemas.version(tx, desk.tenant) != types.version:
        raise BadInput(
            Problem(
                code="MUSTER-SCHEMA-CHANGED",
                what="A schema changed while the file was read; nothing was imported",
                next_step="import the file again",
            )
        )


def _taken(clashes: Iterable[tuple[str, list[str]]]) -> BadInput:
    found = list(clashes)
    told = [f"{path}: {', '.join(sorted(names)[:_SHOWN])}" for path, names in found[:_SHOWN]]
    return BadInput(
        Problem(
            code="MUSTER-IMPORT-UNIQUE",
            what="Two people would have the same value of what must be unique; nothing was imported",
            why="; ".join(told + ["and more"][: len(found) // (_SHOWN + 1)]),
            next_step="give each of them a value of their own",
        )
    )
