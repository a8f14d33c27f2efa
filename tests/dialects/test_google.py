import pytest

from company import Company
from muster.providers import Google
from muster.providers.wire import ENTERPRISE_URN, USER_URN


@pytest.fixture
def google(company: Company) -> Google:
    """Google Workspace."""
    return Google(company.url, company.token)


def test_the_wizard_continues(company: Company, google: Google) -> None:
    """One user is asked for, and none is an answer."""
    google.connect()

    assert [0] == [exchange.answer.body["totalResults"] for exchange in google.wire.exchanges]
    assert [] == company.happened()


def test_a_life(company: Company, google: Google) -> None:
    """In scope, changed, suspended, active again, deleted after the delay."""
    ada = google.create_user("ada@acme.example", given_name="Ada", family_name="King", department="Engines")
    hired, access = company.shown(ada), company.access(ada)
    google.update(ada, family_name="Lovelace", title="Analyst")
    changed = company.shown(ada)
    google.deactivate(ada)
    suspended = company.has_left(ada), company.access(ada)
    google.reactivate(ada)
    back = company.access(ada)
    google.deactivate(ada)
    google.delete(ada)

    assert {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "userName": "ada@acme.example",
        "externalId": hired["externalId"],
        "name": {"givenName": "Ada", "familyName": "King"},
        "emails": [{"value": "ada@acme.example", "type": "work", "primary": True}],
        "active": True,
        ENTERPRISE_URN: {"department": "Engines"},
    } == hired
    assert {**hired, "name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "Analyst"} == changed
    assert {"chat"} == access == back
    assert (True, set()) == suspended
    assert [] == company.server.users()


def test_a_round_that_changes_nothing(company: Company, google: Google) -> None:
    """What comes every few hours and says nothing new makes no version and no record."""
    ada = google.create_user("ada@acme.example", given_name="Ada")
    before = company.wire.get(f"/Users/{ada}").body, company.happened()
    google.update(ada)

    assert before == (company.wire.get(f"/Users/{ada}").body, company.happened())


def test_whoever_was_deleted_may_come_back(company: Company, google: Google) -> None:
    """A person restored in the directory is the same person to Muster."""
    ada = google.create_user("ada@acme.example", external_id="g-1")
    google.delete(ada)

    assert ada == google.create_user("ada@acme.example", external_id="g-1")
    assert {"chat"} == company.access(ada)
