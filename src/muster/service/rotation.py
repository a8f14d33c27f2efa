"""A new token takes the place of old ones, which go on for a while, so that nobody is locked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from muster import audit
from muster.audit import Action
from muster.db import Transaction
from muster.directory import tokens as stored
from muster.directory.tokens import Token
from muster.model import BadInput, Problem, Source
from muster.service import rights, tokens
from muster.service.desk import Actor, Desk
from muster.service.tokens import NewToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A token that takes the place of others; each of them ends at ``ends_at``, unless it does before."""

    new: NewToken
    replaced: tuple[Token, ...]
    ends_at: datetime


async def rotate(
    desk: Desk,
    actor: Actor,
    source: Source,
    *,
    overlap: timedelta,
    only: str | None = None,
    expires_at: datetime | None = None,
) -> Rotation:
    """A new token takes the place of the valid ones that speak for the source as a whole.

    It may do what they may.

    Args:
        desk: where.
        actor: who asks.
        source: whose tokens.
        overlap: how long the old ones go on beside the new one.
        only: the id of the one token to replace, which may be a person's own.
        expires_at: the end of the new one; without it, it lives as long as the youngest of the old ones was
            made for.

    Raises:
        BadInput: there is no valid token, or they may not all do the same, so that nobody knows what the new
            one may.
        NotFound: there is no valid token of this id.
    """
    at = desk.clock()
    ends_at = at + overlap

    async def work(tx: Transaction) -> Rotation:
        valid = [one for one in await stored.of_source(tx, source) if one.is_valid(at)]
        replaced = _replaced(source, valid, only)
        end = expires_at or _as_long(replaced[-1], at)
        new = tokens.prepared(desk, source, rights.of(replaced[-1], expires_at=end))
        await tokens.insert(tx, desk, actor, source, new)
        for one in replaced:
            if one.is_valid(ends_at):
                await stored.expire(tx, desk.tenant, one.id, at=ends_at)
        shown = {"token": new.token.id, "replaces": [one.id for one in replaced], "ends": ends_at.isoformat()}
        record = tokens.record(desk, actor, Action.TOKEN_ROTATE, source, at, after=shown)
        await audit.append(tx, record)
        tx.announce()  # whoever remembers the old ones forgets them
        return Rotation(new=new, replaced=tuple(replaced), ends_at=ends_at)

    return await desk.db.write(work)


def _replaced(source: Source, valid: Sequence[Token], only: str | None) -> Sequence[Token]:
    if only is not None:
        found = [one for one in valid if one.id == only]
        if not found:
            raise tokens.no_such_token(only)
        return found
    found = [one for one in valid if one.person is None]
    if len({rights.of(one, expires_at=None) for one in found}) != 1:
        raise _unclear(source, found)
    return found


def _as_long(token: Token, at: datetime) -> datetime | None:
    return None if token.expires_at is None else at + (token.expires_at - token.created_at)


def _unclear(source: Source, valid: Sequence[Token]) -> BadInput:
    each = "; ".join(f"{one.prefix}… ({one.id}) may {' '.join(one.scopes)}" for one in valid)
    return BadInput(
        Problem(
            code="MUSTER-TOKEN-ROTATE",
            what="It is not clear what the new token may do"
            if valid
            else "There is no valid token to replace",
            where=source.name,
            why=f"The valid ones differ: {each}" if valid else "",
            next_step="replace one at a time, with --token and its id"
            if valid
            else f"`muster token add {source.name}` makes one",
        )
    )
