"""Responses in JSON."""

import msgspec
from starlette.responses import Response

from muster.scim.media import SCIM_JSON


class ScimResponse(Response):
    """A SCIM message (RFC 7644 §3.1)."""

    media_type = SCIM_JSON

    def render(self, content: object) -> bytes:
        """The message as JSON."""
        return msgspec.json.encode(content)


class ScimBytes(Response):
    """A SCIM message that is written already."""

    media_type = SCIM_JSON


class JsonResponse(ScimResponse):
    """Any other value as JSON."""

    media_type = "application/json"
