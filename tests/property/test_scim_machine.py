"""Whatever a source does in whatever order, its endpoint shows what a few dicts hold."""

from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from scim_door import user
from scim_in_process import Room, open_room
from scim_world import PLAIN, World

_NUMBERS: Final = count(1)
NAMES: Final = st.sampled_from(["ana", "ANA", "jonas", "mia", "li"])
TITLES: Final = st.sampled_from(["Designer", "Engineer", "designer"])
EXTERNAL: Final = st.sampled_from(["E1", "E2", "e1"])
MAILS: Final = st.sampled_from([[{"value": "a@b.example", "type": "work"}], [{"value": "c@d.example"}]])
FACTS: Final = st.fixed_dictionaries(
    {"userName": NAMES},
    optional={"title": TITLES, "nickName": st.just("Nick"), "emails": MAILS, "externalId": EXTERNAL},
)
ACTIVE: Final = st.none() | st.booleans()
TEAMS: Final = st.fixed_dictionaries(
    {"displayName": st.sampled_from(["Design", "design", "Tour Guides", "Inner"])},
    optional={"externalId": EXTERNAL},
)
VALUES: Final = {
    "userName": NAMES,
    "title": TITLES,
    "nickName": st.just("Nick"),
    "emails": MAILS,
    "externalId": EXTERNAL,
    "active": st.booleans(),
}
CHANGES: Final = st.lists(
    st.sampled_from(["replace", "add"]).flatmap(
        lambda op: st.sampled_from(sorted(VALUES)).flatmap(
            lambda name: st.tuples(st.just(op), st.just(name), VALUES[name])
        )
    )
    | st.tuples(st.just("remove"), st.sampled_from([*PLAIN, "active"]), st.none()),
    min_size=1,
    max_size=3,
    unique_by=lambda change: change[1],
)
# A filter, and what it means for the dicts.
FILTERS: Final = {
    'userName eq "Ana"': lambda one: one.facts["userName"].casefold() == "ana",
    'externalId eq "E1"': lambda one: one.facts.get("externalId") == "E1",
    'title eq "designer"': lambda one: one.facts.get("title", "").casefold() == "designer",
    "active eq false": lambda one: one.tells and not one.active,
    'not (title pr) and userName sw "j"': lambda one: (
        "title" not in one.facts and one.facts["userName"].startswith("j")
    ),
    'emails[type eq "work" and value co "@b"]': lambda one: any(
        mail.get("type") == "work" for mail in one.facts.get("emails", [])
    ),
    'title co "sign" or nickName pr': lambda one: (
        "sign" in one.facts.get("title", "") or "nickName" in one.facts
    ),
}


class Machine(RuleBasedStateMachine):
    """One source, and the dicts beside it."""

    room: Room

    @initialize()
    def begin(self) -> None:
        """A source that has three people, a group of one of them, and a group around that."""
        self.world = World(speaker=self.room.source(f"machine-{next(_NUMBERS)}"))
        for name in ("Tove", "Ole", "Kai"):
            self.world.hire({"userName": name}, active=None)
        self.world.gather({"displayName": "Inner"}, list(self.world.people)[:1])
        self.world.gather({"displayName": "Outer"}, list(self.world.teams))

    def person(self, data: st.DataObject) -> str:
        """One of the people there are."""
        return data.draw(st.sampled_from(sorted(self.world.people)))

    def team(self, data: st.DataObject) -> str:
        """One of the groups there are."""
        return data.draw(st.sampled_from(sorted(self.world.teams)))

    def tag(self, data: st.DataObject, path: str) -> str | None:
        """No condition mostly, or a tag that the resource has or had, or never."""
        known = [key.partition(" ")[2] for key in self.world.tags if key.startswith(f"{path} ")]
        return data.draw(st.none() | st.sampled_from([*known, 'W/"never"']))

    def members(self, data: st.DataObject) -> set[str]:
        """Some people and groups; sometimes one who was deleted, or nobody at all."""
        there = sorted({**self.world.people, **self.world.teams})
        known = st.sets(st.sampled_from(there)) if there else st.just(set[str]())
        strangers = st.sampled_from([*sorted(self.world.gone), "nobody"])
        odd = data.draw(st.integers(0, 9)) == 0
        return data.draw(known) | ({data.draw(strangers)} if odd else set())

    @rule(facts=FACTS, active=ACTIVE)
    def hire(self, facts: dict[str, Any], active: bool | None) -> None:
        """POST /Users."""
        self.world.hire(facts, active=active)

    @precondition(lambda self: self.world.people)
    @rule(data=st.data(), facts=FACTS, active=ACTIVE)
    def put_person(self, data: st.DataObject, facts: dict[str, Any], active: bool | None) -> None:
        """PUT /Users/{id}."""
        key = self.person(data)
        self.world.put_person(key, facts, active=active, tag=self.tag(data, f"/Users/{key}"))

    @precondition(lambda self: self.world.people)
    @rule(data=st.data(), changes=CHANGES)
    def patch_person(self, data: st.DataObject, changes: list[tuple[str, str, Any]]) -> None:
        """PATCH /Users/{id}."""
        key = self.person(data)
        self.world.patch_person(key, changes, tag=self.tag(data, f"/Users/{key}"))

    @precondition(lambda self: self.world.people)
    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        """DELETE /Users/{id}."""
        key = self.person(data)
        self.world.dismiss(key, tag=self.tag(data, f"/Users/{key}"))

    @precondition(lambda self: self.world.gone)
    @rule(data=st.data())
    def rehire(self, data: st.DataObject) -> None:
        """POST somebody who was deleted, as they were."""
        person = self.world.gone[data.draw(st.sampled_from(sorted(self.world.gone)))]
        self.world.hire(person.facts, active=data.draw(ACTIVE))

    @rule(data=st.data(), facts=TEAMS)
    def gather(self, data: st.DataObject, facts: dict[str, Any]) -> None:
        """POST /Groups."""
        self.world.gather(facts, self.members(data))

    @precondition(lambda self: self.world.teams)
    @rule(data=st.data(), facts=TEAMS)
    def put_team(self, data: st.DataObject, facts: dict[str, Any]) -> None:
        """PUT /Groups/{id}."""
        key = self.team(data)
        self.world.put_team(key, facts, self.members(data), tag=self.tag(data, f"/Groups/{key}"))

    @precondition(lambda self: self.world.teams)
    @rule(data=st.data())
    def change_members(self, data: st.DataObject) -> None:
        """PATCH /Groups/{id}: add, remove by filter or list, replace, or remove all."""
        key, some = self.team(data), self.members(data)
        listed, held = [{"value": member} for member in sorted(some)], self.world.teams[key].members
        way = data.draw(st.sampled_from(["add", "filter", "list", "replace", "all"]))
        if way == "filter" or (way == "list" and not listed):
            gone = sorted(some & held) or ["nobody"]
            operations = [{"op": "remove", "path": f'members[value eq "{one}"]'} for one in gone]
            after = held - some
        else:
            operation, after = {
                "add": ({"op": "add", "path": "members", "value": listed}, held | some),
                "list": ({"op": "remove", "path": "members", "value": listed}, held - some),
                "replace": ({"op": "replace", "path": "members", "value": listed}, some),
                "all": ({"op": "remove", "path": "members"}, set[str]()),
            }[way]
            operations = [operation]
        self.world.patch_team(key, operations, after, tag=self.tag(data, f"/Groups/{key}"))

    @precondition(lambda self: self.world.teams)
    @rule(data=st.data())
    def disband(self, data: st.DataObject) -> None:
        """DELETE /Groups/{id}."""
        key = self.team(data)
        self.world.disband(key, tag=self.tag(data, f"/Groups/{key}"))

    @rule(text=st.sampled_from(sorted(FILTERS)))
    def find(self, text: str) -> None:
        """GET /Users with a filter."""
        found = self.world.speaker.get("/Users", filter=text).json()
        expected = {key for key, one in self.world.people.items() if FILTERS[text](one)}
        assert (len(expected), expected) == (found["totalResults"], {one["id"] for one in found["Resources"]})

    @precondition(lambda self: self.world.people)
    @rule(data=st.data())
    def find_by_member(self, data: st.DataObject) -> None:
        """GET /Groups of one member, and GET /Users of one group."""
        key = self.person(data)
        teams = self.world.speaker.get("/Groups", filter=f'members.value eq "{key}"').json()
        expected = {one.id for one in self.world.teams.values() if key in one.members}
        assert expected == {one["id"] for one in teams["Resources"]}
        for team in sorted(expected)[:1]:
            people = self.world.speaker.get("/Users", filter=f'groups.value eq "{team}"').json()
            inside = {one for one in self.world.people if team in self.world.held_by(one)}
            assert inside == {one["id"] for one in people["Resources"]}

    @rule(size=st.integers(1, 3))
    def page(self, size: int) -> None:
        """GET /Users page by page: everybody once, in the order of the whole list."""
        whole = [one["id"] for one in self.world.speaker.get("/Users").json()["Resources"]]
        paged: list[str] = []
        for start in range(1, len(whole) + 2, size):
            page = self.world.speaker.get("/Users", startIndex=start, count=size).json()
            assert len(whole) == page["totalResults"]
            paged.extend(one["id"] for one in page["Resources"])
        assert whole == paged

    @precondition(lambda self: self.world.seen)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """GET one resource, and again with its tag."""
        kept = [f"/Users/{key}" for key in self.world.people] + [f"/Groups/{key}" for key in self.world.teams]
        for path in data.draw(st.lists(st.sampled_from(sorted(kept)), max_size=1)) if kept else []:
            self.world.read(path)

    @precondition(lambda self: self.world.gone)
    @rule(data=st.data())
    def reach_for_the_gone(self, data: st.DataObject) -> None:
        """Who was deleted is 404, however they are asked for."""
        key = data.draw(st.sampled_from(sorted(self.world.gone)))
        path, speaker = f"/Users/{key}", self.world.speaker
        answers = [
            speaker.get(path),
            speaker.put(path, user("x")),
            speaker.patch(path, {"op": "remove", "path": "title"}),
            speaker.delete(path),
        ]
        assert {404} == {answer.status for answer in answers}

    @invariant()
    def the_endpoint_shows_what_the_dicts_hold(self) -> None:
        """Nothing more, nothing less, after every step."""
        if hasattr(self, "world"):
            self.world.check()
            self.room.clock.forward(minutes=1)


def _run(room: Room, *, examples: int) -> None:
    """Run so many histories; where one fails, it is shown as it was, because to shrink it takes minutes."""
    run(
        type("Machine", (Machine,), {"room": room}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("database", "examples"), [("sqlite_database_url", 40), ("postgres_database_url", 8)]
)
def test_the_endpoint_is_what_its_dicts_are(
    request: pytest.FixtureRequest, database: str, examples: int
) -> None:
    """Every answer and every state follows from what was asked before, on each database."""
    times = settings.default.max_examples // 100 if settings.default else 1
    with open_room(request.getfixturevalue(database)) as room:
        _run(room, examples=examples * times)
