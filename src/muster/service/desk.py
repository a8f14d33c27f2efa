"""What every action at the desk needs, given once by the wiring."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from muster.db import Clock, Database
from muster.kit.contract import Settings
from muster.kit.manifest import Manifest
from muster.model import Tenant
from muster.sync import Engine
from muster.vault import SealKey


async def _as_declared(manifest: Manifest, _settings: Settings, /) -> Manifest:
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The open Muster of one tenant.

    ``connectors`` are the manifests of the installed ones, by id; ``describe`` asks a target itself what it
    has, where its connector can tell.
    """

    tenant: Tenant
    db: Database
    engine: Engine
    clock: Clock
    new_id: Callable[[], str]
    random: Callable[[int], bytes]  # bytes nobody can guess
    seal_key: SealKey
    connectors: Mapping[str, Manifest]
    describe: Callable[[Manifest, Settings], Awaitable[Manifest]] = _as_declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks for an action: ``cli:root``, ``source:hr``."""

    name: str
