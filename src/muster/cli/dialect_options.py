"""The options by which an operator chooses what a source may do beside the letter of SCIM."""

from typing import Annotated

import typer

from muster.cli import showing
from muster.model import Source
from muster.scim.dialects import CHOICES, Unknown
from muster.service.dialect_choice import Base, Choice, dialect_of, words_of

Begin = Annotated[
    Base | None, typer.Option("--dialect", help="Begin with what is usual, or with the letter of the RFCs.")
]
Accept = Annotated[
    list[str] | None,
    typer.Option(help="A tolerance that is a choice, by name (muster source show); repeat."),
]
Refuse = Annotated[list[str] | None, typer.Option(help="As --accept, but refuse it; repeat.")]
UnknownAttributes = Annotated[
    Unknown | None,
    typer.Option(
        "--unknown", help="Attributes no schema describes: drop or refuse them.", metavar="drop|refuse"
    ),
]
UnknownExtensions = Annotated[
    Unknown | None, typer.Option(help="Extensions under URNs nobody described: keep, drop or refuse them.")
]


def choice(
    dialect: Base | None,
    accept: list[str] | None,
    refuse: list[str] | None,
    unknown: Unknown | None,
    unknown_extensions: Unknown | None,
) -> Choice:
    """What the options say; those that were not given say nothing."""
    if unknown is Unknown.KEEP:
        raise typer.BadParameter("attributes no schema describes are not kept", param_hint="--unknown")
    return Choice(
        base=dialect,
        accept=frozenset(accept or ()),
        refuse=frozenset(refuse or ()),
        unknown=unknown,
        unknown_extensions=unknown_extensions,
    )


def as_data(source: Source) -> dict[str, object]:
    """The source as JSON, with every choice."""
    shown: dict[str, object] = {"id": source.id, "name": source.name, "type": source.type}
    return {**shown, "dialect": words_of(dialect_of(source))} if source.type == "scim" else shown


def show(source: Source) -> None:
    """Every choice, its answer, and whether that is the usual one."""
    words = words_of(dialect_of(source))
    what = {name: tolerance.what for name, tolerance in CHOICES.items()} | {
        "unknown": "attributes no schema describes",
        "unknown-extensions": "extensions under URNs nobody described",
    }
    rows = [
        (name, word, "usual" if name not in source.dialect else "", what[name])
        for name, word in words.items()
    ]
    showing.table(f"What {source.name} may do beside the letter", ("Choice", "Answer", "", "What"), rows)
