"""An app's secrets: sealed before they are stored, opened only to build its connector."""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from muster.model import AppName, Secret, Tenant
from muster.vault import SealKey, open_, seal


def sealed(key: SealKey, tenant: Tenant, app: AppName, secrets: Mapping[str, Secret]) -> dict[str, str]:
    """Envelopes as text, by setting; each opens only in its own place."""
    return {
        name: b64encode(seal(key, secret, bound_to=_place(tenant, app, name))).decode()
        for name, secret in secrets.items()
    }


def opened(key: SealKey, tenant: Tenant, app: AppName, envelopes: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets behind the envelopes.

    Raises:
        Unavailable: one was sealed with another key or for another place, or was altered.
    """
    return {
        name: open_(key, b64decode(envelope), bound_to=_place(tenant, app, name))
        for name, envelope in envelopes.items()
    }


def _place(tenant: Tenant, app: AppName, setting: str) -> str:
    return f"{tenant}/app/{app}/{setting}"
