"""The HTTP server: uvicorn with connections that are kept within limits, and an end that loses nothing."""

import asyncio
import contextlib
from collections.abc import Generator
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp

from muster.web.connection import DEFAULT_LIMITS, Connection, ConnectionLimits, EdgeConfig, EdgeState

_SWEEP_SECONDS: Final = 0.5
_GRACE_SECONDS: Final = 10.0  # for requests under way when the server is asked to stop
_POLL_SECONDS: Final = 0.02


class HttpServer(uvicorn.Server):
    """Serves an application until ``should_exit`` is set; signals are left alone.

    At its end it takes no new request and answers those that arrived as a whole. A body that is still on its
    way has three seconds. Whoever is not answered after ten is let go, so that the end comes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        log_level: str | None = None,
        limits: ConnectionLimits = DEFAULT_LIMITS,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        """A server of the application; with a ``log_level``, uvicorn logs to standard error from it on."""
        logs: dict[str, Any] = {"log_config": None} if log_level is None else {"log_level": log_level}
        config = EdgeConfig(
            app,
            **logs,
            lifespan="off",
            access_log=False,
            server_header=False,
            loop="none",
            http=Connection,
            ws="none",
        )
        config.limits = limits
        super().__init__(config)
        self.server_state: EdgeState = EdgeState()
        self._grace_seconds = grace_seconds

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave every signal alone: uvicorn would raise them anew before the work in hand is finished."""
        yield

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listen, and look after the connections."""
        await super().startup(sockets)  # type: ignore[arg-type]
        self._sweeping = asyncio.create_task(self._sweep_forever())

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Finish what was accepted."""
        self.server_state.stopping = True
        await super().shutdown(sockets)  # type: ignore[arg-type]
        self._sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeping

    async def _wait_tasks_to_complete(self) -> None:
        state = self.server_state
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace_seconds):
                while state.connections or state.tasks:  # noqa: ASYNC110 - uvicorn announces no end of them
                    await asyncio.sleep(_POLL_SECONDS)
        for connection in self._connections():
            connection.abort()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            for connection in self._connections():
                connection.sweep(_SWEEP_SECONDS)

    def _connections(self) -> list[Connection]:
        return [cast(Connection, one) for one in tuple(self.server_state.connections)]
