"""Sources at one endpoint know nothing of each other, whatever ids they get hold of.

Each step lets one source use an id of another in some place of a request. It is answered exactly as an id
that nobody has, the owner's world stays as it is, and no word of it is ever shown to anybody else.
"""

from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from asgi import Answer
from muster.scim.patch_request import PATCH_URN
from scim_door import GROUP_URN, USER_URN, group, user
from scim_in_process import Room, Speaker, open_room
from scim_world import World

_NUMBERS: Final = count(1)
NOBODY: Final = "01a00000-0000-7000-8000-000000000000"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
BULK_URN: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH_URN: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
NAMES: Final = st.sampled_from(["ana", "jonas", "mia"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A request in which an id stands as ``$ID``; ``$KIND`` is its endpoint, ``$OWN`` the sender's group."""

    method: str
    path: str
    body: Any = None
    filter: str = ""

    def send(self, speaker: Speaker, **words: str) -> Answer:
        """What the request is answered with these words put in."""

        def said(text: str) -> str:
            for name, word in words.items():
                text = text.replace(f"${name.upper()}", word)
            return text

        body = b"" if self.body is None else said(msgspec.json.encode(self.body).decode()).encode()
        query = {"filter": said(self.filter)} if self.filter else {}
        return speaker.ask(self.method, said(self.path), body, query=query)


def _patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_URN], "Operations": list(operations)}


def _bulk(**operation: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"schemas": [BULK_URN], "Operations": [operation]}


WHOLE: Final = {"schemas": [USER_URN, GROUP_URN], "userName": "stolen", "displayName": "stolen"}
ADDED: Final = {"op": "add", "path": "members", "value": [{"value": "$ID"}]}
REPLACED: Final = {"op": "replace", "value": {"members": [{"value": "$ID"}]}}
REMOVED: Final = {"op": "remove", "path": 'members[value eq "$ID"]'}
CLAIMED: Final = {"op": "replace", "value": {"id": "$ID"}}
SEARCH: Final = {"schemas": [SEARCH_URN], "filter": 'id eq "$ID" or meta.location ew "$ID"'}

AT_A_PATH: Final = {
    "GET": Place(method="GET", path="/$KIND/$ID"),
    "PUT": Place(method="PUT", path="/$KIND/$ID", body=WHOLE),
    "PATCH": Place(method="PATCH", path="/$KIND/$ID", body=_patch({"op": "remove", "path": "externalId"})),
    "DELETE": Place(method="DELETE", path="/$KIND/$ID"),
    "GET of the other type": Place(method="GET", path="/$OTHER/$ID"),
}
ELSEWHERE: Final = {
    "members of a new group": Place(method="POST", path="/Groups", body=group("Stolen", "$ID")),
    "members of a PUT": Place(method="PUT", path="/Groups/$OWN", body=group("Own", "$ID")),
    "members added": Place(method="PATCH", path="/Groups/$OWN", body=_patch(ADDED)),
    "members replaced": Place(method="PATCH", path="/Groups/$OWN", body=_patch(REPLACED)),
    "members removed": Place(method="PATCH", path="/Groups/$OWN", body=_patch(REMOVED)),
    "an id claimed": Place(method="PATCH", path="/Groups/$OWN", body=_patch(CLAIMED)),
    "filter by id": Place(method="GET", path="/$KIND", filter='id eq "$ID"'),
    "filter by the beginning of the id": Place(method="GET", path="/$KIND", filter='id sw "$ID"'),
    "filter by member": Place(method="GET", path="/Groups", filter='members.value eq "$ID"'),
    "filter by members": Place(method="GET", path="/Groups", filter='members[value eq "$ID"]'),
    "filter by group": Place(method="GET", path="/Users", filter='groups.value eq "$ID"'),
    "filter by manager": Place(method="GET", path="/Users", filter='manager eq "$ID"'),
    "filter of everything": Place(method="GET", path="/", filter='id eq "$ID"'),
    "search": Place(method="POST", path="/.search", body=SEARCH),
    "bulk, at a path": Place(method="POST", path="/Bulk", body=_bulk(method="DELETE", path="/$KIND/$ID")),
    "bulk, as member": Place(
        method="POST",
        path="/Bulk",
        body=_bulk(method="POST", path="/Groups", bulkId="1", data=group("Stolen", "$ID")),
    ),
}
PLACES: Final = {**AT_A_PATH, **ELSEWHERE}


class Machine(RuleBasedStateMachine):
    """Three sources with the same names, and every id known to everybody."""

    room: Room

    @initialize()
    def begin(self) -> None:
        """Each has one person and one group of its own; ``own`` is the group."""
        self.worlds, self.own, self.words = [], [], []
        for _ in range(3):
            number = next(_NUMBERS)
            world = World(speaker=self.room.source(f"source-{number}"))
            word = f"word-of-{number}-only"
            world.hire({"userName": "ana", "title": word, "externalId": "E1"}, active=True)
            answer = world.gather({"displayName": "Own", "externalId": word}, world.people)
            self.worlds.append(world)
            self.own.append(answer.json()["id"])
            self.words.append(word)

    def _two(self, data: st.DataObject) -> tuple[int, int]:
        thief, owner = data.draw(st.permutations(range(3)))[:2]
        return thief, owner

    @rule(data=st.data(), name=NAMES, active=st.booleans())
    def hire(self, data: st.DataObject, name: str, active: bool) -> None:
        """Sources use the same names and externalIds, and none is told that another has them."""
        one = data.draw(st.integers(0, 2))
        facts = {"userName": name, "nickName": self.words[one], "externalId": f"E-{name}"}
        self.worlds[one].hire(facts, active=active)

    @precondition(lambda self: any(len(world.people) > 1 for world in self.worlds))
    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        """Who was deleted in one source is unknown to the others, too."""
        world = data.draw(st.sampled_from([world for world in self.worlds if len(world.people) > 1]))
        world.dismiss(data.draw(st.sampled_from(sorted(world.people))), tag=None)

    @rule(data=st.data())
    def nest(self, data: st.DataObject) -> None:
        """A group around all the people and groups of a source."""
        world = data.draw(st.sampled_from(self.worlds))
        world.gather({"displayName": f"All {len(world.teams)}"}, [*world.people, *world.teams])

    @rule(data=st.data())
    def steal(self, data: st.DataObject) -> None:
        """The id of another is answered as the id of nobody, in every place."""
        thief, owner = self._two(data)
        other, speaker = self.worlds[owner], self.worlds[thief].speaker
        kinds = {"Users": [*other.people, *other.gone], "Groups": list(other.teams)}
        kind, another = data.draw(st.sampled_from([("Users", "Groups"), ("Groups", "Users")]))
        stolen = data.draw(st.sampled_from(sorted(kinds[kind])))
        words = {"kind": kind, "other": another, "own": self.own[thief]}
        for name, place in PLACES.items():
            taken, made_up = (place.send(speaker, id=one, **words) for one in (stolen, NOBODY))
            expected = (made_up.status, made_up.body.replace(NOBODY.encode(), stolen.encode()))
            assert (taken.status, taken.body) == expected, (name, taken, made_up)
            assert taken.status == 404 or name not in AT_A_PATH

    @rule(data=st.data())
    def employ(self, data: st.DataObject) -> None:
        """A stolen id may be somebody's manager: it is a text like any other, and shows nothing more."""
        thief, owner = self._two(data)
        stolen = data.draw(st.sampled_from(sorted(self.worlds[owner].people)))
        boss = {"value": stolen, "displayName": "made up"}
        body = {
            **user(f"minion-{next(_NUMBERS)}"),
            "schemas": [USER_URN, ENTERPRISE],
            ENTERPRISE: {"manager": boss},
        }
        answer = self.worlds[thief].speaker.post("/Users", body)
        shown = answer.json()

        assert 201 == answer.status
        assert stolen == shown[ENTERPRISE]["manager"]["value"]
        assert "displayName" not in shown[ENTERPRISE]["manager"]
        assert 204 == self.worlds[thief].speaker.delete(f"/Users/{shown['id']}").status

    @rule(data=st.data())
    def speak_with_stolen_cursor(self, data: st.DataObject) -> None:
        """A cursor of one source is none of another."""
        thief, owner = self._two(data)
        self.worlds[owner].hire({"userName": "second"}, active=True)
        page = self.worlds[owner].speaker.get("/Users", cursor="", count=1).json()
        stolen = page.get("nextCursor", page["Resources"][0]["id"])
        answer = self.worlds[thief].speaker.get("/Users", cursor=stolen, count=1)

        assert (400, "invalidCursor") == (answer.status, answer.json()["scimType"])

    @invariant()
    def every_world_is_as_its_owner_left_it(self) -> None:
        """What a source has is what it did; what it is shown has no word and no id of another."""
        for one, world in enumerate(getattr(self, "worlds", [])):
            world.check()
            shown = b"".join(world.speaker.get(path).body for path in ("/Users", "/Groups", "/"))
            others = [other for number, other in enumerate(self.worlds) if number != one]
            assert not any(word.encode() in shown for word in self.words if word != self.words[one])
            assert not any(
                key.encode() in shown for other in others for key in {**other.people, **other.teams}
            )
        self.room.clock.forward(minutes=1)


@pytest.mark.parametrize(("database", "examples"), [("sqlite_database_url", 8), ("postgres_database_url", 4)])
def test_sources_know_nothing_of_each_other(
    request: pytest.FixtureRequest, database: str, examples: int
) -> None:
    """No id, filter, member, manager, cursor or bulk operation reaches what another source has."""
    times = settings.default.max_examples // 100 if settings.default else 1
    with open_room(request.getfixturevalue(database)) as room:
        run(
            type("Machine", (Machine,), {"room": room}),
            settings=settings(
                max_examples=examples * times,
                stateful_step_count=25,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
