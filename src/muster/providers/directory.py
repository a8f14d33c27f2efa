"""The people and groups a provider has pushed, by the ids that the server gave them."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID

from muster.providers.profile import Profile


@dataclass(slots=True, kw_only=True)
class PushedGroup:
    """A group as the provider believes it to be at the server."""

    name: str
    external_id: str
    members: list[str] = field(default_factory=list[str])

    def forget(self, users: Collection[str]) -> None:
        """They are members no more."""
        self.members = [user for user in self.members if user not in users]


@dataclass(slots=True)
class Directory:
    """What a provider remembers."""

    people: dict[str, Profile] = field(default_factory=dict[str, Profile])
    groups: dict[str, PushedGroup] = field(default_factory=dict[str, PushedGroup])

    def hired(self, user_name: str, attributes: dict[str, str]) -> Profile:
        """A new person, with an external id of the provider's own unless one is given."""
        return Profile(user_name=user_name, **{"external_id": fresh_id(), **attributes})

    def changed(self, user: str, changes: dict[str, str]) -> Profile:
        """The person after the changes; they are remembered."""
        self.people[user] = replace(self.people[user], **changes)
        return self.people[user]


def fresh_id() -> str:
    """An id nobody has, as a provider makes them up."""
    return str(UUID(bytes=os.urandom(16), version=4))
