"""An envelope around one secret that opens with its key and in its own place only.

::

    "MSV1" │ key id, 8 bytes │ nonce, 12 bytes │ ciphertext and tag, AES-256-GCM

What precedes the nonce, and the name of the place, are authenticated with the secret: an envelope that is
altered, cut, sealed with another key or moved to another row does not open.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muster.model import Problem, Secret, Unavailable
from muster.vault.key import ID_BYTES, SealKey

_FORMAT: Final = b"MSV1"
_NONCE_BYTES: Final = 12  # 96 random bits: NIST SP 800-38D §8.3 allows 2^32 envelopes a key
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = len(_FORMAT) + ID_BYTES
_LEAST_BYTES: Final = _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES


def seal(key: SealKey, secret: Secret, *, bound_to: str) -> bytes:
    """Give an envelope that only ``open_`` with this key and this place opens; never the same one twice.

    Args:
        key: what it is sealed with.
        secret: any text, the empty one too.
        bound_to: the name of the one place it is kept in, such as ``tenant/app/chat/token``.
    """
    head = _FORMAT + key.id
    nonce = os.urandom(_NONCE_BYTES)
    return (
        head + nonce + AESGCM(key.material).encrypt(nonce, _bytes(secret.reveal()), _context(head, bound_to))
    )


def open_(key: SealKey, sealed: bytes, *, bound_to: str) -> Secret:
    """Give the secret that was sealed with this key for this place.

    Raises:
        Unavailable: it was sealed with another key or for another place, or was altered.
    """
    head = _FORMAT + key.id
    if len(sealed) < _LEAST_BYTES or not sealed.startswith(_FORMAT):
        raise _cannot_open(bound_to, "What is stored there is no envelope of this version of Muster")
    if not sealed.startswith(head):
        made_with = sealed[len(_FORMAT) : _HEAD_BYTES].hex()
        raise _cannot_open(
            bound_to, f"It was sealed with key {made_with}, and the key in use is {key.id.hex()}"
        )
    nonce, ciphertext = sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], sealed[_HEAD_BYTES + _NONCE_BYTES :]
    try:
        plain = AESGCM(key.material).decrypt(nonce, ciphertext, _context(head, bound_to))
    except InvalidTag as error:
        raise _cannot_open(bound_to, "It was altered, or moved there from another place") from error
    return Secret(plain.decode("utf-8", "surrogatepass"))


def sealed_with(sealed: bytes) -> bytes:
    """Give the id of the key an envelope says it was made with, to choose among several keys.

    Raises:
        Unavailable: it is no envelope.
    """
    if len(sealed) < _LEAST_BYTES or not sealed.startswith(_FORMAT):
        raise _cannot_open("", "It is no envelope of this version of Muster")
    return sealed[len(_FORMAT) : _HEAD_BYTES]


def _context(head: bytes, bound_to: str) -> bytes:
    if not bound_to:
        raise ValueError("a sealed secret is bound to the place it is kept in")
    return head + _bytes(bound_to)


def _bytes(text: str) -> bytes:
    """UTF-8, lone surrogates included: every text a file or a form may give can be sealed."""
    return text.encode("utf-8", "surrogatepass")


def _cannot_open(bound_to: str, why: str) -> Unavailable:
    return Unavailable(
        Problem(
            code="MUSTER-VAULT-CANNOT-OPEN",
            what="A stored secret cannot be opened",
            where=bound_to,
            why=why,
            next_step="start Muster with the seal key this secret was stored with, or give the secret again",
        )
    )
