"""What a session shows an application to be let in, and how it is kept out of every text."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never
from urllib.parse import quote

from muster.kit.contract import Settings
from muster.model import BadInput, Problem, Secret

CODE: Final = "MUSTER-CREDENTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Shows a token (RFC 6750 §2.1)."""

    token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Shows a name and a password (RFC 7617)."""

    user: str
    password: Secret


Credential: TypeAlias = Bearer | Basic | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The header that carries a credential, and every form in which its secret could turn up in a text."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    forms: tuple[str, ...] = field(default=(), repr=False)

    def hide(self, text: str) -> str:
        """Give the text with ``***`` where the secret stood."""
        for form in self.forms:
            text = text.replace(form, "***")
        return text


def shown(credential: Credential) -> Shown:
    """Give what is sent for a credential.

    >>> shown(Bearer(token=Secret("s3cret"))).hide("you sent: Bearer s3cret")
    'you sent: Bearer ***'

    Raises:
        BadInput: it holds characters that no header can carry.
    """
    match credential:
        case None:
            return Shown()
        case Bearer(token=token):
            return _shown(f"Bearer {token.reveal()}", token.reveal())
        case Basic(user=user, password=password):
            pair = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode("ascii")
            return _shown(f"Basic {pair}", pair, password.reveal())
        case _:
            assert_never(credential)


def credential_of(settings: Settings) -> Credential:
    """Give the credential among settings: ``token``, else ``user`` with ``password``, else none.

    >>> credential_of({"url": "https://app.example.org", "token": Secret("s3cret")})
    Bearer(token=***)
    """
    token, user, password = (settings.get(name) for name in ("token", "user", "password"))
    if token is not None:
        return Bearer(token=_secret(token))
    if user is not None and password is not None:
        return Basic(user=_secret(user).reveal(), password=_secret(password))
    return None


def _secret(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


def _shown(header: str, *secrets: str) -> Shown:
    if not (header.isascii() and header.isprintable()):
        problem = Problem(
            code=CODE,
            what="The credential cannot be sent",
            why="it holds characters that a header cannot carry, perhaps a line break from copying",
            next_step="enter the credential again",
        )
        raise BadInput(problem)
    forms = {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe="")) if form}
    return Shown(headers={"Authorization": header}, forms=tuple(sorted(forms, key=len, reverse=True)))
