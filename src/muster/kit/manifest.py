"""What a connector says about itself in ``manifest.yaml``, as checked values.

A manifest is data: it makes the settings form, the reference page and the run-time limits, and the contract
suite holds the connector to it. Read one with ``of`` (the file beside a package) or ``load`` (its text); both
refuse what they do not know, so that a typing error is never a silent default. A whole one::

    id: demo
    name: Demo application
    settings:
      url: {type: url, help: Address of the service}
      token: {type: secret}
    kinds:
      account:
        anchor: id
        attributes:
          userName: {case: ignore, mutable: once, required: true}
          title: {}
        match_on: [userName]
        mapping: {userName: userName, title: title}
        unique: [userName]
    powers: [disable]
    limits: {page: 100, concurrency: 8, timeout_seconds: 30, max_bytes: 1000000}
    errors:
      - {status: 403, body: "secondary rate limit", is: RateLimited}
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.resources import files
from types import ModuleType
from typing import Protocol, runtime_checkable

from muster.kit import document, settings
from muster.kit.contract import EXTERNAL_ID, Power, Settings
from muster.kit.document import Node
from muster.kit.settings import Setting, SettingType
from muster.model import BadInput, Constant, Copied, Kind, Mapped, Problem, TargetError, Value, errors

FILE = "manifest.yaml"


class Case(StrEnum):
    """Whether two values that differ in letter case only are the same value to the application."""

    EXACT = "exact"
    IGNORE = "ignore"


class Mutable(StrEnum):
    """When an attribute may be written."""

    ALWAYS = "always"
    ONCE = "once"  # at creation only
    NEVER = "never"  # read only


class AttributeType(StrEnum):
    """What an attribute holds; a list is a set of texts without order."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeManifest:
    """How one attribute of the application behaves."""

    case: Case = Case.EXACT
    mutable: Mutable = Mutable.ALWAYS
    required: bool = False
    type: AttributeType = AttributeType.TEXT

    def same(self, one: Value, other: Value) -> bool:
        """Say whether both values are the same one to the application.

        >>> AttributeManifest(case=Case.IGNORE).same("Ada", "ADA")
        True
        >>> AttributeManifest(case=Case.EXACT).same("Ada", "ADA")
        False
        """
        return self._plain(one) == self._plain(other)

    def _plain(self, value: Value) -> object:
        if isinstance(value, tuple):
            return sorted(_folded(item, self.case) for item in value)
        # ``True == 1`` in Python, never in an application
        return (isinstance(value, bool), _folded(value, self.case) if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindManifest:
    """One kind of object: what identifies it, what it holds, and how people's data gets there by default."""

    anchor: str  # the application's own name of the immutable id
    attributes: Mapping[str, AttributeManifest]
    match_on: tuple[str, ...] = ()  # target attributes, in order, to recognise an existing object by
    mapping: Mapping[str, Mapped] = field(
        default_factory=dict[str, Mapped]
    )  # target attribute → where it comes from
    unique: tuple[str, ...] = ()  # attributes whose value no two objects share
    external_id: bool = True  # the application keeps our id of the subject and can be searched by it
    others: str | None = None  # a regular expression for names of further attributes that may be mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """The most that is asked of the application in one call, and the most that is accepted from it."""

    page: int = 100
    members_per_call: int = 100
    concurrency: int = 16
    timeout_seconds: float = 30.0
    max_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRule:
    """One line of the error table: an answer with this status, and this text in it, raises that error."""

    status: int
    error: type[TargetError]  # written ``is:`` in the file
    body: str | None = None

    def applies(self, status: int, body: str) -> bool:
        """Say whether the rule speaks of this answer.

        >>> ErrorRule(status=403, body="rate limit", error=errors.RateLimited).applies(
        ...     403, "secondary rate limit"
        ... )
        True
        """
        return status == self.status and (self.body is None or self.body in body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything a connector declares about itself. The first rule of ``errors`` that applies wins."""

    id: str
    name: str
    kinds: Mapping[Kind, KindManifest]
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    powers: frozenset[Power] = frozenset()
    limits: CallLimits = field(default_factory=CallLimits)
    errors: tuple[ErrorRule, ...] = ()


@runtime_checkable
class Describes(Protocol):
    """A connector whose target decides what there is: columns of a table, attributes of a directory."""

    async def describe(self) -> Manifest:
        """Give the manifest as it is for this very target: only what it has, only the powers it gives.

        Raises:
            Misconfigured: the settings do not lead to what the connector expects.
            Unreachable: the target did not answer.
        """
        ...


def of(package: ModuleType) -> Manifest:
    """Give the manifest that lies beside a connector package.

    Raises:
        BadInput: there is none, or it is not as it must be.
    """
    try:
        text = files(package).joinpath(FILE).read_text(encoding="utf-8")
    except OSError as error:
        problem = Problem(
            code=document.CODE,
            what=f"The connector package {package.__name__} has no readable {FILE}",
            where=package.__name__,
            why=error.strerror or type(error).__name__,
            next_step=f"put a {FILE} beside its __init__.py and ship it as package data",
        )
        raise BadInput(problem) from error
    return load(text)


def load(text: str) -> Manifest:
    """Give the manifest written in YAML.

    Raises:
        BadInput: the text is not YAML, or says something a manifest cannot say; the problem tells where.
    """
    top = document.parse(text)
    fields = top.table("id", "name", "kinds", optional=("settings", "powers", "limits", "errors"))
    kinds = {Kind(name): _kind(node) for name, node in fields["kinds"].entries(at_least_one=True)}
    powers = _powers(fields["powers"]) if "powers" in fields else frozenset[Power]()
    if Power.MEMBERS in powers and "group" not in kinds:
        raise fields["powers"].problem(
            "the power members needs a kind group", "describe kinds.group, or drop the power"
        )
    return Manifest(
        id=fields["id"].text(pattern=r"[a-z][a-z0-9-]*"),
        name=fields["name"].text(),
        kinds=kinds,
        settings={name: _setting(node) for name, node in fields["settings"].entries()}
        if "settings" in fields
        else {},
        powers=powers,
        limits=_limits(fields["limits"]) if "limits" in fields else CallLimits(),
        errors=tuple(_error(node) for node in fields["errors"].sequence()) if "errors" in fields else (),
    )


def with_mapped(manifest: Manifest, kind: Kind, names: Iterable[str]) -> Manifest:
    """Give the manifest with those of the names that the kind takes beside the attributes it lists."""
    known = manifest.kinds[kind]
    if known.others is None:
        return manifest
    further = [name for name in names if name not in known.attributes and re.fullmatch(known.others, name)]
    if not further:
        return manifest
    attributes = {**known.attributes, **{name: AttributeManifest() for name in further}}
    return replace(manifest, kinds={**manifest.kinds, kind: replace(known, attributes=attributes)})


def check_settings(manifest: Manifest, given: Settings) -> None:
    """Pass when the settings are complete and each has the form its type asks for.

    Raises:
        BadInput: one is missing, unknown or badly formed; the problem names it and never shows its value.
    """
    settings.check(manifest.id, manifest.settings, given)


def with_defaults(manifest: Manifest, given: Settings) -> Settings:
    """Give the settings with the manifest's defaults where nothing was given."""
    defaults = {
        name: setting.default for name, setting in manifest.settings.items() if setting.default is not None
    }
    return {**defaults, **given}


def _setting(node: Node) -> Setting:
    fields = node.table("type", optional=("required", "default", "help"))
    default = fields["default"].text() if "default" in fields else None
    setting = Setting(
        type=fields["type"].choice(SettingType),
        required=fields["required"].flag() if "required" in fields else default is None,
        default=default,
        help=fields["help"].text() if "help" in fields else "",
    )
    if default is not None and setting.required:
        raise node.problem("a required setting cannot have a default", "drop required or default")
    if default is not None and setting.type is SettingType.SECRET:
        raise fields["default"].problem("a secret cannot have a default", "drop the default")
    return setting


def _kind(node: Node) -> KindManifest:
    optional = ("match_on", "mapping", "unique", "external_id", "others")
    fields = node.table("anchor", "attributes", optional=optional)
    attributes = {name: _attribute(child) for name, child in fields["attributes"].entries()}
    if EXTERNAL_ID in attributes:
        raise fields["attributes"].problem(
            f"{EXTERNAL_ID} is not listed as an attribute",
            "drop it; say external_id: false where there is none",
        )
    mapping = fields["mapping"].entries() if "mapping" in fields else ()
    return KindManifest(
        anchor=fields["anchor"].text(),
        attributes=attributes,
        match_on=_names(fields["match_on"], attributes) if "match_on" in fields else (),
        mapping={
            _known(child, name, attributes): _mapped(child, attributes[name]) for name, child in mapping
        },
        unique=_names(fields["unique"], attributes) if "unique" in fields else (),
        external_id=fields["external_id"].flag() if "external_id" in fields else True,
        others=_expression(fields["others"]) if "others" in fields else None,
    )


def _attribute(node: Node) -> AttributeManifest:
    fields = node.table(optional=("case", "mutable", "required", "type"))
    return AttributeManifest(
        case=fields["case"].choice(Case) if "case" in fields else Case.EXACT,
        mutable=fields["mutable"].choice(Mutable) if "mutable" in fields else Mutable.ALWAYS,
        required=fields["required"].flag() if "required" in fields else False,
        type=fields["type"].choice(AttributeType) if "type" in fields else AttributeType.TEXT,
    )


def _expression(node: Node) -> str:
    text = node.text()
    try:
        re.compile(text)
    except re.error as error:
        raise node.problem(f"this is no regular expression: {error}", "correct it") from error
    return text


def _names(node: Node, attributes: Mapping[str, AttributeManifest]) -> tuple[str, ...]:
    return tuple(_known(child, child.text(), attributes) for child in node.sequence())


def _known(node: Node, name: str, attributes: Mapping[str, AttributeManifest]) -> str:
    if name not in attributes:
        raise node.problem(
            f"{name!r} is not an attribute of this kind", "list it under attributes, or correct the name"
        )
    return name


def _mapped(node: Node, attribute: AttributeManifest) -> Mapped:
    if not node.is_table:
        return Copied(attribute=node.text())
    constant = node.table("constant")["constant"]
    match attribute.type:
        case AttributeType.TEXT:
            return Constant(value=constant.text())
        case AttributeType.FLAG:
            return Constant(value=constant.flag())
        case AttributeType.NUMBER:
            return Constant(value=constant.number())
        case AttributeType.LIST:
            return Constant(value=tuple(child.text() for child in constant.sequence()))


def _powers(node: Node) -> frozenset[Power]:
    return frozenset(child.choice(Power) for child in node.sequence())


def _limits(node: Node) -> CallLimits:
    fields = node.table(optional=("page", "members_per_call", "concurrency", "timeout_seconds", "max_bytes"))
    default = CallLimits()

    def whole(name: str, otherwise: int) -> int:
        return fields[name].whole(at_least=1) if name in fields else otherwise

    return CallLimits(
        page=whole("page", default.page),
        members_per_call=whole("members_per_call", default.members_per_call),
        concurrency=whole("concurrency", default.concurrency),
        timeout_seconds=(
            fields["timeout_seconds"].number(above=0)
            if "timeout_seconds" in fields
            else default.timeout_seconds
        ),
        max_bytes=whole("max_bytes", default.max_bytes),
    )


def _error(node: Node) -> ErrorRule:
    fields = node.table("status", "is", optional=("body",))
    name = fields["is"].text()
    found = getattr(errors, name, None)
    if not (isinstance(found, type) and issubclass(found, TargetError)):
        raise fields["is"].problem(
            f"{name!r} is no error of a target", "take a class below TargetError, as RateLimited"
        )
    return ErrorRule(
        status=fields["status"].whole(at_least=100),
        error=found,
        body=fields["body"].text() if "body" in fields else None,
    )


def _folded(text: str, case: Case) -> str:
    return text.casefold() if case is Case.IGNORE else text
