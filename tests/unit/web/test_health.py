"""What the probes of an operator are told."""

from datetime import timedelta
from typing import Any

from desk import StoppedClock, grant
from muster.directory import apps
from muster.service.desk import Desk
from scim_door import Client


async def _probe(hr: Client, path: str) -> tuple[int, Any]:
    async with hr.http.get(hr.url + path) as response:
        return response.status, await response.json()


async def test_a_living_process_says_so(hr: Client) -> None:
    """/healthz needs no token and no database."""
    assert (200, {"status": "alive"}) == await _probe(hr, "/healthz")


async def test_ready_tells_what_waits_and_what_stands_still(
    desk: Desk, hr: Client, clock: StoppedClock
) -> None:
    """/readyz gives the age of the oldest due account and the apps in quarantine."""
    before = await _probe(hr, "/readyz")
    chat = await grant(desk, "chat")
    await hr.hire("ana.ruiz")
    clock.forward(seconds=90)
    retry_at = clock.now + timedelta(minutes=1)
    await desk.db.write(lambda tx: apps.quarantine(tx, chat, "token refused", retry_at=retry_at))
    after = await _probe(hr, "/readyz")

    assert (200, {"status": "ready", "oldest_due_seconds": None, "quarantined": []}) == before
    assert (200, {"status": "ready", "oldest_due_seconds": 90.0, "quarantined": ["chat"]}) == after
