from typing import Any

import pytest

from company import Company
from muster.providers import Entra, Refused
from muster.providers.wire import ENTERPRISE_URN, GROUP_URN, USER_URN

ADA = {"given_name": "Ada", "family_name": "King", "email": "ada@acme.example", "title": "Analyst"}


@pytest.fixture(params=[False, True], ids=["usual", "aadOptscim062020"])
def entra(company: Company, request: pytest.FixtureRequest) -> Entra:
    """Entra ID without and with the flag in the tenant URL."""
    return Entra(company.url, company.token, compliant=request.param)


def test_test_connection(company: Company, entra: Entra) -> None:
    """A random GUID is nobody's name: 200 and an empty list, and nothing has happened."""
    entra.connect()

    assert [200, 200] == [exchange.answer.status for exchange in entra.wire.exchanges]
    assert [] == company.happened()


def test_a_life(company: Company, entra: Entra) -> None:
    """Hired with a manager, promoted, gone, back, gone for good: each is what Muster concludes."""
    boss = entra.create_user("boss@acme.example", given_name="Charles")
    ada = entra.create_user(
        "ada@acme.example",
        **ADA,
        phone="1815",
        department="Engines",
        manager=boss,
        role="Engineer",
        external_id="0a21f0f2",
    )
    hired, access = company.shown(ada), company.access(ada)
    entra.update(ada, family_name="Lovelace", title="", phone="1852", department="Computing", manager="")
    promoted = company.shown(ada)
    entra.deactivate(ada)
    left, gone = company.has_left(ada), company.access(ada)
    entra.reactivate(ada)
    back = company.access(ada)
    entra.deactivate(ada)
    entra.delete(ada)

    assert {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "externalId": "0a21f0f2",
        "userName": "ada@acme.example",
        "active": True,
        "displayName": "Ada King",
        "name": {"formatted": "Ada King", "familyName": "King", "givenName": "Ada"},
        "title": "Analyst",
        "roles": [{"primary": True, "value": "Engineer"}],
        "emails": [{"primary": True, "type": "work", "value": "ada@acme.example"}],
        "phoneNumbers": [{"type": "work", "value": "1815"}],
        ENTERPRISE_URN: {"department": "Engines", "manager": {"value": boss}},
    } == hired
    assert {"chat"} == access == back
    assert {
        **{name: value for name, value in hired.items() if name != "title"},
        "displayName": "Ada Lovelace",
        "name": {"formatted": "Ada King", "familyName": "Lovelace", "givenName": "Ada"},
        "phoneNumbers": [{"type": "work", "value": "1852"}],
        ENTERPRISE_URN: {"department": "Computing"},
    } == promoted
    assert left
    assert set() == gone == company.access(ada)
    assert [
        "person:create",
        "person:create",
        "person:update",
        "person:leave",
        "person:return",
        "person:leave",
        "person:delete",
    ] == company.happened()


def test_an_attribute_that_comes_later(company: Company, entra: Entra) -> None:
    """Values of attributes that were empty are added, by filter where the attribute has many values."""
    ada = entra.create_user("ada@acme.example")
    entra.update(ada, **ADA, phone="1815", employee_number="7", role="Engineer", department="Engines")

    found = company.shown(ada)
    assert [{"type": "work", "value": "ada@acme.example"}] == found["emails"]
    assert [{"type": "work", "value": "1815"}] == found["phoneNumbers"]
    assert [{"primary": True, "value": "Engineer"}] == found["roles"]
    assert {"department": "Engines", "employeeNumber": "7"} == found[ENTERPRISE_URN]
    assert "Analyst" == found["title"]


def test_a_user_who_is_there_already(company: Company, entra: Entra) -> None:
    """The second tenant of a merger finds the user by name, whatever the letter case, and takes them over."""
    ada = entra.create_user("ada@acme.example", **ADA)
    other = Entra(company.url, company.token)

    assert ada == other.create_user("Ada@Acme.example", given_name="Augusta")
    assert 1 == len(company.server.users())
    assert "Augusta" == company.shown(ada)["name"]["givenName"]


def test_a_group_and_its_members(company: Company, entra: Entra) -> None:
    """Members come and go one by one, a rename keeps them, and what the group grants follows."""
    ada, eve = entra.create_user("ada@acme.example"), entra.create_user("eve@acme.example")
    group = entra.create_group("Research", ada, eve)
    full = company.members(group), company.access(ada)
    version = company.wire.get(f"/Groups/{group}").headers["etag"]
    entra.add_member(group, ada)
    again = company.members(group), company.wire.get(f"/Groups/{group}").headers["etag"]
    entra.remove_member(group, ada)
    half = company.members(group), company.access(ada), company.access(eve)
    entra.rename_group(group, "Pure Research")
    renamed = company.members(group), company.access(eve), company.person(eve).groups
    entra.delete_group(group)

    assert ([ada, eve], {"chat", "lab"}) == full
    assert ([ada, eve], version) == again
    assert ([eve], {"chat"}, {"chat", "lab"}) == half
    assert ([eve], {"chat"}, {"Pure Research"}) == renamed
    assert [] == company.server.groups()
    assert frozenset() == company.person(eve).groups


def test_members_who_are_strangers_already_are_no_failure(company: Company, entra: Entra) -> None:
    """A member removed twice is gone once; the others stay."""
    ada, eve = entra.create_user("ada@acme.example"), entra.create_user("eve@acme.example")
    group = entra.create_group("Research", ada, eve)
    entra.remove_member(group, ada)
    entra.remove_member(group, ada)

    assert [eve] == company.members(group)


@pytest.mark.parametrize(
    "value",
    [[], None, [{"$ref": None, "value": None}], [{}], "", [None]],
)
def test_a_removal_of_nobody_is_refused(company: Company, value: object) -> None:
    """A list that names nobody is not read as everybody (RFC 7644 §3.5.2.2): 400, and the group stays."""
    entra = Entra(company.url, company.token)
    ada = entra.create_user("ada@acme.example")
    group = entra.create_group("Research", ada)
    with pytest.raises(Refused) as refusal:
        entra.wire.patch(f"/Groups/{group}", {"op": "Remove", "path": "members", "value": value})

    assert 400 == refusal.value.exchange.answer.status
    assert [ada] == company.members(group)


@pytest.mark.parametrize(
    "path",
    ["manager", f"{ENTERPRISE_URN}:manager", f"{ENTERPRISE_URN}.manager", f"{ENTERPRISE_URN}:manager.value"],
)
def test_a_manager_in_every_form(company: Company, path: str) -> None:
    """A text, an object or a list of one, under every path there has been: set, and cleared."""
    entra = Entra(company.url, company.token)
    boss, ada = entra.create_user("boss@acme.example"), entra.create_user("ada@acme.example")
    set_as: list[Any] = [boss]
    if not path.endswith(".value"):
        set_as += [
            {"value": boss},
            [{"value": boss}],
            [{"$ref": f"{company.url}/Users/{boss}", "value": boss}],
        ]
    for value in set_as:
        entra.wire.patch(f"/Users/{ada}", {"op": "Add", "path": path, "value": value})
        assert boss == company.shown(ada)[ENTERPRISE_URN]["manager"]["value"]
        entra.wire.patch(f"/Users/{ada}", {"op": "Replace", "path": path, "value": ""})
        assert ENTERPRISE_URN not in company.shown(ada)
        entra.wire.patch(f"/Users/{ada}", {"op": "Add", "path": path, "value": value})
        entra.wire.patch(f"/Users/{ada}", {"op": "Remove", "path": path})
        assert ENTERPRISE_URN not in company.shown(ada)


def test_the_printed_example_of_a_creation(company: Company) -> None:
    """The tutorial's example 2: a misspelt URN among the schemas, and null for whatever is not there."""
    body = {
        "schemas": [USER_URN, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
        "externalId": "jyoung",
        "userName": "jyoung@testuser.example",
        "active": True,
        "addresses": None,
        "displayName": "Joy Young",
        "emails": [{"type": "work", "value": "jyoung@acme.example", "primary": True}],
        "meta": {"resourceType": "User"},
        "name": {"familyName": "Young", "givenName": "Joy"},
        "phoneNumbers": None,
        "preferredLanguage": None,
        "title": None,
        "department": None,
        "manager": None,
    }
    joy = company.wire.create("/Users", body).id

    assert {
        "schemas": [USER_URN],
        "externalId": "jyoung",
        "userName": "jyoung@testuser.example",
        "active": True,
        "displayName": "Joy Young",
        "emails": [{"type": "work", "value": "jyoung@acme.example", "primary": True}],
        "name": {"familyName": "Young", "givenName": "Joy"},
    } == company.shown(joy)


def test_an_address_in_fragments(company: Company, entra: Entra) -> None:
    """Each part of an address that is not there yet is an operation of its own; they make one address."""
    ada = entra.create_user("ada@acme.example")
    parts = {"streetAddress": "12 St James's Square", "locality": "London", "country": "GB"}
    adding = [
        {"op": "Add", "path": f'addresses[type eq "work"].{name}', "value": value}
        for name, value in parts.items()
    ]
    entra.wire.patch(f"/Users/{ada}", *adding)
    entra.wire.patch(f"/Users/{ada}", {"op": "Remove", "path": 'addresses[type eq "work"].country'})

    del parts["country"]
    assert [{"type": "work", **parts}] == company.shown(ada)["addresses"]


@pytest.mark.parametrize(
    "filter",
    [
        'userName eq "ADA@acme.example"',
        'externalId eq "0a21f0f2"',
        'emails[type eq "work"].value eq "ada@mail.example"',
        'emails[type eq "work" and value eq "ada@mail.example"]',
        'roles[primary eq "True"].value eq "Engineer"',
    ],
)
def test_every_matching_attribute_finds(company: Company, filter: str) -> None:
    """Whichever attribute is set to match people by, it finds the one and no other."""
    entra = Entra(company.url, company.token)
    ada = entra.create_user(
        "ada@acme.example", email="ada@mail.example", external_id="0a21f0f2", role="Engineer"
    )
    entra.create_user("eve@acme.example", email="eve@mail.example", external_id="0A21F0F2", role="Clerk")

    assert [ada] == [found["id"] for found in company.wire.find("/Users", filter=filter)]


def test_a_probe_for_a_reference(company: Company) -> None:
    """Whether a user has a certain manager is asked by a filter, and only the id is wanted."""
    entra = Entra(company.url, company.token)
    boss = entra.create_user("boss@acme.example")
    ada = entra.create_user("ada@acme.example", manager=boss)
    yes = company.wire.find("/Users", filter=f'id eq "{ada}" and manager eq "{boss}"', attributes="id")
    no = company.wire.find("/Users", filter=f'id eq "{ada}" and manager eq "{ada}"', attributes="id")

    assert [ada] == [found["id"] for found in yes]
    assert {"id", "schemas"} == set(yes[0])
    assert [] == no


def test_what_changed_between_two_moments(company: Company) -> None:
    """Inbound synchronisation asks with seven digits after the second, and pages from 0."""
    entra = Entra(company.url, company.token)
    ada = entra.create_user("ada@acme.example")
    entra.deactivate(entra.create_user("eve@acme.example"))
    since, until = "2020-01-01T00:00:00.1234567Z", "2120-01-01T00:00:00.1234567Z"
    between = f'(meta.lastModified ge "{since}" and meta.lastModified le "{until}")'
    found = company.wire.find("/Users", filter=f"active eq true and {between}", startIndex="0", count="50")
    earlier = company.wire.find(
        "/Users", filter=f'meta.lastModified lt "{since}"', startIndex="-1", count="-1"
    )

    assert [ada] == [user["id"] for user in found]
    assert [] == earlier


def test_a_group_is_created_with_a_schema_nobody_knows(company: Company) -> None:
    """The URN of Microsoft's ADSCIM group is passed over, and the group lists only what it uses."""
    entra = Entra(company.url, company.token)
    group = entra.create_group("Research")

    assert [GROUP_URN] == company.wire.get(f"/Groups/{group}").body["schemas"]
