"""The people and groups that the examples of RFC 7644 take for granted."""

from typing import Any, Final

from rfc.replay import BARBARA, GROUP, JAMES, Replay
from scim_door import group, user

NAME: Final = {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"}


def barbara(client: Replay, **attributes: object) -> Any:  # noqa: ANN401 - JSON
    """Barbara is there; the resource as the server shows it."""
    whole = {"externalId": "bjensen", "name": NAME, **attributes}
    return client.create("/Users", user("bjensen", **whole), BARBARA).body


def two_people(client: Replay) -> None:
    """Barbara and James are there."""
    barbara(client)
    client.create("/Users", user("jsmith", displayName="Smith, James"), JAMES)


def group_of(client: Replay, *members: str) -> Any:  # noqa: ANN401 - JSON
    """The group of the examples is there, with these members."""
    return client.create("/Groups", group("Tour Guides", *members), GROUP).body


def members_of(client: Replay) -> list[str]:
    """The ids of the members of that group, in order."""
    return sorted(member["value"] for member in client.get(f"/Groups/{GROUP}").get("members", []))
