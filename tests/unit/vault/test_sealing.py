"""Sealing and opening one secret."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from muster.model import Secret, Unavailable
from muster.vault import SealKey, open_, seal, sealed_with

KEY = SealKey(bytes(range(32)))
OTHER = SealKey(bytes(range(1, 33)))
PLACE = "acme/app/chat/token"
SECRET = Secret("s3cret")


def refusal(sealed: bytes, *, key: SealKey = KEY, bound_to: str = PLACE) -> str:
    """What a person reads when the envelope does not open."""
    with pytest.raises(Unavailable) as raised:
        open_(key, sealed, bound_to=bound_to)

    problem = raised.value.problem
    assert (problem.code, problem.where) == ("MUSTER-VAULT-CANNOT-OPEN", bound_to)
    assert "give the secret again" in problem.next_step
    return problem.why


@given(secret=st.text(st.characters()), bound_to=st.text(st.characters(), min_size=1))
def test_what_is_sealed_opens(secret: str, bound_to: str) -> None:
    """Any text comes back as it was, bound to a place of any name."""
    assert open_(KEY, seal(KEY, Secret(secret), bound_to=bound_to), bound_to=bound_to) == Secret(secret)


def test_an_envelope_hides_the_secret_and_never_repeats() -> None:
    """The secret does not stand in the envelope, and sealing it twice gives two envelopes."""
    one, two = (seal(KEY, SECRET, bound_to=PLACE) for _ in range(2))

    assert b"s3cret" not in one
    assert one != two


def test_every_change_of_one_byte_is_found() -> None:
    """Whichever byte of the envelope is altered in whatever way, it does not open."""
    sealed = seal(KEY, SECRET, bound_to=PLACE)
    for position, flip in ((position, flip) for position in range(len(sealed)) for flip in range(1, 256)):
        altered = bytearray(sealed)
        altered[position] ^= flip
        with pytest.raises(Unavailable):
            open_(KEY, bytes(altered), bound_to=PLACE)


def test_every_cut_is_found() -> None:
    """An envelope that lost its end, or gained one, does not open."""
    sealed = seal(KEY, SECRET, bound_to=PLACE)
    whys = {refusal(sealed[:length]) for length in range(len(sealed))} | {refusal(sealed + b"\0")}

    assert whys == {
        "What is stored there is no envelope of this version of Muster",
        "It was altered, or moved there from another place",
    }


@pytest.mark.parametrize("place", ["acme/app/wiki/token", "other/app/chat/token", PLACE + "/", "acme"])
def test_an_envelope_opens_in_its_own_place_only(place: str) -> None:
    """Copied to another row, app or tenant, it does not open."""
    assert "moved there" in refusal(seal(KEY, SECRET, bound_to=PLACE), bound_to=place)


def test_another_key_is_named() -> None:
    """Who starts with the wrong key reads which key was used and which one is in use."""
    why = refusal(seal(KEY, SECRET, bound_to=PLACE), key=OTHER)

    assert why == f"It was sealed with key {KEY.id.hex()}, and the key in use is {OTHER.id.hex()}"


def test_a_forged_key_id_opens_nothing() -> None:
    """An envelope relabelled with the id of the key in use is still found out."""
    sealed = seal(KEY, SECRET, bound_to=PLACE)

    assert "altered" in refusal(sealed.replace(KEY.id, OTHER.id), key=OTHER)


def test_the_head_is_sealed_in() -> None:
    """What was encrypted under the same key and place, but not as this kind of envelope, does not open."""
    nonce = bytes(12)
    foreign = AESGCM(KEY.material).encrypt(nonce, b"s3cret", PLACE.encode())

    assert "altered" in refusal(b"MSV1" + KEY.id + nonce + foreign)


def test_an_envelope_names_its_key() -> None:
    """With several keys at hand, the right one is found without trying."""
    assert sealed_with(seal(OTHER, SECRET, bound_to=PLACE)) == OTHER.id
    with pytest.raises(Unavailable):
        sealed_with(b"MSV1")


def test_nothing_is_sealed_without_a_place() -> None:
    """A secret bound to nowhere could be moved anywhere."""
    with pytest.raises(ValueError, match="bound to the place"):
        seal(KEY, SECRET, bound_to="")
