"""The address that answers name resources by: the public one that is set, else the one a client asked at."""

import re
from typing import Final

from starlette.types import Scope

from muster.scim.errors import BadRequest

_MOST_REMEMBERED: Final = 256
# A name or an address, and a port (RFC 9110 §7.2).
_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)


class BaseUrl:
    """Where the endpoint with this path stands, for each request.

    Without a public URL the client decides by ``Host``, whose syntax is checked. So a client can make answers
    to itself name another place, and nobody else's.
    """

    def __init__(self, path: str, *, public_url: str = "") -> None:
        self._path = path
        self._public = public_url + path if public_url else ""
        self._known: dict[tuple[str, bytes], str] = {}

    def of(self, scope: Scope) -> str:
        """The URL, without a slash at its end.

        Raises:
            BadRequest: the request names no host, several, or what can be none (RFC 9112 §3.2).
        """
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1:
            key = (scope["scheme"], hosts[0])
            return self._known.get(key) or self._checked(*key)
        if hosts or scope["http_version"] != "1.0":
            raise BadRequest("a request names one Host")
        host, port = scope["server"]
        name = f"[{host}]" if ":" in host else host
        return self._checked(scope["scheme"], f"{name}:{port}".encode())

    def _checked(self, scheme: str, host: bytes) -> str:
        if not _HOST.fullmatch(host):
            raise BadRequest("the Host of the request is none")
        url = self._public or f"{scheme}://{host.decode('ascii')}{self._path}"
        if len(self._known) < _MOST_REMEMBERED:
            self._known[scheme, host] = url
        return url
