"""YAML that people write, walked strictly: whatever is wrong is a ``BadInput`` that names line and column.

Only plain values are read: no tags, no anchors, no key twice. What stands in the file stays as it was
written; each question (``text``, ``number``, ``table`` …) says itself what it accepts.
"""

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from muster.model import BadInput, Problem
from muster.scim import JsonValue

LONGEST: Final = 1_000_000  # characters
DEEPEST: Final = 20  # levels
_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset({"str", "int", "float", "bool", "null", "timestamp"})
_RawNode: TypeAlias = Any  # ruamel.yaml's nodes carry no types


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value as written, and what YAML takes it for."""

    written: str
    kind: str  # str | int | float | bool | null | timestamp


Tree: TypeAlias = "Scalar | Mapping[str, Node] | tuple[Node, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a document is, for the problems found in it."""

    code: str
    what: str  # "The column map cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the document with the place where it begins and the path that leads to it."""

    tree: Tree
    line: int
    column: int
    path: str
    origin: Origin

    @property
    def is_null(self) -> bool:
        """Whether nothing stands here."""
        return isinstance(self.tree, Scalar) and self.tree.kind == "null"

    @property
    def is_table(self) -> bool:
        """Whether names and values stand here."""
        return isinstance(self.tree, Mapping)

    def entries(self) -> Mapping[str, "Node"]:
        """The children of a table whose names are free; an empty place is an empty table."""
        if self.is_null:
            return {}
        if not isinstance(self.tree, Mapping):
            raise self.problem("names and values are expected here", "write `name: value` lines")
        return self.tree

    def table(self, *known: str, required: Iterable[str] = ()) -> Mapping[str, "Node"]:
        """The children of a table; every name is known and every required one is there."""
        children = self.entries()
        for name, child in children.items():
            if name not in known:
                raise child.problem(f"“{name}” is not known here", _suggestion(name, known))
        for name in required:
            if name not in children:
                raise self.problem(f"“{name}” is missing", f"add {name}")
        return children

    def items(self) -> tuple["Node", ...]:
        """The children of a list; an empty place is an empty list."""
        if self.is_null:
            return ()
        if not isinstance(self.tree, tuple):
            raise self.problem("a list is expected here", "begin each item with “- ”")
        return self.tree

    def text(self, *, form: str = r".*\S.*", like: str = "a text that is not empty") -> str:
        """The text, which has the form; numbers and the like must be quoted to be texts."""
        if not isinstance(self.tree, Scalar):
            raise self.problem("a text is expected here", "write one value")
        if self.tree.kind != "str":
            raise self.problem(f"{self.tree.written or 'nothing'} is not a text", "put it in quotes")
        if re.fullmatch(form, self.tree.written, re.DOTALL) is None:
            raise self.problem(f"“{self.tree.written[:80]}” does not have the right form", f"write {like}")
        return self.tree.written

    def word(self) -> str:
        """The value exactly as written, whether it looks like a text, a number, a date or a truth value."""
        if not isinstance(self.tree, Scalar) or self.tree.kind == "null":
            raise self.problem("a value is expected here", "write one value, or leave the line out")
        return self.tree.written

    def plain(self) -> str | bool | int | float:
        """The value as YAML 1.2 takes it: true or false, a number in digits, else a text."""
        tree = self.tree
        if isinstance(tree, Scalar) and tree.kind == "bool" and tree.written in {"true", "false"}:
            return tree.written == "true"
        if isinstance(tree, Scalar) and tree.kind in {"int", "float"}:
            number = self.number(at_least=-math.inf)
            return int(number) if tree.kind == "int" else number
        return self.text()

    def number(self, *, at_least: float, whole: bool = False) -> float:
        """The number, not below the bound; a whole one where that is asked."""
        kinds = {"int"} if whole else {"int", "float"}
        form = r"-?[0-9]{1,15}" if whole else r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
        tree = self.tree
        if not isinstance(tree, Scalar) or tree.kind not in kinds or not re.fullmatch(form, tree.written):
            raise self.problem(
                "a number is expected here", f"write a {'whole ' if whole else ''}number in digits"
            )
        if float(tree.written) < at_least:
            raise self.problem(f"{tree.written} is too small", f"write at least {at_least:g}")
        return float(tree.written)

    def choice(self, known: Iterable[str]) -> str:
        """The text, which is one of the known words."""
        word, words = self.text(), tuple(known)
        if word not in words:
            raise self.problem(f"“{word}” is not known here", _suggestion(word, words))
        return word

    def json(self) -> JsonValue:
        """Everything that stands here as JSON; a text that YAML takes for a date must be quoted."""
        if isinstance(self.tree, Mapping):
            return {name: child.json() for name, child in self.tree.items()}
        if isinstance(self.tree, tuple):
            return [child.json() for child in self.tree]
        return None if self.is_null else self.plain()

    def place(self, path: str) -> "Node":
        """What stands at a path below here, or the last place on the way to it that is there."""
        first, _, rest = path.partition(".")
        name, bracket, index = first.partition("[")
        child = self.tree.get(name) if isinstance(self.tree, Mapping) else None
        if child is None:
            return self
        if bracket and isinstance(child.tree, tuple):
            child = child.tree[int(index.rstrip("]"))]
        return child.place(rest) if rest else child

    def problem(self, why: str, next_step: str) -> BadInput:
        """The error that says why this place cannot be used."""
        where = f"line {self.line}, column {self.column}" + (f", {self.path}" if self.path else "")
        return _bad(self.origin, where, why, next_step)


def document(text: str, origin: Origin) -> Node:
    """The top of the document.

    Raises:
        BadInput: the text is no plain YAML document.
    """
    if len(text) > LONGEST:
        raise _bad(origin, "whole text", f"it is longer than {LONGEST:,} characters", "shorten it")
    try:
        top = _parser().compose(text)
    except YAMLError as error:
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _bad(origin, _place(error), f"the text is not YAML: {why}", "correct it there") from error
    except RecursionError as error:
        raise _bad(origin, "whole text", "it nests too deeply", "flatten it") from error
    if top is None:
        return Node(tree={}, line=1, column=1, path="", origin=origin)
    return _Walk(origin).node(top, "", 0)


def _parser() -> Any:  # noqa: ANN401 - the library's own types are unknown to checkers
    return YAML(typ="safe", pure=True)


class _Walk:
    """Turns the parser's nodes into ours, each one once."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._seen: set[int] = set()

    def node(self, raw: _RawNode, path: str, depth: int) -> Node:
        line, column = int(raw.start_mark.line) + 1, int(raw.start_mark.column) + 1
        here = Node(tree={}, line=line, column=column, path=path, origin=self._origin)
        if id(raw) in self._seen or depth > DEEPEST:
            raise here.problem(
                "references and deep nesting are not read", "write the value out, without & and *"
            )
        self._seen.add(id(raw))
        return replace(here, tree=self._tree(raw, here, depth))

    def _tree(self, raw: _RawNode, here: Node, depth: int) -> Tree:
        kind = str(raw.tag).removeprefix(_TAG)
        if raw.id == "scalar" and kind in _PLAIN:
            return Scalar(written=str(raw.value), kind=kind)
        if raw.id == "sequence" and kind == "seq":
            children: list[_RawNode] = raw.value
            return tuple(
                self.node(child, f"{here.path}[{index}]", depth + 1) for index, child in enumerate(children)
            )
        if raw.id == "mapping" and kind == "map":
            return self._table(raw.value, here, depth)
        raise here.problem(f"the tag {kind} is not read", "write a plain value")

    def _table(self, pairs: list[tuple[_RawNode, _RawNode]], here: Node, depth: int) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        for key, value in pairs:
            tree = self._tree(key, here, depth)
            if not isinstance(tree, Scalar) or tree.kind == "null":
                raise here.problem("a name is not a plain text", "put it in quotes")
            name = tree.written
            child = self.node(value, f"{here.path}.{name}" if here.path else name, depth + 1)
            if name in found:
                raise child.problem(
                    f"“{name}” stands here twice (also in line {found[name].line})", "keep one"
                )
            found[name] = child
        return found


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that are spelled almost like this one, the nearest first."""
    by_folded = {word.casefold(): word for word in known}
    return [by_folded[word] for word in difflib.get_close_matches(name.casefold(), by_folded, n=3)]


def _suggestion(name: str, known: Iterable[str]) -> str:
    words = tuple(known)
    if not words:
        return "leave it out: there is nothing it could name"
    near = nearest(name, words)
    return f"did you mean {' or '.join(near)}?" if near else f"use one of: {', '.join(sorted(words))}"


def _bad(origin: Origin, where: str, why: str, next_step: str) -> BadInput:
    return BadInput(Problem(code=origin.code, what=origin.what, where=where, why=why, next_step=next_step))


def _place(error: YAMLError) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    return "whole text" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
