"""The ASGI application: every door that HTTP opens."""

import time

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from muster.service.admission import Admission
from muster.service.desk import Desk
from muster.service.types_in_force import TypesInForce
from muster.web.health import Ready, alive
from muster.web.scim_endpoint import PREFIX, ScimEndpoint


class _Anything(Convertor[str]):
    """The rest of a path, line breaks among it, so that whatever comes is answered as SCIM."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """The text as it is."""
        return value

    def to_string(self, value: str) -> str:
        """The text as it is."""
        return value


def create(desk: Desk, *, requests_per_second: int = 0) -> Starlette:
    """The doors of this desk; any ASGI server can serve them.

    Args:
        desk: what they lead to.
        requests_per_second: what each token may make that has no rate of its own; 0 is any number.
    """
    register_url_convertor("anything", _Anything())
    admission = Admission(desk, seconds=time.monotonic, requests_per_second=requests_per_second)
    scim = ScimEndpoint(desk, admission, TypesInForce(desk, seconds=time.monotonic))
    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", Ready(desk).answer),
            Route(PREFIX, scim),
            Route(PREFIX + "/{path:anything}", scim),
        ]
    )
