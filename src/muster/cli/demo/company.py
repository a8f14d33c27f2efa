"""The people of the example company, read with nothing but the standard library.

And the changes the story makes.
"""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from muster.model import NotFound, Problem

_NEEDED: Final = ("userName", "displayName", "name.givenName", "name.familyName", "department", "groups")


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


def read(folder: Path, *, who: Collection[str]) -> Company:
    """The people of ``people.csv``, among them those the story is about.

    Raises:
        NotFound: the folder is not the example company.
    """
    for name in ("people.csv", "muster.yaml"):
        if not (folder / name).is_file():
            raise _not_there(folder / name, "There is no such file")
    path = folder / "people.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = tuple(dict(row) for row in reader)
            company = Company(columns=tuple(reader.fieldnames or ()), rows=rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _not_there(path, str(error)) from error
    missing = [column for column in _NEEDED if column not in company.columns]
    missing += [name for name in who if name not in {row.get("userName") for row in rows}]
    if missing:
        raise _not_there(path, f"The story needs {', '.join(missing)} in it")
    return company


def _not_there(path: Path, why: str) -> NotFound:
    return NotFound(
        Problem(
            code="MUSTER-DEMO-EXAMPLES",
            what="The example company is not there",
            where=str(path),
            why=why,
            next_step="run the demo from a checkout of Muster, or give the folder: "
            "muster demo --examples FOLDER",
        )
    )
