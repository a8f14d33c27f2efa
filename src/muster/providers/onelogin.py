"""OneLogin, as its *SCIM Provisioner with SAML (SCIM v2 Enterprise)* speaks.

Follows developers.onelogin.com/scim (define-user-schema, implement-scim-api, test-your-scim): a template
makes the body, and a blank field of the directory leaves an empty text in it. Groups are listed, created, and
then changed by PATCH.
"""

from typing import Any, ClassVar

from muster.providers.directory import fresh_id
from muster.providers.profile import Profile
from muster.providers.pushing import PushesGroups
from muster.providers.wire import ENTERPRISE_URN, USER_URN, Wire, equal


class OneLogin(PushesGroups):
    """Fills a template, blanks included."""

    missing: ClassVar[frozenset[int]] = frozenset({404})

    def __init__(self, url: str, token: str) -> None:
        super().__init__(Wire(provider="OneLogin", url=url, token=token, content_type="application/json"))

    def connect(self) -> None:
        """Enable the API connection: somebody who is known not to exist is looked for.

        Raises:
            Refused: The server finds them, or fails.
        """
        if self.wire.find("/Users", missing=self.missing, filter=equal("userName", fresh_id())):
            raise self.wire.refused("expects nobody of that name")

    def user(self, person: Profile) -> dict[str, Any]:
        """The template of the enterprise app, filled."""
        return {
            "schemas": [USER_URN, ENTERPRISE_URN],
            "externalId": None,
            "userName": person.user_name,
            "name": {
                "familyName": person.family_name,
                "givenName": person.given_name,
                "formatted": person.display_name,
            },
            "active": True,
            "emails": {"value": person.email, "type": "work", "primary": True},
            "title": person.title,
            ENTERPRISE_URN: {
                "department": person.department,
                "employeeNumber": person.employee_number,
                "manager": {"value": person.manager, "displayName": ""},
            },
        }

    def groups_named(self, name: str) -> list[Any]:
        """The groups of that name, among all that there are."""
        return [group for group in self.wire.find("/Groups") if group.get("displayName") == name]
