"""``muster schema``: attributes of the operator's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from muster.cli import acting, showing
from muster.model import BadInput, Problem
from muster.scim import CustomSchema, custom_document
from muster.scim.schema import Attribute, Mutability, Returned, Uniqueness
from muster.service import schemas
from muster.service.desk import Desk
from muster.service.schema_file import schema_from_text

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Urn = Annotated[str, typer.Argument(help="From muster schema list.")]

schema_app: Final = typer.Typer(no_args_is_help=True, help="Attributes of your own for users and groups.")


@schema_app.command("add")
def add_schema(
    file: Annotated[Path, typer.Argument(help="YAML, or the JSON of another server's /Schemas.")],
    json: Json = False,
) -> None:
    """Define a schema, or change it where it is defined already."""

    async def add(desk: Desk) -> tuple[CustomSchema, int]:
        custom = schema_from_text(_text(file))
        return custom, await schemas.put_schema(desk, acting.actor(), custom)

    custom, reshaped = acting.at_desk(add)
    if json:
        showing.data({**custom_document(custom), "reshaped": reshaped})
        return
    showing.line(f"Schema {custom.schema.urn} stands.")
    if reshaped:
        showing.line(f"{reshaped:,} people and groups who had values under it were put into its shape.")


@schema_app.command("list")
def list_schemas(json: Json = False) -> None:
    """Show every schema of your own."""
    found = acting.at_desk(schemas.all_schemas)
    if json:
        showing.data([custom_document(one) for one in found])
        return
    rows = [(one.schema.urn, one.schema.name, _extends(one), len(one.schema.attributes)) for one in found]
    showing.table("Schemas", ("URN", "Name", "Extends", "Attributes"), rows)


@schema_app.command("show")
def show_schema(urn: Urn, json: Json = False) -> None:
    """Show one schema with its attributes."""
    found = acting.at_desk(lambda desk: schemas.schema(desk, urn))
    if json:
        showing.data(custom_document(found))
        return
    showing.line(f"{found.schema.urn} extends {_extends(found)}")
    showing.table(found.schema.name, ("Attribute", "Type", "Says", "Description"), _rows(found))


@schema_app.command("remove")
def remove_schema(urn: Urn) -> None:
    """Remove a schema that nobody has values of."""
    acting.at_desk(lambda desk: schemas.remove_schema(desk, acting.actor(), urn))
    showing.line(f"Schema {urn} is no more.")


def _extends(custom: CustomSchema) -> str:
    return ", ".join(f"{name}{' (required)' if must else ''}" for name, must in custom.extends.items())


def _rows(custom: CustomSchema) -> Iterator[tuple[str, str, str, str]]:
    for attribute in custom.schema.attributes:
        yield _row("", attribute)
        for sub in attribute.sub_attributes:
            yield _row(f"{attribute.name}.", sub)


def _row(prefix: str, attribute: Attribute) -> tuple[str, str, str, str]:
    several = "list of " if attribute.multi_valued else ""
    return (
        prefix + attribute.name,
        f"{several}{attribute.type}",
        ", ".join(_characteristics(attribute)),
        attribute.description,
    )


def _characteristics(attribute: Attribute) -> Iterator[str]:
    """What of the attribute is not the default of RFC 7643 §2.2."""
    if attribute.required:
        yield "required"
    if attribute.case_exact:
        yield "letter case counts"
    if attribute.uniqueness is not Uniqueness.NONE:
        yield "unique"
    if attribute.mutability is not Mutability.READ_WRITE:
        yield attribute.mutability.value
    if attribute.returned is not Returned.DEFAULT:
        yield f"returned: {attribute.returned}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-FILE",
            what="The file cannot be read",
            where=str(file),
            why=getattr(error, "strerror", None) or str(error),
            next_step="check the path, its permissions, and that it is UTF-8",
        )
    )
