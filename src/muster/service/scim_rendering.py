"""Resources as the bytes of an answer (RFC 7644 §3.1).

What is stored is JSON already. Where a whole resource is wanted, it is put together from that text; only a
client that wants to see a part makes us read it.
"""

import zlib
from functools import lru_cache
from typing import cast

import msgspec

from muster.db import decode, from_micros
from muster.directory.held_groups import Held
from muster.directory.roster import ListedGroup, ListedPerson
from muster.scim.schema import ResourceType
from muster.scim.validate import with_schemas
from muster.scim.values import JsonValue, Resource
from muster.service.scim_exchange import Caller, Stored, etag
from muster.service.scim_types import View

_encode = msgspec.json.Encoder().encode


def person(caller: Caller, listed: ListedPerson, view: View) -> Stored:
    """The person as a User, the part that the view shows."""
    version = etag(listed.version, _digest(listed.held))
    location = caller.location(caller.types.user, listed.id)
    if view.whole and listed.active is not None:
        body = _whole_person(caller, listed, version)
    else:
        body = _encode(view.shown.apply(person_resource(caller, listed)))
    return Stored(id=listed.id, etag=version, location=location, body=body)


def _whole_person(caller: Caller, listed: ListedPerson, version: str) -> bytes:
    own = listed.resource[1:-1]
    external_id, groups = "", ""
    if listed.external_id is not None:
        external_id = f',"externalId":{_encode(listed.external_id).decode()}'
    if listed.held:
        groups = f',"groups":{_encode(_groups(caller, listed.held)).decode()}'
    meta = _meta(caller, caller.types.user, listed.id, (listed.created_at, listed.changed_at), version)
    return (
        f'{{"schemas":{listed.schemas},"id":"{listed.id}"{external_id},"active":'
        f'{"true" if listed.active else "false"}{"," if own else ""}{own}{groups},"meta":{meta}}}'
    ).encode()


def person_resource(caller: Caller, listed: ListedPerson) -> Resource:
    """The person as a User, whole, to be looked into."""
    attributes: Resource = decode(listed.resource)
    resource: Resource = {"schemas": decode(listed.schemas), "id": listed.id}
    if listed.external_id is not None:
        resource["externalId"] = listed.external_id
    resource = {**resource, **attributes, "active": listed.active}
    if listed.active is None:
        del resource["active"]
    if listed.held:
        resource["groups"] = _groups(caller, listed.held)
    version = etag(listed.version, _digest(listed.held))
    stamps = (listed.created_at, listed.changed_at)
    resource["meta"] = decode(_meta(caller, caller.types.user, listed.id, stamps, version))
    return resource


def group(caller: Caller, listed: ListedGroup, view: View) -> Stored:
    """The group as a Group, the part that the view shows."""
    group = listed.group
    if view.whole:
        body = _encode(_whole_group(caller, listed))
    else:
        body = _encode(view.shown.apply(group_resource(caller, listed)))
    location = caller.location(caller.types.group, group.id)
    return Stored(id=group.id, etag=etag(group.version), location=location, body=body)


def _whole_group(caller: Caller, listed: ListedGroup) -> dict[str, object]:
    resource: dict[str, object] = {**_group_itself(caller, listed)}
    users = caller.json_base + caller.types.user.endpoint
    groups = caller.json_base + caller.types.group.endpoint
    members = [f'{{"value":"{one}","$ref":"{users}/{one}","type":"User"}}' for one in listed.people]
    members += [f'{{"value":"{one}","$ref":"{groups}/{one}","type":"Group"}}' for one in listed.groups]
    if members:
        resource["members"] = msgspec.Raw(f"[{','.join(members)}]".encode())
    return resource


def group_resource(caller: Caller, listed: ListedGroup) -> Resource:
    """The group as a Group, with the members that were asked for, to be looked into."""
    resource = _group_itself(caller, listed)
    members: list[JsonValue] = [member(caller, one, caller.types.user) for one in listed.people]
    members += [member(caller, one, caller.types.group) for one in listed.groups]
    if members:
        resource["members"] = members
    return resource


def _group_itself(caller: Caller, listed: ListedGroup) -> Resource:
    group = listed.group
    resource: Resource = {"id": group.id}
    if group.external_id is not None:
        resource["externalId"] = group.external_id
    attributes = cast("Resource", group.attributes)  # JSON by the contract of ``Group``
    resource |= {**attributes, "displayName": group.name}
    stamps = (listed.created_at, listed.changed_at)
    meta = _meta(caller, caller.types.group, group.id, stamps, etag(group.version))
    resource["meta"] = decode(meta)
    return with_schemas(resource, caller.types.group)


def member(caller: Caller, id: str, resource_type: ResourceType) -> Resource:
    """A member of a group as it is shown: a person or a group, as the resource type says."""
    return {"value": id, "$ref": caller.location(resource_type, id), "type": resource_type.name}


def _groups(caller: Caller, held: tuple[Held, ...]) -> list[JsonValue]:
    return [
        {
            "value": one.id,
            "$ref": caller.location(caller.types.group, one.id),
            "display": one.name,
            "type": "direct" if one.direct else "indirect",
        }
        for one in held
    ]


def _digest(held: tuple[Held, ...]) -> str:
    """A short text that differs where the groups do; they change without a new version of the person."""
    if not held:
        return ""
    text = "\n".join(f"{one.id} {one.direct} {one.name}" for one in held)
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def _meta(caller: Caller, resource_type: ResourceType, id: str, stored: tuple[int, int], version: str) -> str:
    """The ``meta`` of a resource as JSON (RFC 7643 §3.1).

    ``stored`` is when it was created and when last changed.
    """
    created, changed = map(_written, stored)
    weak = version.replace('"', '\\"')
    return (
        f'{{"resourceType":"{resource_type.name}","created":"{created}","lastModified":"{changed}",'
        f'"location":"{caller.json_base}{resource_type.endpoint}/{id}","version":"{weak}"}}'
    )


def _written(at: int) -> str:
    """The time of a column as JSON has it."""
    seconds, rest = divmod(at, 1_000_000)
    return f"{_second(seconds)}.{rest:06}Z"


@lru_cache(maxsize=16_384)
def _second(seconds: int) -> str:
    """A second since 1970 as text; people come and change in the same seconds as others."""
    return from_micros(seconds * 1_000_000).isoformat()[:-6]
