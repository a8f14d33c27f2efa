"""Each app belongs to one process at a time, by a lease in the same database.

The lease is renewed well before it ends. Whoever takes an app over raises its epoch and releases what the
former owner had claimed; the epoch stands in every claim, so a former owner that wakes up late can record
nothing. Apps are shared fairly over the live processes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from muster.db import Row, Statement, Transaction, micros
from muster.model import AppName, Tenant

LEASE: Final = timedelta(seconds=6)
RENEW_EVERY: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One app in the hands of one process; ``epoch`` moves with every change of hands.

    A process makes no call once ``lease`` has passed since it last renewed.
    """

    tenant: Tenant
    app: AppName
    owner: str
    epoch: int
    lease: timedelta = LEASE


# Leases are compared with the clock of the database: the clocks of two machines may differ by more than a
# lease.
_NOW: Final = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


def _timed(text: str) -> Statement:
    return Statement(text.replace("NOW", "CAST(:at AS BIGINT)"), postgresql=text.replace("NOW", _NOW))


_ALIVE: Final = _timed(
    """
    INSERT INTO workers (id, place, until) VALUES (:owner, :place, NOW + CAST(:lease AS BIGINT))
    ON CONFLICT (id) DO UPDATE SET until = excluded.until
    """
)
_FORGET_DEAD: Final = _timed("DELETE FROM workers WHERE until < NOW - 60000000")
_COUNT_ALIVE: Final = _timed("SELECT COUNT(*) AS alive FROM workers WHERE until >= NOW")
_NEW_APPS: Final = Statement(
    """
    INSERT INTO ownership (tenant, app, owner, until, epoch)
    SELECT tenant, name, NULL, 0, 0 FROM apps WHERE true
    ON CONFLICT (tenant, app) DO NOTHING
    """
)
_COUNT_APPS: Final = Statement("SELECT COUNT(*) AS apps FROM ownership")
# Also one that has lapsed: as long as we stand in the row, nobody took the app over.
_RENEW: Final = _timed(
    "UPDATE ownership SET until = NOW + CAST(:lease AS BIGINT) WHERE owner = :owner "
    "RETURNING tenant, app, epoch"
)
_FREE: Final = (
    "SELECT tenant, app FROM ownership WHERE owner IS NULL OR until < NOW ORDER BY tenant, app LIMIT :room"
)
_TAKE: Final = """
    UPDATE ownership SET owner = :owner, until = NOW + CAST(:lease AS BIGINT), epoch = epoch + 1
    WHERE (tenant, app) IN ({free}) RETURNING tenant, app, epoch
"""
_TAKE_FREE: Final = Statement(
    _TAKE.format(free=_FREE).replace("NOW", "CAST(:at AS BIGINT)"),
    postgresql=(
        "WITH free AS MATERIALIZED ("
        + _FREE
        + " FOR UPDATE SKIP LOCKED)"
        + _TAKE.format(free="SELECT * FROM free")
    ).replace("NOW", _NOW),
)
_RELEASE_CLAIMS: Final = Statement(
    """
    UPDATE work SET owner = NULL, claim_gen = NULL, epoch = NULL
    WHERE tenant = :tenant AND app = :app AND owner IS NOT NULL AND epoch < :epoch
    """
)
_GIVE_BACK: Final = Statement(
    "UPDATE ownership SET owner = NULL, until = 0 WHERE tenant = :tenant AND app = :app AND owner = "
    ":owner AND epoch = :epoch"
)
_GONE: Final = Statement("DELETE FROM workers WHERE id = :owner")


async def renew(
    tx: Transaction,
    owner: str,
    *,
    place: str,
    at: datetime,
    busy: frozenset[AppName] = frozenset(),
    lease: timedelta = LEASE,
) -> list[Owned]:
    """Our leases hold for another ``lease``, free apps are taken up to our fair share.

    And what is beyond it is given back.

    Args:
        tx: the transaction.
        owner: this process, by an id made at its start.
        place: host and process id, for people.
        at: now, used where the database has no clock of its own.
        busy: apps whose keys we have in hand; they are not given back now.
        lease: how long they are ours without another renewal; shorter than ``LEASE`` in tests only.
    """
    timed = {"at": micros(at), "lease": lease // timedelta(microseconds=1)}
    await tx.run(_ALIVE, owner=owner, place=place, **timed)
    await tx.run(_FORGET_DEAD, at=timed["at"])
    await tx.run(_NEW_APPS)
    kept = [_owned(row, owner, lease) for row in await tx.all(_RENEW, owner=owner, **timed)]
    alive = await _count(tx, _COUNT_ALIVE, "alive", at=timed["at"])
    share = -(-await _count(tx, _COUNT_APPS, "apps") // max(alive, 1))
    if len(kept) > share:
        surplus = [owned for owned in kept if owned.app not in busy][: len(kept) - share]
        for owned in surplus:
            await _give_back(tx, owned)
        return [owned for owned in kept if owned not in surplus]
    taken: list[Owned] = []
    if len(kept) < share:
        for row in await tx.all(_TAKE_FREE, owner=owner, room=share - len(kept), **timed):
            taken.append(_owned(row, owner, lease))
            await tx.run(_RELEASE_CLAIMS, tenant=row["tenant"], app=row["app"], epoch=row["epoch"])
    return kept + taken


async def alive(tx: Transaction, *, at: datetime) -> int:
    """How many processes do work now."""
    return await _count(tx, _COUNT_ALIVE, "alive", at=micros(at))


async def resign(tx: Transaction, owner: str, owned: list[Owned]) -> None:
    """Our apps are free at once for others; used when a process stops in good order."""
    for one in owned:
        await _give_back(tx, one)
    await tx.run(_GONE, owner=owner)
    tx.announce()


async def _give_back(tx: Transaction, owned: Owned) -> None:
    await tx.run(_GIVE_BACK, tenant=owned.tenant, app=owned.app, owner=owned.owner, epoch=owned.epoch)


async def _count(tx: Transaction, statement: Statement, column: str, **parameters: int) -> int:
    row = await tx.one(statement, **parameters)
    return 0 if row is None else int(row[column])


def _owned(row: Row, owner: str, lease: timedelta) -> Owned:
    app = AppName(row["app"])
    return Owned(tenant=Tenant(row["tenant"]), app=app, owner=owner, epoch=row["epoch"], lease=lease)
