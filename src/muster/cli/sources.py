"""``muster source`` and ``muster token``: the places that know people, and who may speak for them."""

from datetime import datetime
from typing import Annotated, Final

import typer

from muster.cli import acting, dialect_options, showing, times
from muster.directory.tokens import Token
from muster.model import PersonId, Scope, Secret, Source
from muster.service import finding, rotation, source_dialect, tokens
from muster.service.desk import Desk
from muster.service.rights import MOST_REQUESTS, Rights
from muster.service.rotation import Rotation
from muster.service.tokens import NewToken
from muster.web import PREFIX

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
SourceName = Annotated[str, typer.Argument(help="A SCIM source.")]
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What the token may do; repeat. Without it: all that its source may."),
]
Expires = Annotated[
    str | None, typer.Option(help="When the token ends: 90d, 2027-06-30, 2027-06-30T17:00:00+02:00.")
]
Rate = Annotated[
    int | None,
    typer.Option(
        help="Requests a second it may make; 0 is any number. MUSTER_REQUESTS_PER_SECOND.",
        min=0,
        max=MOST_REQUESTS,
    ),
]

source_app: Final = typer.Typer(no_args_is_help=True, help="Places that know people.")
token_app: Final = typer.Typer(no_args_is_help=True, help="Bearer tokens of SCIM sources.")


@source_app.command("add")
def add_source(
    type: Annotated[
        str, typer.Argument(help="scim: an identity provider pushes; file: muster import reads.")
    ],
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, hyphens.")],
    scope: Scopes = None,
    expires: Expires = None,
    rate: Rate = None,
    dialect: dialect_options.Begin = None,
    accept: dialect_options.Accept = None,
    refuse: dialect_options.Refuse = None,
    unknown: dialect_options.UnknownAttributes = None,
    unknown_extensions: dialect_options.UnknownExtensions = None,
    json: Json = False,
) -> None:
    """Add a source; one that pushes by SCIM gets its address and a token, shown this one time."""

    async def add(desk: Desk) -> tuple[Source, Secret | None]:
        rights = _rights(scope, None, _end(expires, desk), rate)
        choice = dialect_options.choice(dialect, accept, refuse, unknown, unknown_extensions)
        return await tokens.add_source(desk, acting.actor(), type, name, rights, dialect=choice)

    source, token = acting.at_desk(add)
    shown = {"id": source.id, "name": source.name, "type": source.type}
    if json:
        reached = {} if token is None else {"base_url": _base_url(), "token": token.reveal()}
        showing.data({**shown, **reached})
    elif token is None:
        showing.line(f"Source {source.name} is there: muster import people.csv --source {source.name}")
    else:
        showing.line(
            f"Source {source.name} is there. Give these to the identity provider; the token is not "
            "shown again."
        )
        _show_token(token)


@source_app.command("list")
def list_sources(json: Json = False) -> None:
    """Show every source."""
    found = acting.at_desk(tokens.list_sources)
    if json:
        showing.data([dialect_options.as_data(one) for one in found])
    else:
        rows = [(one.name, one.type, one.dialect or None) for one in found]
        showing.table("Sources", ("Name", "Type", "Beside the usual"), rows)


@source_app.command("show")
def show_source(
    name: Annotated[str, typer.Argument(help="From muster source list.")], json: Json = False
) -> None:
    """Show one source, with everything it may do beside the letter of SCIM."""
    found = acting.at_desk(lambda desk: finding.source(desk, name))
    if json:
        showing.data(dialect_options.as_data(found))
    elif found.type != "scim":
        showing.line(f"{found.name} is a source of type {found.type}.")
    else:
        dialect_options.show(found)


@source_app.command("set")
def set_source(
    name: SourceName,
    dialect: dialect_options.Begin = None,
    accept: dialect_options.Accept = None,
    refuse: dialect_options.Refuse = None,
    unknown: dialect_options.UnknownAttributes = None,
    unknown_extensions: dialect_options.UnknownExtensions = None,
    json: Json = False,
) -> None:
    """Choose what a source may do beside the letter of SCIM; what is not said stays as it is."""

    async def change(desk: Desk) -> Source:
        choice = dialect_options.choice(dialect, accept, refuse, unknown, unknown_extensions)
        return await source_dialect.set_dialect(desk, acting.actor(), name, choice)

    found = acting.at_desk(change)
    if json:
        showing.data(dialect_options.as_data(found))
    else:
        dialect_options.show(found)


@token_app.command("add")
def add_token(
    source: SourceName,
    person: Annotated[
        str | None,
        typer.Option(help="Make it this person's own: /Me is them, and without --scope it only reads them."),
    ] = None,
    scope: Scopes = None,
    expires: Expires = None,
    rate: Rate = None,
    json: Json = False,
) -> None:
    """Give a source one more token, shown this one time; the others stay valid until revoked."""

    async def add(desk: Desk) -> NewToken:
        owner = None if person is None else (await finding.person(desk, person)).id
        rights = _rights(scope, owner, _end(expires, desk), rate)
        return await tokens.add_token(desk, acting.actor(), await finding.source(desk, source), rights)

    new = acting.at_desk(add)
    if json:
        showing.data(_as_data(source, new))
    else:
        showing.line(f"The token of {source} may {' '.join(new.token.scopes)}. It is not shown again.")
        _show_token(new.secret)


@token_app.command("rotate")
def rotate_tokens(
    source: SourceName,
    overlap: Annotated[
        str, typer.Option(help="How long the old ones stay valid beside the new one: 30m, 24h, 7d.")
    ] = "24h",
    token: Annotated[
        str | None, typer.Option(help="Only this one, by its id; all that speak for the source without it.")
    ] = None,
    expires: Expires = None,
    json: Json = False,
) -> None:
    """Replace the tokens of a source by a new one, shown this one time; the old ones end a while later."""

    async def rotate(desk: Desk) -> Rotation:
        return await rotation.rotate(
            desk,
            acting.actor(),
            await finding.source(desk, source),
            overlap=times.span(overlap, option="--overlap"),
            only=token,
            expires_at=_end(expires, desk),
        )

    done = acting.at_desk(rotate)
    if json:
        replaced = [one.id for one in done.replaced]
        showing.data({**_as_data(source, done.new), "replaces": replaced, "replaced_end_at": done.ends_at})
    else:
        old = ", ".join(f"{one.prefix}…" for one in done.replaced)
        showing.line(
            f"This token takes the place of {old}, valid until {done.ends_at:%Y-%m-%d %H:%M:%S} UTC at the "
            "latest. It is not shown again."
        )
        _show_token(done.new.secret)


@token_app.command("list")
def list_tokens(source: SourceName, json: Json = False) -> None:
    """Show the tokens of a source, by their beginnings."""

    async def read(desk: Desk) -> list[Token]:
        return await tokens.list_tokens(desk, await finding.source(desk, source))

    found = acting.at_desk(read)
    if json:
        showing.data(found)
    else:
        columns = ("Id", "Begins", "May", "Person", "Rate", "Made", "Expires", "Revoked", "Last used")
        rows = [
            (
                *(one.id, one.prefix, one.scopes, one.person, one.requests_per_second),
                *(one.created_at, one.expires_at, one.revoked_at, one.last_used_at),
            )
            for one in found
        ]
        showing.table(f"Tokens of {source}", columns, rows)


@token_app.command("revoke")
def revoke_token(
    id: Annotated[str, typer.Argument(help="From muster token list.")], json: Json = False
) -> None:
    """Make a token worthless at once."""
    acting.at_desk(lambda desk: tokens.revoke_token(desk, acting.actor(), id))
    if json:
        showing.data({"id": id, "revoked": True})
    else:
        showing.line(f"Token {id} speaks for nobody any more.")


def _rights(
    scope: list[Scope] | None, person: PersonId | None, expires_at: datetime | None, rate: int | None
) -> Rights:
    return Rights(
        scopes=frozenset(scope or ()), person=person, expires_at=expires_at, requests_per_second=rate
    )


def _end(expires: str | None, desk: Desk) -> datetime | None:
    return None if expires is None else times.until(expires, desk.clock(), option="--expires")


def _base_url() -> str:
    return acting.settings().address + PREFIX


def _show_token(token: Secret) -> None:
    showing.line(f"  base URL  {_base_url()}")
    showing.line(f"  token     {token.reveal()}")


def _as_data(source: str, new: NewToken) -> dict[str, object]:
    return {
        "source": source,
        "id": new.token.id,
        "base_url": _base_url(),
        "token": new.secret.reveal(),
        "scopes": new.token.scopes,
        "person": new.token.person,
        "expires_at": new.token.expires_at,
        "requests_per_second": new.token.requests_per_second,
    }
