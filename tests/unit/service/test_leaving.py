"""Muster out: what becomes of every account, what is proven, and who may come back by whose word."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from desk import OPERATOR, scim_source
from muster.db import decode
from muster.kit.faulty import Fault, Slow
from muster.kit.memory import MemoryTarget
from muster.model import ACCOUNT, LinkState, NotFound, RemoteObject, Removal, Stage
from muster.scim.patch_request import PATCH_URN
from muster.service import converging, leaving, scim_people, tokens
from muster.service.desk import Desk
from muster.service.leaving import Departure, Proof
from muster.service.scim_exchange import Caller
from working_desk import Fake, Place, people_csv

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def _out(place: Place, who: str = "ana", patience: float = 30.0) -> Departure:
    return await leaving.muster_out(place.desk, OPERATOR, who, reason="resigned", patience=patience)


def _proofs(departure: Departure) -> dict[str, Proof]:
    return {one.app: one.proof for one in departure.receipts}


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - a fake application tells nobody
            await asyncio.sleep(0.01)


async def test_every_account_ends_with_a_receipt(place: Place) -> None:
    """Every account is disabled, deleted or kept as configured, and each receipt says which."""
    await place.add_app("chat")
    await place.add_app("forum", removal=Removal.DELETE)
    await place.add_app("mail", removal=Removal.KEEP)
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    departure = await _out(place)
    receipts = {one.app: one for one in departure.receipts}

    assert departure.proven
    assert _proofs(departure) == {"chat": Proof.DONE, "forum": Proof.DONE, "mail": Proof.KEPT}
    assert (receipts["chat"].state, receipts["forum"].state) == ("disabled", "tombstone")
    assert receipts["chat"].took is not None
    assert place.accounts("chat") == {"ana": False, "ben": True}
    assert place.accounts("forum") == {"ben": True}
    assert place.accounts("mail") == {"ana": True, "ben": True}


async def test_the_log_tells_why(place: Place) -> None:
    """The person's end and every call for it stand in the log under the name and the reason given."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    await _out(place)
    told = {one.action.value for one in await place.log() if one.cause == "muster out by cli:test: resigned"}

    assert {"person:leave", "account:disable"} <= told


async def test_what_cannot_be_reached_is_unknown_and_goes_on(place: Place) -> None:
    """An application that is away proves nothing; when it is back, the account ends by itself."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    place.fakes["chat"].faults.always("*", Fault.DOWN)
    departure = await _out(place, patience=0.5)
    [receipt] = departure.receipts
    place.fakes["chat"].faults.always("*", None)
    await converging.sync(place.desk, OPERATOR)

    assert (departure.proven, receipt.proof) == (False, Proof.UNKNOWN)
    assert "MUSTER-TARGET-UNREACHABLE" in receipt.why
    assert place.accounts("chat") == {"ana": False}


async def test_what_is_refused_is_told(place: Place) -> None:
    """An application that refuses to end an account is a receipt with its words, not a proof."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    place.fakes["chat"].faults.always("set_active", Fault.INVALID)
    departure = await _out(place)
    [receipt] = departure.receipts

    assert (departure.proven, receipt.proof) == (False, Proof.REFUSED)
    assert "MUSTER-TARGET-INVALID" in receipt.why


class Liar(MemoryTarget):
    """An application that says it took an account out of use, and did not."""

    def switch(self, seen: RemoteObject, active: bool) -> RemoteObject:
        """Say so."""
        return replace(self.object(ACCOUNT, seen.id), active=active)


async def test_a_word_is_no_proof(place: Place) -> None:
    """An application that says “disabled” and shows the account in use proves nothing."""
    place.fakes["chat"] = Fake(target=Liar())
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    departure = await _out(place, patience=0.5)

    assert _proofs(departure) == {"chat": Proof.UNKNOWN}
    assert "still shows it in use" in departure.receipts[0].why


async def test_an_app_that_hangs_delays_no_other(place: Place) -> None:
    """While one application does not answer at all, the accounts in all others end."""
    for app in ("chat", "mail", "wiki"):
        await place.add_app(app)
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    answers = asyncio.Event()
    place.fakes["mail"].faults.always("*", Slow(until=answers))
    leaver = asyncio.create_task(_out(place))
    await _until(lambda: place.accounts("chat") == place.accounts("wiki") == {"ana": False})
    meanwhile = place.accounts("mail"), leaver.done()
    answers.set()
    departure = await leaver

    assert meanwhile == ({"ana": True}, False)
    assert departure.proven
    assert {True} == {one.took is not None for one in departure.receipts}


async def test_a_dead_app_takes_nothing_from_the_other_receipts(place: Place) -> None:
    """With one application away the others are proven, each with the time its own proof took."""
    await place.add_app("chat")
    await place.add_app("wiki")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    place.fakes["wiki"].faults.always("*", Fault.AUTH)
    departure = await _out(place, patience=1.0)
    chat = next(one for one in departure.receipts if one.app == "chat")
    [ended] = [one for one in await place.log("account:disable") if one.result.value == "done"]

    assert _proofs(departure) == {"chat": Proof.DONE, "wiki": Proof.UNKNOWN}
    assert chat.took is not None
    assert departure.decided_at + chat.took <= ended.at


async def test_who_is_out_already_is_proven_anew(place: Place) -> None:
    """Mustered out again, every account is looked at again: proven now, not remembered."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    await _out(place)
    again = await _out(place)
    [receipt] = again.receipts
    link = await place.link("chat", "ana")

    assert (again.proven, receipt.proof, receipt.state) == (True, Proof.DONE, "disabled")
    assert receipt.took is not None
    assert link is not None
    assert link.verified_at is not None
    assert link.verified_at >= again.decided_at


async def test_an_account_somebody_revived_is_ended_again(place: Place) -> None:
    """Enabled again in the application by hand, the account of one who is out is ended by the next proof."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    await _out(place)
    target = place.fakes["chat"].target
    target.switch(target.holding(ACCOUNT, "userName", "ana")[0], active=True)
    again = await _out(place)

    assert again.proven
    assert place.accounts("chat") == {"ana": False}


async def test_no_file_brings_back_who_was_mustered_out(place: Place) -> None:
    """A file that goes on listing them, and even changes them, leaves them out, whatever it says."""
    await place.add_app("chat")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)
    await _out(place)
    same = await place.hire("ana", "ben")
    rows = ({"userName": "ana", "title": "CTO", "active": "yes"}, {"userName": "ben"})
    other = await place.bring(people_csv(*rows))
    await place.hire("ben")
    await place.hire("ana", "ben")
    await converging.sync(place.desk, OPERATOR)

    assert (same.changes_anything, other.changes_anything) == (False, False)
    assert (await place.person("ana")).stage is Stage.LEFT
    assert place.accounts("chat") == {"ana": False, "ben": True}


async def _caller(desk: Desk) -> Caller:
    token = await scim_source(desk, "entra")
    bearer = await tokens.authenticate(desk, token)
    assert bearer is not None
    return Caller(bearer=bearer, base="https://muster.example/scim/v2")


async def test_no_identity_provider_brings_back_who_was_mustered_out(place: Place) -> None:
    """Neither active=true by PATCH or PUT, nor deleting and creating the user anew, brings a person back."""
    await place.add_app("chat")
    caller = await _caller(place.desk)
    ana = {"schemas": [USER], "userName": "ana", "externalId": "E1", "active": True}
    created = await scim_people.create(place.desk, caller, dict(ana))
    await converging.sync(place.desk, OPERATOR)
    await _out(place)
    on = {"op": "replace", "path": "active", "value": True}
    patched = await scim_people.patch(
        place.desk, caller, created.id, {"schemas": [PATCH_URN], "Operations": [on]}
    )
    replaced = await scim_people.put(place.desk, caller, created.id, dict(ana))
    await scim_people.delete(place.desk, caller, created.id)
    anew = await scim_people.create(place.desk, caller, dict(ana))
    await converging.sync(place.desk, OPERATOR)

    assert [False] * 3 == [decode(one.body)["active"] for one in (patched, replaced, anew)]
    assert anew.id == created.id
    assert place.accounts("chat") == {"ana": False}


async def test_only_a_person_lets_back(place: Place) -> None:
    """Let back, the person is active and has the same account in use again, under the name of who did it."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    before = await place.link("chat", "ana")
    await _out(place)
    outcome = await leaving.let_back(place.desk, OPERATOR, "ana", reason="a mistake")
    after = await place.link("chat", "ana")
    again = await place.hire("ana")
    [returned] = await place.log("person:return")

    assert (outcome.left, outcome.did) == ((), {"enable": 1})
    assert place.accounts("chat") == {"ana": True}
    assert before is not None
    assert after is not None
    assert (after.remote_id, after.state) == (before.remote_id, LinkState.LINKED)
    assert (returned.actor, returned.cause) == ("cli:test", "let back by cli:test: a mistake")
    assert not again.changes_anything


async def test_letting_back_who_is_not_out_is_nothing(place: Place) -> None:
    """An active person stays as they are; nothing is told of them."""
    await place.add_app("chat")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    told = await place.log("person")
    outcome = await leaving.let_back(place.desk, OPERATOR, "ana", reason="?")

    assert (outcome.did, await place.log("person")) == ({}, told)


@pytest.mark.parametrize(
    ("fault", "accounts"), [(Fault.DROP_AFTER_COMMIT, {"ana": False}), (Fault.DROP_BEFORE, {})]
)
async def test_an_unfinished_creation_is_found_and_ended(
    place: Place, fault: Fault, accounts: dict[str, bool]
) -> None:
    """A creation whose answer was lost is found and ended; where there is none, none is made."""
    await place.add_app("chat")
    await place.hire("ana")
    faults = place.fakes["chat"].faults
    faults.next("create", fault)
    faults.next("find", None, None)  # looks before it creates; afterwards it cannot look
    faults.always("find", Fault.DOWN)
    unsure = await converging.sync(place.desk, OPERATOR, patience=0.5)
    faults.always("find", None)
    departure = await _out(place)

    assert len(unsure.left) == 1
    assert (departure.proven, _proofs(departure)) == (True, {"chat": Proof.DONE})
    assert place.accounts("chat") == accounts


async def test_an_undecided_account_is_not_proven(place: Place) -> None:
    """Where it was never decided which account is theirs, the receipt says so; nobody's is ended."""
    await place.add_app("chat")
    target = place.fakes["chat"].target
    target.put(ACCOUNT, {"userName": "ANA"}, "somebody-else")
    await place.hire("ana")
    await converging.sync(place.desk, OPERATOR)
    departure = await _out(place)

    assert (departure.proven, _proofs(departure)) == (False, {"chat": Proof.REFUSED})
    assert {True} == {one.active for one in target.accounts.values()}


async def test_who_has_no_account_is_out_at_once(place: Place) -> None:
    """A person without any account has left without a receipt, and that is whole."""
    await place.hire("ana")
    departure = await _out(place)

    assert (departure.proven, departure.receipts) == (True, ())
    assert (await place.person("ana")).stage is Stage.LEFT


async def test_nobody_is_mustered_out_by_a_wrong_name(place: Place) -> None:
    """A name nobody has, or two people have, ends nobody."""
    await place.hire("ana")
    await place.hire("ana", source="contractors")
    with pytest.raises(NotFound, match="MUSTER-PERSON-UNKNOWN"):
        await _out(place, "zoe")
    with pytest.raises(NotFound, match="MUSTER-PERSON-AMBIGUOUS"):
        await _out(place, "ana")

    assert await place.log("person:leave") == []
