"""The ASGI application: every door that HTTP opens."""

from starlette.applications import Starlette
from starlette.routing import Route

from muster.service.desk import Desk
from muster.web.health import Ready, alive
from muster.web.scim_endpoint import PREFIX, ScimEndpoint


def create(desk: Desk) -> Starlette:
    """The doors of this desk; any ASGI server can serve them."""
    scim = ScimEndpoint(desk)
    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", Ready(desk).answer),
            Route(PREFIX, scim),
            Route(PREFIX + "/{path:path}", scim),
        ]
    )
