"""authentik, as its SCIM provider speaks.

Follows its source (github.com/goauthentik/authentik, authentik/providers/scim/clients) and issues 12321 and
16678: it reads what the server supports, creates without looking and takes over on 409, changes users by PUT
and groups by PATCH, one operation for each member, and has written ``"path": null`` for no path.
"""

from collections.abc import Iterable
from typing import Any

from muster.providers.directory import PushedGroup, fresh_id
from muster.providers.profile import Profile
from muster.providers.pushing import PushesGroups
from muster.providers.wire import GROUP_URN, USER_URN, Wire, equal


class Authentik(PushesGroups):
    """Creates first, and asks on conflict."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(Wire(provider="authentik", url=url, token=token))
        self._patches = True

    def connect(self) -> None:
        """What the server supports is read; where that is no PATCH, groups will be changed by PUT.

        Raises:
            Refused: It does not say.
        """
        config = self.wire.get("/ServiceProviderConfig").body
        self._patches = config["patch"]["supported"] is True

    def user(self, person: Profile) -> dict[str, Any]:
        """What the default mapping says."""
        return {
            "schemas": [USER_URN],
            "userName": person.user_name,
            "name": {
                "formatted": person.display_name,
                "familyName": person.family_name or " ",
                "givenName": person.given_name or person.user_name,
            },
            "displayName": person.display_name,
            "photos": [],
            "locale": "en-US",
            "active": True,
            "emails": [{"value": person.email or person.user_name, "type": "other", "primary": True}],
            "externalId": person.external_id,
        }

    def group(self, pushed: PushedGroup) -> dict[str, Any]:
        """The group with its external id."""
        return {"schemas": [GROUP_URN], "externalId": pushed.external_id, "displayName": pushed.name}

    def create_user(self, user_name: str, **attributes: str) -> str:
        """Create the user, or take over the one of that name; the id at the server.

        Raises:
            Refused: The server did something else.
        """
        person = self.directory.hired(user_name, attributes)
        user = self._created("/Users", self.user(person), "userName", user_name)
        self.directory.people[user] = person
        return user

    def create_group(self, name: str, *members: str) -> str:
        """Create the group, or take over the one of that name, and fill it; the id at the server.

        Raises:
            Refused: The server did something else.
        """
        pushed = PushedGroup(name=name, external_id=fresh_id())
        group = self._created("/Groups", self.group(pushed), "displayName", name)
        self.directory.groups[group] = pushed
        if members:
            self.add_member(group, *members)
        return group

    def rename_group(self, group: str, name: str) -> None:
        """The group has another name, and exactly the members that authentik knows.

        Raises:
            Refused: The server did something else.
        """
        pushed = self.directory.groups[group]
        pushed.name = name
        if not self._patches:
            self._replace_group(group)
            return
        value = {**self.group(pushed), "id": group}
        self.wire.patch(f"/Groups/{group}", {"op": "replace", "path": None, "value": value})
        there = [str(member["value"]) for member in self.wire.get(f"/Groups/{group}").body.get("members", [])]
        changes = [
            *_each("add", (user for user in pushed.members if user not in there)),
            *_each("remove", (user for user in there if user not in pushed.members)),
        ]
        if changes:
            self.wire.patch(f"/Groups/{group}", *changes)

    def add_member(self, group: str, *users: str) -> None:
        """They are members, by one operation for each.

        Raises:
            Refused: The server did something else.
        """
        self.directory.groups[group].members.extend(users)
        self._change_members(group, "add", users)

    def remove_member(self, group: str, *users: str) -> None:
        """They are members no more, by one operation for each.

        Raises:
            Refused: The server did something else.
        """
        self.directory.groups[group].forget(users)
        self._change_members(group, "remove", users)

    def _change_members(self, group: str, verb: str, users: tuple[str, ...]) -> None:
        if self._patches:
            self.wire.patch(f"/Groups/{group}", *_each(verb, users))
        else:
            self._replace_group(group)

    def _replace_group(self, group: str) -> None:
        pushed = self.directory.groups[group]
        members = [{"value": user} for user in pushed.members]
        self.wire.put(f"/Groups/{group}", {**self.group(pushed), "id": group, "members": members})

    def _created(self, path: str, body: dict[str, Any], attribute: str, name: str) -> str:
        answer = self.wire.expect(201, 409, method="POST", path=path, body=body)
        if answer.status == 201:  # noqa: PLR2004 - created
            return answer.id
        found = self.wire.find(path, filter=equal(attribute, name))
        if not found:
            raise self.wire.refused("expects to find what is in conflict")
        return str(found[0]["id"])


def _each(verb: str, users: Iterable[str]) -> list[dict[str, Any]]:
    return [{"op": verb, "path": "members", "value": [{"value": user}]} for user in users]
