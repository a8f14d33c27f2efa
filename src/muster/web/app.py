"""The ASGI application: every door that HTTP opens."""

import time

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from muster.service.admission import Admission
from muster.service.desk import Desk
from muster.service.types_in_force import TypesInForce
from muster.web.health import Ready, alive
from muster.web.scim_endpoint import PREFIX, ScimEndpoint


class Doors:
    """All of them: the SCIM endpoint under its prefix, whatever stands there, and the others by their routes.

    A request for the endpoint takes no detour by way of the routes, since it has a way of its own.
    """

    def __init__(self, scim: ScimEndpoint, others: Starlette) -> None:
        self._scim = scim
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one connection in."""
        path = scope.get("path", "")
        if scope["type"] == "http" and (path == PREFIX or path.startswith(PREFIX + "/")):
            scope["path_params"] = {"path": path[len(PREFIX) + 1 :]}
            await self._scim(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def create(desk: Desk, *, public_url: str = "", requests_per_second: int = 0) -> Doors:
    """The doors of this desk; any ASGI server can serve them.

    Args:
        desk: what they lead to.
        public_url: how others reach them; without it, answers name the host they were asked at.
        requests_per_second: what each token may make that has no rate of its own; 0 is any number.
    """
    admission = Admission(desk, seconds=time.monotonic, requests_per_second=requests_per_second)
    types = TypesInForce(desk, seconds=time.monotonic)
    scim = ScimEndpoint(desk, admission, types, public_url=public_url)
    others = Starlette(routes=[Route("/healthz", alive), Route("/readyz", Ready(desk).answer)])
    return Doors(scim, others)
