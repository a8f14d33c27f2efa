"""What apps, sources and rules may be called."""

import re
from typing import Final

from muster.model import BadInput, Problem

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


def checked_name(name: str, *, what: str) -> str:
    """The name itself, if it is one.

    Raises:
        BadInput: it is not lower-case letters, digits and hyphens, beginning with a letter, at most 63.
    """
    if _NAME.fullmatch(name):
        return name
    raise BadInput(
        Problem(
            code="MUSTER-NAME",
            what=f"This cannot be the name of a {what}",
            where=name[:80],
            why="A name is lower-case letters, digits and hyphens, begins with a letter, "
            "and has at most 63 characters",
            next_step="choose another name",
        )
    )
