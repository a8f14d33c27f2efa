"""Which column of a people file means which attribute.

Without a map a column is named by the attribute it holds (RFC 7643 §4, or a schema of the operator's own), in
any letter case: ``userName``, ``department``, ``emails[type eq "home"].value``; besides there are the names
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

from muster.intake.cells import Reading, reading
from muster.intake.people import PERSON
from muster.intake.yaml_text import Node, Origin, document, nearest
from muster.model import BadInput, Problem
from muster.scim import Attribute, Path, ResourceType, ScimError, parse_path
from muster.scim.schema import Mutability, Type

DELIMITERS: Final = (",", ";", "\t")
_MAP: Final = Origin(code="MUSTER-IMPORT-COLUMN-MAP", what="The column map cannot be used")
_SHORT: Final = {
    "email": 'emails[type eq "work"].value',
    "emails": 'emails[type eq "work"].value',
    "mail": 'emails[type eq "work"].value',
    "phone": 'phoneNumbers[type eq "work"].value',
    "phonenumbers": 'phoneNumbers[type eq "work"].value',
}
_SHOWN_SHORT: Final = ("email", "mail", "phone", "groups")
_SHOWN: Final = 10  # unknown columns named in one problem
_STATED: Final = frozenset({Mutability.READ_WRITE, Mutability.IMMUTABLE})
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
    reading: Reading | None = None  # how cells become values; they are texts without it

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


def column_map(text: str, person: ResourceType = PERSON) -> ColumnMap:
    """The map written in YAML, for files about such people.

    Raises:
        BadInput: the text is not YAML, or says something a map cannot say; the problem names the line.
    """
    top = document(text, _MAP).table("columns", "groups_separator", "delimiter")
    columns: dict[str, Target | None] = {}
    for header, node in top["columns"].entries().items() if "columns" in top else ():
        if folded(header) in columns:
            raise node.problem(f"“{header}” stands here twice, in another spelling", "keep one")
        columns[folded(header)] = None if node.is_null else _mapped(node, person)
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


def target(name: str, person: ResourceType = PERSON) -> Target:
    """What a column of this name means without a map, in a file about such people.

    >>> str(target("MAIL").path)
    'emails[type eq "work"].value'

    Raises:
        ValueError: nothing, or nothing one cell can hold; the text says why.
    """
    short = name.strip().lower()
    if short == Meaning.GROUPS:
        return Target(meaning=Meaning.GROUPS)
    try:
        path = parse_path(_SHORT.get(short, name.strip()), person)
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
            return _attribute(path, person)


def columns_of(headers: Sequence[str], given: ColumnMap, person: ResourceType = PERSON) -> tuple[Column, ...]:
    """What each column of a file about such people means.

    Raises:
        BadInput: a column is unknown, means what another one means, has no name, or there is no userName.
    """
    columns = tuple(_column(index, header, given, person) for index, header in enumerate(headers, start=1))
    _refuse_unknown(headers, given, person)
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


def count_known(headers: Iterable[str], given: ColumnMap, person: ResourceType = PERSON) -> int:
    """How many of these columns mean something, left-out ones included."""
    return sum(
        1 for header in headers if folded(header) in given.columns or _means(header, person) is not None
    )


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


def known_names(person: ResourceType = PERSON) -> tuple[str, ...]:
    """The names a column may have without a map, as they are suggested."""
    return tuple(_known_names(person))


def _known_names(person: ResourceType) -> Iterator[str]:
    yield from _SHOWN_SHORT
    for attribute in person.attributes():
        yield from _names("", attribute, person)
    for item in person.extensions:
        for attribute in item.schema.attributes:
            yield from _names("", attribute, person)


def _names(prefix: str, attribute: Attribute, person: ResourceType) -> Iterator[str]:
    selected = '[type eq "work"]' if attribute.multi_valued and attribute.sub("type") else ""
    names = [
        f"{prefix}{attribute.name}",
        *(f"{attribute.name}{selected}.{sub.name}" for sub in attribute.sub_attributes),
    ]
    yield from (name for name in names if _means(name, person) is not None)


def _means(header: str, person: ResourceType) -> Target | None:
    try:
        return target(header, person)
    except ValueError:
        return None


def _column(index: int, header: str, given: ColumnMap, person: ResourceType) -> Column:
    if not header.strip():
        raise header_problem(f"column {index} has no name", "name it, or remove it with everything below it")
    name = folded(header)
    return Column(
        header=header.strip(), target=given.columns[name] if name in given.columns else _means(header, person)
    )


def _refuse_unknown(headers: Sequence[str], given: ColumnMap, person: ResourceType) -> None:
    unknown = [
        header for header in headers if folded(header) not in given.columns and _means(header, person) is None
    ]
    if not unknown:
        return
    raise header_problem(
        "; ".join(
            [_why_unknown(header, person) for header in unknown[:_SHOWN]]
            + ["and more"][: len(unknown) // (_SHOWN + 1)]
        ),
        "rename these columns, map them, or leave them out with `columns: {NAME: null}` in the column map",
    )


def _why_unknown(header: str, person: ResourceType) -> str:
    name = header.strip()[:80]
    try:
        target(header, person)
    except ValueError as error:
        return f"“{name}” is not known ({_hint(name, error, person) or error})"
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


def _mapped(node: Node, person: ResourceType) -> Target:
    try:
        return target(node.text(), person)
    except ValueError as error:
        hint = _hint(node.text(), error, person) or "write a SCIM path, as name.givenName, or null"
        raise node.problem(f"“{node.text()[:80]}” is no place for a value: {error}", hint) from error


def _hint(name: str, error: ValueError, person: ResourceType) -> str:
    """The question after a name that means nothing; empty when the name means something unsuitable."""
    near = nearest(name, known_names(person)) if isinstance(error.__cause__, ScimError) else []
    return f"did you mean {' or '.join(near)}?" if near else ""


def _attribute(path: Path, person: ResourceType) -> Target:
    if path.extension is not None and path.extension.urn.startswith("urn:muster:"):
        return Target(meaning=Meaning.START_DATE, path=_single(path, person))
    primary = parse_path(_PRIMARY, person) if str(path) == _SHORT["email"] else None
    single = _single(path, person)
    return Target(meaning=Meaning.ATTRIBUTE, path=single, primary=primary, reading=reading(single))


def _single(path: Path, person: ResourceType) -> Path:
    """The path spelled out, if it leads to exactly one value that a source may state."""
    attribute, sub = path.attribute, path.sub
    if attribute is None:
        raise ValueError("it names a whole extension; name one of its attributes")
    if attribute.mutability not in _STATED or attribute.name == "schemas":
        raise ValueError(f"{attribute.name} is not for sources to state")
    if attribute.type is Type.COMPLEX and sub is None:
        if attribute.multi_valued or attribute.sub("value") is None:
            raise ValueError(f"{attribute.name} has parts; name one, as {_example(attribute)}")
        return parse_path(f"{path}.value", person)
    described = path.eq_terms()
    if attribute.multi_valued and not attribute.sub_attributes:
        raise ValueError(f"{attribute.name} has many values; a cell holds one")
    if attribute.multi_valued and not described:
        raise ValueError(f"{attribute.name} has many values; say which, as {_example(attribute)}")
    leaf = sub or attribute
    if leaf.name in (described or {}):
        raise ValueError(f"the part in brackets states {leaf.name} already")
    if leaf.multi_valued and path.sub is not None:
        raise ValueError(f"{leaf.name} has many values in one element")
    if leaf.mutability not in _STATED:
        raise ValueError(f"{leaf.name} is not for sources to state")
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
