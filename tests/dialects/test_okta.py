import pytest

from company import Company
from muster.providers import Okta, Refused
from muster.providers.wire import USER_URN

ADA = {"given_name": "Ada", "family_name": "King"}


@pytest.fixture(params=[False, True], ids=["network", "classic"])
def okta(company: Company, request: pytest.FixtureRequest) -> Okta:
    """An app of the integration network, and one of the wizard."""
    return Okta(company.url, company.token, classic=request.param)


def test_saving_the_provisioning_settings(company: Company, okta: Okta) -> None:
    """Two users and a page of groups are listed, with numbers as numbers, where there are none yet."""
    okta.connect()

    assert [0, 0] == [exchange.answer.body["totalResults"] for exchange in okta.wire.exchanges]
    assert [] == company.happened()


def test_a_life(company: Company, okta: Okta) -> None:
    """Assigned, changed, unassigned, assigned again; the password of every request is nowhere."""
    ada = okta.create_user("ada@acme.example", **ADA)
    hired, access = company.shown(ada), company.access(ada)
    okta.update(ada, family_name="Lovelace", title="Analyst")
    changed = company.shown(ada)
    okta.deactivate(ada)
    left, gone = company.has_left(ada), company.access(ada)
    okta.reactivate(ada)

    assert {
        "schemas": [USER_URN],
        "userName": "ada@acme.example",
        "name": {"givenName": "Ada", "familyName": "King"},
        "emails": [{"primary": True, "value": "ada@acme.example", "type": "work"}],
        "displayName": "Ada King",
        "locale": "en-US",
        "externalId": okta.directory.people[ada].external_id,
        "active": True,
    } == hired
    assert {
        **hired,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "displayName": "Ada Lovelace",
        "title": "Analyst",
    } == changed
    assert left
    assert set() == gone
    assert {"chat"} == access == company.access(ada)
    assert "password" not in str(company.server.users())
    assert "password" not in str(company.server.log())


def test_an_update_repeats_what_was_read(company: Company, okta: Okta) -> None:
    """A PUT with id, meta and groups of the answer changes only the profile; the groups stay."""
    ada = okta.create_user("ada@acme.example", **ADA)
    group = okta.create_group("Research", ada)
    okta.update(ada, title="Analyst")

    assert [ada] == company.members(group)
    assert {"chat", "lab"} == company.access(ada)


def test_a_password_is_taken_and_kept_nowhere(company: Company, okta: Okta) -> None:
    """Setting a password succeeds, changes nothing and shows nowhere."""
    ada = okta.create_user("ada@acme.example", **ADA)
    before = company.wire.get(f"/Users/{ada}").body
    okta.set_password(ada, "t0p-s3cret")

    assert before == company.wire.get(f"/Users/{ada}").body
    assert "t0p-s3cret" not in str(company.server.log())


def test_a_pushed_group(company: Company, okta: Okta) -> None:
    """Filled, halved, renamed, deleted; each change of members repeats the name and changes nothing by it."""
    ada, eve = okta.create_user("ada@acme.example"), okta.create_user("eve@acme.example")
    group = okta.create_group("Research", ada, eve)
    full = company.members(group)
    okta.remove_member(group, ada)
    half = company.members(group), company.access(ada), company.access(eve)
    okta.rename_group(group, "Pure Research")
    renamed = company.members(group), company.person(eve).groups
    okta.delete_group(group)

    assert [ada, eve] == full
    assert ([eve], {"chat"}, {"chat", "lab"}) == half
    assert ([eve], {"Pure Research"}) == renamed
    assert [] == company.server.groups()


def test_a_user_who_is_there_already(company: Company, okta: Okta) -> None:
    """A user of the same name is linked, not created again, and gets Okta's profile."""
    ada = okta.create_user("ada@acme.example", **ADA)
    other = Okta(company.url, company.token)

    assert ada == other.create_user("ada@acme.example", given_name="Augusta", family_name="King")
    assert 1 == len(company.server.users())
    assert "Augusta King" == company.shown(ada)["displayName"]


@pytest.mark.parametrize("with_path", [True, False])
def test_push_now(company: Company, with_path: bool) -> None:
    """The members become those that Okta knows; an empty list is a group without members, said on purpose."""
    okta = Okta(company.url, company.token)
    ada, eve = okta.create_user("ada@acme.example"), okta.create_user("eve@acme.example")
    group = okta.create_group("Research", ada)
    okta.directory.groups[group].members = [eve]
    okta.push_now(group, with_path=with_path)
    swapped = company.members(group), company.access(ada)
    okta.directory.groups[group].members = []
    okta.push_now(group, with_path=with_path)

    assert ([eve], {"chat"}) == swapped
    assert [] == company.members(group)
    assert "Research" == company.wire.get(f"/Groups/{group}").body["displayName"]


def test_an_import_sees_everybody_once(company: Company) -> None:
    """Pages of a hundred, in one order, until all are there."""
    okta = Okta(company.url, company.token)
    names = [f"user{number:03}@acme.example" for number in range(103)]
    for name in names:
        company.wire.create("/Users", {"schemas": [USER_URN], "userName": name})

    assert names == [user["userName"] for user in okta.import_users()]
    assert 2 == len(okta.wire.exchanges)


def test_a_name_that_is_taken_is_a_conflict(company: Company) -> None:
    """The error is JSON that a strict parser reads: status as a text, and the keyword ``uniqueness``."""
    okta = Okta(company.url, company.token)
    okta.create_user("ada@acme.example")
    with pytest.raises(Refused) as refusal:
        okta.wire.create("/Users", {"schemas": [USER_URN], "userName": "ada@acme.example"})

    answer = refusal.value.exchange.answer
    assert (409, "409", "uniqueness") == (answer.status, answer.body["status"], answer.body["scimType"])
    assert answer.headers["content-type"].startswith("application/scim+json")
