import pytest

from company import Company
from muster.providers import Keycloak


@pytest.fixture
def keycloak(company: Company) -> Keycloak:
    """Keycloak with SCIM for Keycloak."""
    return Keycloak(company.url, company.token)


def test_a_life(company: Company, keycloak: Keycloak) -> None:
    """Created, changed, disabled, enabled, deleted."""
    keycloak.connect()
    ada = keycloak.create_user("ada", given_name="Ada", email="ada@acme.example")
    keycloak.update(ada, family_name="Lovelace", email="")
    changed = company.shown(ada)
    keycloak.deactivate(ada)
    disabled = company.has_left(ada), company.access(ada)
    keycloak.reactivate(ada)
    back = company.access(ada)
    keycloak.delete(ada)

    assert {"givenName": "Ada", "familyName": "Lovelace"} == changed["name"]
    assert "emails" not in changed
    assert (True, set()) == disabled
    assert {"chat"} == back
    assert [] == company.server.users()


def test_a_group_renamed_by_a_text(company: Company, keycloak: Keycloak) -> None:
    """The value is a JSON text with ``schemas`` in it; the name changes, and the members stay."""
    ada, eve = keycloak.create_user("ada"), keycloak.create_user("eve")
    group = keycloak.create_group("Research", ada, eve)
    full = company.members(group), company.access(ada)
    keycloak.rename_group(group, "Pure Research")
    renamed = company.members(group), company.person(ada).groups, company.access(ada)
    keycloak.remove_member(group, eve)

    assert ([ada, eve], {"chat", "lab"}) == full
    assert ([ada, eve], {"Pure Research"}, {"chat"}) == renamed
    assert [ada] == company.members(group)


def test_a_group_that_is_there_already(company: Company, keycloak: Keycloak) -> None:
    """Another realm takes the group over; who was in it stays, who is added comes."""
    ada, eve = keycloak.create_user("ada"), keycloak.create_user("eve")
    group = keycloak.create_group("Research", ada)

    assert group == Keycloak(company.url, company.token).create_group("Research", eve)
    assert [ada, eve] == company.members(group)
