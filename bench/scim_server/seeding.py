"""How people and a group get into a server: through its interface, as an identity provider brings them."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Final

from bench.scim_server.client import Client, Wrong
from bench.scim_server.people import group, patch, user

_AT_A_TIME: Final = 8
_CHUNK: Final = 1_000  # members in one PATCH, for a server that takes none with a POST


async def add_people(client: Client, numbers: Iterable[int]) -> list[str]:
    """The people of these numbers are there; gives their ids, in the same order."""
    waiting = iter(list(enumerate(numbers)))
    ids: dict[int, str] = {}

    async def add() -> None:
        for place, number in waiting:
            ids[place] = await _added(client, "/Users", user(number))

    await asyncio.gather(*(add() for _ in range(_AT_A_TIME)))
    return [ids[place] for place in range(len(ids))]


async def add_group(client: Client, name: str, members: Sequence[str]) -> str:
    """The group is there and has just these members; gives its id.

    Raises:
        Wrong: The server does not take them.
    """
    made = await _added(client, "/Groups", group(name, list(members)))
    if members and not await members_of(client, made):  # django-scim2 takes members by PATCH only
        for chunk in _chunks(members):
            operation = {"op": "add", "path": "members", "value": [{"value": member} for member in chunk]}
            await client.expect("PATCH", f"/Groups/{made}", json.dumps(patch(operation)))
    if await members_of(client, made) != frozenset(members):
        raise Wrong(f"the group {name} has not the {len(members):,} members it was given")
    return made


async def members_of(client: Client, id: str) -> frozenset[str]:
    """The ids of the members of a group, as the server shows them when all of them are asked for."""
    document = await client.expect("GET", f"/Groups/{id}?attributes=members")
    return frozenset(str(member["value"]) for member in document.get("members") or ())


async def _added(client: Client, path: str, document: dict[str, object]) -> str:
    answer = await client.expect("POST", path, json.dumps(document))
    return str(answer["id"])


def _chunks(members: Sequence[str]) -> Iterable[Sequence[str]]:
    return (members[start : start + _CHUNK] for start in range(0, len(members), _CHUNK))
