"""Tokens that Muster issues."""

import hashlib
import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.model import Secret
from muster.vault import TOKEN_PREFIX, is_well_formed, new_token, token_hash

ALPHABET = string.digits + string.ascii_letters


@given(st.binary(min_size=32, max_size=32))
def test_a_new_token_is_well_formed(drawn: bytes) -> None:
    """Whatever was drawn, the token has one length, our prefix, and letters and digits only."""
    token = new_token(lambda _: drawn)
    text = token.reveal()

    assert is_well_formed(token)
    assert (len(text), text[:4]) == (53, TOKEN_PREFIX)
    assert set(text[4:]) <= set(ALPHABET)


@given(st.sets(st.binary(min_size=32, max_size=32), min_size=2, max_size=2))
def test_different_randomness_gives_different_tokens(drawn: set[bytes]) -> None:
    """No bit of the 256 is lost."""
    assert len({new_token(lambda _, one=one: one).reveal() for one in drawn}) == 2


def test_every_mistyped_character_is_found() -> None:
    """One wrong character anywhere, two neighbours swapped, or a cut: no token."""
    text = new_token(os.urandom).reveal()
    mistyped = {
        text[:at] + other + text[at + 1 :] for at in range(len(text)) for other in ALPHABET + "_ \u0660é"
    }
    swapped = {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)}
    cut = {text[:length] for length in range(len(text))} | {text + "0"}

    assert [wrong for wrong in (mistyped | swapped | cut) - {text} if is_well_formed(Secret(wrong))] == []


@given(st.text(st.characters()))
def test_any_text_can_be_asked_about(text: str) -> None:
    """What a client sends as a token may be anything: it is judged and hashed without an error."""
    assert not is_well_formed(Secret(text))
    assert len(token_hash(Secret(text))) == 64


def test_a_hash_is_sha_256_in_hex() -> None:
    """What is stored can be computed by other tools as well."""
    token = new_token(os.urandom)

    assert token_hash(token) == hashlib.sha256(token.reveal().encode()).hexdigest()


def test_too_little_randomness_is_refused() -> None:
    """A broken source of randomness makes no weak token."""
    with pytest.raises(ValueError, match="32 random bytes"):
        new_token(lambda count: bytes(count - 1))
