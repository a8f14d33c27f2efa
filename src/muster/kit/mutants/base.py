"""What the faulty connectors share."""

from typing import ClassVar

from muster.kit.memory import MemoryConnector, MemoryCore


class Mutating(MemoryCore):
    """A connector to the application in memory with one fault; ``breaks`` names a check that must find it."""

    breaks: ClassVar[str]


class Mutant(MemoryConnector, Mutating):
    """A faulty connector with every power."""
