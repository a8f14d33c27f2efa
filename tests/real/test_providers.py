"""The identity providers of the product speak to servers that are not ours, too."""

import asyncio

import pytest

from muster.cli.demo.applications import Running
from muster.providers import Entra, Google, Okta, PingOne, Refused


async def test_providers_provision_a_server_of_somebody_else(scim2_server: Running) -> None:
    """Google and PingOne create, change, deactivate and delete users at scim2-server."""
    for kind in (Google, PingOne):
        provider = kind(scim2_server.url, scim2_server.token.reveal())

        def lives(provider: Google | PingOne = provider) -> None:
            provider.connect()
            ada = provider.create_user("ada", given_name="Ada", email="ada@acme.example")
            provider.update(ada, family_name="Lovelace", email="ada@acme.example")
            changed = provider.wire.get(f"/Users/{ada}").body
            assert "Lovelace" == changed["name"]["familyName"]
            provider.deactivate(ada)
            assert provider.wire.get(f"/Users/{ada}").body["active"] is False
            provider.delete(ada)
            assert [] == provider.wire.find("/Users")

        await asyncio.to_thread(lives)


async def test_a_server_that_keeps_to_the_letter_is_told_apart(scim2_server: Running) -> None:
    """scim2-server takes what Okta sends, and fails Entra ID, which writes a manager as a bare text."""
    url, token = scim2_server.url, scim2_server.token.reveal()
    okta, entra = Okta(url, token), Entra(url, token)

    def lives() -> None:
        ada = okta.create_user("ada@acme.example", given_name="Ada")
        okta.deactivate(ada)
        entra.connect()
        entra.create_user("eve@acme.example", manager=ada)

    with pytest.raises(Refused) as refusal:
        await asyncio.to_thread(lives)

    failed = refusal.value.exchange
    assert ("POST", 400) == (failed.method, failed.answer.status)
    assert "manager" in failed.answer.body["detail"]
