"""Links: our memory of owning remote objects. They outlive people.

A tombstone keeps the identity of a rehire.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from muster.db import Row, Statement, Transaction, decode, encode, from_micros, micros
from muster.model import AppName, Attributes, Key, Kind, Link, LinkState, PersonId, RemoteId, Tenant, Value

_PUT: Final = Statement(
    """
    INSERT INTO links (tenant, app, kind, subject, state, remote_id, etag, last_applied, linked_at,
        verified_at, changed_at)
    VALUES (:tenant, :app, :kind, :subject, :state, :remote_id, :etag, :last_applied, :linked_at,
        :verified_at, :at)
    ON CONFLICT (tenant, app, kind, subject) DO UPDATE SET state = excluded.state, remote_id =
        excluded.remote_id, etag = excluded.etag,
        last_applied = excluded.last_applied, linked_at = COALESCE(links.linked_at, excluded.linked_at),
        verified_at = excluded.verified_at, changed_at = excluded.changed_at
    """
)
_LINK: Final = Statement(
    "SELECT * FROM links WHERE tenant = :tenant AND app = :app AND kind = :kind AND subject = :subject"
)
_OF_PERSON: Final = Statement(
    "SELECT * FROM links WHERE tenant = :tenant AND subject = :subject ORDER BY app, kind"
)
_OF_APP: Final = Statement("SELECT * FROM links WHERE tenant = :tenant AND app = :app ORDER BY kind, subject")
_COUNT_MANAGED: Final = Statement(
    "SELECT COUNT(*) AS links FROM links WHERE tenant = :tenant AND app = :app AND kind = :kind AND "
    "state IN ('linked', 'disabled')"
)
_ID_TAKEN: Final = Statement(
    "SELECT subject FROM links WHERE tenant = :tenant AND app = :app AND kind = :kind AND remote_id = "
    ":remote_id"
    " AND state <> 'tombstone' AND subject <> :subject"
)


_FORGET: Final = Statement(
    "DELETE FROM links WHERE tenant = :tenant AND app = :app AND kind = :kind AND subject = :subject"
)


async def put(tx: Transaction, link: Link, *, at: datetime) -> None:
    """The link is as given.

    Raises:
        Duplicate: the remote object is linked to somebody else.
    """
    held = link.state in {LinkState.LINKED, LinkState.DISABLED}
    await tx.run(
        _PUT,
        **_key(link.key),
        state=link.state.value,
        remote_id=link.remote_id,
        etag=link.etag,
        last_applied=encode(dict(link.last_applied)),
        linked_at=micros(at) if held else None,
        verified_at=None if link.verified_at is None else micros(link.verified_at),
        at=micros(at),
    )


async def forget(tx: Transaction, key: Key) -> None:
    """Nothing is remembered under this key; only for an account that was never made."""
    await tx.run(_FORGET, **_key(key))


async def link(tx: Transaction, key: Key) -> Link | None:
    """What we remember under this key."""
    row = await tx.one(_LINK, **_key(key))
    return None if row is None else _link(row)


async def of_person(tx: Transaction, tenant: Tenant, person: PersonId) -> list[Link]:
    """Every link of a person, tombstones included."""
    return [_link(row) for row in await tx.all(_OF_PERSON, tenant=tenant, subject=person)]


async def of_app(tx: Transaction, tenant: Tenant, app: AppName) -> list[Link]:
    """Every link into an app, tombstones included."""
    return [_link(row) for row in await tx.all(_OF_APP, tenant=tenant, app=app)]


async def count_managed(tx: Transaction, key: Key) -> int:
    """How many accounts of the key's app and kind we look after."""
    row = await tx.one(_COUNT_MANAGED, tenant=key.tenant, app=key.app, kind=key.kind)
    return 0 if row is None else int(row["links"])


async def linked_to_another(tx: Transaction, key: Key, remote_id: RemoteId) -> bool:
    """Whether the remote object belongs to another subject than the key's."""
    return await tx.one(_ID_TAKEN, **_key(key), remote_id=remote_id) is not None


def _key(key: Key) -> dict[str, str]:
    return {"tenant": key.tenant, "app": key.app, "kind": key.kind, "subject": key.subject}


def attributes_from_json(stored: Mapping[str, Any]) -> Attributes:
    """Attributes as stored: JSON has lists where the model has tuples."""
    return {name: value_from_json(value) for name, value in stored.items()}


def value_from_json(stored: Any) -> Value:  # noqa: ANN401 - JSON; what ``encode`` made of a value
    """One value as stored."""
    return tuple(cast("list[str]", stored)) if isinstance(stored, list) else stored


def _link(row: Row) -> Link:
    return Link(
        key=Key(
            tenant=Tenant(row["tenant"]),
            app=AppName(row["app"]),
            kind=Kind(row["kind"]),
            subject=PersonId(row["subject"]),
        ),
        state=LinkState(row["state"]),
        remote_id=row["remote_id"],
        etag=row["etag"],
        last_applied=attributes_from_json(decode(row["last_applied"])),
        verified_at=None if row["verified_at"] is None else from_micros(row["verified_at"]),
    )
