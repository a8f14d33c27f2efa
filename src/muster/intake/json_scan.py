"""JSON read person by person, so that each one's line is known and a cut file is told from a wrong one."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from muster.intake.decoding import truncated, unusable
from muster.model import BadInput
from muster.scim import JsonValue

LIST: Final = "people"  # the member that holds the list where the file is an object
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_CLOSERS: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Item:
    """One element of the list. ``line`` is where it begins, from 1."""

    line: int
    value: JsonValue


def items(text: str) -> Iterator[Item]:
    """The people of ``[…]`` or ``{"people": […]}``, in order.

    Raises:
        BadInput: the text is cut, or is not JSON of that form; no member twice, no NaN.
    """
    scan = _Scan(text)
    scan.space()
    if scan.peek() == "[":
        yield from _elements(scan)
    elif scan.peek() == "{":
        yield from _in_object(scan)
    else:
        scan.fail("a list of people is expected here", scan.at)
    scan.space()
    if scan.at < len(text):
        raise scan.wrong("something stands after the end", scan.at)


def _in_object(scan: "_Scan") -> Iterator[Item]:
    scan.take("{")
    scan.space()
    start = scan.at
    name = scan.value() if scan.peek() == '"' else None
    if name != LIST:
        scan.fail(f'the object must have exactly one member, "{LIST}"', start)
    scan.space()
    scan.take(":")
    scan.space()
    yield from _elements(scan)
    scan.space()
    scan.take("}")


def _elements(scan: "_Scan") -> Iterator[Item]:
    scan.take("[")
    scan.space()
    if scan.peek() == "]":
        scan.take("]")
        return
    while True:
        yield Item(scan.line(), scan.value())
        scan.space()
        if scan.peek() == "]":
            scan.take("]")
            return
        scan.take(",")
        scan.space()


class _Scan:
    """A position in the text that only moves on."""

    def __init__(self, text: str) -> None:
        self.at = 0
        self._text = text
        self._line = 1
        self._counted = 0  # how far line breaks are counted
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
        )

    def peek(self) -> str:
        return self._text[self.at : self.at + 1]

    def space(self) -> None:
        found = _SPACE.match(self._text, self.at)
        self.at = self.at if found is None else found.end()

    def take(self, character: str) -> None:
        if self.peek() != character:
            self.fail(f"“{character}” is expected here", self.at)
        self.at += 1

    def line(self) -> int:
        """The line the position is in."""
        self._line += self._text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def value(self) -> JsonValue:
        """The value that begins here; the position is behind it."""
        start = self.at
        try:
            found, self.at = self._decoder.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            self.fail(error.msg, error.pos)
        except _Refused as error:
            self.fail(f"{error}, in the value that begins here", start)
        except RecursionError:
            self.fail("the value that begins here nests too deeply", start)
        return cast("JsonValue", found)

    def fail(self, why: str, position: int) -> NoReturn:
        """Leave with what is wrong, or with the news that the end is missing.

        Raises:
            BadInput: always.
        """
        if self._is_cut(why, position):
            raise truncated("before the JSON document does", where=self._place(len(self._text)))
        raise self.wrong(why, position)

    def wrong(self, why: str, position: int) -> BadInput:
        """The error that says what is wrong and where."""
        return unusable(
            "MUSTER-IMPORT-JSON",
            f"it is not JSON as people files are written: {why}",
            f'write a list of people, or an object {{"{LIST}": [...]}}; mend this place',
            where=self._place(position),
        )

    def _place(self, position: int) -> str:
        line = self._text.count("\n", 0, position) + 1
        return f"line {line}, column {position - self._text.rfind(chr(10), 0, position)}"

    def _is_cut(self, why: str, position: int) -> bool:
        """Whether the text ends before its document: at the mistake, in a text, or on another bracket."""
        whole = self._text.strip(" \t\n\r")
        closer = _CLOSERS.get(whole[:1])
        if closer is None:
            return False
        at_end = not self._text[position:].strip(" \t\n\r")
        return at_end or why.startswith("Unterminated") or not whole.endswith(closer)


class _Refused(ValueError):
    """JSON that Python would take and we do not."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        often = Counter(name for name, _ in pairs)
        raise _Refused(f"the member “{often.most_common(1)[0][0][:80]}” stands twice")
    return found


def _constant(word: str) -> NoReturn:
    raise _Refused(f"{word} is no JSON number")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused("a number is too large")
    return number


def _int(digits: str) -> int:
    if len(digits) > 20:  # noqa: PLR2004 - 64 bits have fewer digits
        raise _Refused("a number is too large")
    return int(digits)
