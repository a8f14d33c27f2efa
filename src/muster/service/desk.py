"""What every action at the desk needs, given once by the wiring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from muster.db import Clock, Database
from muster.kit.manifest import Manifest
from muster.model import Tenant
from muster.sync import Engine
from muster.vault import SealKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The open Muster of one tenant. ``connectors`` are the manifests of the installed ones, by id."""

    tenant: Tenant
    db: Database
    engine: Engine
    clock: Clock
    new_id: Callable[[], str]
    random: Callable[[int], bytes]  # bytes nobody can guess
    seal_key: SealKey
    connectors: Mapping[str, Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks for an action: ``cli:root``, ``source:hr``."""

    name: str
