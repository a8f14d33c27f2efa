"""Microsoft Entra ID, as its provisioning service speaks to an application that is not in the gallery.

Follows the requests printed in "Tutorial: Develop and plan provisioning for a SCIM endpoint" and "Known
issues and resolutions with SCIM 2.0 protocol compliance", both at
learn.microsoft.com/en-us/entra/identity/app-provisioning. ``compliant`` is the feature flag
``aadOptscim062020`` in the tenant URL.
"""

from collections.abc import Iterator
from typing import Final

from muster.providers.directory import Directory, PushedGroup, fresh_id
from muster.providers.profile import Profile
from muster.providers.pushing import removals
from muster.providers.wire import ENTERPRISE_URN, GROUP_URN, USER_URN, Wire, equal

_ADSCIM_GROUP: Final = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
_PATHS: Final = {
    "user_name": "userName",
    "email": 'emails[type eq "work"].value',
    "phone": 'phoneNumbers[type eq "work"].value',
    "role": 'roles[primary eq "True"].value',
    "display_name": "displayName",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "title": "title",
    "external_id": "externalId",
    "department": f"{ENTERPRISE_URN}:department",
    "employee_number": f"{ENTERPRISE_URN}:employeeNumber",
    "manager": f"{ENTERPRISE_URN}:manager",
}


class Entra:
    """Looks for what it wants to write, writes only differences, and deactivates before it deletes."""

    def __init__(self, url: str, token: str, *, compliant: bool = False) -> None:
        self.wire = Wire(provider="Entra ID", url=url, token=token)
        self.directory = Directory()
        self._compliant = compliant

    def connect(self) -> None:
        """*Test Connection*: a user and a group that cannot be there must be answered with an empty list.

        Raises:
            Refused: They are not.
        """
        if self.wire.find("/Users", filter=equal("userName", fresh_id())):
            raise self.wire.refused("expects nobody to have a random GUID as the name")
        if self._groups_named(fresh_id()):
            raise self.wire.refused("expects no group to have a random GUID as the name")

    def create_user(self, user_name: str, **attributes: str) -> str:
        """Match the person by name, or create them; the id at the server.

        Raises:
            Refused: The server did something else.
        """
        person = self.directory.hired(user_name, attributes)
        found = self.wire.find("/Users", filter=equal("userName", user_name))
        if found:
            user = str(found[0]["id"])
            self.directory.people[user] = Profile(user_name=user_name)
            self._push(user, person)
        else:
            user = self.wire.create("/Users", _created(person)).id
        self.directory.people[user] = person
        return user

    def update(self, user: str, **changes: str) -> None:
        """Push what has changed.

        Raises:
            Refused: The server did something else.
        """
        before = self.directory.people[user]
        after = self.directory.changed(user, changes)
        self.wire.get(f"/Users/{user}")
        if after.manager != before.manager:
            both = f"{equal('id', user)} and {equal('manager', after.manager)}"
            self.wire.find("/Users", filter=both, attributes="id")
        self.directory.people[user] = before
        self._push(user, after)
        self.directory.people[user] = after

    def deactivate(self, user: str) -> None:
        """The person left: not active, and still to be read.

        Raises:
            Refused: The user is active, or not to be read any more.
        """
        self._set_active(user, active=False)
        if self.wire.get(f"/Users/{user}").body.get("active") is not False:
            raise self.wire.refused("expects the user to be inactive")

    def reactivate(self, user: str) -> None:
        """The person is back.

        Raises:
            Refused: The server did something else.
        """
        self._set_active(user, active=True)

    def delete(self, user: str) -> None:
        """The person is deleted for good, thirty days after they left.

        Raises:
            Refused: The user is still there.
        """
        self.wire.delete(f"/Users/{user}")
        self.wire.expect(404, method="GET", path=f"/Users/{user}")
        del self.directory.people[user]

    def create_group(self, name: str, *members: str) -> str:
        """Match the group by name, or create it without members; then add them.

        Raises:
            Refused: The server did something else.
        """
        pushed = PushedGroup(name=name, external_id=fresh_id())
        found = self._groups_named(name)
        body = {
            "schemas": [GROUP_URN, _ADSCIM_GROUP],
            "externalId": pushed.external_id,
            "displayName": name,
            "meta": {"resourceType": "Group"},
        }
        group = str(found[0]["id"]) if found else self.wire.create("/Groups", body).id
        self.directory.groups[group] = pushed
        if members:
            self.add_member(group, *members)
        return group

    def rename_group(self, group: str, name: str) -> None:
        """The group has another name.

        Raises:
            Refused: The server did something else.
        """
        self.wire.get(f"/Groups/{group}", excludedAttributes="members")
        self.wire.patch(f"/Groups/{group}", self._operation("Replace", "displayName", name))
        self.directory.groups[group].name = name

    def add_member(self, group: str, *users: str) -> None:
        """They are members.

        Raises:
            Refused: The server did something else.
        """
        value = [{"$ref": None, "value": user} for user in users]
        self.wire.patch(f"/Groups/{group}", self._operation("Add", "members", value))
        self.directory.groups[group].members.extend(users)

    def remove_member(self, group: str, *users: str) -> None:
        """They are members no more.

        Raises:
            Refused: The server did something else.
        """
        if self._compliant:
            self.wire.patch(f"/Groups/{group}", *removals(users))
        else:
            value = [{"$ref": None, "value": user} for user in users]
            self.wire.patch(f"/Groups/{group}", {"op": "Remove", "path": "members", "value": value})
        self.directory.groups[group].forget(users)

    def delete_group(self, group: str) -> None:
        """The group is deleted.

        Raises:
            Refused: It is still there.
        """
        self.wire.delete(f"/Groups/{group}")
        del self.directory.groups[group]

    def _groups_named(self, name: str) -> list[dict[str, object]]:
        named = equal("displayName", name)
        return self.wire.find("/Groups", excludedAttributes="members", filter=named)

    def _set_active(self, user: str, *, active: bool) -> None:
        value = active if self._compliant else str(active)
        self.wire.patch(f"/Users/{user}", self._operation("Replace", "active", value))

    def _push(self, user: str, after: Profile) -> None:
        operations = list(self._operations(self.directory.people[user], after))
        if operations:
            self.wire.patch(f"/Users/{user}", *operations)

    def _operations(self, before: Profile, after: Profile) -> Iterator[dict[str, object]]:
        """With the flag, single-valued attributes are replaced by one operation without a path."""
        together: dict[str, object] = {}
        for name, path in _PATHS.items():
            old, new = str(getattr(before, name)), str(getattr(after, name))
            if old == new:
                continue
            if not new:
                yield {"op": "remove" if self._compliant else "Remove", "path": path}
            elif self._compliant and old and "[" not in path:
                together[path] = new
            else:
                yield self._operation("Replace" if old else "Add", path, new)
        if together:
            yield {"op": "replace", "value": together}

    def _operation(self, verb: str, path: str, value: object) -> dict[str, object]:
        return {"op": verb.lower() if self._compliant else verb, "path": path, "value": value}


def _created(person: Profile) -> dict[str, object]:
    enterprise = {
        "department": person.department,
        "employeeNumber": person.employee_number,
        "manager": person.manager,
    }
    body: dict[str, object] = {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "externalId": person.external_id,
        "userName": person.user_name,
        "active": True,
        "addresses": None,
        "displayName": person.display_name,
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": person.display_name,
            "familyName": person.family_name or None,
            "givenName": person.given_name or None,
        },
        "title": person.title or None,
        "roles": [{"primary": "True", "value": person.role}] if person.role else [],
        ENTERPRISE_URN: {name: value for name, value in enterprise.items() if value},
    }
    if person.email:
        body["emails"] = [{"primary": True, "type": "work", "value": person.email}]
    if person.phone:
        body["phoneNumbers"] = [{"type": "work", "value": person.phone}]
    return body
