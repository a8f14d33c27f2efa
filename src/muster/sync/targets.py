"""Applications as opened for calls.

One connector each, opened once, opened anew when the configuration changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muster.kit.contract import Connector, Disables, Power
from muster.kit.manifest import Case, KindManifest, Manifest
from muster.model import ACCOUNT, App, AppName, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An application opened for calls."""

    app: App
    manifest: Manifest
    connector: Connector
    close: Callable[[], Awaitable[None]]

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
        self._turn = asyncio.Lock()

    async def open(self, app: App) -> Target:
        """The app, opened with its present configuration."""
        kept = self._open.get((app.tenant, app.name))
        if kept is not None and kept.app.version == app.version:
            return kept
        async with self._turn:
            kept = self._open.get((app.tenant, app.name))
            if kept is None or kept.app.version < app.version:
                if kept is not None:
                    await kept.close()
                kept = self._open[app.tenant, app.name] = await self._connect(app)
            return kept

    async def close(self) -> None:
        """Every connection is closed."""
        for target in self._open.values():
            await target.close()
        self._open.clear()
