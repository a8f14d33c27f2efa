"""Faulty connectors: the tests of the contract suite.

Each is the connector to the application in memory with one fault that a real connector has had or could have.
The suite must find every one of them; ``BREAKS`` names, for each, a check that has to.
"""

from collections.abc import Callable, Mapping
from typing import Final

from muster.kit.contract import Connector
from muster.kit.memory import MemoryTarget
from muster.kit.mutants import creating, manners, powers, reading, truth, updating
from muster.kit.mutants.base import Mutating

_ALL: Final = (
    *truth.MUTANTS,
    *reading.MUTANTS,
    *creating.MUTANTS,
    *updating.MUTANTS,
    *powers.MUTANTS,
    *manners.MUTANTS,
)


def _maker(mutant: type[Mutating]) -> Callable[[], Connector]:
    return lambda: mutant(MemoryTarget())


FAULTY: Final[Mapping[str, Callable[[], Connector]]] = {each.__name__: _maker(each) for each in _ALL}
BREAKS: Final[Mapping[str, str]] = {each.__name__: each.breaks for each in _ALL}
SECRET: Final = truth.SECRET  # what one of them tells

__all__ = ["BREAKS", "FAULTY", "SECRET"]
