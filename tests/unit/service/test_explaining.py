"""Why a person has, or has not, what they have."""

from desk import OPERATOR
from muster.kit.faulty import Fault
from muster.model import InGroup, Limits, Removal
from muster.service import configuring, converging, explaining
from muster.service.explaining import Access
from working_desk import Place, people_csv


async def _access(place: Place, app: str = "chat", who: str = "ana") -> Access:
    [only] = (await explaining.access_of(place.desk, who, app=app)).access
    return only


async def test_it_explains_why_somebody_has_an_account(place: Place) -> None:
    """The page names the rule, the account, when it was seen, what was done last and for what cause."""
    await place.add_app("chat", when=InGroup(group="Design Team"))
    await place.add_app("wiki", when=InGroup(group="Engineering"))
    await place.bring(people_csv({"userName": "ana", "groups": "Design Team"}))
    await converging.sync(place.desk, OPERATOR)
    page = await explaining.access_of(place.desk, "ana")
    chat, wiki = page.access

    assert (page.person.user_name, page.source, page.groups) == ("ana", "hr", ("Design Team",))
    assert (chat.wanted, chat.status, wiki.wanted, wiki.status) == (True, "linked", False, "none")
    assert "“chat-rule”" in chat.because[0]
    assert "“wiki-rule” needs" in wiki.because[0]
    assert chat.link is not None
    assert chat.link.verified_at is not None
    assert chat.latest is not None
    assert chat.latest.action.value == "account:create"
    assert wiki.latest is None


async def test_it_explains_why_somebody_has_none_any_more(place: Place) -> None:
    """Of one who left it says so, with the account out of use or gone."""
    await place.add_app("chat")
    await place.add_app("forum", removal=Removal.DELETE)
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    await place.bring(people_csv({"userName": "ana", "active": "no"}))
    await converging.sync(place.desk, OPERATOR)
    chat, forum = (await explaining.access_of(place.desk, "ana")).access

    assert (chat.status, forum.status) == ("disabled", "tombstone")
    assert chat.because == forum.because == ("left the organisation",)


async def test_it_explains_what_is_in_the_way(place: Place) -> None:
    """Due, retried, parked and held accounts are told as such, with the reason."""
    await place.add_app("chat")
    await place.hire("ana")
    seen = {"due": await _access(place)}
    faults = place.fakes["chat"].faults
    faults.always("*", Fault.DOWN)
    await converging.sync(place.desk, OPERATOR, patience=0.3)
    seen["retry"] = await _access(place)
    faults.always("*", None)
    faults.next("create", Fault.INVALID)
    await converging.sync(place.desk, OPERATOR)
    seen["parked"] = await _access(place)
    await converging.sync(place.desk, OPERATOR)
    await place.add_app("chat", granted=False, limits=Limits(destroy_count=0, destroy_percent=0))
    await configuring.remove_rule(place.desk, OPERATOR, "chat-rule")
    await converging.sync(place.desk, OPERATOR)
    seen["held"] = await _access(place)

    assert {
        "due": "pending",
        "retry": "retrying",
        "parked": "needs a person",
        "held": "held",
    } == {name: one.status for name, one in seen.items()}
    assert seen["parked"].waiting is not None
    assert "MUSTER-TARGET-INVALID" in seen["parked"].waiting.reason
    assert seen["parked"].latest is not None
    assert seen["parked"].latest.code == "MUSTER-TARGET-INVALID"
