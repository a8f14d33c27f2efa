"""PingOne, as its SCIM provisioning speaks.

Follows docs.pingidentity.com (p1_scim_provisioning_features, and the pages about limitations): users are
matched by a filter, and an attribute is cleared by an empty text. The bodies are not published; changes by
PUT, *disable* included, and members by PATCH are assumed.
"""

from typing import Any

from muster.providers.profile import Profile
from muster.providers.pushing import PushesGroups
from muster.providers.wire import ENTERPRISE_URN, USER_URN, Wire


class PingOne(PushesGroups):
    """Clears by emptiness."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(Wire(provider="PingOne", url=url, token=token))

    def connect(self) -> None:
        """*Test Connection*: one user.

        Raises:
            Refused: The server did not list any.
        """
        self.wire.find("/Users", count="1", startIndex="1")

    def user(self, person: Profile) -> dict[str, Any]:
        """Every mapped attribute, empty where the person has none."""
        return {
            "schemas": [USER_URN, ENTERPRISE_URN],
            "externalId": person.external_id,
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "displayName": person.display_name,
            "title": person.title,
            "active": True,
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "phoneNumbers": [{"value": person.phone, "type": "work"}],
            ENTERPRISE_URN: {"department": person.department, "employeeNumber": person.employee_number},
        }
