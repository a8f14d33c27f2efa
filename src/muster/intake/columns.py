"""Which column of a people file means which attribute.

Without a map a column is named by the attribute it holds (RFC 7643 §4), in any letter case: ``userName``,
``name.givenName``, ``department``, ``emails[type eq "home"].value``; besides there are the short names
``email``, ``mail``, ``phone``, ``groups``, ``active``, ``externalId`` and ``startDate``. A map gives other
names a meaning, or says that a column is to be left out::

    columns:
      Vorname: name.givenName
      "E-Mail": 'emails[type eq "work"].value'
      Notes: null
    groups_separator: "|"
    delimiter: ";"
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from muster.intake.people import PERSON
from muster.intake.yaml_text import Node, Origin, document, nearest
from muster.model import BadInput, Problem
from muster.scim import Attribute, Path, ScimError, parse_path
from muster.scim.schema import Mutability, Type

DELIMITERS: Final = (",", ";", "\t")
_MAP: Final = Origin(code="MUSTER-IMPORT-COLUMN-MAP", what="The column map cannot be used")
_EXTENSIONS: Final = tuple(extension.schema for extension in PERSON.extensions)
_SHORT: Final = {
    "email": 'emails[type eq "work"].value',
    "emails": 'emails[type eq "work"].value',
    "mail": 'emails[type eq "work"].value',
    "phone": 'phoneNumbers[type eq "work"].value',
    "phonenumbers": 'phoneNumbers[type eq "work"].value',
}
_SHOWN_SHORT: Final = ("email", "mail", "phone", "groups")
_SHOWN: Final = 10  # unknown columns named in one problem
_PRIMARY: Final = 'emails[type eq "work"].primary'


class Meaning(StrEnum):
    """What Muster does with the values of a column."""

    USER_NAME = "userName"
    EXTERNAL_ID = "externalId"
    ACTIVE = "active"
    GROUPS = "groups"
    START_DATE = "startDate"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the values of a column go; ``path`` is None for what stands beside the attributes, as groups."""

    meaning: Meaning
    path: Path | None = None
    primary: Path | None = None  # set to true beside the value

    @property
    def paths(self) -> tuple[str, ...]:
        """The SCIM paths the column speaks of."""
        return tuple(str(path) for path in (self.path, self.primary) if path is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a file; without a target it is left out."""

    header: str
    target: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """What columns mean by their ``folded`` names; None leaves one out. Without ``delimiter`` it is found."""

    columns: Mapping[str, Target | None] = field(default_factory=dict[str, Target | None])
    groups_separator: str = "|"
    delimiter: str | None = None


def column_map(text: str) -> ColumnMap:
    """The map written in YAML.

    Raises:
        BadInput: the text is not YAML, or says something a map cannot say; the problem names the line.
    """
    top = document(text, _MAP).table("columns", "groups_separator", "delimiter")
    columns: dict[str, Target | None] = {}
    for header, node in top["columns"].entries().items() if "columns" in top else ():
        if folded(header) in columns:
            raise node.problem(f"“{header}” stands here twice, in another spelling", "keep one")
        columns[folded(header)] = None if node.is_null else _mapped(node)
    default = ColumnMap()
    return ColumnMap(
        columns=columns,
        groups_separator=_separator(top["groups_separator"])
        if "groups_separator" in top
        else default.groups_separator,
        delimiter=_delimiter(top["delimiter"]) if "delimiter" in top else default.delimiter,
    )


def folded(header: str) -> str:
    """The form in which names of columns are compared.

    >>> folded(" E-Mail ") == folded("e-mail")
    True
    """
    return unicodedata.normalize("NFC", header).strip().casefold()


def target(name: str) -> Target:
    """What a column of this name means without a map.

    >>> str(target("MAIL").path)
    'emails[type eq "work"].value'

    Raises:
        ValueError: nothing, or nothing one cell can hold; the text says why.
    """
    short = name.strip().lower()
    if short == Meaning.GROUPS:
        return Target(meaning=Meaning.GROUPS)
    try:
        path = parse_path(_SHORT.get(short, name.strip()), PERSON)
    except ScimError as error:
        raise ValueError(error.detail) from error
    match str(path):
        case "userName":
            return Target(meaning=Meaning.USER_NAME, path=path)
        case "externalId":
            return Target(meaning=Meaning.EXTERNAL_ID)
        case "active":
            return Target(meaning=Meaning.ACTIVE)
        case _:
            return _attribute(path)


def columns_of(headers: Sequence[str], given: ColumnMap) -> tuple[Column, ...]:
    """What each column of a file means.

    Raises:
        BadInput: a column is unknown, means what another one means, has no name, or there is no userName.
    """
    columns = tuple(_column(index, header, given) for index, header in enumerate(headers, start=1))
    _refuse_unknown(headers, given)
    _refuse_doubles(columns)
    present = {folded(header) for header in headers}
    missing = [name for name, meant in given.columns.items() if meant is not None and name not in present]
    if missing:
        raise header_problem(
            f"the column map names {_listed(missing)}, which the file does not have",
            "check that this is the right file, or take the name out of the map",
        )
    if not any(column.target and column.target.meaning is Meaning.USER_NAME for column in columns):
        raise header_problem("no column holds the userName", "add a column userName, or map one to userName")
    return columns


def count_known(headers: Iterable[str], given: ColumnMap) -> int:
    """How many of these columns mean something, left-out ones included."""
    return sum(1 for header in headers if folded(header) in given.columns or _means(header) is not None)


def header_problem(why: str, next_step: str) -> BadInput:
    """The error that says why the first row of a file does not tell what its columns are."""
    return BadInput(
        Problem(
            code="MUSTER-IMPORT-COLUMNS",
            what="The columns of the file are not clear; nothing was imported",
            where="line 1",
            why=why,
            next_step=next_step,
        )
    )


def known_names() -> tuple[str, ...]:
    """The names a column may have without a map, as they are suggested."""
    return tuple(_known_names())


def _known_names() -> Iterator[str]:
    yield from _SHOWN_SHORT
    for attribute in PERSON.attributes():
        yield from _names("", attribute)
    for schema in _EXTENSIONS:
        for attribute in schema.attributes:
            yield from _names("", attribute)


def _names(prefix: str, attribute: Attribute) -> Iterator[str]:
    selected = '[type eq "work"]' if attribute.multi_valued and attribute.sub("type") else ""
    names = [
        f"{prefix}{attribute.name}",
        *(f"{attribute.name}{selected}.{sub.name}" for sub in attribute.sub_attributes),
    ]
    yield from (name for name in names if _means(name) is not None)


def _means(header: str) -> Target | None:
    try:
        return target(header)
    except ValueError:
        return None


def _column(index: int, header: str, given: ColumnMap) -> Column:
    if not header.strip():
        raise header_problem(f"column {index} has no name", "name it, or remove it with everything below it")
    name = folded(header)
    return Column(
        header=header.strip(), target=given.columns[name] if name in given.columns else _means(header)
    )


def _refuse_unknown(headers: Sequence[str], given: ColumnMap) -> None:
    unknown = [header for header in headers if folded(header) not in given.columns and _means(header) is None]
    if not unknown:
        return
    raise header_problem(
        "; ".join(
            [_why_unknown(header) for header in unknown[:_SHOWN]]
            + ["and more"][: len(unknown) // (_SHOWN + 1)]
        ),
        "rename these columns, map them, or leave them out with `columns: {NAME: null}` in the column map",
    )


def _why_unknown(header: str) -> str:
    name = header.strip()[:80]
    try:
        target(header)
    except ValueError as error:
        return f"“{name}” is not known ({_hint(name, error) or error})"
    return f"“{name}” is not known"


def _refuse_doubles(columns: Iterable[Column]) -> None:
    seen: dict[str, Column] = {}
    for column in columns:
        if column.target is None:
            continue
        place = str(column.target.path or column.target.meaning)
        other = seen.setdefault(place.casefold(), column)
        if other is not column:
            raise header_problem(
                f"“{other.header}” and “{column.header}” both mean {place}",
                "keep one, or leave one out in the column map",
            )


def _mapped(node: Node) -> Target:
    try:
        return target(node.text())
    except ValueError as error:
        hint = _hint(node.text(), error) or "write a SCIM path, as name.givenName, or null"
        raise node.problem(f"“{node.text()[:80]}” is no place for a value: {error}", hint) from error


def _hint(name: str, error: ValueError) -> str:
    """The question after a name that means nothing; empty when the name means something unsuitable."""
    near = nearest(name, known_names()) if isinstance(error.__cause__, ScimError) else []
    return f"did you mean {' or '.join(near)}?" if near else ""


def _attribute(path: Path) -> Target:
    if path.extension is not None and path.extension.urn.startswith("urn:muster:"):
        return Target(meaning=Meaning.START_DATE, path=_text_path(path))
    primary = parse_path(_PRIMARY, PERSON) if str(path) == _SHORT["email"] else None
    return Target(meaning=Meaning.ATTRIBUTE, path=_text_path(path), primary=primary)


def _text_path(path: Path) -> Path:
    """The path spelled out, if it leads to exactly one text that a source may state."""
    attribute, sub = path.attribute, path.sub
    if attribute is None:
        raise ValueError("it names a whole extension; name one of its attributes")
    if attribute.mutability is not Mutability.READ_WRITE or attribute.name == "schemas":
        raise ValueError(f"{attribute.name} is not for sources to state")
    if attribute.type is Type.COMPLEX and sub is None:
        if attribute.multi_valued or attribute.sub("value") is None:
            raise ValueError(f"{attribute.name} has parts; name one, as {_example(attribute)}")
        return parse_path(f"{path}.value", PERSON)
    described = path.eq_terms()
    if attribute.multi_valued and not described:
        raise ValueError(f"{attribute.name} has many values; say which, as {_example(attribute)}")
    leaf = sub or attribute
    if leaf.name in (described or {}):
        raise ValueError(f"the part in brackets states {leaf.name} already")
    if leaf.type not in {Type.STRING, Type.REFERENCE} or leaf.mutability is not Mutability.READ_WRITE:
        raise ValueError(f"{leaf.name} holds no text that a source may state")
    return path


def _example(attribute: Attribute) -> str:
    selected = '[type eq "work"]' if attribute.multi_valued else ""
    first = next(
        (sub.name for sub in attribute.sub_attributes if sub.name == "value"),
        attribute.sub_attributes[0].name,
    )
    return f"{attribute.name}{selected}.{first}"


def _separator(node: Node) -> str:
    return node.text(form=r"\S{1,5}", like="one to five characters without space")


def _delimiter(node: Node) -> str:
    word = node.text(form=r",|;|\t|tab", like='",", ";" or "tab"')
    return "\t" if word == "tab" else word


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
