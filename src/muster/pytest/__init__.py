"""The pytest plugin: a SCIM server to test a client against, and providers to test a server with.

pytest finds it by the entry point ``muster`` of the group ``pytest11`` as soon as Muster is installed. It
only offers fixtures: nothing is imported or started until a test asks for one.

* ``scim_server``: a Muster of the test's own, with ``url`` and ``token`` (``server``)
* ``dialect``: what Entra ID, Okta and others send, to any SCIM server (``dialects``)

It must not hold what Muster does: it starts what ``bootstrap`` builds, and serves it by ``web``.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # both bring half of Muster along; nobody should pay for that at the start of pytest
    from muster.pytest.dialects import Dialects
    from muster.pytest.server import ScimServer


@pytest.fixture
def scim_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ScimServer]":
    """A real Muster behind a real HTTP server, for this test alone: ``url`` and ``token`` are to be used."""
    from muster.pytest.server import serving  # noqa: PLC0415 - see above

    with serving(tmp_path_factory.mktemp("muster")) as server:
        yield server


@pytest.fixture
def dialect() -> "Dialects":
    """Identity providers by name, as in ``dialect.entra(url, token).create_user("ada")``."""
    from muster.pytest.dialects import Dialects  # noqa: PLC0415 - see above

    return Dialects()
