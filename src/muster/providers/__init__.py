"""Identity providers as they speak SCIM, for tests of any SCIM server.

Each provider is a small client that sends what the real one sends, request by request: the probes when it
is connected, how it looks before it writes, its dialect of PATCH, and what it does when somebody leaves. It
keeps a directory of its own, as the real one does, and says by ``Refused`` what its operator would see as a
failure.

The tour:

* ``wire``: requests and answers, kept in order
* ``profile``: what a provider knows about a person
* ``directory``: the people and groups a provider has pushed, and under which ids
* ``pushing``: what most providers do alike
* one module for each provider; its docstring names the public descriptions it follows

It must not know Muster: the server at the other end may be anybody's.
"""

from muster.providers.authentik import Authentik
from muster.providers.entra import Entra
from muster.providers.google import Google
from muster.providers.jumpcloud import JumpCloud
from muster.providers.keycloak import Keycloak
from muster.providers.okta import Okta
from muster.providers.onelogin import OneLogin
from muster.providers.pingone import PingOne
from muster.providers.profile import Profile
from muster.providers.wire import Answer, Exchange, Refused, Wire

__all__ = [
    "Answer",
    "Authentik",
    "Entra",
    "Exchange",
    "Google",
    "JumpCloud",
    "Keycloak",
    "Okta",
    "OneLogin",
    "PingOne",
    "Profile",
    "Refused",
    "Wire",
]
