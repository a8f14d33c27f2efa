"""The people of the example company, read with nothing but the standard library.

And the changes the story makes.
"""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

from muster.model import NotFound, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The table of people, as rows by column name."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def person(self, user_name: str) -> dict[str, str]:
        """The row of a person."""
        return next(row for row in self.rows if row["userName"] == user_name)

    def changed(self, user_name: str, **values: str) -> "Company":
        """The company with other values for one person; underscores stand for dots in column names."""
        said = {name.replace("__", "."): value for name, value in values.items()}
        rows = tuple({**row, **said} if row["userName"] == user_name else row for row in self.rows)
        return replace(self, rows=rows)

    def as_csv(self) -> bytes:
        """The table as a file."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns)
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().encode()


def read(folder: Path) -> Company:
    """The people of ``people.csv``.

    Raises:
        NotFound: the folder has no such file.
    """
    path = folder / "people.csv"
    if not path.is_file():
        raise NotFound(
            Problem(
                code="MUSTER-DEMO-EXAMPLES",
                what="The example company is not there",
                where=str(path),
                next_step="run the demo from a checkout of Muster, or give the folder: "
                "muster demo --examples FOLDER",
            )
        )
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = tuple(dict(row) for row in reader)
        return Company(columns=tuple(reader.fieldnames or ()), rows=rows)
