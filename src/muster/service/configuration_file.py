"""Configuration as code: the text of ``muster.yaml`` becomes checked values, or one problem with its place.

::

    schemas:
      - {id: "urn:acme:scim:schemas:staff:1.0:User", attributes: [{name: badge}]}
    apps:
      chat:
        connector: scim
        settings: {url: "${CHAT_URL}", token: "${CHAT_TOKEN}"}
        mapping: {title: null, department: department, company: {constant: Acme}}
        match_on: [userName]
        removal: disable
        limits: {concurrency: 8, destroy_count: 10}
    rules:
      - {name: everyone-chats, app: chat, when: everyone}
      - {name: design-has-studio, app: studio, when: {group: Design Team}}
      - {name: engineering-has-forge, app: forge, when: {attribute: department, equals: Engineering}}

``${NAME}`` in a setting stands for a value of the environment; ``$${`` is a plain ``${``. Whether a connector
exists and takes these settings is for those to check who know the connectors, and whether an attribute with a
URN exists for those who know the schemas.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from muster.intake.yaml_text import Node, Origin, document
from muster.model import (
    AppName,
    AttributeEquals,
    BadInput,
    Condition,
    Constant,
    Copied,
    Everyone,
    InGroup,
    Limits,
    Mapped,
    Removal,
    Rule,
    Tenant,
)
from muster.policy import attribute_path
from muster.scim import CustomSchema
from muster.service.schema_file import schema_at

_ORIGIN: Final = Origin(
    code="MUSTER-CONFIGURATION", what="The configuration cannot be used; nothing was changed"
)
_NAME: Final = r"[a-z][a-z0-9-]{0,62}"
_LIKE_NAME: Final = "a name of lower-case letters, digits and hyphens that begins with a letter, 63 at most"
_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LIMITS: Final = ("concurrency", "settle_seconds", "destroy_count", "destroy_percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """One application as configured. What is None or not listed is as the connector's manifest says.

    ``settings`` may hold secrets and so is never shown. ``mapping`` says what differs from the connector's
    default mapping; None takes an attribute out of it.
    """

    name: AppName
    connector: str
    settings: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    mapping: Mapping[str, Mapped | None] = field(default_factory=dict[str, Mapped | None])
    match_on: tuple[str, ...] | None = None
    removal: Removal = Removal.DISABLE
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything a configuration file says, in its order."""

    schemas: tuple[CustomSchema, ...] = ()
    apps: tuple[AppSpec, ...] = ()
    rules: tuple[Rule, ...] = ()


def configuration(text: str, environment: Mapping[str, str], *, tenant: Tenant) -> Configuration:
    """What the text says, with the references to the environment put in.

    Raises:
        BadInput: something is unknown, missing or badly formed; the problem names the line.
    """
    top = document(text, _ORIGIN).table("schemas", "apps", "rules")
    apps = _entries(top, "apps")
    rules = top["rules"].items() if "rules" in top else ()
    return Configuration(
        schemas=_schemas(top["schemas"].items()) if "schemas" in top else (),
        apps=tuple(_app(name, node, environment) for name, node in apps.items()),
        rules=_rules(rules, tuple(apps), tenant),
    )


def _schemas(nodes: tuple[Node, ...]) -> tuple[CustomSchema, ...]:
    found: dict[str, CustomSchema] = {}
    for node in nodes:
        custom = schema_at(node)
        urn = custom.schema.urn
        if urn.lower() in found:
            raise node.problem(f"another schema has the id {urn}", "give each schema an id of its own")
        found[urn.lower()] = custom
    return tuple(found.values())


def _app(name: str, node: Node, environment: Mapping[str, str]) -> AppSpec:
    if re.fullmatch(_NAME, name) is None:
        raise node.problem(f"“{name[:80]}” is no name of an app", f"write {_LIKE_NAME}")
    fields = node.table(
        "connector", "settings", "mapping", "match_on", "removal", "limits", required=["connector"]
    )
    return AppSpec(
        name=AppName(name),
        connector=fields["connector"].text(form=_NAME, like=_LIKE_NAME),
        settings={key: _resolved(value, environment) for key, value in _entries(fields, "settings").items()},
        mapping={attribute: _mapped(value) for attribute, value in _entries(fields, "mapping").items()},
        match_on=_match_on(fields["match_on"]) if "match_on" in fields else None,
        removal=Removal(fields["removal"].choice(Removal)) if "removal" in fields else Removal.DISABLE,
        limits=_limits(fields["limits"]) if "limits" in fields else Limits(),
    )


def _entries(fields: Mapping[str, Node], name: str) -> Mapping[str, Node]:
    return fields[name].entries() if name in fields else {}


def _resolved(node: Node, environment: Mapping[str, str]) -> str:
    """The setting as written, each reference replaced by what the environment has for it."""

    def value(found: re.Match[str]) -> str:
        if found.group() == "$${":
            return "${"
        name = found.group(1)
        if name is None or _VARIABLE.fullmatch(name) is None:
            raise node.problem(
                "a reference is not written as ${NAME}", "correct it, or write $${ for a plain ${"
            )
        if not environment.get(name):
            state = "is empty" if name in environment else "is not set"
            raise node.problem(f"the environment variable {name} {state}", f"set {name} and try again")
        return environment[name]

    return _REFERENCE.sub(value, node.word())


def _mapped(node: Node) -> Mapped | None:
    if node.is_null:
        return None
    if node.is_table:
        return Constant(value=node.table("constant", required=["constant"])["constant"].plain())
    return Copied(attribute=_path(node))


def _path(node: Node) -> str:
    text = node.text()
    try:
        attribute_path(text)
    except BadInput as error:
        raise node.problem(
            f"“{text[:80]}” is no attribute of a person: {error.problem.why}",
            'write a SCIM path, as userName, name.givenName, department or emails[type eq "work"].value',
        ) from error
    return text


def _match_on(node: Node) -> tuple[str, ...]:
    names = tuple(item.text() for item in node.items())
    if not names:
        raise node.problem("nothing is listed here", "list target attributes, or leave match_on out")
    return names


def _limits(node: Node) -> Limits:
    fields, default = node.table(*_LIMITS), Limits()

    def whole(name: str, otherwise: int, *, at_least: int) -> int:
        return int(fields[name].number(at_least=at_least, whole=True)) if name in fields else otherwise

    def number(name: str, otherwise: float) -> float:
        return fields[name].number(at_least=0) if name in fields else otherwise

    limits = Limits(
        concurrency=whole("concurrency", default.concurrency, at_least=1),
        settle_seconds=number("settle_seconds", default.settle_seconds),
        destroy_count=whole("destroy_count", default.destroy_count, at_least=0),
        destroy_percent=number("destroy_percent", default.destroy_percent),
    )
    if limits.destroy_percent > 100:  # noqa: PLR2004 - per cent
        raise fields["destroy_percent"].problem("more than 100 % cannot be removed", "write at most 100")
    return limits


def _rules(nodes: tuple[Node, ...], apps: tuple[str, ...], tenant: Tenant) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for node in nodes:
        rule = _rule(node, apps, tenant)
        if rule.name in found:
            raise node.problem(f"another rule is named “{rule.name}”", "give each rule a name of its own")
        found[rule.name] = rule
    return tuple(found.values())


def _rule(node: Node, apps: tuple[str, ...], tenant: Tenant) -> Rule:
    fields = node.table("name", "app", "when", required=["name", "app", "when"])
    return Rule(
        tenant=tenant,
        name=fields["name"].text(form=_NAME, like=_LIKE_NAME),
        app=AppName(fields["app"].choice(apps)),
        when=_condition(fields["when"]),
    )


def _condition(node: Node) -> Condition:
    if not node.is_table:
        node.choice(["everyone"])
        return Everyone()
    if "attribute" in node.entries() or "equals" in node.entries():
        fields = node.table("attribute", "equals", required=["attribute", "equals"])
        return AttributeEquals(attribute=_path(fields["attribute"]), value=fields["equals"].text())
    return InGroup(group=node.table("group", required=["group"])["group"].text())
