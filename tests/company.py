"""A company whose identity provider pushes to Muster, and what Muster concludes from it."""

from dataclasses import dataclass
from typing import Any

from muster.model import Identity, Stage
from muster.providers import Wire
from muster.pytest.server import ScimServer
from muster.service.explaining import AccessPage, access_of


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everybody has ``chat``; whoever is in the group Research has ``lab``."""

    server: ScimServer

    @property
    def url(self) -> str:
        """What an operator pastes as the base URL."""
        return self.server.url

    @property
    def token(self) -> str:
        """What an operator pastes as the token."""
        return self.server.token

    @property
    def wire(self) -> Wire:
        """A way to say what no provider has a method for."""
        return Wire(provider="test", url=self.url, token=self.token)

    def access(self, user: str) -> set[str]:
        """The apps the person should have."""
        return {str(one.app) for one in self._page(user).access if one.wanted}

    def person(self, user: str) -> Identity:
        """The person as Muster knows them."""
        return self._page(user).person

    def has_left(self, user: str) -> bool:
        """Whether the person is a leaver."""
        return self.person(user).stage is Stage.LEFT

    def shown(self, user: str) -> dict[str, Any]:
        """The user as SCIM shows it, without what the server adds."""
        body: dict[str, Any] = self.wire.get(f"/Users/{user}").body
        return {name: value for name, value in body.items() if name not in {"id", "meta", "groups"}}

    def members(self, group: str) -> list[str]:
        """The members of the group."""
        shown = self.wire.get(f"/Groups/{group}").body.get("members", [])
        return [member["value"] for member in shown]

    def happened(self) -> list[str]:
        """The actions in the log that are about people and groups."""
        return [
            record.action.value
            for record in self.server.log()
            if record.action.value.startswith(("person", "group"))
        ]

    def _page(self, user: str) -> AccessPage:
        return self.server.at_desk(lambda desk: access_of(desk, user))
