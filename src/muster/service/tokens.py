"""Sources and the tokens that speak for them: add, revoke, list, and tell who is speaking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster import audit
from muster.audit import Action, Record, Result
from muster.db import Duplicate, Transaction
from muster.directory import sources, tokens
from muster.directory.tokens import Bearer, Token
from muster.model import BadInput, NotFound, Problem, Secret, Source, SourceId
from muster.scim.dialects import USUAL
from muster.service import rights as token_rights
from muster.service.desk import Actor, Desk
from muster.service.dialect_choice import NOTHING_SAID, Choice, check, chosen
from muster.service.names import checked_name
from muster.service.rights import Rights
from muster.vault import TOKEN_PREFIX, is_well_formed, new_token, token_hash

TYPES: Final = ("scim", "file")
EVERYTHING: Final = Rights()
_SHOWN: Final = len(TOKEN_PREFIX) + 6  # characters of a token by which people recognise it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just made; the only moment in which it can be shown."""

    secret: Secret
    token: Token


async def authenticate(desk: Desk, token: Secret) -> Bearer | None:
    """Who speaks by this token, as the database knows now; None when no SCIM source does."""
    if not is_well_formed(token):
        return None
    at, hashed = desk.clock(), token_hash(token)
    bearer = await desk.db.read(lambda tx: tokens.bearer(tx, hashed, at=at))
    if bearer is None or bearer.source.tenant != desk.tenant or bearer.source.type != "scim":
        return None
    return bearer


async def add_source(
    desk: Desk,
    actor: Actor,
    type: str,
    name: str,
    rights: Rights = EVERYTHING,
    *,
    dialect: Choice = NOTHING_SAID,
) -> tuple[Source, Secret | None]:
    """The source is there; one that speaks SCIM comes with its first token, shown here and never again.

    Raises:
        BadInput: there is one of this name, the name or the type is none, no token may have these rights, or
            the dialect is none for it.
    """
    _check_type(type)
    source = Source(
        tenant=desk.tenant,
        id=SourceId(desk.new_id()),
        name=checked_name(name, what="source"),
        type=type,
        dialect=chosen(dialect.applied(USUAL)),
    )
    check(source)
    new = prepared(desk, source, rights) if type == "scim" or rights != EVERYTHING else None
    at = desk.clock()

    async def work(tx: Transaction) -> None:
        await sources.insert(tx, source, at=at)
        shown = {"name": name, "type": type, **source.dialect}
        await audit.append(tx, record(desk, actor, Action.SOURCE_ADD, source, at, after=shown))
        if new is not None:
            await insert(tx, desk, actor, source, new)

    try:
        await desk.db.write(work)
    except Duplicate as error:
        raise _exists(name) from error
    return source, None if new is None else new.secret


async def list_sources(desk: Desk) -> list[Source]:
    """Every source, by name."""
    return await desk.db.read(lambda tx: sources.all_sources(tx, desk.tenant))


async def add_token(desk: Desk, actor: Actor, source: Source, rights: Rights = EVERYTHING) -> NewToken:
    """One more token speaks for the source; it is shown here and never again.

    Raises:
        BadInput: the source takes no tokens, or none with these rights.
    """
    new = prepared(desk, source, rights)

    await desk.db.write(lambda tx: insert(tx, desk, actor, source, new))
    return new


async def list_tokens(desk: Desk, source: Source) -> list[Token]:
    """Every token the source ever had, the oldest first."""
    return await desk.db.read(lambda tx: tokens.of_source(tx, source))


async def revoke_token(desk: Desk, actor: Actor, token_id: str) -> None:
    """The token speaks for nobody from now on.

    Raises:
        NotFound: there is no such valid token.
    """
    at = desk.clock()

    async def work(tx: Transaction) -> None:
        token = await tokens.by_id(tx, desk.tenant, token_id)
        source = None if token is None else await sources.by_id(tx, desk.tenant, token.source)
        if source is None or not await tokens.revoke(tx, desk.tenant, token_id, at=at):
            raise no_such_token(token_id)
        shown = {"token": token_id}
        await audit.append(tx, record(desk, actor, Action.TOKEN_REVOKE, source, at, after=shown))
        tx.announce()

    await desk.db.write(work)


def prepared(desk: Desk, source: Source, rights: Rights) -> NewToken:
    """A token that is not stored yet.

    Raises:
        BadInput: the source takes no tokens, or none with these rights.
    """
    at, secret = desk.clock(), new_token(desk.random)
    token_rights.check(rights, source, at=at)
    token = Token(
        id=desk.new_id(),
        source=source.id,
        prefix=secret.reveal()[:_SHOWN],
        scopes=rights.effective,
        person=rights.person,
        requests_per_second=rights.requests_per_second,
        created_at=at,
        expires_at=rights.expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    return NewToken(secret=secret, token=token)


async def insert(tx: Transaction, desk: Desk, actor: Actor, source: Source, new: NewToken) -> None:
    """The token speaks for the source once this commits; the log tells who made it and what it may do.

    Raises:
        BadInput: it belongs to a person, and the source has no such active person.
    """
    token = new.token
    await token_rights.check_person(tx, token.person, source)
    await tokens.insert(tx, desk.tenant, token, hash=token_hash(new.secret))
    shown = {
        "token": token.id,
        "prefix": token.prefix,
        "scopes": list(token.scopes),
        "person": token.person,
        "requests_per_second": token.requests_per_second,
        "expires": None if token.expires_at is None else token.expires_at.isoformat(),
    }
    await audit.append(tx, record(desk, actor, Action.TOKEN_ADD, source, token.created_at, after=shown))


def record(
    desk: Desk, actor: Actor, action: Action, source: Source, at: datetime, *, after: Mapping[str, object]
) -> Record:
    """The audit record of what somebody did about a source or its tokens."""
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


def no_such_token(token_id: str) -> NotFound:
    """The problem of an id that no valid token has."""
    return NotFound(
        Problem(
            code="MUSTER-TOKEN-UNKNOWN",
            what="There is no such valid token",
            where=token_id[:80],
            next_step="`muster token list SOURCE` shows the tokens of a source",
        )
    )
