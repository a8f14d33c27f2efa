"""The doors that HTTP opens: parse, ask the service for one action, render.

* ``app``: the routes. ``health``: whether Muster lives and can work.
* ``scim_endpoint``: SCIM 2.0 for sources. ``scim_request``: what a request says.
* ``refusals``: what an error answers. ``request_checks``, ``base_url``: what requests must be clear about.
* ``server``, ``connection``: uvicorn within limits, and an end that loses nothing.

Nothing here decides or stores; whoever may do what is settled in ``service``.
"""

from muster.web.app import create
from muster.web.connection import DEFAULT_LIMITS
from muster.web.scim_endpoint import PREFIX
from muster.web.server import HttpServer

__all__ = ["DEFAULT_LIMITS", "PREFIX", "HttpServer", "create"]
