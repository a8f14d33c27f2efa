"""What a schema makes of what is stored: who does not fit it, and who is put into its shape."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from muster.db import Transaction
from muster.directory import groups, people, schemas, sources, unique_values
from muster.directory.schemas import Holder
from muster.directory.unique_values import Claim, Claimant
from muster.intake import group as group_intake
from muster.intake import person as person_intake
from muster.intake.inbound import Bindings, Inbound, bindings
from muster.intake.person import PersonFacts
from muster.model import GroupId, PersonId, Source, SourceId, Stage
from muster.scim import GROUP, USER, CustomSchema, Resource, fitted, unique_attributes
from muster.scim.errors import InvalidValue
from muster.service.desk import Actor, Desk

_INDEX: Final = re.compile(r"\[\d+\]")
_SHOWN: Final = 5  # misfits named in one problem
_ONE: Final = {USER.name: "person", GROUP.name: "group"}
_MANY: Final = {USER.name: "people", GROUP.name: "groups"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshaped:
    """A person or group whose extension takes another shape under the schema."""

    holder: Holder
    container: Resource


@dataclass(slots=True, kw_only=True)
class Fit:
    """What the schema makes of the people, or of the groups, that are stored."""

    kind: str
    holders: int = 0
    misfits: Counter[str] = field(default_factory=Counter[str])  # how many, by what is wrong
    reshaped: list[Reshaped] = field(default_factory=list[Reshaped])
    claims: list[tuple[Claimant, Claim]] = field(default_factory=list[tuple[Claimant, Claim]])

    def misfit(self, why: str, number: int = 1) -> None:
        """So many more do not fit for this reason."""
        self.misfits[why] += number

    @property
    def says(self) -> list[str]:
        """Who does not fit, in words: the most frequent first."""
        return [f"{counted(number, self.kind)}: {why}" for why, number in self.misfits.most_common(_SHOWN)]


def counted(number: int, kind: str) -> str:
    """So many people or groups, in words."""
    return f"{number:,} {(_ONE if number == 1 else _MANY)[kind]}"


async def fit(tx: Transaction, desk: Desk, kind: str, custom: CustomSchema) -> Fit:
    """Measure everybody (``User``), or every group (``Group``), by the schema."""
    found = Fit(kind=kind)
    seen: set[str] = set()
    async for holder in schemas.holders(tx, desk.tenant, kind, custom.schema.urn):
        if holder.id in seen:
            found.misfit("the URN is there in two spellings")
            continue
        seen.add(holder.id)
        _measure(found, desk, holder, custom)
    lacking = await schemas.count(tx, desk.tenant, kind) - found.holders if custom.extends.get(kind) else 0
    if lacking:
        found.misfit("the extension is required and not there", lacking)
    return found


async def holders(tx: Transaction, desk: Desk, kind: str, urn: str) -> int:
    """How many people or groups have something under the URN."""
    return len({holder.id async for holder in schemas.holders(tx, desk.tenant, kind, urn)})


def _measure(found: Fit, desk: Desk, holder: Holder, custom: CustomSchema) -> None:
    schema, stored = custom.schema, holder.resource[holder.key]
    try:
        container = fitted(stored, schema)
    except InvalidValue as error:
        place = _INDEX.sub("", error.path or "")
        found.misfit(f"{place}, {error.detail}" if place else error.detail)
        found.holders += 1
        return
    found.holders += bool(container)  # what was stored may have been nothing, as null is
    if holder.key != schema.urn or container != stored:
        found.reshaped.append(Reshaped(holder=holder, container=container))
    claimant = Claimant(tenant=desk.tenant, source=holder.source, kind=found.kind, id=holder.id)
    for attribute in unique_attributes(schema):
        if attribute.name in container:
            found.claims.append((claimant, Claim.of(schema.urn, attribute, container[attribute.name])))


async def claim_all(tx: Transaction, found: Fit) -> None:
    """Every unique value belongs to whoever has it; those that somebody else has already are misfits.

    Nobody may have a value of the schema before.
    """
    taken: dict[tuple[SourceId, Claim], Claimant] = {}
    for claimant, claim in found.claims:
        if taken.setdefault((claimant.source, claim), claimant) is not claimant:
            found.misfit(f"{claim.attribute}, somebody else of the same source has the same value")
    await unique_values.take_all(tx, ((claimant, claim) for (_, claim), claimant in taken.items()))


async def reshape(tx: Transaction, desk: Desk, actor: Actor, custom: CustomSchema, found: Fit) -> None:
    """Everybody whose extension has another shape is stored in the new one, as a change of theirs."""
    if not found.reshaped:
        return
    bound = await bindings(tx, desk.tenant)
    known = {source.id: source for source in await sources.all_sources(tx, desk.tenant)}
    store = _reshape_person if found.kind == USER.name else _reshape_group
    for one in found.reshaped:
        inbound = _inbound(desk, actor, known[SourceId(one.holder.source)], custom)
        resource = {name: value for name, value in one.holder.resource.items() if name != one.holder.key}
        if one.container:
            resource[custom.schema.urn] = one.container
        await store(tx, inbound, bound, one.holder.id, resource)


def _inbound(desk: Desk, actor: Actor, source: Source, custom: CustomSchema) -> Inbound:
    return Inbound(
        source=source,
        actor=actor.name,
        cause=f"schema {custom.schema.urn}",
        at=desk.clock(),
        new_id=desk.new_id,
    )


async def _reshape_person(
    tx: Transaction, inbound: Inbound, bound: Bindings, id: str, attributes: Resource
) -> None:
    person = await people.person(tx, inbound.tenant, PersonId(id), lock=True)
    if person is not None:
        facts = PersonFacts(
            user_name=person.user_name,
            external_id=person.external_id,
            active=person.stage is Stage.ACTIVE,
            attributes=attributes,
        )
        await person_intake.change(tx, inbound, bound, person, facts)


async def _reshape_group(
    tx: Transaction, inbound: Inbound, bound: Bindings, id: str, attributes: Resource
) -> None:
    group = await groups.group(tx, inbound.tenant, GroupId(id), lock=True)
    if group is not None:
        facts = replace(group_intake.facts_of(group), attributes=attributes)
        await group_intake.change(tx, inbound, bound, group, facts)
