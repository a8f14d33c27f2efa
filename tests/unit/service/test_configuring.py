"""Apps and rules: put, put again, changed, taken back, refused; whom that makes due; what stays secret."""

from dataclasses import replace
from typing import Any

import pytest

from desk import OPERATOR, TENANT, StoppedClock
from desk import open_desk as open_plain_desk
from muster.directory import apps
from muster.kit.faulty import Fault
from muster.kit.manifest import Manifest
from muster.model import (
    AppName,
    AttributeEquals,
    BadInput,
    Constant,
    Copied,
    Everyone,
    Health,
    InGroup,
    Limits,
    MusterError,
    NotFound,
    Removal,
    Rule,
    Unreachable,
)
from muster.service import configuring, converging, finding
from muster.service.configuration_file import AppSpec
from muster.service.secrets import opened
from muster.vault import SealKey
from working_desk import CONNECTORS, Place, people_csv

TOKEN = "s3cret-0f-the-app"
SETTINGS = {"url": "https://chat.example", "token": TOKEN}


def _spec(**changes: Any) -> AppSpec:  # noqa: ANN401 - passed on
    spec = AppSpec(name=AppName("chat"), connector="memory", settings=SETTINGS)
    return replace(spec, **changes)


async def test_an_app_put_twice_is_nothing(place: Place) -> None:
    """The same app again makes no new version, no record, no work, and keeps the very same envelope."""
    await place.hire("ana")
    limits = Limits(concurrency=3, destroy_percent=10)
    mapping = {"title": None, "department": Constant(value="All"), "tags": Constant(value=("a", "b"))}
    spec = _spec(limits=limits, mapping=mapping, match_on=("email",), removal=Removal.KEEP)
    first = await configuring.put_app(place.desk, OPERATOR, spec)
    await place.grant("chat", Everyone())
    await place.settle()
    told, stored = await place.log(), await place.stored_apps()
    second = await configuring.put_app(place.desk, OPERATOR, spec)

    assert second == first
    assert (await place.log(), await place.stored_apps()) == (told, stored)
    assert await place.waiting() == []


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {**SETTINGS, "url": "https://other.example"}},
        {"settings": {**SETTINGS, "token": "another"}},
        {"settings": {"url": "https://chat.example"}},
        {"mapping": {"title": None}},
        {"match_on": ("email",)},
        {"removal": Removal.KEEP},
        {"limits": Limits(concurrency=1)},
    ],
    ids=",".join,
)
async def test_an_app_put_otherwise_is_looked_at(place: Place, change: dict[str, Any]) -> None:
    """Any other word makes a new version, one record, and everybody in the app due, leavers included."""
    await configuring.put_app(place.desk, OPERATOR, _spec())
    await place.grant("chat", Everyone())
    await place.hire("ana", "ben")
    await place.settle()
    await place.hire("ana")
    await place.settle()
    app = await configuring.put_app(place.desk, OPERATOR, _spec(**change))

    assert app.version == 2
    assert await place.due() == {("chat", "ana"), ("chat", "ben")}
    assert ["app:add", "app:update"] == [one.action.value for one in await place.log("app")]


async def test_secrets_are_sealed_and_never_told(place: Place) -> None:
    """A secret stands in no row and no record; it opens again with the key of this Muster."""
    await configuring.put_app(place.desk, OPERATOR, _spec())
    sealed = await place.desk.db.read(lambda tx: apps.sealed(tx, TENANT, AppName("chat")))
    told, stored = repr(await place.log()), await place.stored_apps()
    [record] = await place.log("app")

    assert TOKEN not in told + stored
    assert "https://chat.example" in stored
    assert record.after["secrets"] == ["token"]
    assert opened(place.desk.seal_key, TENANT, AppName("chat"), sealed)["token"].reveal() == TOKEN


async def test_a_lost_seal_key_is_mended_by_configuring(place: Place) -> None:
    """Where the old secret cannot be opened any more, the secret given again is sealed with the new key."""
    await configuring.put_app(place.desk, OPERATOR, _spec())
    desk = replace(place.desk, seal_key=SealKey(bytes(range(32))))
    await configuring.put_app(desk, OPERATOR, _spec())
    sealed = await place.desk.db.read(lambda tx: apps.sealed(tx, TENANT, AppName("chat")))

    assert opened(desk.seal_key, TENANT, AppName("chat"), sealed)["token"].reveal() == TOKEN


async def test_an_app_configured_anew_leaves_quarantine(place: Place) -> None:
    """A stopped app is called again as soon as it is configured, even with the very same words."""
    await configuring.put_app(place.desk, OPERATOR, _spec())
    await place.grant("chat", Everyone())
    await place.hire("ana")
    place.fakes["chat"].faults.always("*", Fault.AUTH)
    await converging.sync(place.desk, OPERATOR, patience=1.0)
    stopped = await finding.app(place.desk, "chat")
    place.fakes["chat"].faults.always("*", None)
    again = await configuring.put_app(place.desk, OPERATOR, _spec())
    await place.settle()

    assert (stopped.health, again.health) == (Health.QUARANTINED, Health.GOOD)
    assert "MUSTER-TARGET-AUTH" in stopped.health_reason
    assert place.accounts("chat") == {"ana": True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"connector": "telepathy"}, "MUSTER-CONNECTOR-UNKNOWN"),
        ({"connector": "clumsy"}, "MUSTER-APP-CANNOT-DISABLE"),
        ({"settings": {"colour": "red"}}, "MUSTER-SETTING"),
        ({"mapping": {"shoeSize": Copied(attribute="userName")}}, "MUSTER-APP-MAPPING"),
        ({"mapping": {"title": Copied(attribute="not an attribute")}}, "MUSTER-POLICY-NO-SUCH-ATTRIBUTE"),
        ({"match_on": ("shoeSize",)}, "MUSTER-APP-MATCH-ON"),
        ({"mapping": {"userName": None}}, "MUSTER-APP-MATCH-ON"),
        ({"name": AppName("Chat App")}, "MUSTER-NAME"),
    ],
)
async def test_an_app_that_cannot_be_is_refused(
    sqlite_database_url: str, change: dict[str, Any], code: str
) -> None:
    """What cannot be is refused with its code, and nothing is stored or told."""
    async with open_plain_desk(sqlite_database_url, StoppedClock()) as plain:
        desk = replace(plain, connectors=CONNECTORS)
        with pytest.raises(BadInput) as refused:
            await configuring.put_app(desk, OPERATOR, _spec(**change))
        every = await finding.all_apps(desk)

    assert (refused.value.problem.code, every) == (code, [])


async def test_a_clumsy_app_may_keep_or_delete(place: Place) -> None:
    """An app that cannot disable is configured when its accounts shall be deleted instead."""
    await place.add_app("forum", connector="clumsy", removal=Removal.DELETE)
    await place.hire("ana", "ben")
    await place.settle()
    await place.hire("ana")
    await place.settle()

    assert place.accounts("forum") == {"ana": None}


async def test_an_app_that_is_away_may_be_configured(place: Place) -> None:
    """Where the application cannot be asked what it has, the app is stored as its connector declares it."""

    async def away(manifest: Manifest, _settings: object, /) -> Manifest:
        raise Unreachable(f"nobody answers for {manifest.id}")

    desk = replace(place.desk, describe=away)
    await configuring.put_app(desk, OPERATOR, _spec())

    assert (await finding.app(desk, "chat")).connector == "memory"


async def test_a_rule_put_twice_is_nothing(place: Place) -> None:
    """The same rule again leaves no record and no work."""
    await place.add_app("chat", when=InGroup(group="Design Team"))
    await place.bring(people_csv({"userName": "ana", "groups": "Design Team"}))
    await place.settle()
    told = await place.log()
    await place.grant("chat", InGroup(group="Design Team"))

    assert (await place.log(), await place.waiting()) == (told, [])


async def test_a_new_rule_makes_exactly_its_people_due(place: Place) -> None:
    """A rule marks who gains the app by it, and nobody who has it already by another one."""
    await place.add_app("chat", when=AttributeEquals(attribute="department", value="IT"))
    rows = (
        {"userName": "ana", "department": "IT"},
        {"userName": "ben", "title": "Lead"},
        {"userName": "cem"},
    )
    await place.bring(people_csv(*rows))
    await place.settle()
    await place.grant("chat", AttributeEquals(attribute="title", value="Lead"), name="leads")

    assert await place.due() == {("chat", "ben")}


async def test_a_removed_rule_makes_exactly_its_losers_due(place: Place) -> None:
    """Without the rule those lose the app who had it by that rule alone, and nobody else is due."""
    await place.add_app("chat", when=AttributeEquals(attribute="department", value="IT"))
    await place.grant("chat", AttributeEquals(attribute="title", value="Lead"), name="leads")
    rows = (
        {"userName": "ana", "department": "IT", "title": "Lead"},
        {"userName": "ben", "title": "Lead"},
        {"userName": "cem", "department": "IT"},
        {"userName": "dan"},
    )
    await place.bring(people_csv(*rows))
    await place.settle()
    await configuring.remove_rule(place.desk, OPERATOR, "leads")
    due = await place.due()
    await place.settle()

    assert due == {("chat", "ben")}
    assert place.accounts("chat") == {"ana": True, "ben": False, "cem": True}


async def test_a_rule_moves_to_another_app(place: Place) -> None:
    """A rule that grants another app from now on takes the old one away and gives the new one."""
    await place.add_app("chat", granted=False)
    await place.add_app("wiki", granted=False)
    await place.hire("ana")
    await place.grant("chat", Everyone(), name="all")
    await place.settle()
    await place.grant("wiki", Everyone(), name="all")
    due = await place.due()
    await place.settle()

    assert due == {("chat", "ana"), ("wiki", "ana")}
    assert (place.accounts("chat"), place.accounts("wiki")) == ({"ana": False}, {"ana": True})


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Rule(tenant=TENANT, name="all", app=AppName("nowhere"), when=Everyone()), "MUSTER-APP-UNKNOWN"),
        (Rule(tenant=TENANT, name="All!", app=AppName("chat"), when=Everyone()), "MUSTER-NAME"),
        (
            Rule(
                tenant=TENANT,
                name="odd",
                app=AppName("chat"),
                when=AttributeEquals(attribute="no such[", value="x"),
            ),
            "MUSTER-POLICY-NO-SUCH-ATTRIBUTE",
        ),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(place: Place, rule: Rule, code: str) -> None:
    """A rule of no name, about an app nobody configured, or about what nobody has, is refused."""
    await place.add_app("chat", granted=False)
    told = await place.log()
    with pytest.raises(MusterError) as refused:
        await configuring.put_rule(place.desk, OPERATOR, rule)

    assert refused.value.problem.code == code
    assert (await finding.all_rules(place.desk), await place.log()) == ([], told)


async def test_a_rule_nobody_knows_cannot_be_removed(place: Place) -> None:
    """Removing a rule that does not stand names those that do."""
    await place.add_app("chat")
    with pytest.raises(NotFound) as refused:
        await configuring.remove_rule(place.desk, OPERATOR, "nope")

    assert refused.value.problem.code == "MUSTER-RULE-UNKNOWN"
    assert "chat-rule" in str(refused.value)
