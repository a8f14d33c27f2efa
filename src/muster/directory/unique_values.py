"""Values of custom attributes that no two people, or no two groups, of one source share.

Only hashes are kept here: they are of one length, whatever an index can hold, and tell nobody the value.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from muster.db import Statement, Transaction
from muster.model import SourceId, Tenant
from muster.model.text import normalised
from muster.scim import Attribute, JsonValue

_RELEASE: Final = Statement("DELETE FROM unique_values WHERE tenant = :tenant AND subject = :subject")
_FORGET: Final = Statement("DELETE FROM unique_values WHERE tenant = :tenant AND urn_key = :urn_key")
_TAKE: Final = Statement(
    "INSERT INTO unique_values (tenant, source, kind, urn_key, attribute, value_key, subject)"
    " VALUES (:tenant, :source, :kind, :urn_key, :attribute, :value_key, :subject) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Claim:
    """One value of one attribute, which nobody else may have."""

    urn: str
    attribute: str
    value_key: str

    @classmethod
    def of(cls, urn: str, attribute: Attribute, value: JsonValue) -> "Claim":
        """The claim to a value, as values of the attribute are compared."""
        text = value if attribute.case_exact and isinstance(value, str) else normalised(str(value))
        return cls(urn=urn, attribute=attribute.name, value_key=sha256(text.encode()).hexdigest())

    @property
    def path(self) -> str:
        """The attribute, as clients name it."""
        return f"{self.urn}:{self.attribute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who has the values: a person (``User``) or a group (``Group``) of a source."""

    tenant: Tenant
    source: SourceId
    kind: str
    id: str


async def claim(tx: Transaction, claimant: Claimant, claims: Iterable[Claim]) -> Claim | None:
    """The claimant has these values and no others; gives the first that somebody else has."""
    await release(tx, claimant.tenant, claimant.id)
    for one in sorted(claims):  # in one order, so that two claimants do not wait for each other
        if not await take(tx, claimant, one):
            return one
    return None


async def take(tx: Transaction, claimant: Claimant, claim: Claim) -> bool:
    """The claimant has this value, too; false when somebody else has it."""
    return await tx.run(_TAKE, **_row(claimant, claim)) == 1


async def take_all(tx: Transaction, claims: Iterable[tuple[Claimant, Claim]]) -> None:
    """Each claimant has these values, too, as far as nobody else has them."""
    await tx.run_many(_TAKE, (_row(claimant, claim) for claimant, claim in claims))


def _row(claimant: Claimant, claim: Claim) -> dict[str, str]:
    return {
        "tenant": claimant.tenant,
        "source": claimant.source,
        "kind": claimant.kind,
        "urn_key": claim.urn.lower(),
        "attribute": claim.attribute.lower(),
        "value_key": claim.value_key,
        "subject": claimant.id,
    }


async def release(tx: Transaction, tenant: Tenant, subject: str) -> None:
    """The person or group has none of its values any more."""
    await tx.run(_RELEASE, tenant=tenant, subject=subject)


def subjects(kind: str, claim: Claim, name: Callable[[], str]) -> tuple[str, dict[str, str]]:
    """The SQL that selects who has the value, and what it binds beside ``tenant`` and ``source``."""
    wanted = {
        "kind": kind,
        "urn_key": claim.urn.lower(),
        "attribute": claim.attribute.lower(),
        "value_key": claim.value_key,
    }
    bound = {name(): (column, value) for column, value in wanted.items()}
    tests = [f"{column} = :{one}" for one, (column, _) in bound.items()]
    test = " AND ".join(["tenant = :tenant", "source = :source", *tests])
    sql = f"SELECT subject FROM unique_values WHERE {test}"
    return sql, {one: value for one, (_, value) in bound.items()}


async def forget(tx: Transaction, tenant: Tenant, urn: str) -> None:
    """Nobody has a value of this schema."""
    await tx.run(_FORGET, tenant=tenant, urn_key=urn.lower())
