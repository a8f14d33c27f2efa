"""What the probes of an operator are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Never

from asgi import ask
from desk import StoppedClock, grant
from muster.directory import apps
from muster.model import Problem, Unavailable
from muster.service.desk import Desk
from muster.web import create
from scim_door import Client


async def test_a_database_that_is_away_is_not_ready(desk: Desk) -> None:
    """/readyz answers 503 with the code, and nothing of where the database is; /healthz goes on."""
    app = create(replace(desk, db=Away()))
    ready = await ask(app, "GET", "/readyz", headers={})
    living = await ask(app, "GET", "/healthz", headers={})

    assert (503, {"status": "unavailable", "code": "MUSTER-DB-UNAVAILABLE"}) == (ready.status, ready.json())
    assert 200 == living.status


class Away:
    """A database that answers nobody."""

    dialect = "none"

    async def read(self, work: object) -> Never:
        """Refuse."""
        raise Unavailable(Problem(code="MUSTER-DB-UNAVAILABLE", what="gone", where="/secret/place"))

    write = read

    def on_announcement(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Announce nothing."""
        return lambda: None

    async def close(self) -> None:
        """Close nothing."""


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
    await desk.db.write(lambda tx: apps.quarantine(tx, chat, "token refused", tries=0, retry_at=retry_at))
    after = await _probe(hr, "/readyz")

    assert (200, {"status": "ready", "oldest_due_seconds": None, "quarantined": []}) == before
    assert (200, {"status": "ready", "oldest_due_seconds": 90.0, "quarantined": ["chat"]}) == after
