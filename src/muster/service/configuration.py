"""Configuration as a file: read, checked as a whole, then made so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from muster.db import Transaction
from muster.model import BadInput, Problem
from muster.service.configuration_file import configuration
from muster.service.configuring import check_rule, checked_app, store_app, store_rule
from muster.service.desk import Actor, Desk
from muster.service.schemas import store_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The names of what stands now as the file says."""

    schemas: tuple[str, ...]
    apps: tuple[str, ...]
    rules: tuple[str, ...]


def read(file: Path) -> str:
    """The text of a configuration file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            Problem(
                code="MUSTER-CONFIGURATION",
                what="The configuration file cannot be read",
                where=str(file),
                why=str(error),
                next_step="check the path, its permissions, and that it is UTF-8",
            )
        ) from error


async def apply(desk: Desk, actor: Actor, text: str, environment: Mapping[str, str]) -> Applied:
    """Schemas, apps and rules are as the text says, all or none; those it does not name stay as they are.

    Raises:
        BadInput: something in it cannot be; nothing changed.
    """
    said = configuration(text, environment, tenant=desk.tenant)
    checked = [await checked_app(desk, spec) for spec in said.apps]
    for rule in said.rules:
        check_rule(rule)

    async def commit(tx: Transaction) -> None:
        for custom in said.schemas:
            await store_schema(tx, desk, actor, custom)
        for one in checked:
            await store_app(tx, desk, actor, one)
        for rule in said.rules:
            await store_rule(tx, desk, actor, rule)

    await desk.db.write(commit)
    return Applied(
        schemas=tuple(custom.schema.urn for custom in said.schemas),
        apps=tuple(spec.name for spec in said.apps),
        rules=tuple(rule.name for rule in said.rules),
    )
