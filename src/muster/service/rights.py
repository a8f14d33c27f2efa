"""What a token may be given: scopes, a person, a rate and an end that fit each other and its source."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.db import Transaction
from muster.directory import people
from muster.directory.tokens import Token
from muster.model import (
    ME_SCOPES,
    SOURCE_SCOPES,
    BadInput,
    PersonId,
    Problem,
    Scope,
    Source,
    Stage,
)

MOST_REQUESTS: Final = 1_000_000  # a second; beyond it no limit is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a token may do, and until when.

    Without ``scopes`` it may do everything its source may, or, belonging to a ``person``, read them.
    ``requests_per_second`` is None for what any token may make, 0 for any number.
    """

    scopes: AbstractSet[Scope] = frozenset()
    person: PersonId | None = None
    expires_at: datetime | None = None
    requests_per_second: int | None = None

    @property
    def effective(self) -> tuple[Scope, ...]:
        """The scopes, in the order of their names."""
        usual = SOURCE_SCOPES if self.person is None else {Scope.ME_READ}
        return tuple(sorted(self.scopes or usual))


def of(token: Token, *, expires_at: datetime | None) -> Rights:
    """The rights of a token that is there, with another end."""
    return Rights(
        scopes=frozenset(token.scopes),
        person=token.person,
        expires_at=expires_at,
        requests_per_second=token.requests_per_second,
    )


def check(rights: Rights, source: Source, *, at: datetime) -> None:
    """Return when a token of the source may have these rights from now on.

    Raises:
        BadInput: the source takes no tokens, the end lies in the past, the rate is none, or a scope speaks of
            a person and there is none.
    """
    if source.type != "scim":
        raise _takes_no_token(source)
    if rights.expires_at is not None and rights.expires_at <= at:
        raise _ended(rights.expires_at)
    if rights.person is None and (personal := ME_SCOPES & rights.scopes):
        raise _nobody(sorted(personal))
    if not 0 <= (rights.requests_per_second or 0) <= MOST_REQUESTS:
        raise _no_rate(rights.requests_per_second)


async def check_person(tx: Transaction, id: PersonId | None, source: Source) -> None:
    """Return when the person a token belongs to, if there is one, is one the source has and who is active.

    Raises:
        BadInput: they are not.
    """
    if id is None:
        return
    person = await people.person(tx, source.tenant, id)
    if person is None or person.source != source.id or person.stage is not Stage.ACTIVE or person.deleted:
        raise BadInput(
            Problem(
                code="MUSTER-TOKEN-PERSON",
                what="A token can belong only to an active person of its source",
                where=id,
                why=f"The source {source.name} has no such active person",
                next_step="`muster explain PERSON` shows where they come from and whether they are active",
            )
        )


def _takes_no_token(source: Source) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-SOURCE-TAKES-NO-TOKENS",
            what="Nobody speaks for this source by token",
            where=source.name,
            why=f"It is a source of type {source.type}",
            next_step="add a source of type scim",
        )
    )


def _ended(expires_at: datetime) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-TOKEN-ENDED",
            what="A new token cannot end before it begins",
            where=f"{expires_at:%Y-%m-%d %H:%M:%S} UTC",
            next_step="give an end that lies ahead, as 90d",
        )
    )


def _nobody(personal: list[Scope]) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-TOKEN-SCOPE",
            what="A scope speaks of a person, and the token belongs to none",
            where=", ".join(personal),
            next_step="give --person, or other scopes",
        )
    )


def _no_rate(requests_per_second: int | None) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-TOKEN-RATE",
            what="This is no number of requests a second",
            where=str(requests_per_second),
            next_step=f"give a number up to {MOST_REQUESTS:,}, or 0 for any number",
        )
    )
