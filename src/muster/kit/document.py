"""A YAML document walked strictly: every wrong word is a ``BadInput`` that names its place.

Made for manifests; knows nothing about them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TypeVar, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from muster.model import BadInput, Problem

CODE = "MUSTER-MANIFEST"

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the document and the path that leads to it."""

    value: object
    where: str

    @property
    def is_table(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, dict)

    def table(self, *required: str, optional: Iterable[str] = ()) -> Mapping[str, "Node"]:
        """Give the children by name; all required ones are there and no unknown one is."""
        children = dict(self.entries())
        known = (*required, *optional)
        for name, child in children.items():
            if name not in known:
                raise child.problem("this key is not known", f"use one of: {', '.join(sorted(known))}")
        for name in required:
            if name not in children:
                raise self.problem(f"{name!r} is missing", f"add {name}")
        return children

    def entries(self, *, at_least_one: bool = False) -> Iterable[tuple[str, "Node"]]:
        """Give names and children of a mapping with free names."""
        if not self.is_table:
            raise self._wrong("a mapping of names to values")
        entries = cast("dict[object, object]", self.value)
        if at_least_one and not entries:
            raise self.problem("nothing is listed here", "list at least one")
        return tuple((self._name(key), self._child(str(key), value)) for key, value in entries.items())

    def sequence(self) -> Iterable["Node"]:
        """Give the children of a list."""
        value: object = self.value
        if type(value) is not list:
            raise self._wrong("a list")
        items = cast("list[object]", value)
        return tuple(self._child(str(index), value) for index, value in enumerate(items))

    def text(self, *, pattern: str = r".*\S.*") -> str:
        """Give a text that has the form."""
        if not isinstance(self.value, str):
            raise self._wrong("a text (quote it if it looks like something else)")
        if re.fullmatch(pattern, self.value, re.DOTALL) is None:
            raise self.problem(f"{self.value!r} does not have the expected form", f"write it as {pattern}")
        return self.value

    def flag(self) -> bool:
        """Give true or false."""
        if not isinstance(self.value, bool):
            raise self._wrong("true or false")
        return self.value

    def whole(self, *, at_least: int) -> int:
        """Give a whole number, not below the bound."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < at_least:
            raise self._wrong(f"a whole number of at least {at_least}")
        return self.value

    def number(self, *, above: float | None = None) -> float:
        """Give a finite number, above the bound; whole numbers stay whole."""
        value = self.value
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise self._wrong("a number")
        if above is not None and value <= above:
            raise self._wrong(f"a number above {above:g}")
        return value

    def choice(self, of: type[Choice]) -> Choice:
        """Give a member of a closed set of words."""
        if not isinstance(self.value, str) or self.value not in {member.value for member in of}:
            raise self.problem(f"{self.value!r} is not known here", f"use one of: {', '.join(sorted(of))}")
        return of(self.value)

    def problem(self, why: str, next_step: str) -> BadInput:
        """Give the error that says why this place cannot be used."""
        return BadInput(
            Problem(
                code=CODE,
                what="A connector's manifest cannot be used",
                where=self.where or "top level",
                why=why,
                next_step=next_step,
            )
        )

    def _name(self, key: object) -> str:
        if not isinstance(key, str) or not key.strip():
            raise self.problem(f"the key {key!r} is not a text", "quote it")
        return key

    def _child(self, name: str, value: object) -> "Node":
        return Node(value=value, where=f"{self.where}.{name}" if self.where else name)

    def _wrong(self, expected: str) -> BadInput:
        return self.problem(f"{self.value!r} is not {expected}", f"write {expected}")


def parse(text: str) -> Node:
    """Give the top of a YAML 1.2 document: plain values only, no tags that make objects, no key twice.

    Raises:
        BadInput: the text is not such a document.
    """
    try:
        load = cast("Callable[[str], object]", YAML(typ="safe", pure=True).load)  # pyright: ignore[reportUnknownMemberType]
        return Node(value=load(text), where="")
    except (
        YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # bad dates are ValueErrors, deep nesting recurses
        where = Node(value=None, where=_place(error))
        raise where.problem("the text is not plain YAML", "correct the YAML at this place") from error


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = getattr(mark, "line", None)
    return f"line {line + 1}" if isinstance(line, int) else ""
