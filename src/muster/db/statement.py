"""A piece of SQL with named parameters, compiled once per dialect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")


@dataclass(frozen=True)
class Statement:
    """SQL that both dialects understand, parameters written ``:name``.

    Where the dialects differ, ``postgresql`` holds the other text. Literals in the text must not contain a
    colon.
    """

    sqlite: str
    postgresql: str | None = None

    @cached_property
    def for_postgresql(self) -> tuple[str, tuple[str, ...]]:
        """The text with ``$1`` parameters, and the names in their order."""
        names: list[str] = []

        def numbered(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        text = _PARAMETER.sub(numbered, self.postgresql or self.sqlite)
        return text, tuple(names)

    def in_order(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The values in the order of ``for_postgresql``."""
        return [parameters[name] for name in self.for_postgresql[1]]
