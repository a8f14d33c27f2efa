"""People, one row each, with the names of the groups they are in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from muster.db import FOREVER, Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.directory import held_groups, match_values
from muster.model import Identity, PersonId, SourceId, Stage, Tenant
from muster.model.text import normalised
from muster.scim.builtin import USER
from muster.scim.validate import schemas_used

_INSERT: Final = Statement(
    """
    INSERT INTO people (tenant, id, source, external_id, user_name, user_key, stage, resource, schemas,
        active_unassigned, version, created_at, changed_at, left_at)
    VALUES (:tenant, :id, :source, :external_id, :user_name, :user_key, :stage, :resource, :schemas,
        :active_unassigned, :version, :at, :at, :left_at)
    """
)
_UPDATE: Final = Statement(
    """
    UPDATE people SET external_id = :external_id, user_name = :user_name, user_key = :user_key, stage =
        :stage, resource = :resource, schemas = :schemas, active_unassigned = :active_unassigned,
        version = :version, changed_at = :at, deleted_at = NULL,
        mustered_out_at = CASE WHEN CAST(:mustered_out AS INTEGER) = 1
            THEN COALESCE(mustered_out_at, CAST(:at AS BIGINT)) ELSE NULL END,
        left_at = CASE WHEN :stage = 'left' THEN COALESCE(left_at, CAST(:at AS BIGINT)) ELSE NULL END
    WHERE tenant = :tenant AND id = :id AND version = :version - 1
    """
)
_DELETE: Final = Statement(
    "UPDATE people SET deleted_at = :at, changed_at = :at, stage = 'left', left_at = COALESCE(left_at, "
    "CAST(:at AS BIGINT)), version = version + 1"
    " WHERE tenant = :tenant AND id = :id AND deleted_at IS NULL"
)
_BY_ID: Final = "SELECT * FROM people WHERE tenant = :tenant AND id = :id"
_PERSON: Final = Statement(_BY_ID)
_PERSON_LOCKED: Final = Statement(_BY_ID, postgresql=_BY_ID + " FOR UPDATE")
_THESE: Final = Statement(
    "SELECT * FROM people WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:ids)) ORDER BY id",
    postgresql="SELECT * FROM people WHERE tenant = :tenant AND id IN"
    " (SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))) ORDER BY id",
)
_BY_NAME: Final = Statement(
    "SELECT * FROM people WHERE tenant = :tenant AND user_key = :user_key AND (CAST(:source AS TEXT) IS "
    "NULL OR source = :source)"
    " ORDER BY deleted_at IS NOT NULL, id"
)
_CALLED: Final = (
    "SELECT * FROM people WHERE tenant = :tenant AND source = :source AND external_id = :external_id"
)
# Those who are there and those who were have an index each, so nobody else is looked at.
_BY_EXTERNAL_ID: Final = Statement(
    f"SELECT * FROM ({_CALLED} AND deleted_at IS NULL UNION ALL {_CALLED} AND deleted_at IS NOT NULL) called"
    " ORDER BY deleted_at IS NOT NULL, deleted_at DESC, id"
)
_OF_SOURCE: Final = Statement(
    "SELECT * FROM people WHERE tenant = :tenant AND source = :source AND deleted_at IS NULL ORDER BY id"
)
_ALL: Final = Statement("SELECT * FROM people WHERE tenant = :tenant AND id > :after ORDER BY id LIMIT :most")
_COUNT_ACTIVE: Final = Statement(
    "SELECT COUNT(*) AS people FROM (SELECT 1 FROM people WHERE tenant = :tenant AND source = :source"
    " AND stage = 'active' AND deleted_at IS NULL LIMIT :most) AS counted"
)
_COUNT_LEFT: Final = Statement(
    "SELECT COUNT(*) AS people FROM people WHERE tenant = :tenant AND source = :source AND left_at >= :since"
)
_STAMPS: Final = Statement("SELECT created_at, changed_at FROM people WHERE tenant = :tenant AND id = :id")


async def insert(tx: Transaction, person: Identity, *, at: datetime) -> None:
    """The person is there.

    Raises:
        Duplicate: the source has another person with this userName or externalId.
    """
    await tx.run(_INSERT, **_columns(person, at), left_at=micros(at) if person.stage is Stage.LEFT else None)
    await match_values.replace(tx, person, match_values.NONE)


async def update(tx: Transaction, before: Identity, after: Identity, *, at: datetime) -> bool:
    """The person is as given, and no longer deleted, one version on.

    False when somebody else changed them since (``after.version`` is the new one).

    Raises:
        Duplicate: the source has another person with this userName or externalId.
    """
    columns = _columns(after, at)
    del columns["source"]
    columns["mustered_out"] = int(after.mustered_out)
    if await tx.run(_UPDATE, **columns) != 1:
        return False
    found_by = match_values.NONE if before.deleted else match_values.values_of(before.attributes)
    await match_values.replace(tx, after, found_by)
    return True


async def delete(tx: Transaction, person: Identity, *, at: datetime) -> None:
    """The source no longer has the person; we remember them as having left."""
    await tx.run(_DELETE, tenant=person.tenant, id=person.id, at=micros(at))
    await match_values.remove(tx, person)


async def person(tx: Transaction, tenant: Tenant, id: PersonId, *, lock: bool = False) -> Identity | None:
    """The person, also one whose source deleted them.

    ``lock`` keeps others from changing them until the transaction ends.
    """
    row = await tx.one(_PERSON_LOCKED if lock else _PERSON, tenant=tenant, id=id)
    return None if row is None else (await _with_groups(tx, tenant, [row]))[0]


async def these(tx: Transaction, tenant: Tenant, ids: Collection[PersonId]) -> list[Identity]:
    """Everybody known of these ids, in the order of the ids, also whom their sources deleted."""
    if not ids:
        return []
    return await _with_groups(tx, tenant, await tx.all(_THESE, tenant=tenant, ids=encode(sorted(ids))))


async def stamps(tx: Transaction, tenant: Tenant, id: PersonId) -> tuple[datetime, datetime]:
    """When the person was first stored and last changed."""
    row = await tx.one(_STAMPS, tenant=tenant, id=id)
    if row is None:
        raise LookupError(id)
    return from_micros(row["created_at"]), from_micros(row["changed_at"])


async def by_name(
    tx: Transaction, tenant: Tenant, user_name: str, source: SourceId | None = None
) -> list[Identity]:
    """Everybody of this userName (as names are compared), those still with their source first."""
    rows = await tx.all(_BY_NAME, tenant=tenant, user_key=normalised(user_name), source=source)
    return await _with_groups(tx, tenant, rows)


async def by_external_id(
    tx: Transaction, tenant: Tenant, source: SourceId, external_id: str
) -> list[Identity]:
    """Everybody a source calls so, the one it still has first."""
    return await _with_groups(
        tx, tenant, await tx.all(_BY_EXTERNAL_ID, tenant=tenant, source=source, external_id=external_id)
    )


async def of_source(tx: Transaction, tenant: Tenant, source: SourceId) -> list[Identity]:
    """Everybody a source has, also those who left and are still listed there."""
    return await _with_groups(tx, tenant, await tx.all(_OF_SOURCE, tenant=tenant, source=source))


async def everybody(
    tx: Transaction, tenant: Tenant, *, after: PersonId | None = None, most: int = 1_000
) -> list[Identity]:
    """The next people in the order of their ids, whatever their stage."""
    return await _with_groups(tx, tenant, await tx.all(_ALL, tenant=tenant, after=after or "", most=most))


async def count_active(tx: Transaction, tenant: Tenant, source: SourceId, *, most: int = FOREVER) -> int:
    """How many active people a source has; no more than ``most`` are counted."""
    return await _count(tx, _COUNT_ACTIVE, tenant=tenant, source=source, most=most)


async def count_left(tx: Transaction, tenant: Tenant, source: SourceId, *, since: datetime) -> int:
    """How many people of a source left since a time."""
    return await _count(tx, _COUNT_LEFT, tenant=tenant, source=source, since=micros(since))


async def _count(tx: Transaction, statement: Statement, **parameters: Any) -> int:  # noqa: ANN401
    row = await tx.one(statement, **parameters)
    return 0 if row is None else int(row["people"])


def _columns(person: Identity, at: datetime) -> dict[str, Any]:
    return {
        "tenant": person.tenant,
        "id": person.id,
        "source": person.source,
        "external_id": person.external_id,
        "user_name": person.user_name,
        "user_key": normalised(person.user_name),
        "stage": person.stage.value,
        "resource": encode(dict(person.attributes)),
        "schemas": encode(schemas_used(person.attributes, USER)),
        "active_unassigned": int("active" in person.attributes),  # it stands there as null
        "version": person.version,
        "at": micros(at),
    }


async def _with_groups(tx: Transaction, tenant: Tenant, rows: Sequence[Row]) -> list[Identity]:
    held = await held_groups.of_people(tx, tenant, [row["id"] for row in rows])
    return [_identity(row, frozenset(group.name for group in held.get(row["id"], ()))) for row in rows]


def _identity(row: Row, groups: frozenset[str]) -> Identity:
    return Identity(
        tenant=Tenant(row["tenant"]),
        id=PersonId(row["id"]),
        source=SourceId(row["source"]),
        user_name=row["user_name"],
        stage=Stage(row["stage"]),
        version=row["version"],
        external_id=row["external_id"],
        attributes=decode(row["resource"]),
        groups=groups,
        mustered_out=row["mustered_out_at"] is not None,
        deleted=row["deleted_at"] is not None,
    )
