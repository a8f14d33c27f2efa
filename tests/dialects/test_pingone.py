import pytest

from company import Company
from muster.providers import PingOne
from muster.providers.wire import ENTERPRISE_URN, USER_URN


@pytest.fixture
def pingone(company: Company) -> PingOne:
    """PingOne."""
    return PingOne(company.url, company.token)


def test_test_connection(company: Company, pingone: PingOne) -> None:
    """One user is asked for, and none is an answer."""
    pingone.connect()

    assert [] == company.happened()


def test_a_life(company: Company, pingone: PingOne) -> None:
    """What is cleared by an empty text is no value; disabling ends access, deleting is final."""
    ada = pingone.create_user("ada", given_name="Ada", title="Analyst", phone="1815", department="Engines")
    hired = company.shown(ada)
    pingone.update(ada, title="", phone="", department="")
    cleared = company.shown(ada)
    pingone.deactivate(ada)
    disabled = company.has_left(ada), company.access(ada)
    pingone.reactivate(ada)
    back = company.access(ada)
    pingone.delete(ada)

    assert ("Analyst", [{"value": "1815", "type": "work"}], {"department": "Engines"}) == (
        hired["title"],
        hired["phoneNumbers"],
        hired[ENTERPRISE_URN],
    )
    assert {
        "schemas": [USER_URN],
        "externalId": hired["externalId"],
        "userName": "ada",
        "name": {"givenName": "Ada"},
        "displayName": "Ada",
        "active": True,
        "emails": [{"type": "work", "primary": True}],
        "phoneNumbers": [{"type": "work"}],
    } == cleared
    assert (True, set()) == disabled
    assert {"chat"} == back
    assert [] == company.server.users()


def test_a_group(company: Company, pingone: PingOne) -> None:
    """Members come by a list and go by a filter."""
    ada, eve = pingone.create_user("ada"), pingone.create_user("eve")
    group = pingone.create_group("Research", ada, eve)
    pingone.remove_member(group, ada)
    half = company.members(group), company.access(ada), company.access(eve)
    pingone.delete_group(group)

    assert ([eve], {"chat"}, {"chat", "lab"}) == half
    assert {"chat"} == company.access(eve)
