"""Secrets at rest: seal and open one secret, bound to its row; make and recognise our own tokens.

* ``sealing``: an authenticated envelope around one secret that opens in its own place only.
* ``key``: the key the envelopes are made with, from a file of ours or from the operator.
* ``tokens``: bearer tokens that Muster issues; only their hashes are kept.

The vault stores nothing but its key file: envelopes and hashes are kept by whoever owns the row. It must not
know what a secret is for.
"""

from muster.vault.key import KEY_FILE, SealKey, load_or_create_key
from muster.vault.sealing import open_, seal, sealed_with
from muster.vault.tokens import TOKEN_PREFIX, is_well_formed, new_token, token_hash

__all__ = [
    "KEY_FILE",
    "TOKEN_PREFIX",
    "SealKey",
    "is_well_formed",
    "load_or_create_key",
    "new_token",
    "open_",
    "seal",
    "sealed_with",
    "token_hash",
]
