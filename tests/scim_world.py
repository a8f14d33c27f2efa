"""What one source should find at its endpoint, kept in plain dicts: what the machines compare with.

A ``World`` sends a request, checks the status, does the same to its dicts, and can tell at any time whether
the endpoint shows exactly what they hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from asgi import Answer
from muster.scim.patch_request import PATCH_URN
from scim_door import GROUP_URN, USER_URN, group, user
from scim_in_process import BASE, Speaker

PLAIN: Final = ("title", "nickName", "emails", "externalId")  # what a person may have besides name and active


@dataclass(slots=True, kw_only=True)
class Person:
    """One person: ``facts`` is what the source wrote; ``tells``: whether they are active is shown."""

    id: str
    facts: dict[str, Any]
    active: bool
    created: datetime
    changed: datetime
    tells: bool = True
    writes: int = 1

    def own(self) -> tuple[object, ...]:
        """What a change is a change of."""
        return (dict(self.facts), self.active, self.tells)


@dataclass(slots=True, kw_only=True)
class Team:
    """One group."""

    id: str
    facts: dict[str, Any]
    members: set[str]
    created: datetime
    changed: datetime
    writes: int = 1

    def own(self) -> tuple[object, ...]:
        """What a change is a change of."""
        return (dict(self.facts), set(self.members))


@dataclass(slots=True, kw_only=True)
class World:
    """The people and groups of one source."""

    speaker: Speaker
    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    gone: dict[str, Person] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)  # entity tag → the writes it was seen at
    seen: dict[str, tuple[str, Any]] = field(default_factory=dict)  # path → the tag and the body last seen

    # ── People ──────────────────────────────────────────────────────────────────────────────────────────────

    def hire(self, facts: Mapping[str, Any], *, active: bool | None) -> Answer:
        """POST a person; whoever was deleted before, by externalId or else by name, is the same again."""
        answer = self.speaker.post("/Users", _body(facts, active))
        if self._is_taken(facts, ""):
            assert (409, "uniqueness") == (answer.status, answer.json()["scimType"])
            return answer
        assert 201 == answer.status, answer.body
        key = answer.json()["id"]
        former = self._former(facts)
        assert key in former if former else key not in self.people | self.gone
        now = self._now()
        before = self.gone.pop(key, None)
        self.people[key] = Person(
            id=key,
            facts=dict(facts),
            active=True if active is None else active,
            created=before.created if before else now,
            changed=now,
            writes=before.writes + 1 if before else 1,
        )
        return answer

    def put_person(
        self, id: str, facts: Mapping[str, Any], *, active: bool | None, tag: str | None
    ) -> Answer:
        """PUT a person; whether they are active stays when the body does not say."""
        answer = self.speaker.put(f"/Users/{id}", _body(facts, active), **_match(tag))
        person = self.people[id]
        if self._refused(answer, person, tag, taken=self._is_taken(facts, id)):
            return answer
        self._change(
            person, facts=dict(facts), active=person.active if active is None else active, tells=True
        )
        return answer

    def patch_person(self, id: str, changes: Iterable[tuple[str, str, Any]], *, tag: str | None) -> Answer:
        """PATCH a person by operations on single attributes: ``(op, attribute, value)``."""
        changes = list(changes)
        operations = [_operation(*change) for change in changes]
        answer = self._patch(f"/Users/{id}", operations, tag)
        person = self.people[id]
        facts, active, tells = dict(person.facts), person.active, person.tells
        for op, name, value in changes:
            if name == "active":
                active, tells = (active, False) if op == "remove" else (value, True)
            elif op == "remove":
                facts.pop(name, None)
            elif op == "add" and isinstance(value, list):
                held = facts.get(name, [])
                facts[name] = [*held, *(item for item in value if item not in held)]
            else:
                facts[name] = value
        if self._refused(answer, person, tag, taken=self._is_taken(facts, id)):
            return answer
        self._change(person, facts=facts, active=active, tells=tells)
        return answer

    def dismiss(self, id: str, *, tag: str | None) -> Answer:
        """DELETE a person, who is in no group any more."""
        answer = self.speaker.delete(f"/Users/{id}", **_match(tag))
        person = self.people[id]
        if self._refused(answer, person, tag):
            return answer
        self.gone[id] = self.people.pop(id)
        self._leave(id)
        return answer

    # ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────

    def gather(self, facts: Mapping[str, Any], members: Iterable[str]) -> Answer:
        """POST a group."""
        members = set(members)
        answer = self.speaker.post("/Groups", _group_body(facts, members))
        if self._refused(
            answer, None, None, taken=self._is_named(facts, ""), unknown=self._strangers(members)
        ):
            return answer
        assert 201 == answer.status, answer.body
        key, now = answer.json()["id"], self._now()
        assert key not in self.teams
        self.teams[key] = Team(id=key, facts=dict(facts), members=members, created=now, changed=now)
        return answer

    def put_team(
        self, id: str, facts: Mapping[str, Any], members: Iterable[str], *, tag: str | None
    ) -> Answer:
        """PUT a group."""
        members, team = set(members), self.teams[id]
        answer = self.speaker.put(f"/Groups/{id}", _group_body(facts, members), **_match(tag))
        unknown = self._strangers(members) or self._ring(id, members - team.members)
        if not self._refused(answer, team, tag, taken=self._is_named(facts, id), unknown=unknown):
            self._change_team(team, facts, members)
        return answer

    def patch_team(
        self, id: str, operations: list[dict[str, Any]], members: set[str], *, tag: str | None
    ) -> Answer:
        """PATCH a group so that its members are these."""
        team = self.teams[id]
        answer = self._patch(f"/Groups/{id}", operations, tag)
        unknown = self._strangers(members) or self._ring(id, members - team.members)
        if not self._refused(answer, team, tag, unknown=unknown):
            self._change_team(team, team.facts, members)
        return answer

    def disband(self, id: str, *, tag: str | None) -> Answer:
        """DELETE a group."""
        answer = self.speaker.delete(f"/Groups/{id}", **_match(tag))
        if not self._refused(answer, self.teams[id], tag):
            del self.teams[id]
            self._leave(id)
        return answer

    # ── Looking ─────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """The endpoint shows exactly what the dicts hold."""
        for path, expected in (("/Users", self._shown_people()), ("/Groups", self._shown_teams())):
            listed = self.speaker.get(path).json()
            found = {one["id"]: one for one in listed["Resources"]}
            assert len(expected) == listed["totalResults"] == len(listed["Resources"])
            shown = {key: _canonical(one) for key, one in found.items()}
            assert shown == expected, [
                (expected[key], shown.get(key)) for key in expected if expected[key] != shown.get(key)
            ]
            for key, one in found.items():
                self._note(f"{path}/{key}", one)

    def read(self, path: str) -> None:
        """GET gives what the list shows; with the tag of it, nothing is sent again."""
        tag, body = self.seen[path]
        answer = self.speaker.ask("GET", path)
        same = self.speaker.ask("GET", path, If_None_Match=tag)
        assert (200, tag) == (answer.status, answer.headers[b"etag"].decode())
        assert body == answer.json()
        assert (304, b"") == (same.status, same.body)

    def _note(self, path: str, body: dict[str, Any]) -> None:
        """A tag stands for one state: it moves when the resource does, and only then."""
        tag = body["meta"]["version"]
        before = self.seen.get(path)
        if before is not None:
            assert (before[0] == tag) is (before[1] == body), (before, body)
        self.seen[path] = (tag, body)
        kept = self.people if path.startswith("/Users") else self.teams
        self.tags[f"{path} {tag}"] = kept[body["id"]].writes

    def _shown_people(self) -> dict[str, Any]:
        shown = {}
        for person in self.people.values():
            held = [
                _held(self.teams[team], direct=direct) for team, direct in self.held_by(person.id).items()
            ]
            whole = {"schemas": [USER_URN], "id": person.id, **person.facts}
            whole |= {"active": person.active} if person.tells else {}
            whole |= {"groups": sorted(held, key=repr)} if held else {}
            shown[person.id] = whole | {"meta": _meta("User", person)}
        return shown

    def _shown_teams(self) -> dict[str, Any]:
        shown = {}
        for team in self.teams.values():
            whole = {"schemas": [GROUP_URN], "id": team.id, **team.facts}
            whole |= {"members": sorted(map(self._member, team.members), key=repr)} if team.members else {}
            shown[team.id] = whole | {"meta": _meta("Group", team)}
        return shown

    def held_by(self, id: str) -> dict[str, bool]:
        """The groups that somebody is in, and whether directly (RFC 7643 §4.1.2)."""
        held = {team.id: True for team in self.teams.values() if id in team.members}
        waiting = list(held)
        for inner in waiting:
            outer = [team.id for team in self.teams.values() if inner in team.members and team.id not in held]
            held |= dict.fromkeys(outer, False)
            waiting.extend(outer)
        return held

    def _member(self, id: str) -> dict[str, Any]:
        kind = "Group" if id in self.teams else "User"
        return {"value": id, "$ref": f"{BASE}/{kind}s/{id}", "type": kind}

    # ── Doing the same to the dicts ─────────────────────────────────────────────────────────────────────────

    def _refused(
        self,
        answer: Answer,
        kept: Person | Team | None,
        tag: str | None,
        *,
        taken: bool = False,
        unknown: Iterable[str] = (),
    ) -> bool:
        """Whether the request must be refused; the answer says so, or not, as it must."""
        if kept is not None and tag is not None and self._is_old(kept, tag):
            assert 412 == answer.status, answer.body
            return True
        if taken or unknown:
            expected = {
                *([(409, "uniqueness")] if taken else []),
                *([(400, "invalidValue")] if unknown else []),
            }
            assert (answer.status, answer.json()["scimType"]) in expected
            return True
        assert answer.status in {200, 201, 204}, answer.body
        return False

    def _is_old(self, kept: Person | Team, tag: str) -> bool:
        path = f"/Users/{kept.id}" if isinstance(kept, Person) else f"/Groups/{kept.id}"
        return self.tags.get(f"{path} {tag}") != kept.writes

    def _change(self, person: Person, *, facts: dict[str, Any], active: bool, tells: bool) -> None:
        before = person.own()
        person.facts, person.active, person.tells = facts, active, tells
        if before != person.own():
            person.changed, person.writes = self._now(), person.writes + 1

    def _change_team(self, team: Team, facts: Mapping[str, Any], members: set[str]) -> None:
        before = team.own()
        team.facts, team.members = dict(facts), set(members)
        if before != team.own():
            team.changed, team.writes = self._now(), team.writes + 1

    def _leave(self, id: str) -> None:
        """Whoever is deleted is in no group any more."""
        for team in self.teams.values():
            if id in team.members:
                self._change_team(team, team.facts, team.members - {id})

    def _strangers(self, members: set[str]) -> set[str]:
        return members - set(self.people) - set(self.teams)

    def _ring(self, id: str, joining: set[str]) -> set[str]:
        """Those by whom the group would be inside itself."""
        return joining & {id, *self.held_by(id)}

    def _patch(self, path: str, operations: list[dict[str, Any]], tag: str | None) -> Answer:
        body = {"schemas": [PATCH_URN], "Operations": operations}
        return self.speaker.ask("PATCH", path, body, **_match(tag))

    def _former(self, facts: Mapping[str, Any]) -> list[str]:
        """Whom of the deleted these facts describe."""
        external = facts.get("externalId")
        if external is not None:
            return [key for key, one in self.gone.items() if one.facts.get("externalId") == external]
        name = facts["userName"].casefold()
        nameless = [one for one in self.gone.values() if "externalId" not in one.facts]
        return [one.id for one in nameless if one.facts["userName"].casefold() == name]

    def _is_taken(self, facts: Mapping[str, Any], id: str) -> bool:
        """Whether somebody else has the name, in any letter case, or the externalId, to the letter."""
        others = [one.facts for one in self.people.values() if one.id != id]
        name, external = facts["userName"].casefold(), facts.get("externalId")
        return any(
            other["userName"].casefold() == name
            or (external is not None and other.get("externalId") == external)
            for other in others
        )

    def _is_named(self, facts: Mapping[str, Any], id: str) -> bool:
        """Whether another group has the name, in any letter case."""
        names = {one.facts["displayName"].casefold() for one in self.teams.values() if one.id != id}
        return facts["displayName"].casefold() in names

    def _now(self) -> datetime:
        return self.speaker.room.clock.now


def _body(facts: Mapping[str, Any], active: bool | None) -> dict[str, Any]:
    return user(**facts_of(facts), **({} if active is None else {"active": active}))


def facts_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as arguments of ``user``."""
    return {"user_name" if key == "userName" else key: value for key, value in facts.items()}


def _group_body(facts: Mapping[str, Any], members: Iterable[str]) -> dict[str, Any]:
    more = {key: value for key, value in facts.items() if key != "displayName"}
    return group(facts["displayName"], *sorted(members), **more)


def _operation(op: str, name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if op == "remove":
        return {"op": op, "path": name}
    return (
        {"op": "replace", "path": name, "value": value}
        if op == "replace"
        else {"op": op, "value": {name: value}}
    )


def _match(tag: str | None) -> dict[str, str]:
    return {} if tag is None else {"If_Match": tag}


def _meta(kind: str, kept: Person | Team) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": _written(kept.created),
        "lastModified": _written(kept.changed),
        "location": f"{BASE}/{kind}s/{kept.id}",
    }


def _written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _held(team: Team, *, direct: bool) -> dict[str, Any]:
    return {
        "value": team.id,
        "$ref": f"{BASE}/Groups/{team.id}",
        "display": team.facts["displayName"],
        "type": "direct" if direct else "indirect",
    }


def _canonical(body: dict[str, Any]) -> dict[str, Any]:
    """The resource without its version, which is the server's, and without the order of what has none."""
    meta = {key: value for key, value in body["meta"].items() if key != "version"}
    lists = {name: sorted(body[name], key=repr) for name in ("groups", "members") if name in body}
    return {**body, **lists, "meta": meta}
