import pytest

from company import Company
from muster.providers import Authentik


@pytest.fixture
def authentik(company: Company) -> Authentik:
    """authentik, connected."""
    provider = Authentik(company.url, company.token)
    provider.connect()
    return provider


def test_a_life(company: Company, authentik: Authentik) -> None:
    """Created, changed by PUT, deactivated, back, deleted."""
    ada = authentik.create_user("ada", given_name="Ada", family_name="King")
    access = company.access(ada)
    authentik.update(ada, family_name="Lovelace")
    changed = company.shown(ada)
    authentik.deactivate(ada)
    left = company.has_left(ada), company.access(ada)
    authentik.reactivate(ada)
    back = company.access(ada)
    authentik.delete(ada)

    assert {"chat"} == access == back
    assert {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"} == changed["name"]
    assert (True, set()) == left
    assert [] == company.server.users()


def test_what_is_in_conflict_is_taken_over(company: Company, authentik: Authentik) -> None:
    """A second authentik meets 409, finds user and group by name, and goes on with them."""
    ada = authentik.create_user("ada")
    group = authentik.create_group("Research", ada)
    other = Authentik(company.url, company.token)
    other.connect()

    assert (ada, group) == (other.create_user("ada"), other.create_group("Research"))
    assert [ada] == company.members(group)


def test_a_group(company: Company, authentik: Authentik) -> None:
    """One operation for each member, ``path`` null for the rename, and who else came in is put out again."""
    ada, eve, sid = (authentik.create_user(name) for name in ("ada", "eve", "sid"))
    group = authentik.create_group("Research", ada, eve)
    full = company.members(group), company.access(ada)
    authentik.remove_member(group, ada)
    half = company.members(group), company.access(ada)
    company.wire.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": sid}]})
    authentik.rename_group(group, "Pure Research")

    assert ([ada, eve], {"chat", "lab"}) == full
    assert ([eve], {"chat"}) == half
    assert ([eve], {"Pure Research"}) == (company.members(group), company.person(eve).groups)


def test_a_group_by_put(company: Company) -> None:
    """Where a server has no PATCH, authentik sends all members each time; an empty list means nobody."""
    authentik = Authentik(company.url, company.token)
    authentik._patches = False
    ada, eve = authentik.create_user("ada"), authentik.create_user("eve")
    group = authentik.create_group("Research", ada, eve)
    full = company.members(group)
    authentik.remove_member(group, ada)
    half = company.members(group)
    authentik.rename_group(group, "Pure Research")
    authentik.remove_member(group, eve)

    assert ([ada, eve], [eve]) == (full, half)
    assert [] == company.members(group)
    assert {"chat"} == company.access(eve)
