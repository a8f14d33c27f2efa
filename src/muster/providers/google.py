"""Google Workspace, as its automated user provisioning speaks.

Follows support.google.com/a/answer/7681608 and the descriptions of applications that receive it: it probes
with one user, sends plain JSON, knows no groups, and comes every few hours for those who are active,
suspended or deleted. Whether they are then deactivated or deleted, and after how long, are settings of the
app. Which verb changes a user is not published; a PUT of the whole user is assumed.
"""

from typing import Any

from muster.providers.profile import Profile
from muster.providers.pushing import PushesUsers
from muster.providers.wire import ENTERPRISE_URN, USER_URN, Wire


class Google(PushesUsers):
    """Users only."""

    def __init__(self, url: str, token: str) -> None:
        agent = {"User-Agent": "Google-Auto-Provisioning"}
        json = "application/json"
        super().__init__(
            Wire(provider="Google Workspace", url=url, token=token, content_type=json, headers=agent)
        )

    def connect(self) -> None:
        """The wizard's *Continue*: one user.

        Raises:
            Refused: The server did not list any.
        """
        self.wire.find("/Users", count="1")

    def user(self, person: Profile) -> dict[str, Any]:
        """What the attribute mapping names, with the primary address as the name to sign in by."""
        body: dict[str, Any] = {
            "schemas": [USER_URN],
            "userName": person.user_name,
            "externalId": person.external_id,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"value": person.email or person.user_name, "type": "work", "primary": True}],
            "active": True,
        }
        if person.title:
            body["title"] = person.title
        if person.department:
            body["schemas"] = [USER_URN, ENTERPRISE_URN]
            body[ENTERPRISE_URN] = {"department": person.department}
        return body
