"""JumpCloud, as its custom SCIM integration speaks.

Follows jumpcloud.com/support ("Identity Management using a Custom SCIM Integration"): activation creates a
test user and a test group and removes both. Members are removed by a list, as Entra ID does without its flag.
The operations follow the examples in github.com/Paul-E/scim-v2-rust.
"""

from typing import Any

from muster.providers.directory import fresh_id
from muster.providers.profile import Profile
from muster.providers.pushing import PushesGroups
from muster.providers.wire import ENTERPRISE_URN, USER_URN, Wire


class JumpCloud(PushesGroups):
    """Tries the server with a user and a group of its own before it is used."""

    def __init__(self, url: str, token: str, *, test_email: str = "jumpcloud-test@acme.example") -> None:
        super().__init__(Wire(provider="JumpCloud", url=url, token=token))
        self._test_email = test_email

    def connect(self) -> None:
        """*Activate*: a test user and a test group are created, joined, and removed.

        Raises:
            Refused: One of that cannot be done.
        """
        self.wire.find("/Users", count="1", startIndex="1")
        user = self.create_user(self._test_email, given_name="JumpCloud", family_name="Test")
        group = self.create_group(f"JumpCloud Test {fresh_id()[:8]}", user)
        self.remove_member(group, user)
        self.delete_group(group)
        self.deactivate(user)
        self.delete(user)

    def user(self, person: Profile) -> dict[str, Any]:
        """The user with its e-mail address; the user name stands in where there is none."""
        body: dict[str, Any] = {
            "schemas": [USER_URN],
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "displayName": person.display_name,
            "emails": [{"value": person.email or person.user_name, "type": "work", "primary": True}],
            "externalId": person.external_id,
            "active": True,
            "groups": [],
        }
        if person.department:
            body["schemas"] = [USER_URN, ENTERPRISE_URN]
            body[ENTERPRISE_URN] = {"department": person.department}
        return body

    def deactivate(self, user: str) -> None:
        """The person is in no bound group any more: not active, by PATCH.

        Raises:
            Refused: The server did something else.
        """
        self.wire.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})

    def remove_member(self, group: str, *users: str) -> None:
        """They are members no more, by a list.

        Raises:
            Refused: The server did something else.
        """
        value = [{"value": user} for user in users]
        self.wire.patch(f"/Groups/{group}", {"op": "remove", "path": "members", "value": value})
        self.directory.groups[group].forget(users)
