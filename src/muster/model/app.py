"""An application that people have accounts in, as configured in Muster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from muster.model.key import AppName, Tenant
from muster.model.remote import Value


class Removal(StrEnum):
    """What happens to an account whose person may no longer have it."""

    DISABLE = "disable"
    DELETE = "delete"
    KEEP = "keep"


class Health(StrEnum):
    """Whether Muster calls the application at all."""

    GOOD = "good"
    QUARANTINED = (
        "quarantined"  # stopped after AuthFailed, Forbidden or Misconfigured; probed at ``retry_at``
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The value of a person's attribute, named by its SCIM path."""

    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The same value for everybody."""

    value: Value


Mapped: TypeAlias = Copied | Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How hard an application may be called, and how much may be taken from it."""

    concurrency: int = 16  # calls at a time
    settle_seconds: float = 5.0  # how long a write of unknown outcome may still show up
    destroy_count: int = 5  # removals a sliding hour allows at least
    destroy_percent: float = 5.0  # … or this share of the accounts we manage there, whichever is more


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One configured application.

    ``settings`` holds what the connector's manifest asks for, secrets excepted: those stay sealed until the
    connector is built. ``match_on`` are the target attributes, in order, by which an existing account is
    recognised after ``externalId``.
    """

    tenant: Tenant
    name: AppName
    connector: str
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    mapping: Mapping[str, Mapped] = field(default_factory=dict[str, Mapped])
    match_on: tuple[str, ...] = ("userName",)
    removal: Removal = Removal.DISABLE
    limits: Limits = field(default_factory=Limits)
    health: Health = Health.GOOD
    health_reason: str = ""
    retry_at: datetime | None = None
    version: int = 1
