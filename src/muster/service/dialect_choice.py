"""What one source may do beside the letter of SCIM, as an operator chooses it.

Only what differs from the usual is kept.
What is not chosen follows the usual of this version of Muster (``muster.scim.dialects``).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from muster.model import BadInput, Problem, Source
from muster.scim.dialects import CHOICES, USUAL, Dialect, Unknown, tolerating

STRICT: Final = Dialect(tolerated=frozenset(), unknown=Unknown.REFUSE, unknown_extensions=Unknown.REFUSE)
_UNKNOWN: Final = "unknown"
_UNKNOWN_EXTENSIONS: Final = "unknown-extensions"


class Base(StrEnum):
    """Where to begin when a dialect is chosen."""

    USUAL = "usual"
    STRICT = "strict"


class Answer(StrEnum):
    """What becomes of a form that is a choice."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What an operator says about a source; what is not said stays as it is."""

    base: Base | None = None
    accept: frozenset[str] = frozenset()
    refuse: frozenset[str] = frozenset()
    unknown: Unknown | None = None
    unknown_extensions: Unknown | None = None

    def applied(self, dialect: Dialect) -> Dialect:
        """The dialect after this was said.

        Raises:
            BadInput: there is no such tolerance to choose, or one is to be accepted and refused.
        """
        if both := self.accept & self.refuse:
            raise _no_choice(f"{', '.join(sorted(both))} cannot be accepted and refused")
        start = {None: dialect, Base.USUAL: USUAL, Base.STRICT: STRICT}[self.base]
        try:
            accepted, refused = tolerating(self.accept), tolerating(self.refuse)
        except ValueError as error:
            raise _no_choice(str(error)) from error
        return replace(
            start,
            tolerated=(start.tolerated | accepted) - refused,
            unknown=self.unknown or start.unknown,
            unknown_extensions=self.unknown_extensions or start.unknown_extensions,
        )


NOTHING_SAID: Final = Choice()


def dialect_of(source: Source) -> Dialect:
    """What the source may do."""
    return _dialect(tuple(source.dialect.items())) if source.dialect else USUAL


@lru_cache(maxsize=1_000)
def _dialect(chosen: tuple[tuple[str, str], ...]) -> Dialect:
    said = {**words_of(USUAL), **dict(chosen)}
    return Dialect(
        tolerated=frozenset(one for name, one in CHOICES.items() if said[name] == Answer.ACCEPT),
        unknown=Unknown(said[_UNKNOWN]),
        unknown_extensions=Unknown(said[_UNKNOWN_EXTENSIONS]),
    )


def words_of(dialect: Dialect) -> dict[str, str]:
    """Every choice, in words."""
    answers = {
        name: Answer.ACCEPT if dialect.takes(tolerance) else Answer.REFUSE
        for name, tolerance in CHOICES.items()
    }
    return {
        _UNKNOWN: dialect.unknown.value,
        _UNKNOWN_EXTENSIONS: dialect.unknown_extensions.value,
        **{name: answer.value for name, answer in answers.items()},
    }


def chosen(dialect: Dialect) -> dict[str, str]:
    """The choices that differ from the usual, as they are stored."""
    usual = words_of(USUAL)
    return {name: word for name, word in words_of(dialect).items() if word != usual[name]}


def check(source: Source) -> None:
    """Pass when the source can have its dialect.

    Raises:
        BadInput: it does not speak SCIM.
    """
    if source.type != "scim" and source.dialect:
        raise _no_choice(f"{source.name} is a source of type {source.type}, which does not speak SCIM")


def _no_choice(why: str) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-SOURCE-DIALECT",
            what="This cannot be chosen for the source",
            why=why,
            next_step="`muster source show NAME` shows what can be chosen",
        )
    )
