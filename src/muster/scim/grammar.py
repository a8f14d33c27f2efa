"""The grammar of filters and PATCH paths, read within limits (RFC 7644 figures 1 and 7).

A filter arrives from outside and may be hostile: its length, its number of comparisons and its nesting are
bounded, so the recursion below is, too.
"""

import json
import math
import re
from dataclasses import dataclass

from muster.scim.errors import InvalidFilter, InvalidPath
from muster.scim.filter import Compare, Filter, Literal, Not, Op, Present, ValuePath, all_of, any_of
from muster.scim.notation import AttributeName, parse_attribute

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()\[\]]|[^\s()\[\]"]+', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS: dict[str, Literal] = {"true": True, "false": False, "null": None}
_OPS = frozenset(op.value for op in Op)
_LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a filter may be."""

    length: int = 4096
    comparisons: int = 200
    depth: int = 32


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class PathText:
    """A PATCH path that parses: ``attribute``, ``attribute[filter]`` or ``attribute[filter].sub``."""

    attribute: AttributeName
    filter: Filter | None = None
    sub: str | None = None


def parse(text: str, *, limits: Limits = DEFAULT_LIMITS) -> Filter:
    """Return the filter the text notes.

    >>> parse('title pr and userType eq "Employee"').terms[0].attribute.name
    'title'

    Raises:
        InvalidFilter: The text does not follow the grammar or exceeds the limits; the error knows the
        position.
    """
    reader = _Reader(text, limits)
    ast = reader.disjunction(depth=0, inside=False)
    if reader.peek() is not None:
        raise reader.wrong("expected 'and', 'or' or the end")
    return ast


def parse_path_text(text: str, *, limits: Limits = DEFAULT_LIMITS) -> PathText:
    """Return the parts of a PATCH path.

    Raises:
        InvalidPath: The text does not follow the grammar.
        InvalidFilter: The part in brackets does not.
    """
    if len(text) > limits.length:
        raise InvalidPath(f"the path is longer than {limits.length} characters")
    if "[" not in text:
        return PathText(attribute=parse_attribute(text.strip()))
    reader = _Reader(text, limits)
    word = reader.take()
    if word is None or reader.peek() != "[":
        raise InvalidPath(f"'{text[:200]}' is not an attribute path")
    selection = reader.selection(parse_attribute(word), depth=0)
    sub = reader.take()
    if reader.peek() is not None or (sub is not None and not sub.startswith(".")):
        raise InvalidPath("after ']' only one sub-attribute may follow, as in emails[primary eq true].value")
    return PathText(
        attribute=selection.attribute, filter=selection.filter, sub=None if sub is None else sub[1:]
    )


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, limits: Limits) -> None:
        if len(text) > limits.length:
            raise InvalidFilter(f"the filter is longer than {limits.length} characters")
        self._limits = limits
        self._tokens = _tokens(text)
        self._end = len(text)
        self._next = 0
        self._comparisons = 0

    def peek(self) -> str | None:
        """Return the next token without taking it, or ``None`` at the end."""
        return self._tokens[self._next][1] if self._next < len(self._tokens) else None

    def take(self) -> str | None:
        token = self.peek()
        self._next += token is not None
        return token

    def position(self) -> int:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else self._end

    def wrong(self, what: str) -> InvalidFilter:
        return InvalidFilter(f"{what}, found {_shown(self.peek())}", position=self.position())

    def disjunction(self, *, depth: int, inside: bool) -> Filter:
        terms = [self._conjunction(depth, inside=inside)]
        while self._take_word("or"):
            terms.append(self._conjunction(depth, inside=inside))
        return any_of(*terms)

    def selection(self, attribute: AttributeName, *, depth: int) -> ValuePath:
        """Read ``[`` filter ``]``."""
        self._expect("[")
        inner = self.disjunction(depth=depth + 1, inside=True)
        self._expect("]")
        return ValuePath(attribute=attribute, filter=inner)

    def _conjunction(self, depth: int, *, inside: bool) -> Filter:
        terms = [self._factor(depth, inside=inside)]
        while self._take_word("and"):
            terms.append(self._factor(depth, inside=inside))
        return all_of(*terms)

    def _factor(self, depth: int, *, inside: bool) -> Filter:
        if depth > self._limits.depth:
            raise InvalidFilter(
                f"the filter nests deeper than {self._limits.depth}", position=self.position()
            )
        if self.peek() == "(":
            return self._group(depth, inside=inside)
        if self._at_not():
            self.take()
            return Not(term=self._group(depth, inside=inside))
        attribute = self._attribute()
        if self.peek() != "[":
            return self._comparison(attribute)
        if inside:
            raise self.wrong("a value path cannot stand inside another")
        return self._value_path(attribute, depth)

    def _at_not(self) -> bool:
        """Tell ``not (`` from an attribute that happens to be called ``not``."""
        following = self._tokens[self._next + 1 : self._next + 2]
        return (self.peek() or "").lower() == "not" and bool(following) and following[0][1] == "("

    def _group(self, depth: int, *, inside: bool) -> Filter:
        self._expect("(")
        inner = self.disjunction(depth=depth + 1, inside=inside)
        self._expect(")")
        return inner

    def _value_path(self, attribute: AttributeName, depth: int) -> ValuePath:
        selection = self.selection(attribute, depth=depth)
        if not (self.peek() or "").startswith("."):
            return selection
        name = self._name((self.peek() or "")[1:])
        self.take()
        return ValuePath(attribute=attribute, filter=all_of(selection.filter, self._comparison(name)))

    def _attribute(self) -> AttributeName:
        word = self.peek()
        if word is None or word[0] in '()[]"':
            raise self.wrong("expected an attribute")
        name = self._name(word)
        self.take()
        return name

    def _name(self, word: str) -> AttributeName:
        try:
            return parse_attribute(word)
        except InvalidPath as error:
            raise InvalidFilter(error.detail, position=self.position()) from error

    def _comparison(self, attribute: AttributeName) -> Compare | Present:
        self._comparisons += 1
        if self._comparisons > self._limits.comparisons:
            raise InvalidFilter(f"the filter has more than {self._limits.comparisons} comparisons")
        word = (self.peek() or "").lower()
        if word == "pr":
            self.take()
            return Present(attribute=attribute)
        if word not in _OPS:
            raise self.wrong(f"expected one of pr, {', '.join(Op)}")
        self.take()
        return Compare(attribute=attribute, op=Op(word), value=self._literal())

    def _literal(self) -> Literal:
        token, position = self.peek() or "", self.position()
        if token.lower() in _WORDS:
            value = _WORDS[token.lower()]
        elif token.startswith('"'):
            value = _string(token, position)
        elif len(token) <= _LONGEST_NUMBER and _NUMBER.fullmatch(token):
            value = _number(token, position)
        else:
            raise self.wrong("expected a quoted string, a number, true, false or null")
        self.take()
        return value

    def _take_word(self, word: str) -> bool:
        found = (self.peek() or "").lower() == word
        self._next += found
        return found

    def _expect(self, token: str) -> None:
        if self.peek() != token:
            raise self.wrong(f"expected '{token}'")
        self.take()


def _tokens(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    position = _after_space(text, 0)
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            problem = "a string is not closed" if text[position] == '"' else "unexpected character"
            raise InvalidFilter(problem, position=position)
        found.append((position, token.group()))
        position = _after_space(text, token.end())
    return found


def _after_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return position if space is None else space.end()


def _string(token: str, position: int) -> str:
    try:
        value = json.loads(token)
    except ValueError as error:
        raise InvalidFilter("the string is not valid JSON", position=position) from error
    return str(value)


def _number(token: str, position: int) -> int | float:
    if not any(mark in token for mark in ".eE"):
        return int(token)
    value = float(token)
    if not math.isfinite(value):
        raise InvalidFilter("the number is too large", position=position)
    return value


def _shown(token: str | None) -> str:
    return "the end" if token is None else f"'{token[:40]}'"
