"""Custom attributes of which no two resources of a source share a value (RFC 7643 §7, ``uniqueness``)."""

from collections.abc import Mapping
from typing import cast

from muster.db import Transaction
from muster.directory import unique_values
from muster.directory.unique_values import Claim, Claimant
from muster.scim.errors import Uniqueness
from muster.scim.schema import ResourceType
from muster.scim.values import JsonValue
from muster.service.scim_exchange import Caller
from muster.service.scim_types import Unique


async def claim_unique(
    tx: Transaction,
    caller: Caller,
    owner: tuple[ResourceType, str],
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """The values of the resource that must be unique are its own, and those it had before are free.

    Args:
        tx: In which the resource is stored.
        caller: Whose resources share no value.
        owner: The resource, by its type and its id.
        before: As it was stored until now; None for a new one.
        after: As it is stored now; None for one that is no more.

    Raises:
        Uniqueness: Another resource of the source has one of the values.
    """
    kind = owner[0].name
    unique = caller.types.unique.get(kind)
    if not unique:
        return
    had, has = claims_of(unique, before or {}), claims_of(unique, after or {})
    if had == has:
        return
    claimant = Claimant(tenant=caller.source.tenant, source=caller.source.id, kind=kind, id=owner[1])
    if (taken := await unique_values.claim(tx, claimant, has)) is not None:
        raise Uniqueness("the value is taken by another resource", path=taken.path)


def claims_of(unique: Unique, resource: Mapping[str, object]) -> set[Claim]:
    """The values of the resource that nobody else may have."""
    found: set[Claim] = set()
    for urn, attribute in unique:
        container = cast("JsonValue", resource.get(urn))
        if isinstance(container, dict) and attribute.name in container:
            found.add(Claim.of(urn, attribute, container[attribute.name]))
    return found
