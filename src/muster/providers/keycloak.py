"""Keycloak with *SCIM for Keycloak*, as its client speaks.

Follows github.com/Captain-P-Goldfish/scim-for-keycloak issues 133 and 172: a group is renamed, and one that
exists already is taken over, by an operation without a path whose value is a JSON text that holds
``schemas``, too. Members are removed by a filter and added by a list. Users are changed by PUT.
"""

import json
from typing import Any

from muster.providers.directory import PushedGroup
from muster.providers.profile import Profile
from muster.providers.pushing import PushesGroups
from muster.providers.wire import GROUP_URN, USER_URN, Wire


class Keycloak(PushesGroups):
    """Writes JSON into JSON."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(Wire(provider="Keycloak", url=url, token=token))

    def connect(self) -> None:
        """What the server supports is read.

        Raises:
            Refused: It does not say.
        """
        self.wire.get("/ServiceProviderConfig")

    def user(self, person: Profile) -> dict[str, Any]:
        """The user with the names and the e-mail address that Keycloak knows."""
        body: dict[str, Any] = {
            "schemas": [USER_URN],
            "externalId": person.external_id,
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "active": True,
        }
        if person.email:
            body["emails"] = [{"value": person.email, "primary": True}]
        return body

    def group(self, pushed: PushedGroup) -> dict[str, Any]:
        """The group with its external id."""
        return {"schemas": [GROUP_URN], "externalId": pushed.external_id, "displayName": pushed.name}

    def groups_named(self, name: str) -> list[Any]:
        """The groups of that name; one that is there is written anew, as a JSON text."""
        found = super().groups_named(name)
        for group in found:
            self._say(str(group["id"]), {"schemas": [GROUP_URN], "displayName": name})
        return found

    def rename_group(self, group: str, name: str) -> None:
        """The group has another name, said in a JSON text.

        Raises:
            Refused: The server did something else.
        """
        self._say(group, {"schemas": [GROUP_URN], "displayName": name})
        self.directory.groups[group].name = name

    def _say(self, group: str, value: dict[str, Any]) -> None:
        self.wire.patch(f"/Groups/{group}", {"op": "replace", "value": json.dumps(value)})
