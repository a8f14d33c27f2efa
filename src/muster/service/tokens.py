"""Sources and the tokens that speak for them: add, revoke, list, and tell who is speaking."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from muster import audit
from muster.audit import Action, Record, Result
from muster.db import Duplicate, Transaction
from muster.directory import sources
from muster.directory.sources import Bearer, Token
from muster.model import BadInput, NotFound, Problem, Secret, Source, SourceId
from muster.service.desk import Actor, Desk
from muster.service.names import checked_name
from muster.vault import TOKEN_PREFIX, is_well_formed, new_token, token_hash

__all__ = [
    "Token",
    "add_source",
    "add_token",
    "authenticate",
    "list_sources",
    "list_tokens",
    "revoke_token",
]

TYPES: Final = ("scim", "file")
_SHOWN: Final = len(TOKEN_PREFIX) + 6  # characters of a token by which people recognise it
_NOTED_EVERY: Final = timedelta(minutes=1)


async def authenticate(desk: Desk, header: str | None) -> Bearer | None:
    """Who speaks, by the ``Authorization`` header (RFC 6750 §2.1); None when no SCIM source does."""
    token = _token(header)
    if token is None or not is_well_formed(token):
        return None
    at, hashed = desk.clock(), token_hash(token)
    bearer = await desk.db.read(lambda tx: sources.bearer(tx, hashed, at=at))
    if bearer is None or bearer.source.tenant != desk.tenant or bearer.source.type != "scim":
        return None
    if bearer.last_used_at is None or at - bearer.last_used_at >= _NOTED_EVERY:
        await desk.db.write(lambda tx: sources.note_use(tx, desk.tenant, bearer.token_id, at=at))
    return bearer


def _token(header: str | None) -> Secret | None:
    scheme, _, token = (header or "").strip().partition(" ")
    return Secret(token.strip()) if scheme.lower() == "bearer" else None


async def add_source(desk: Desk, actor: Actor, type: str, name: str) -> tuple[Source, Secret | None]:
    """The source is there; one that speaks SCIM comes with its first token, shown here and never again.

    Raises:
        BadInput: there is one of this name, or the name or the type is none.
    """
    _check_type(type)
    source = Source(
        tenant=desk.tenant, id=SourceId(desk.new_id()), name=checked_name(name, what="source"), type=type
    )
    token = new_token(desk.random) if type == "scim" else None
    at = desk.clock()

    async def work(tx: Transaction) -> None:
        await sources.insert(tx, source, at=at)
        shown = {"name": name, "type": type}
        await audit.append(tx, _record(desk, actor, Action.SOURCE_ADD, source, at, after=shown))
        if token is not None:
            await _add_token(tx, desk, actor, source, token=token, at=at, until=None)

    try:
        await desk.db.write(work)
    except Duplicate as error:
        raise _exists(name) from error
    return source, token


async def list_sources(desk: Desk) -> list[Source]:
    """Every source, by name."""
    return await desk.db.read(lambda tx: sources.all_sources(tx, desk.tenant))


async def add_token(
    desk: Desk, actor: Actor, source: Source, *, expires_at: datetime | None = None
) -> Secret:
    """One more token speaks for the source; it is shown here and never again.

    Raises:
        BadInput: the source takes no tokens.
    """
    if source.type != "scim":
        raise _takes_no_token(source)
    token = new_token(desk.random)
    at = desk.clock()

    async def work(tx: Transaction) -> None:
        await _add_token(tx, desk, actor, source, token=token, at=at, until=expires_at)

    await desk.db.write(work)
    return token


async def list_tokens(desk: Desk, source: Source) -> list[Token]:
    """Every token the source ever had, the oldest first."""
    return await desk.db.read(lambda tx: sources.tokens(tx, source))


async def revoke_token(desk: Desk, actor: Actor, token_id: str) -> None:
    """The token speaks for nobody from now on.

    Raises:
        NotFound: there is no such valid token.
    """
    at = desk.clock()

    async def work(tx: Transaction) -> None:
        source = await _speaks_for(tx, desk, token_id)
        if source is None or not await sources.revoke(tx, desk.tenant, token_id, at=at):
            raise _no_such_token(token_id)
        shown = {"token": token_id}
        await audit.append(tx, _record(desk, actor, Action.TOKEN_REVOKE, source, at, after=shown))

    await desk.db.write(work)


async def _speaks_for(tx: Transaction, desk: Desk, token_id: str) -> Source | None:
    for source in await sources.all_sources(tx, desk.tenant):
        if token_id in {token.id for token in await sources.tokens(tx, source)}:
            return source
    return None


async def _add_token(
    tx: Transaction,
    desk: Desk,
    actor: Actor,
    source: Source,
    *,
    token: Secret,
    at: datetime,
    until: datetime | None,
) -> None:
    new, prefix = desk.new_id(), token.reveal()[:_SHOWN]
    await sources.add_token(
        tx, source, id=new, hash=token_hash(token), prefix=prefix, at=at, expires_at=until
    )
    shown = {"token": new, "prefix": prefix, "expires": None if until is None else until.isoformat()}
    await audit.append(tx, _record(desk, actor, Action.TOKEN_ADD, source, at, after=shown))


def _record(
    desk: Desk, actor: Actor, action: Action, source: Source, at: datetime, *, after: Mapping[str, object]
) -> Record:
    return Record(
        id=desk.new_id(),
        tenant=desk.tenant,
        at=at,
        action=action,
        actor=actor.name,
        cause="configuration",
        result=Result.DONE,
        after=after,
        detail={"source": source.name},
    )


def _check_type(type: str) -> None:
    if type not in TYPES:
        raise BadInput(
            Problem(
                code="MUSTER-SOURCE-TYPE",
                what="There are no sources of this type",
                where=type[:80],
                why=f"A source is one of: {', '.join(TYPES)}",
                next_step="use scim for a system that calls Muster, file for what `muster import` reads",
            )
        )


def _exists(name: str) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-SOURCE-EXISTS",
            what="There is a source of this name",
            where=name,
            next_step="`muster source list` shows it; choose another name for a new one",
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


def _no_such_token(token_id: str) -> NotFound:
    return NotFound(
        Problem(
            code="MUSTER-TOKEN-UNKNOWN",
            what="There is no such valid token",
            where=token_id[:80],
            next_step="`muster token list SOURCE` shows the tokens of a source",
        )
    )
