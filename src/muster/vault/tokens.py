"""Bearer tokens that Muster issues: made to be recognised, kept only as hashes.

``mst_`` tells a secret scanner what it found; the last six characters are a checksum, so that a mistyped or
cut token is told apart without asking the database.
"""

import hashlib
import string
import zlib
from collections.abc import Callable
from typing import Final

from muster.model import Secret

TOKEN_PREFIX: Final = "mst_"  # noqa: S105 - the beginning of every token, no secret
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_BYTES: Final = 32
_RANDOM_DIGITS: Final = 43  # 62^43 > 2^256
_CHECK_DIGITS: Final = 6  # 62^6 > 2^32
_LENGTH: Final = len(TOKEN_PREFIX) + _RANDOM_DIGITS + _CHECK_DIGITS


def new_token(random: Callable[[int], bytes]) -> Secret:
    """Give a new token of 256 random bits.

    Args:
        random: gives that many unpredictable bytes, such as ``os.urandom``.

    >>> token = new_token(lambda count: bytes(count))
    >>> token.reveal()[:8], len(token.reveal()), is_well_formed(token)
    ('mst_0000', 53, True)
    """
    drawn = random(_RANDOM_BYTES)
    if len(drawn) != _RANDOM_BYTES:
        raise ValueError(f"{_RANDOM_BYTES} random bytes are needed")
    body = TOKEN_PREFIX + _base62(int.from_bytes(drawn), _RANDOM_DIGITS)
    return Secret(body + _checksum(body))


def is_well_formed(token: Secret) -> bool:
    """Whether the text can be a token of ours; it need not be one that was issued."""
    text = token.reveal()
    if len(text) != _LENGTH or not text.startswith(TOKEN_PREFIX):
        return False
    body, checksum = text[:-_CHECK_DIGITS], text[-_CHECK_DIGITS:]
    return body.isascii() and checksum == _checksum(body)


def token_hash(token: Secret) -> str:
    """Give what is kept of a token and looked up: its SHA-256 in hex.

    A token has 256 random bits, so nobody guesses it from the hash, and no salt or slow hash is needed.
    """
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECK_DIGITS)


def _base62(number: int, width: int) -> str:
    """The number in base 62, filled with zeros to the width."""
    digits: list[str] = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
