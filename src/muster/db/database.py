"""What both databases offer: a transaction given as a function, committed as a whole or not at all."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from muster.db.statement import Statement

Result = TypeVar("Result")


class Duplicate(Exception):
    """A unique value is taken; ``name`` is the index or columns the database named.

    The transaction in which it was raised cannot commit any more, even when its function catches the error.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"a unique value is taken: {name}")
        self.name = name


class Row(Protocol):
    """One row of an answer."""

    def __getitem__(self, column: str, /) -> Any:  # noqa: ANN401 - column values are what the schema says
        ...


class Transaction(Protocol):
    """One transaction. Its statements see each other; nobody else sees them until it commits."""

    async def all(self, statement: Statement, /, **parameters: Any) -> list[Row]:  # noqa: ANN401
        """Every row of the answer."""
        ...

    async def one(self, statement: Statement, /, **parameters: Any) -> Row | None:  # noqa: ANN401
        """The first row of the answer, if any."""
        ...

    async def run(self, statement: Statement, /, **parameters: Any) -> int:  # noqa: ANN401
        """Carry it out; the number of rows it touched.

        Raises:
            Duplicate: a unique value is taken.
        """
        ...

    async def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]], /) -> None:
        """Carry it out once for each set of parameters."""
        ...

    def announce(self) -> None:
        """Once committed, wake everybody who waits for new work, in this process and in others.

        Only a hint.
        """
        ...


class Database(Protocol):
    """An open database. The function given may be run again from its start.

    So it must act only through its transaction.
    """

    dialect: str  # "sqlite" or "postgresql"; for doctor and metrics, not for decisions

    async def read(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Run the function on one committed state of the data."""
        ...

    async def write(self, work: Callable[[Transaction], Awaitable[Result]], /) -> Result:
        """Run the function and commit; the answer is given only when the commit is durable.

        Raises:
            Unavailable: the database cannot be reached or cannot store more; nothing was committed.
        """
        ...

    def on_announcement(self, callback: Callable[[], None], /) -> Callable[[], None]:
        """Call back, soon, after any process announced new work; gives the function that ends it."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of every connection."""
        ...
