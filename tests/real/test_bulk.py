"""A bulk request is answered as a server of somebody else answers it."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from bulk_messages import change, delete, gather, hire, message, put, set_title
from desk import open_desk, scim_source
from muster.cli.demo.applications import Running
from muster.scim.builtin import ENTERPRISE_USER_URN, USER_URN
from scim_door import serving

REQUEST = message(
    gather("team", "ana", "bo"),
    hire("ana"),
    hire("bo", "ana"),
    change("/Users/bulkId:bo", set_title("Designer")),
    put("/Users/bulkId:ana", {"schemas": [USER_URN], "userName": "ana", "nickName": "an"}),
    hire("gone"),
    delete("/Users/bulkId:gone"),
    hire("chris", "dora"),
    {**hire("dora"), "data": {"schemas": [USER_URN]}},
    gather("others", "dora"),
    delete("/Users/unknown"),
)


async def _told(url: str, token: str, body: Mapping[str, Any]) -> tuple[list[object], list[object]]:
    """What the RFC decides about each operation of the answer, and what is there afterwards, by name."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.post(f"{url}/Bulk", json=body) as response:
            assert 200 == response.status
            answer = (await response.json(content_type=None))["Operations"]
        users, groups = [
            (await (await http.get(f"{url}/{kind}")).json(content_type=None)).get("Resources", [])
            for kind in ("Users", "Groups")
        ]
    told = [
        (
            one["method"],
            one.get("bulkId"),
            one["status"],
            "location" in one,
            "version" in one,
            one.get("response", {}).get("status"),
        )
        for one in answer
    ]
    names = {user["id"]: user["userName"] for user in users}
    kept: list[object] = [
        (
            user["userName"],
            user.get("title"),
            user.get("nickName"),
            names.get(user.get(ENTERPRISE_USER_URN, {}).get("manager", {}).get("value")),
        )
        for user in sorted(users, key=lambda user: str(user["userName"]))
    ]
    kept += [(group["displayName"], {names[one["value"]] for one in group["members"]}) for group in groups]
    return list(told), kept


async def test_both_tell_and_do_the_same(scim2_server: Running, database_url: str) -> None:
    """References forward and back, in bodies and paths, and failures of what others refer to."""
    async with open_desk(database_url) as desk:
        token = await scim_source(desk, "hr")
        async with serving(desk) as url:
            ours = await _told(f"{url}/scim/v2", token.reveal(), REQUEST)
    theirs = await _told(scim2_server.url, scim2_server.token.reveal(), REQUEST)

    assert theirs == ours
    assert [("ana", None, "an", None), ("bo", "Designer", None, "ana"), ("team", {"ana", "bo"})] == ours[1]
