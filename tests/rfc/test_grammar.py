"""RFC 7644 figure 1: whatever its rules generate is a filter."""

import re
from functools import cache
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from muster.scim.errors import InvalidFilter
from muster.scim.filter import Filter, nodes
from muster.scim.grammar import Limits, parse
from rfc.examples import text

_ELEMENT: Final = re.compile(r'\*1|\*|"[^"]*"|[A-Za-z]\w*|[()/\[\]]')
_PLAIN: Final = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\')
# What figure 1 takes from other RFCs.
_TERMINALS: Final[dict[str, st.SearchStrategy[str]]] = {
    "SP": st.just(" "),
    "ALPHA": st.sampled_from("abcXYZ"),
    "DIGIT": st.sampled_from("0189"),
    "URI": st.sampled_from(["urn:a:b", "urn:ietf:params:scim:schemas:core:2.0:User", "https://x.example/y"]),
    "false": st.just("false"),
    "null": st.just("null"),
    "true": st.just("true"),
    "number": st.sampled_from(["0", "-1", "3.25", "1e3", "-2.5E-7", "9007199254740993"]),
    "string": st.builds(
        '"{}"'.format,
        st.lists(
            _PLAIN | st.sampled_from(['\\"', "\\\\", "\\/", "\\n", "\\u00e9", "\\ud83d\\ude00"]), max_size=6
        ).map("".join),
    ),
}


def rules() -> dict[str, list[str]]:
    """The rules of figure 1: name → elements, without comments."""
    lines = re.sub(r";.*", "", text("rfc7644/3.4.2.2-figure-1.abnf"))
    found = re.split(r"^(\w+) *= ", re.sub(r"\n +", " ", lines), flags=re.MULTILINE)[1:]
    return {name: _ELEMENT.findall(body) for name, body in zip(found[::2], found[1::2], strict=True)}


@cache
def _words(rule: str, depth: int) -> st.SearchStrategy[str]:
    """Sentences of the rule; with no depth left, only of alternatives that need none."""
    if rule in _TERMINALS:
        return _TERMINALS[rule]
    elements = list(RULES[rule])
    found = _alternatives(elements, depth)
    assert not elements
    return found


def _alternatives(elements: list[str], depth: int) -> st.SearchStrategy[str]:
    """Sentences of ``a / b / c``, taken off the front of the elements."""
    choices = [_sequence(elements, depth)]
    while elements and elements[0] == "/":
        elements.pop(0)
        choices.append(_sequence(elements, depth))
    return st.one_of(choices)


def _sequence(elements: list[str], depth: int) -> st.SearchStrategy[str]:
    parts: list[st.SearchStrategy[str]] = []
    while elements and elements[0] not in ("/", ")", "]"):
        parts.append(_element(elements, depth))
    return st.tuples(*parts).map("".join)


def _element(elements: list[str], depth: int) -> st.SearchStrategy[str]:
    match elements.pop(0):
        case "(":
            found = _alternatives(elements, depth)
            elements.pop(0)
        case "[":
            found = st.just("") | _alternatives(elements, depth)
            elements.pop(0)
        case "*1":
            found = st.just("") | _element(elements, depth)
        case "*":
            found = st.lists(_element(elements, depth), max_size=4).map("".join)
        case quoted if quoted.startswith('"'):
            word = quoted.strip('"')
            found = st.sampled_from(sorted({word, word.upper()}))  # RFC 5234 §2.3: in any letter case
        case name if name in {"FILTER", "valFilter", "logExp", "valuePath"} and depth <= 0:
            found = _words("attrExp", 0)
        case name:
            found = st.deferred(lambda: _words(name, depth - 1))
    return found


RULES: Final = rules()
WIDE: Final = Limits(length=10**6, comparisons=10**4, depth=100)


def test_the_rules_are_those_of_figure_1() -> None:
    """Every name on the right is a rule of the figure, or one it takes from elsewhere."""
    used = {word for body in RULES.values() for word in body if word[0].isalpha()}

    assert {"FILTER", "valuePath", "valFilter", "attrExp", "logExp", "compValue"} < set(RULES)
    assert used == set(RULES) | set(_TERMINALS)


def nests_value_paths(sentence: str) -> bool:
    """Whether a value path stands inside another, outside of strings."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", sentence)
    return any(
        bare[: match.start()].count("[") > bare[: match.start()].count("]")
        for match in re.finditer(r"\[", bare)
    )


@given(_words("FILTER", 4))
def test_every_sentence_of_the_grammar_is_a_filter(sentence: str) -> None:
    """What figure 1 generates parses, but for a value path in a value path, which it lets slip in.

    An element of a complex attribute has no complex attributes of its own (RFC 7643 §2.3.8).
    """
    if nests_value_paths(sentence):
        with pytest.raises(InvalidFilter):
            parse(sentence, limits=WIDE)
        return

    assert nodes(parse(sentence, limits=WIDE))


@given(_words("attrPath", 3), _words("compareOp", 1), _words("compValue", 1))
def test_a_comparison_has_its_three_parts(attribute: str, op: str, value: str) -> None:
    """``attrExp``: the attribute, the operator and the value are read as written."""
    found: Filter = parse(f"{attribute} {op} {value}", limits=WIDE)

    assert attribute == str(getattr(found, "attribute", None))
    assert op.lower() == getattr(found, "op", None)


@given(_words("FILTER", 3), st.data())
def test_half_a_sentence_is_no_filter(sentence: str, data: st.DataObject) -> None:
    """Without its closing bracket, a filter is refused."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: "." * len(found.group()), sentence)
    closing = [place for place, sign in enumerate(bare) if sign in ")]"]
    assume(closing)
    place = data.draw(st.sampled_from(closing))

    with pytest.raises(InvalidFilter):
        parse(sentence[:place] + sentence[place + 1 :], limits=WIDE)
