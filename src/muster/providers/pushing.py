"""What most providers do alike: look, create, replace the whole user, and change members one by one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from muster.providers.directory import Directory, PushedGroup, fresh_id
from muster.providers.profile import Profile
from muster.providers.wire import GROUP_URN, Wire, equal


class PushesUsers(ABC):
    """A provider that changes users by PUT of the whole user.

    To some, a status in ``missing`` is as good as an empty list.
    """

    missing: ClassVar[frozenset[int]] = frozenset()

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.directory = Directory()

    @abstractmethod
    def connect(self) -> None:
        """The provider is satisfied with the server, as when its operator tests the connection.

        Raises:
            Refused: It is not.
        """

    @abstractmethod
    def user(self, person: Profile) -> dict[str, Any]:
        """The resource that the provider makes of an active person."""

    def create_user(self, user_name: str, **attributes: str) -> str:
        """Take over the user of that name, or create one; the id at the server.

        Args:
            user_name: How they sign in.
            attributes: More of their ``Profile``.

        Raises:
            Refused: The server did something else.
        """
        person = self.directory.hired(user_name, attributes)
        found = self.wire.find("/Users", missing=self.missing, filter=equal("userName", user_name))
        user = str(found[0]["id"]) if found else self.wire.create("/Users", self.user(person)).id
        self.directory.people[user] = person
        if found:
            self._replace(user)
        return user

    def update(self, user: str, **changes: str) -> None:
        """The user is as the changed profile says.

        Raises:
            Refused: The server did something else.
        """
        self.directory.changed(user, changes)
        self._replace(user)

    def deactivate(self, user: str) -> None:
        """The user is not active.

        Raises:
            Refused: The server did something else.
        """
        self._replace(user, active=False)

    def reactivate(self, user: str) -> None:
        """The user is active.

        Raises:
            Refused: The server did something else.
        """
        self._replace(user)

    def delete(self, user: str) -> None:
        """The user is deleted.

        Raises:
            Refused: The user is still there.
        """
        self.wire.delete(f"/Users/{user}")
        del self.directory.people[user]

    def _replace(self, user: str, *, active: bool = True) -> None:
        body = {**self.user(self.directory.people[user]), "id": user, "active": active}
        self.wire.put(f"/Users/{user}", body)


class PushesGroups(PushesUsers):
    """A provider that pushes groups, too."""

    def create_group(self, name: str, *members: str) -> str:
        """Take over the group of that name, or create one, and fill it; the id at the server.

        Raises:
            Refused: The server did something else.
        """
        pushed = PushedGroup(name=name, external_id=fresh_id())
        found = self.groups_named(name)
        group = str(found[0]["id"]) if found else self.wire.create("/Groups", self.group(pushed)).id
        self.directory.groups[group] = pushed
        if members:
            self.add_member(group, *members)
        return group

    def group(self, pushed: PushedGroup) -> dict[str, Any]:
        """The resource that the provider makes of a group, members aside."""
        return {"schemas": [GROUP_URN], "displayName": pushed.name}

    def groups_named(self, name: str) -> list[Any]:
        """The groups of that name at the server.

        Raises:
            Refused: The server did not say.
        """
        return self.wire.find("/Groups", missing=self.missing, filter=equal("displayName", name))

    def add_member(self, group: str, *users: str) -> None:
        """They are members.

        Raises:
            Refused: The server did something else.
        """
        value = [{"value": user} for user in users]
        self.wire.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": value})
        self.directory.groups[group].members.extend(users)

    def remove_member(self, group: str, *users: str) -> None:
        """They are members no more.

        Raises:
            Refused: The server did something else.
        """
        self.wire.patch(f"/Groups/{group}", *removals(users))
        self.directory.groups[group].forget(users)

    def rename_group(self, group: str, name: str) -> None:
        """The group has another name.

        Raises:
            Refused: The server did something else.
        """
        self.wire.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": name})
        self.directory.groups[group].name = name

    def delete_group(self, group: str) -> None:
        """The group is deleted.

        Raises:
            Refused: It is still there.
        """
        self.wire.delete(f"/Groups/{group}")
        del self.directory.groups[group]


def removals(users: Iterable[str]) -> list[dict[str, str]]:
    """One operation for each member, by a filter, as RFC 7644 §3.5.2.2 writes it."""
    return [{"op": "remove", "path": f"members[{equal('value', user)}]"} for user in users]
