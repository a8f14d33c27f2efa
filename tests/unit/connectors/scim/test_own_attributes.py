"""Attributes of extensions that only the application and the operator know, on Muster's own endpoint."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import muster.connectors.scim
from desk import OPERATOR, open_desk, scim_source
from muster import bootstrap
from muster.connectors.scim import ScimConnector, connect
from muster.kit.contract import Delta, New
from muster.kit.credential import Bearer
from muster.kit.manifest import of, with_mapped
from muster.kit.session import Session
from muster.model import (
    ACCOUNT,
    AppName,
    AttributeEquals,
    BadInput,
    Copied,
    Misconfigured,
    OperationId,
    Rule,
    Secret,
)
from muster.scim import USER_URN, custom_schema
from muster.service import configuring, converging, schemas, scim_people, tokens
from muster.service.configuration_file import AppSpec
from muster.service.desk import Desk
from muster.service.scim_exchange import Caller
from scim_door import Client, serving, speaking

URN = "urn:app:scim:schemas:seats:2.0:User"
SEATS = custom_schema(
    {
        "id": URN,
        "attributes": [
            {"name": "seat", "caseExact": True},
            {"name": "floor", "type": "integer"},
            {"name": "quiet", "type": "boolean"},
            {"name": "tags", "multiValued": True},
            {
                "name": "keys",
                "type": "complex",
                "multiValued": True,
                "subAttributes": [{"name": "type"}, {"name": "value"}],
            },
        ],
    }
)
KEY = f'{URN}:keys[type eq "door"].value'
NAMES = [f"{URN}:seat", f"{URN}:floor", f"{URN}:quiet", f"{URN}:tags", KEY]
OPERATION = OperationId("o1")


@pytest.fixture
async def desk(sqlite_database_url: str) -> AsyncIterator[Desk]:
    """The application: another Muster, which knows the schema."""
    async with open_desk(sqlite_database_url) as opened:
        await schemas.put_schema(opened, OPERATOR, SEATS)
        yield opened


@pytest.fixture
async def application(desk: Desk) -> AsyncIterator[Client]:
    """The application as one of its sources."""
    token = await scim_source(desk, "muster")
    async with serving(desk) as url, speaking(url, token) as client:
        yield client


@pytest.fixture
async def connector(application: Client) -> AsyncIterator[ScimConnector]:
    """The connector to it, whose app maps these attributes."""
    manifest = with_mapped(of(muster.connectors.scim), ACCOUNT, NAMES)
    async with Session(
        f"{application.url}/scim/v2",
        credential=Bearer(token=application.token),
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    ) as session:
        yield connect(manifest, {}, session)


async def test_they_are_created_seen_and_changed(connector: ScimConnector, application: Client) -> None:
    """Every plain value goes out, comes back as it went, and goes again."""
    values = dict(zip(NAMES, ("3-07", 3, True, ("a", "b"), "k1"), strict=True))
    made = await connector.create(
        New(kind=ACCOUNT, external_id="p1", attributes={"userName": "ada", **values}), OPERATION
    )
    stored = (await application.get(f"/Users/{made.id}")).body
    seen = await connector.get(ACCOUNT, made.id)
    changes = {f"{URN}:seat": "4-01", f"{URN}:floor": None, KEY: None}
    await connector.update(seen, Delta(set=changes), OPERATION)
    changed = (await application.get(f"/Users/{made.id}")).body

    assert {
        "seat": "3-07",
        "floor": 3,
        "quiet": True,
        "tags": ["a", "b"],
        "keys": [{"type": "door", "value": "k1"}],
    } == stored[URN]
    assert [USER_URN, URN] == stored["schemas"]
    assert values == {name: value for name, value in seen.attributes.items() if name != "userName"}
    assert {"seat": "4-01", "quiet": True, "tags": ["a", "b"]} == changed[URN]


async def test_an_account_is_found_by_one(connector: ScimConnector, application: Client) -> None:
    """Such an attribute can recognise an account that is there."""
    await application.hire("ben", **{URN: {"seat": "4-01"}})
    await application.hire("ada", **{URN: {"seat": "3-07"}})
    found = await connector.find(ACCOUNT, f"{URN}:seat", "3-07")

    assert ["ada"] == [one.attributes["userName"] for one in found]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        (f"{URN}:seat", True),
        (KEY, True),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", True),
        (URN.upper() + ":LOCKER.NUMBER", True),
        ("seat", False),
        ("urn:seat", False),
        (f"{URN}:", False),
        (f"{URN}:a b", False),
        (f"{URN}:keys[type eq", False),
    ],
)
def test_only_full_names_are_taken_beside_the_listed_ones(name: str, taken: bool) -> None:
    """A misspelled name of a listed attribute is still refused."""
    manifest = with_mapped(of(muster.connectors.scim), ACCOUNT, [name, "title"])

    assert taken is (name in manifest.kinds[ACCOUNT].attributes)


async def test_a_name_that_cannot_be_a_place_is_a_fault_of_the_configuration(application: Client) -> None:
    """What is found when the application is opened stops the app and says why."""
    name = f"{URN}:keys[type door].value"
    manifest = with_mapped(of(muster.connectors.scim), ACCOUNT, [name])
    token = Bearer(token=Secret("t0ken"))
    async with Session(
        application.url, credential=token, now=lambda: datetime(2026, 1, 1, tzinfo=UTC)
    ) as session:
        with pytest.raises(Misconfigured, match="SCIM cannot name"):
            connect(manifest, {}, session)


async def test_from_an_identity_provider_to_the_application(application: Client, tmp_path: Path) -> None:
    """An attribute of the operator's own is what a rule asks for, and what the account gets in its terms."""
    own = "urn:acme:scim:schemas:staff:1.0:User"
    staff = custom_schema(
        {"id": own, "attributes": [{"name": "badge"}, {"name": "floor", "type": "integer"}]}
    )
    async with bootstrap.open_desk(bootstrap.MusterSettings(home=tmp_path / "home")) as muster_desk:
        await schemas.put_schema(muster_desk, OPERATOR, staff)
        _, token = await tokens.add_source(muster_desk, OPERATOR, "scim", "idp")
        bearer = None if token is None else await tokens.authenticate(muster_desk, token)
        assert bearer is not None
        types = await muster_desk.db.read(lambda tx: schemas.types_of(tx, muster_desk))
        idp = Caller(bearer=bearer, base="https://muster.example/scim/v2", types=types)
        for name, floor in (("ada", 3), ("ben", 4)):
            body = {"schemas": [USER_URN], "userName": name, own: {"badge": f"b-{name}", "floor": floor}}
            await scim_people.create(muster_desk, idp, body)
        spec = AppSpec(
            name=AppName("seats"),
            connector="scim",
            settings={"url": f"{application.url}/scim/v2", "token": application.token.reveal()},
            mapping={
                f"{URN}:seat": Copied(attribute=f"{own}:badge"),
                f"{URN}:floor": Copied(attribute=f"{own}:floor"),
            },
        )
        app = await configuring.put_app(muster_desk, OPERATOR, spec)
        when = AttributeEquals(attribute=f"{own}:floor", value="3")
        rule = Rule(tenant=muster_desk.tenant, name="third-floor", app=app.name, when=when)
        await configuring.put_rule(muster_desk, OPERATOR, rule)
        first = await converging.sync(muster_desk, OPERATOR)
        again = await converging.plan(muster_desk)
        listed_again = [one for one in again if one.plan.operations]
    listed = (await application.get("/Users")).body["Resources"]

    assert [("ada", {"seat": "b-ada", "floor": 3})] == [(one["userName"], one[URN]) for one in listed]
    assert {"create": 1} == dict(first.did)
    assert [] == listed_again


async def test_a_mapping_to_no_attribute_is_refused(tmp_path: Path) -> None:
    """Neither a target that is no name of SCIM, nor a source that no schema describes."""
    async with bootstrap.open_desk(bootstrap.MusterSettings(home=tmp_path / "home")) as muster_desk:
        for target, source, code in (
            ("seat", "title", "MUSTER-APP-MAPPING"),
            (f"{URN}:seat", "urn:acme:nobody:User:badge", "MUSTER-POLICY-NO-SUCH-ATTRIBUTE"),
        ):
            spec = AppSpec(
                name=AppName("seats"),
                connector="scim",
                settings={"url": "http://127.0.0.1:9/scim/v2", "token": "t"},
                mapping={target: Copied(attribute=source)},
            )
            with pytest.raises(BadInput, match=code):
                await configuring.put_app(muster_desk, OPERATOR, spec)
