"""A secret that cannot be printed by accident."""

from typing import Final, final


@final
class Secret:
    """A credential held in memory; every way of showing it shows ``***``.

    >>> token = Secret("s3cret")
    >>> f"{token} {token!r}"
    '*** ***'
    >>> token.reveal()
    's3cret'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: Final = value

    def reveal(self) -> str:
        """The secret itself; call it only where it leaves the process or is sealed."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str:
        msg = "a secret is never pickled"
        raise TypeError(msg)
