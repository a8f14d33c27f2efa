"""scim2-server's ASGI application over its own storage in memory: faster than its own command.

Runs in an environment of its own (``requirements/apps/scim2-server-uvicorn.txt``), never in Muster's::

    TOKEN=… uvicorn --app-dir bench/peers scim2_server_app:application
"""

import os

from scim2_models import ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

_EXPECTED = f"Bearer {os.environ['TOKEN']}"


class _BehindToken(ASGIApplication):
    """Turns away who does not show the token."""

    def check_auth(self, request: ScimRequest) -> None:
        """Refuse a request without the token."""
        if request.header("Authorization") != _EXPECTED:
            raise UnauthorizedException


application = _BehindToken(
    AsyncInMemoryStorage(),
    ScimProvider.from_discovery(
        load_default_schemas().values(),
        load_default_resource_types().values(),
        config=load_default_service_provider_config(),
    ),
)
