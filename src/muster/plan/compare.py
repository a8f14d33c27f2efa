"""Three ways: what should be, what we last wrote, what is there.

Two values are the same where the application could not be expected to tell them apart: texts that differ
only in how Unicode composes a letter, lists that differ only in order, a number and the text that writes it,
and the several ways of saying "not set" (None, an empty text, an empty list; RFC 7643 §2.5).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from muster.model import Attributes, Value
from muster.model.text import normalised

_Comparable: TypeAlias = str | frozenset[str] | None


class Cause(StrEnum):
    """Whose change made an attribute differ from what it should be."""

    OURS = "ours"  # the application holds what we last wrote, or we never wrote it: our side moved
    DRIFT = "drift"  # we still want what we last wrote: the application's side moved
    BOTH = "both"  # both moved, to different values


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute that is not what it should be."""

    attribute: str
    desired: Value
    observed: Value
    cause: Cause


def same(one: Value, other: Value, *, case_ignored: bool) -> bool:
    """Whether an application that holds one value already holds the other.

    >>> same("Ana", "ANA", case_ignored=True), same("Ana", "ANA", case_ignored=False)
    (True, False)
    >>> same("42", 42, case_ignored=False), same(True, 1, case_ignored=False)
    (True, True)
    >>> same(("b", "a"), ("a", "b"), case_ignored=False), same("", None, case_ignored=False)
    (True, True)
    """
    return _comparable(one, case_ignored=case_ignored) == _comparable(other, case_ignored=case_ignored)


def differences(
    desired: Attributes, last_applied: Attributes, observed: Attributes, *, case_ignored: frozenset[str]
) -> tuple[Difference, ...]:
    """Give the attributes that must be written, by name; what ``desired`` does not name is not managed.

    Args:
        desired: what should be.
        last_applied: what we last wrote to this very object; empty for one we never wrote to.
        observed: what the application shows; an attribute it does not show counts as not set.
        case_ignored: the attributes in which letter case makes no difference.
    """
    return tuple(
        Difference(
            attribute=name,
            desired=value,
            observed=observed.get(name),
            cause=_cause(name, desired, last_applied, observed, case_ignored=name in case_ignored),
        )
        for name, value in sorted(desired.items())
        if not same(value, observed.get(name), case_ignored=name in case_ignored)
    )


def details(found: tuple[Difference, ...]) -> Mapping[str, str]:
    """Give attribute → cause, as a plan carries it."""
    return {difference.attribute: difference.cause.value for difference in found}


def _cause(
    name: str, desired: Attributes, last_applied: Attributes, observed: Attributes, *, case_ignored: bool
) -> Cause:
    if name not in last_applied:
        return Cause.OURS
    if same(observed.get(name), last_applied[name], case_ignored=case_ignored):
        return Cause.OURS
    if same(desired[name], last_applied[name], case_ignored=case_ignored):
        return Cause.DRIFT
    return Cause.BOTH


def _comparable(value: Value, *, case_ignored: bool) -> _Comparable:
    match value:
        case None | "" | ():
            return None
        case str():
            return _text(value, case_ignored=case_ignored)
        case tuple():
            return frozenset(_text(item, case_ignored=case_ignored) for item in value)
        case bool():
            return str(int(value))  # a table keeps a flag as 0 or 1
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case _:
            return str(value)


def _text(value: str, *, case_ignored: bool) -> str:
    return normalised(value) if case_ignored else unicodedata.normalize("NFC", value)
