"""One desk for all examples, on each database; every test speaks for a source of its own."""

from collections.abc import Iterator
from itertools import count

import pytest

from rfc.replay import Replay
from scim_in_process import Room, open_room

_NUMBERS = count(1)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """An open desk with a fresh database, once in each dialect."""
    if request.param == "sqlite":
        with open_room(f"sqlite:///{tmp_path_factory.mktemp('rfc') / 'muster.db'}") as opened:
            yield opened
        return
    with request.getfixturevalue("postgres_server").database() as url, open_room(url) as opened:
        yield opened


@pytest.fixture
def client(room: Room) -> Replay:
    """Sends the RFC's requests for a source that has nothing yet."""
    return Replay(speaker=room.source(f"rfc-{next(_NUMBERS)}"))
