"""SCIM 2.0 applications (RFC 7643, RFC 7644), strict ones and the others.

* ``connector``: the contract's methods; everything else serves it.
* ``wire``: SCIM messages over a session, and what SCIM's errors mean.
* ``shape``, ``mapping``: resources ⇄ remote objects, pure.
* ``paging``: whether a read brought everything.
* ``search``: finding exactly, with filters that cannot be trusted.
* ``creation``, ``changes``, ``membership``: the three ways of writing.

What an application can do is learned once for each connector: from its service provider configuration, then
from what it refuses. Known dialects are named where they matter.
"""

from muster.connectors.scim.connector import ScimConnector
from muster.kit.contract import Settings
from muster.kit.manifest import Manifest
from muster.kit.session import Session
from muster.model import Misconfigured
from muster.scim import ScimError

__all__ = ["ScimConnector", "connect"]


def connect(manifest: Manifest, settings: Settings, session: Session) -> ScimConnector:
    """Give the connector of one application; address and credential are the session's.

    Raises:
        Misconfigured: an attribute is mapped that has no place in a SCIM resource.
    """
    del settings  # nothing in them is for us
    try:
        return ScimConnector(manifest, session)
    except ScimError as error:
        raise Misconfigured(f"an attribute is mapped that SCIM cannot name: {error}") from error
