"""Whether the process is alive, and whether it can work."""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from muster.model import Unavailable
from muster.service.desk import Desk
from muster.service.readiness import readiness
from muster.web.json_response import JsonResponse

_log = structlog.stdlib.get_logger(__name__)


async def alive(_: Request) -> Response:
    """The process answers: that is all this tells."""
    return JsonResponse({"status": "alive"})


class Ready:
    """Answers whether the database does, and what waits or stands still."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, _: Request) -> Response:
        """200 with what an operator looks at first; 503 when the database does not answer."""
        try:
            found = await readiness(self._desk)
        except Unavailable as error:
            _log.warning("not ready", problem=str(error.problem))
            return JsonResponse({"status": "unavailable", "code": error.problem.code}, status_code=503)
        waits = None if found.oldest_due is None else round(found.oldest_due.total_seconds(), 3)
        return JsonResponse(
            {
                "status": "ready",
                "oldest_due_seconds": waits,
                "quarantined": [app.name for app in found.quarantined],
            }
        )
