import pytest

from company import Company
from muster.providers import OneLogin
from muster.providers.wire import ENTERPRISE_URN, USER_URN


@pytest.fixture
def onelogin(company: Company) -> OneLogin:
    """OneLogin with its enterprise template."""
    return OneLogin(company.url, company.token)


def test_enabling_the_connection(company: Company, onelogin: OneLogin) -> None:
    """Somebody who is known not to exist is not found, and plain JSON is an answer that is accepted."""
    onelogin.connect()

    assert [200] == [exchange.answer.status for exchange in onelogin.wire.exchanges]
    assert [] == company.happened()


def test_a_life(company: Company, onelogin: OneLogin) -> None:
    """Blanks of the template are no values; a suspension ends access, and a deletion is final."""
    ada = onelogin.create_user("ada", given_name="Ada", email="ada@acme.example")
    hired = company.shown(ada)
    onelogin.update(ada, family_name="Lovelace", department="Engines", title="Analyst")
    changed = company.shown(ada)
    onelogin.update(ada, department="", title="")
    blanked = company.shown(ada)
    onelogin.deactivate(ada)
    suspended = company.has_left(ada), company.access(ada)
    onelogin.reactivate(ada)
    back = company.access(ada)
    onelogin.delete(ada)

    assert {
        "schemas": [USER_URN],
        "userName": "ada",
        "name": {"givenName": "Ada", "formatted": "Ada"},
        "active": True,
        "emails": [{"value": "ada@acme.example", "type": "work", "primary": True}],
    } == hired
    assert {
        **hired,
        "schemas": [USER_URN, ENTERPRISE_URN],
        "name": {"familyName": "Lovelace", "givenName": "Ada", "formatted": "Ada Lovelace"},
        "title": "Analyst",
        ENTERPRISE_URN: {"department": "Engines"},
    } == changed
    assert {**hired, "name": changed["name"]} == blanked
    assert (True, set()) == suspended
    assert {"chat"} == back
    assert [] == company.server.users()
    assert company.has_left(ada)


def test_a_group(company: Company, onelogin: OneLogin) -> None:
    """Groups are listed, created and filled; members go by a filter."""
    ada, eve = onelogin.create_user("ada"), onelogin.create_user("eve")
    group = onelogin.create_group("Research", ada, eve)
    full = company.members(group), company.access(ada)
    onelogin.remove_member(group, ada)

    assert group == OneLogin(company.url, company.token).create_group("Research")
    assert ([ada, eve], {"chat", "lab"}) == full
    assert ([eve], {"chat"}) == (company.members(group), company.access(ada))
