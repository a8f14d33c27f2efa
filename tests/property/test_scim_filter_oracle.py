"""Filters mean here what they mean to scim2-models, but for the differences named in one table.

scim2-filter-parser is no oracle: of an ``and`` it drops what its attribute map lacks, and so finds more than
it may.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

import oracle
from muster.scim.errors import InvalidFilter
from muster.scim.filter import And, Compare, Filter, Not, Op, Or, Present, ValuePath, nodes, render
from muster.scim.grammar import parse
from muster.scim.matching import predicate
from muster.scim.notation import AttributeName
from muster.scim.schema import Attribute, Returned, Type
from muster.scim.values import as_boolean, instant
from oracle import REFUSED, Verdict
from scim_strategies import PROVEN, filters, resources_for

_PARTS: Final = {Op.CO, Op.SW, Op.EW}
_EQUAL: Final = {Op.EQ, Op.NE}

Test = Callable[[Attribute, Op, Any], bool]

# ── The table of differences ────────────────────────────────────────────────────────────────────────────────
# Each is a comparison: the attribute (the `value` of a complex one), the operator, the literal.

WE_REFUSE: Final[dict[str, Test]] = {
    # RFC 7644 table 9: invalidFilter is for a "filter comparison combination [that] is not supported". The
    # library finds nothing instead, which a client takes for an answer.
    "null has no order and no parts": lambda _, op, value: value is None and op not in _EQUAL,
    "a literal of another type": lambda kind, _, value: value is not None and not _fits(kind, value),
    "numbers and dates have no parts": lambda kind, op, _: (
        kind.type in {Type.INTEGER, Type.DECIMAL, Type.DATE_TIME} and op in _PARTS
    ),
    # RFC 7644 §3.4.2.2: "For complex attributes, a fully qualified sub-attribute MUST be specified".
    "a complex attribute is no value": lambda kind, _, value: kind.type is Type.COMPLEX and value is not None,
    # RFC 7643 §2.2: what is returned "never" is not to be guessed by filters either.
    "what is never returned": lambda kind, _, __: kind.returned is Returned.NEVER,
    # RFC 7644 table 3 says so of order; parts of a boolean have no meaning. Here the library refuses, too.
    "booleans and binaries have no order": lambda kind, op, _: (
        (kind.type is Type.BOOLEAN and op not in _EQUAL)
        or (kind.type is Type.BINARY and op not in {*_EQUAL, *_PARTS})
    ),
}
THEY_REFUSE: Final[dict[str, Test]] = {
    # The library decodes binaries and checks URIs before it compares. Here both are text: no RFC forbids it.
    "text that is no binary": lambda kind, op, value: (
        kind.type is Type.BINARY and (op in _PARTS or not _is_base64(value))
    ),
    "text that is no URI": lambda kind, _, value: kind.type is Type.REFERENCE and "://" not in str(value),
}
# Written otherwise for the library, to ask for what the RFC says:
# * `ne` on a multi-valued attribute matches if any value differs (RFC 7644 §3.4.2.2: "if any of the values …
#   match"); the library wants that none is equal.
# * `manager eq "x"` compares the value of a complex attribute, as Entra ID asks; the library does so only
#   where there are many.
# * `eq null` asks whether there is a value at all (RFC 7643 §2.5); the library asks of each element.


def _fits(kind: Attribute, value: object) -> bool:
    match kind.type:
        case Type.BOOLEAN:
            return isinstance(value, bool | str) and as_boolean(value) is not None
        case Type.INTEGER | Type.DECIMAL:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Type.DATE_TIME:
            return isinstance(value, str) and instant(value) is not None
        case _:
            return isinstance(value, str)


def _is_base64(value: object) -> bool:
    try:
        return bool(base64.b64decode(str(value), validate=True))
    except binascii.Error:
        return False


# ── Both sides ──────────────────────────────────────────────────────────────────────────────────────────────


def ours(text: str, resource: dict[str, Any]) -> Verdict:
    """Whether the resource satisfies the filter, as we see it."""
    try:
        return predicate(parse(text), PROVEN)(resource)
    except InvalidFilter:
        return REFUSED


Leaf = tuple[Attribute, Op | None, Any]


def leaves(ast: Filter, within: Attribute | None = None) -> list[Leaf]:
    """Every comparison of the filter: what is compared, how (``None`` for ``pr``), and with what."""
    match ast:
        case And(terms=terms) | Or(terms=terms):
            return [leaf for term in terms for leaf in leaves(term, within)]
        case Not(term=term):
            return leaves(term, within)
        case ValuePath(attribute=name, filter=inner):
            return leaves(inner, found(name))
        case Present(attribute=name):
            return [(found(name, within), None, None)]
        case Compare(attribute=name, op=op, value=value):
            attribute = found(name, within)
            return [(attribute.sub("value") or attribute, op, value)]


def found(name: AttributeName, within: Attribute | None = None) -> Attribute:
    """The attribute of that name, or the part of the one it is within."""
    if within is not None:
        return within.sub(name.name) or within
    location = PROVEN.locate(name)
    assert location is not None
    assert location.attribute is not None
    return location.sub or location.attribute


def named(table: dict[str, Test], ast: Filter) -> list[str]:
    """The differences of the table that the filter shows."""
    return [
        name
        for name, test in table.items()
        for attribute, op, value in leaves(ast)
        if (op is not None and test(attribute, op, value)) or (op is None and _is_hidden(name, attribute))
    ]


def _is_hidden(name: str, attribute: Attribute) -> bool:
    return name == "what is never returned" and attribute.returned is Returned.NEVER


def asked(ast: Filter, *, inside: bool = False) -> Filter:  # noqa: PLR0911 - one for each kind of node
    """The filter as the library must be asked for what the RFC means."""
    match ast:
        case And(terms=terms):
            return And(terms=tuple(asked(term, inside=inside) for term in terms))
        case Or(terms=terms):
            return Or(terms=tuple(asked(term, inside=inside) for term in terms))
        case Not(term=term):
            return Not(term=asked(term, inside=inside))
        case ValuePath(attribute=name, filter=inner):
            return ValuePath(attribute=name, filter=asked(inner, inside=True))
        case Compare(attribute=name, op=op, value=None):
            return Present(attribute=name) if op is Op.NE else Not(term=Present(attribute=name))
        case Compare(attribute=name) if not inside and _is_singular_complex(name):
            return replace(ast, attribute=replace(name, sub="value"))
        case Compare(attribute=name, op=Op.NE, value=value) if not inside:
            return _any_differs(ast, name, value)
        case _:
            return ast


def _is_singular_complex(name: AttributeName) -> bool:
    attribute = found(name)
    return (
        attribute.type is Type.COMPLEX and not attribute.multi_valued and attribute.sub("value") is not None
    )


def _any_differs(ast: Filter, name: AttributeName, value: Any) -> Filter:  # noqa: ANN401 - a literal
    location = PROVEN.locate(name)
    assert location is not None
    attribute = location.attribute
    if attribute is None or not attribute.multi_valued:
        return ast
    whole = replace(name, sub=None)
    part = AttributeName(name=name.sub or "value")
    differs: Filter = Compare(attribute=part, op=Op.NE, value=value)
    if attribute.type is Type.COMPLEX:
        differs = And(terms=(Present(attribute=part), differs))
        whole_part = replace(name, sub=part.name)
    else:
        whole_part = whole
    return Or(terms=(ValuePath(attribute=whole, filter=differs), Not(term=Present(attribute=whole_part))))


FILTERED: Final = filters(PROVEN).flatmap(lambda ast: st.tuples(st.just(ast), resources_for(ast, PROVEN)))


@oracle.repeatable(times=3)
@given(FILTERED)
def test_both_find_the_same(sample: tuple[Filter, dict[str, Any]]) -> None:
    """A filter finds a resource here just when it does for the library, or one refuses as the table says."""
    ast, resource = sample
    mine = ours(render(ast), resource)
    if refusals := named(WE_REFUSE, ast):
        assert REFUSED == mine, refusals
        return
    assert REFUSED != mine
    if named(THEY_REFUSE, ast):
        return

    assert oracle.verdict(render(asked(ast)), resource, PROVEN) == mine


MOVED: Final = st.sampled_from(
    ["(", ")", "[", "]", "and", "or", "not", "eq", "pr", ".type", '"x"', "null", "emails", ""]
)


@oracle.repeatable()
@given(filters(PROVEN), st.data())
def test_both_take_the_same_texts_for_filters(ast: Filter, data: st.DataObject) -> None:
    """A filter with words taken out, put in or changed is a filter for both or for none."""
    words = re.findall(r'"(?:[^"\\]|\\.)*"|[()\[\]]|[^\s()\[\]"]+', render(ast))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(words) - 1))
        words[place : place + data.draw(st.integers(0, 1))] = [data.draw(MOVED)]
    text = data.draw(st.sampled_from([" ", "  ", "\n"])).join(words)
    event("a filter" if oracle.accepts(text) else "no filter")

    if not oracle.accepts(text) and _names_a_word(text):
        return
    assert oracle.accepts(text) == is_filter(text), text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://acme.example/x:name pr", "figure 1 names extensions by any URI, the library by URNs alone"),
        ("not pr", "figure 1 lets an attribute be called not, and, or; the library reserves the words"),
        ("title\fpr", "figure 1 has spaces; a form feed is none"),
    ],
)
def test_where_the_texts_differ(text: str, why: str) -> None:
    """The differences in what is a filter at all, each with its reason."""
    assert is_filter(text) is not oracle.accepts(text), why


def _names_a_word(text: str) -> bool:
    """Whether the text is a filter here in which an attribute has the name of an operator."""
    if not is_filter(text):
        return False
    names = [node.attribute for node in nodes(parse(text)) if isinstance(node, Compare | Present | ValuePath)]
    return any({name.name.lower(), (name.sub or "").lower()} & {"not", "and", "or"} for name in names)


def is_filter(text: str) -> bool:
    """Whether the text is a filter here."""
    try:
        parse(text)
    except InvalidFilter:
        return False
    return True
