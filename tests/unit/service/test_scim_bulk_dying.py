"""A process that dies in a bulk request: each change has happened with all that belongs to it, or not."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import pytest

from bulk_messages import change, gather, hire, message, set_title
from desk import grant, log, open_desk, scim_source, waiting
from fakes.scim_collection import worded
from muster.db import Database, Transaction, decode
from muster.model import Everyone
from muster.scim.builtin import ENTERPRISE_USER_URN
from muster.scim.listing import Page
from muster.service import scim_groups, scim_people
from muster.service.desk import Desk
from muster.service.scim_bulk import Means, bulk
from muster.service.scim_exchange import Caller, Query
from muster.service.scim_types import STANDARD, Types
from muster.service.tokens import authenticate

Result = TypeVar("Result")
EVERYTHING = Query(page=Page(start=1, count=100))
REQUEST = message(
    hire("ana", "bo"),
    hire("bo", "ana"),
    gather("team", "ana", "bo"),
    change("/Users/bulkId:ana", set_title("Designer")),
    hire("chris"),
)
WRITES = ("ana", "bo", "manager of ana", "team", "title of ana", "chris")


class Mortal:
    """A database whose process dies at one of its writes, before or after the commit."""

    def __init__(self, real: Database, *, at: int, committed: bool) -> None:
        self._real = real
        self._left = at
        self._committed = committed

    async def write(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Commit, unless this is the end."""
        self._left -= 1
        if self._left < 0 and not self._committed:
            raise asyncio.CancelledError
        result = await self._real.write(work)
        if self._left < 0:
            raise asyncio.CancelledError
        return result

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a database has
        return getattr(self._real, name)


@pytest.fixture
async def desk(database_url: str) -> AsyncGenerator[Desk]:
    """An open desk."""
    async with open_desk(database_url) as opened:
        yield opened


async def _types() -> Types:
    return STANDARD


MEANS = Means(collections={"Users": scim_people, "Groups": scim_groups}, worded=worded, latest_types=_types)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("at", range(len(WRITES)))
async def test_what_is_there_is_whole(desk: Desk, at: int, committed: bool) -> None:
    """What was committed is there, in the log and marked; what was not is nowhere."""
    await grant(desk, "mail", Everyone())
    bearer = await authenticate(desk, await scim_source(desk, "hr"))
    assert bearer is not None
    caller = Caller(bearer=bearer, base="https://example.com/v2")
    dying = replace(desk, db=cast("Database", Mortal(desk.db, at=at, committed=committed)))
    with pytest.raises(asyncio.CancelledError):
        await bulk(dying, caller, REQUEST, MEANS)

    happened = WRITES[: at + committed]
    users = {str(one["userName"]): one for one in (await _all(desk, caller, scim_people))}
    groups = await _all(desk, caller, scim_groups)
    assert {name for name in happened if name in {"ana", "bo", "chris"}} == set(users)
    assert {one["id"] for one in users.values()} == {one.key.subject for one in await waiting(desk)}
    assert len(happened) == len([one for one in await log(desk) if one.actor == "source:hr"])
    assert ("team" in happened) == bool(groups)
    if "ana" in users:
        ana = users["ana"]
        assert ("title of ana" in happened) == ("title" in ana)
        assert ("manager of ana" in happened) == (ENTERPRISE_USER_URN in ana)


async def _all(desk: Desk, caller: Caller, collection: Any) -> Any:  # noqa: ANN401 - a module
    return [decode(body) for body in (await collection.find(desk, caller, EVERYTHING)).bodies]
