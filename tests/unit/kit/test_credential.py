from datetime import UTC, datetime

import pytest

from muster.kit.contract import Settings
from muster.kit.credential import Basic, Bearer, Credential, credential_of, shown
from muster.kit.manifest import load
from muster.kit.session import Session
from muster.model import BadInput, Secret

MANIFEST = """
id: demo
name: Demo
settings: {url: {type: url}, token: {type: secret}}
kinds: {account: {anchor: id, attributes: {userName: {}}}}
"""


@pytest.mark.parametrize(
    ("settings", "credential"),
    [
        ({"token": Secret("t")}, Bearer(token=Secret("t"))),
        ({"user": "ada", "password": Secret("p")}, Basic(user="ada", password=Secret("p"))),
        ({"user": "ada"}, None),
        ({}, None),
    ],
)
def test_settings_name_the_credential(settings: Settings, credential: Credential) -> None:
    """A token is a bearer token, user with password is basic; anything less is no credential."""
    assert credential == credential_of(settings)


def test_a_credential_is_never_shown() -> None:
    """No way of printing what a session sends prints the secret in any of its forms."""
    for credential in (
        Bearer(token=Secret("open sesame/+")),
        Basic(user="ada", password=Secret("open sesame/+")),
    ):
        sent = shown(credential)
        texts = " ".join(
            [repr(credential), repr(sent), *map(sent.hide, sent.forms), sent.hide(str(sent.headers))]
        )

        assert "sesame" not in texts
        assert "YWRhOm9wZW4gc2VzYW1lLys=" not in texts


def test_a_manifest_and_settings_make_a_session() -> None:
    """What an operator entered is enough for a session; an address that is none is refused."""
    manifest = load(MANIFEST)

    Session.of(
        manifest,
        {"url": "https://a.example.org", "token": Secret("t")},
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(BadInput):
        Session.of(manifest, {"token": Secret("t")}, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
