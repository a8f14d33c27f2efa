import pytest

from company import Company
from muster.providers import JumpCloud


@pytest.fixture
def jumpcloud(company: Company) -> JumpCloud:
    """JumpCloud's custom integration."""
    return JumpCloud(company.url, company.token)


def test_activation(company: Company, jumpcloud: JumpCloud) -> None:
    """The test user and the test group come, are joined, and go; nobody is left, in any sense."""
    jumpcloud.connect()

    assert ([], []) == (company.server.users(), company.server.groups())
    assert [
        "person:create",
        "group:create",
        "group:update",
        "group:update",
        "group:delete",
        "person:leave",
        "person:delete",
    ] == company.happened()


def test_activation_again(company: Company, jumpcloud: JumpCloud) -> None:
    """A second activation after a change of settings meets no leftovers."""
    jumpcloud.connect()
    JumpCloud(company.url, company.token).connect()

    assert ([], []) == (company.server.users(), company.server.groups())


def test_a_life(company: Company, jumpcloud: JumpCloud) -> None:
    """Bound to the app, changed, unbound, bound again, deleted."""
    ada = jumpcloud.create_user("ada@acme.example", given_name="Ada", family_name="King")
    access = company.access(ada)
    jumpcloud.update(ada, family_name="Lovelace", department="Engines")
    changed = company.shown(ada)
    jumpcloud.deactivate(ada)
    unbound = company.has_left(ada), company.access(ada)
    jumpcloud.reactivate(ada)
    back = company.access(ada)
    jumpcloud.delete(ada)

    assert {"chat"} == access == back
    assert ("Ada Lovelace", {"givenName": "Ada", "familyName": "Lovelace"}) == (
        changed["displayName"],
        changed["name"],
    )
    assert (True, set()) == unbound
    assert [] == company.server.users()


def test_a_group(company: Company, jumpcloud: JumpCloud) -> None:
    """Members are removed by a list, and only those listed go; a rename keeps the others."""
    ada, eve = jumpcloud.create_user("ada@acme.example"), jumpcloud.create_user("eve@acme.example")
    group = jumpcloud.create_group("Research", ada, eve)
    jumpcloud.remove_member(group, ada)
    half = company.members(group), company.access(ada), company.access(eve)
    jumpcloud.rename_group(group, "Pure Research")

    assert ([eve], {"chat"}, {"chat", "lab"}) == half
    assert ([eve], {"Pure Research"}) == (company.members(group), company.person(eve).groups)
