"""Filters as values: text → AST → text (RFC 7644 §3.4.2.2).

``parse`` reads the full grammar within ``Limits``; ``render`` writes what ``parse`` reads back to the same
AST. A client builds filters from these values, never by joining strings, so no value can break out of its
quotes.

Tolerated beyond the grammar: no space between an operator and its string (RFC 7644 §3.5.2.2 writes one so),
the words ``true``, ``false`` and ``null`` in any case, and ``emails[type eq "work"].value eq "a@b.org"``,
by which Entra ID matches people; it means ``emails[type eq "work" and value eq "a@b.org"]``.
"""

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from muster.scim.errors import InvalidFilter
from muster.scim.notation import AttributeName, parse_attribute
from muster.scim.values import is_storable_integer, is_storable_text

Literal: TypeAlias = str | int | float | bool | None


class Op(StrEnum):
    """The comparisons of RFC 7644 table 3; ``pr`` compares nothing and is ``Present``."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """``userName eq "bjensen"``."""

    attribute: AttributeName
    op: Op
    value: Literal

    def __post_init__(self) -> None:
        """Refuse a value that JSON cannot carry.

        Raises:
            InvalidFilter: A number that is not finite, or text that cannot be encoded.
        """
        quote(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """``title pr``."""

    attribute: AttributeName


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All terms hold; there are at least two."""

    terms: tuple["Filter", ...]

    def __post_init__(self) -> None:
        """Refuse fewer than two terms, which no text could stand for."""
        _need_two(self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """At least one term holds; there are at least two."""

    terms: tuple["Filter", ...]

    def __post_init__(self) -> None:
        """Refuse fewer than two terms, which no text could stand for."""
        _need_two(self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The term does not hold."""

    term: "Filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePath:
    """``emails[type eq "work" and value co "@example.com"]``: one element satisfies the whole filter."""

    attribute: AttributeName
    filter: "Filter"

    def __post_init__(self) -> None:
        """Refuse a value path inside a value path, which the grammar does not have.

        Raises:
            InvalidFilter: There is one.
        """
        if any(isinstance(node, ValuePath) for node in nodes(self.filter)):
            raise InvalidFilter("a value path cannot stand inside another", path=str(self.attribute))


Filter: TypeAlias = Compare | Present | And | Or | Not | ValuePath


def compare(attribute: str, op: Op, value: Literal) -> Compare:
    r"""Return the comparison of an attribute, given in attribute notation, with a value.

    >>> render(compare("userName", Op.EQ, 'O"Neil'))
    'userName eq "O\\"Neil"'
    """
    return Compare(attribute=parse_attribute(attribute), op=op, value=value)


def present(attribute: str) -> Present:
    """Return the test that the attribute has a value."""
    return Present(attribute=parse_attribute(attribute))


def where(attribute: str, filter_: Filter) -> ValuePath:
    """Return the test that one element of the attribute satisfies the filter."""
    return ValuePath(attribute=parse_attribute(attribute), filter=filter_)


def all_of(first: Filter, *rest: Filter) -> Filter:
    """Return the conjunction; one term alone is itself."""
    return And(terms=(first, *rest)) if rest else first


def any_of(first: Filter, *rest: Filter) -> Filter:
    """Return the disjunction; one term alone is itself."""
    return Or(terms=(first, *rest)) if rest else first


def nodes(ast: Filter) -> list[Filter]:
    """Return every node of the tree, without recursion."""
    found: list[Filter] = [ast]
    for node in found:
        match node:
            case And(terms=terms) | Or(terms=terms):
                found.extend(terms)
            case Not(term=term):
                found.append(term)
            case ValuePath(filter=inner):
                found.append(inner)
            case Compare() | Present():
                pass
            case _:
                assert_never(node)
    return found


def with_plain_names(ast: Filter) -> Filter:
    """Return the filter with attribute names in small letters, which mean the same (RFC 7644 §3.4.2.2)."""
    match ast:
        case Compare(attribute=attribute, op=op, value=value):
            return Compare(attribute=_plain(attribute), op=op, value=value)
        case Present(attribute=attribute):
            return Present(attribute=_plain(attribute))
        case And(terms=terms):
            return And(terms=tuple(map(with_plain_names, terms)))
        case Or(terms=terms):
            return Or(terms=tuple(map(with_plain_names, terms)))
        case Not(term=term):
            return Not(term=with_plain_names(term))
        case ValuePath(attribute=attribute, filter=inner):
            return ValuePath(attribute=_plain(attribute), filter=with_plain_names(inner))
        case _:
            assert_never(ast)


def _plain(name: AttributeName) -> AttributeName:
    return parse_attribute(str(name).lower())


def quote(value: Literal) -> str:
    """Return the value as a filter writes it.

    Raises:
        InvalidFilter: JSON cannot carry the value.
    """
    if isinstance(value, str) and not is_storable_text(value):
        raise InvalidFilter("a string holds a NUL or half a surrogate pair")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidFilter("a number must be finite")
    if isinstance(value, int) and not is_storable_integer(value):
        raise InvalidFilter("an integer must fit in 64 bits")
    return json.dumps(value, ensure_ascii=False)


def render(ast: Filter) -> str:
    """Return the text of the filter; parsing it gives the same filter."""
    match ast:
        case Compare(attribute=attribute, op=op, value=value):
            return f"{attribute} {op} {quote(value)}"
        case Present(attribute=attribute):
            return f"{attribute} pr"
        case And(terms=terms):
            return " and ".join(_grouped(term, And, Or) for term in terms)
        case Or(terms=terms):
            return " or ".join(_grouped(term, Or) for term in terms)
        case Not(term=term):
            return f"not ({render(term)})"
        case ValuePath(attribute=attribute, filter=inner):
            return f"{attribute}[{render(inner)}]"
        case _:
            assert_never(ast)


def _grouped(term: Filter, *weaker: type[And | Or]) -> str:
    text = render(term)
    return f"({text})" if isinstance(term, weaker) else text


def _need_two(terms: tuple[Filter, ...]) -> None:
    if len(terms) < 2:  # noqa: PLR2004 - "two" is the rule itself
        raise ValueError("and/or join at least two terms")
