"""Applications as opened for calls.

One connector each, opened once, opened anew when the configuration changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from muster.kit.contract import Connector, Disables, Power
from muster.kit.manifest import Case, KindManifest, Manifest
from muster.model import ACCOUNT, App, AppName, Tenant
from muster.sync.census import CensusTaker

_LONGEST_CALL_SECONDS: Final = 120.0  # a target that was replaced stays open for the calls it has under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An application opened for calls."""

    app: App
    manifest: Manifest
    connector: Connector
    close: Callable[[], Awaitable[None]]
    census: CensusTaker = field(init=False, compare=False)

    def __post_init__(self) -> None:
        taker = CensusTaker(self.app, self.connector, self.manifest.limits.page)
        object.__setattr__(self, "census", taker)

    @property
    def account(self) -> KindManifest:
        """What the manifest says of accounts."""
        return self.manifest.kinds[ACCOUNT]

    @property
    def case_ignored(self) -> frozenset[str]:
        """The attributes in which letter case makes no difference."""
        return frozenset(
            name for name, attribute in self.account.attributes.items() if attribute.case is Case.IGNORE
        )

    @property
    def disables(self) -> Disables | None:
        """The connector as one that takes accounts out of use, if it can."""
        able = Power.DISABLE in self.manifest.powers and isinstance(self.connector, Disables)
        return self.connector if able and isinstance(self.connector, Disables) else None


class Targets:
    """Keeps one ``Target`` per app open.

    ``connect`` comes from the wiring, the only place that knows concrete connectors.
    """

    def __init__(self, connect: Callable[[App], Awaitable[Target]]) -> None:
        self._connect = connect
        self._open: dict[tuple[Tenant, AppName], Target] = {}
        self._turns: dict[tuple[Tenant, AppName], asyncio.Lock] = {}  # one app never waits for another
        self._replaced: list[tuple[float, Target]] = []  # calls may still be under way there

    async def open(self, app: App) -> Target:
        """The app, opened with its present configuration."""
        place = (app.tenant, app.name)
        kept = self._open.get(place)
        if kept is not None and kept.app.version == app.version:
            return kept
        async with self._turns.setdefault(place, asyncio.Lock()):
            kept = self._open.get(place)
            if kept is None or kept.app.version < app.version:
                opened = await self._connect(app)
                self._open[place] = opened
                if kept is not None:
                    self._replaced.append((asyncio.get_running_loop().time() + _LONGEST_CALL_SECONDS, kept))
                await self._close_replaced()
                return opened
            return kept

    async def _close_replaced(self) -> None:
        now = asyncio.get_running_loop().time()
        done = [target for until, target in self._replaced if until <= now]
        self._replaced = [(until, target) for until, target in self._replaced if until > now]
        for target in done:
            await target.close()

    async def close(self) -> None:
        """Every connection is closed."""
        closing = [*self._open.values(), *(target for _, target in self._replaced)]
        self._open.clear()
        self._replaced.clear()
        for target in closing:
            await target.close()
