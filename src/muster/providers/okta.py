"""Okta, as its SCIM client speaks.

Follows "Okta and SCIM Version 2.0" (developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20).
``classic`` is an app of the App Integration Wizard, which changes everything by PUT of the whole object;
other apps change attributes by PUT, and activity, passwords and groups by PATCH. Okta never deletes a user.
"""

from collections.abc import Mapping
from typing import Any, Final

from muster.providers.directory import Directory, PushedGroup, fresh_id
from muster.providers.profile import Profile
from muster.providers.pushing import removals
from muster.providers.wire import ENTERPRISE_URN, GROUP_URN, USER_URN, Wire, equal

_PAGE: Final = 100
_MISSING: Final = frozenset({404})  # as good as an empty list to Okta


class Okta:
    """Reads before it writes, and repeats in a PUT whatever it has read."""

    def __init__(self, url: str, token: str, *, classic: bool = False) -> None:
        agent = {"User-Agent": "Okta SCIM Client 1.0.0", "Accept-Charset": "utf-8"}
        self.wire = Wire(provider="Okta", url=url, token=token, headers=agent)
        self.directory = Directory()
        self._classic = classic

    def connect(self) -> None:
        """Saving the provisioning settings: two users and a page of groups.

        Raises:
            Refused: The server did not list them.
        """
        self.wire.find("/Users", startIndex="1", count="2")
        self.wire.find("/Groups", startIndex="1", count=str(_PAGE))

    def import_users(self) -> list[Any]:
        """Everybody there is, page by page.

        Raises:
            Refused: A page is not as the paging of the one before announced.
        """
        found: list[Any] = []
        while True:
            page = self.wire.find("/Users", startIndex=str(len(found) + 1), count=str(_PAGE))
            found += page
            total = self.wire.exchanges[-1].answer.body["totalResults"]
            if len(found) >= total:
                return found
            if not page:
                raise self.wire.refused(f"expects {total - len(found)} more users")

    def create_user(self, user_name: str, **attributes: str) -> str:
        """Link the person by name, or create them; the id at the server.

        Raises:
            Refused: The server did something else.
        """
        person = self.directory.hired(user_name, attributes)
        found = self.wire.find(
            "/Users",
            missing=_MISSING,
            filter=equal("userName", user_name),
            startIndex="1",
            count=str(_PAGE),
        )
        body: dict[str, object] = {**_user(person), "groups": [], "password": fresh_id()[:8], "active": True}
        user = str(found[0]["id"]) if found else self.wire.create("/Users", body).id
        self.directory.people[user] = person
        if found:
            self._replace(user)
        return user

    def update(self, user: str, **changes: str) -> None:
        """Push the whole profile.

        Raises:
            Refused: The server did something else.
        """
        self.directory.changed(user, changes)
        self._replace(user)

    def deactivate(self, user: str) -> None:
        """The person is not assigned any more, or left.

        Raises:
            Refused: The server did something else.
        """
        self._set_active(user, active=False)

    def reactivate(self, user: str) -> None:
        """The person is assigned again.

        Raises:
            Refused: The server did something else.
        """
        self._set_active(user, active=True)

    def set_password(self, user: str, password: str) -> None:
        """The password is another one, where the app takes passwords.

        Raises:
            Refused: The server did something else.
        """
        self.wire.patch(f"/Users/{user}", {"op": "replace", "value": {"password": password}})

    def create_group(self, name: str, *members: str) -> str:
        """Push the group: it is created empty, and then filled.

        Raises:
            Refused: The server did something else.
        """
        found = self.wire.find(
            "/Groups",
            missing=_MISSING,
            filter=equal("displayName", name),
            startIndex="1",
            count=str(_PAGE),
        )
        body = {"schemas": [GROUP_URN], "displayName": name, "members": []}
        group = str(found[0]["id"]) if found else self.wire.create("/Groups", body).id
        self.directory.groups[group] = PushedGroup(name=name, external_id="")
        if members:
            self.add_member(group, *members)
        return group

    def rename_group(self, group: str, name: str) -> None:
        """The group has another name.

        Raises:
            Refused: The server did something else.
        """
        self.directory.groups[group].name = name
        if self._classic:
            self._replace_group(group)
        else:
            self._repeat_name(group)

    def add_member(self, group: str, *users: str) -> None:
        """They are members.

        Raises:
            Refused: The server did something else.
        """
        self.directory.groups[group].members.extend(users)
        self._change_members(group, {"op": "add", "path": "members", "value": self._members(users)})

    def remove_member(self, group: str, *users: str) -> None:
        """They are members no more.

        Raises:
            Refused: The server did something else.
        """
        self.directory.groups[group].forget(users)
        self._change_members(group, *removals(users))

    def push_now(self, group: str, *, with_path: bool = True) -> None:
        """*Push now*: the members are exactly those that Okta knows, if any.

        Raises:
            Refused: The server did something else.
        """
        pushed = self.directory.groups[group]
        members = self._members(pushed.members)
        if with_path:
            self.wire.patch(f"/Groups/{group}", {"op": "replace", "path": "members", "value": members})
        else:
            value = {"members": members, "id": group, "displayName": pushed.name}
            self.wire.patch(f"/Groups/{group}", {"op": "replace", "value": value})

    def delete_group(self, group: str) -> None:
        """The pushed group is unlinked and deleted.

        Raises:
            Refused: It is still there.
        """
        self.wire.delete(f"/Groups/{group}")
        del self.directory.groups[group]

    def _set_active(self, user: str, *, active: bool) -> None:
        if self._classic:
            self._replace(user, active=active)
        else:
            self.wire.patch(f"/Users/{user}", {"op": "replace", "value": {"active": active}})

    def _replace(self, user: str, **more: object) -> None:
        """Put the profile into what the server shows, and send all of it back."""
        read = self.wire.get(f"/Users/{user}").body
        self.wire.put(f"/Users/{user}", {**read, **_user(self.directory.people[user]), **more})

    def _change_members(self, group: str, *operations: Mapping[str, object]) -> None:
        if self._classic:
            self._replace_group(group)
        else:
            self._repeat_name(group)
            self.wire.patch(f"/Groups/{group}", *operations)

    def _repeat_name(self, group: str) -> None:
        value = {"id": group, "displayName": self.directory.groups[group].name}
        self.wire.patch(f"/Groups/{group}", {"op": "replace", "value": value})

    def _replace_group(self, group: str) -> None:
        pushed = self.directory.groups[group]
        body = {
            "schemas": [GROUP_URN],
            "id": group,
            "displayName": pushed.name,
            "members": self._members(pushed.members),
        }
        self.wire.put(f"/Groups/{group}", body)

    def _members(self, users: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
        people = self.directory.people
        return [
            {"value": user, "display": people[user].user_name if user in people else user} for user in users
        ]


def _user(person: Profile) -> dict[str, object]:
    body: dict[str, object] = {
        "schemas": [USER_URN],
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "emails": [{"primary": True, "value": person.email or person.user_name, "type": "work"}],
        "displayName": person.display_name,
        "locale": "en-US",
        "externalId": person.external_id,
    }
    if person.title:
        body["title"] = person.title
    if person.department:
        body["schemas"] = [USER_URN, ENTERPRISE_URN]
        body[ENTERPRISE_URN] = {"department": person.department}
    return body
