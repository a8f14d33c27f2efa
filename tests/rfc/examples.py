"""The examples that the SCIM RFCs print, each as a file with the words of the RFC, and read here.

The files are the RFC's own text, without page breaks. What it prints wrong or shortens is mended when an
example is read; ``MENDED`` and ``SHORTENED`` say where.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent

SHORTENED: Final = {
    "2819c223...919d-413861904646": "2819c223-7f76-453a-919d-413861904646",
    "2819c223-7f76-...413861904646": "2819c223-7f76-453a-919d-413861904646",
    "2819c223...413861904646": "2819c223-7f76-453a-919d-413861904646",
    "08e1d05d...473d93df9210": "08e1d05d-121c-4561-8b96-473d93df9210",
    "acbf3ae7-8463-...-9b4da3f908ce": "acbf3ae7-8463-4692-b4fd-9b4da3f908ce",
}
"""Ids with three dots in the middle, and the whole ids."""

_LEFT_OUT: Final = (("[{\n      ...\n   }]", "[]"),)
MENDED: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # The root query compares with words that are no JSON strings, which figure 1 does not allow.
    "rfc7644/3.4.2.1-root.filters": (("eq User", 'eq "User"'), ("eq Group", 'eq "Group"')),
    # Three dots stand for what is left out.
    "rfc7644/3.4.2.4-first-page-response.json": (("[{\n    ...\n  }]", "[]"),),
    "rfc7644/3.5.2-figure-6.json": (("},\n    ... + additional operations if needed ...\n", "}\n"),),
    "rfc7644/3.4.3-search-response.http": (("},\n     ...\n  ]", "}\n  ]"),),
    "rfc9865/2-first-page-response.http": _LEFT_OUT,
    "rfc9865/2-next-page-response.http": (*_LEFT_OUT, ('"previousCursor:', '"previousCursor":')),
    "rfc9865/2.3-default-response.http": _LEFT_OUT,
    "rfc9865/3-search-response.http": _LEFT_OUT,
    "rfc9865/4-config-response.http": (("      ...\n\n", ""), (",\n\n   ...\n}", "}")),
    # A string of a filter stands in quotes, and users at /Users.
    "rfc9865/2-first-page-request.http": (("sw%20J", "sw%20%22J%22"),),
    "rfc9865/2-next-page-request.http": (("sw%20J", "sw%20%22J%22"),),
    "rfc9865/3-search-request.http": (("/User/", "/Users/"),),
    # The object that is the value is not closed.
    "rfc7644/3.5.2.1-add-attributes-request.http": (('"nickname":"Babs"', '"nickname":"Babs"}'),),
    "rfc7644/3.5.2.3-replace-attributes-request.http": (('"nickname":"Babs"', '"nickname":"Babs"}'),),
    # Strings of a filter stand in double quotes.
    "rfc7644/3.7.1-circle-members-request.http": (("'Group'", '"Group"'),),
    # A status is a text, as the words of the section and all its other examples say.
    "rfc7644/3.7.2-member-response.http": (('{\n        "code": "201"\n      }', '"201"'),),
    # The list of operations stands in braces, and the schema is none.
    "rfc7644/3.7.3-changes-request.http": (
        ('"data": {[', '"data": ['),
        ("]}\n    },", "]\n    },"),
        ("urn:ietf:params:scim:api:messages:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:User"),
    ),
    # Three dots stand for headers.
    "rfc7644/3.7.4-too-large-request.http": (("\n...", ""),),
    # A comma is missing.
    "rfc7644/3.7.3-stopped-response.http": (('"scimType":"invalidSyntax"', '"scimType":"invalidSyntax",'),),
    "rfc7644/3.7.3-all-failed-response.http": (
        ('"scimType":"invalidSyntax"', '"scimType":"invalidSyntax",'),
    ),
    "rfc7644/3.7.3-failed-status.json": (
        ('"scimType":"invalidSyntax"', '"scimType":"invalidSyntax",'),
        # What is printed of an operation stands without its braces.
        ('"status": "400",\n"r', '{"status": "400",\n"r'),
        (" }\n", "}}"),
    ),
    "rfc7644/3.7.3-status.json": (('"status": "201"', '{"status": "201"}'),),
    "rfc7644/3.12-mutability-response.http": (('"scimType":"mutability"', '"scimType":"mutability",'),),
}
"""What is written, and what is meant, by file."""

_START: Final = re.compile(
    r"(?:(?P<method>[A-Z]+) (?P<target>/.*?)(?: +HTTP/1\.1)?|HTTP/1\.1 (?P<status>\d+) .*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One message: a request with ``method`` and ``target``, a response with ``status``, or a body alone."""

    method: str = ""
    target: str = ""
    status: int = 0
    headers: Mapping[str, str]
    body: Any = None


def names() -> list[str]:
    """The names of all files, as ``example`` takes them."""
    return sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("rfc*/*"))


def text(name: str) -> str:
    """The text of an example, mended."""
    found = (FOLDER / name).read_text()
    for written, meant in (*MENDED.get(name, ()), *SHORTENED.items()):
        found = found.replace(written, meant)
    return found


def example(name: str) -> Example:
    """The message of a file that ends in ``.http`` or ``.json``."""
    if name.endswith(".json"):
        return Example(headers={}, body=_json(text(name)))
    head, _, body = text(name).partition("\n\n")
    start, *lines = re.sub(r"\n +", " ", head.replace(":\n", ": ").rstrip()).split("\n")
    found = _START.fullmatch(start)
    if found is None:
        raise AssertionError(f"{name} begins with {start}")
    return Example(
        method=found["method"] or "",
        target=found["target"] or "",
        status=int(found["status"] or 0),
        headers=dict(map(_header, lines)),
        body=_json(body) if body.strip() else None,
    )


def _header(line: str) -> tuple[str, str]:
    """Name and value; one location stands in quotes, which URIs have not."""
    name, _, value = line.partition(":")
    return name, value.strip().removeprefix('"').removesuffix('"') if name == "Location" else value.strip()


def filters(name: str) -> list[str]:
    """The filters of a file that ends in ``.filters``, each on one line."""
    return [re.sub(r"\s+", " ", part).strip() for part in text(name).split("filter=") if part.strip()]


def paths(name: str) -> list[str]:
    """The paths of a file that ends in ``.paths``."""
    written = re.sub(r"\n +", " ", text(name))
    return [json.loads("{" + line + "}")["path"] for line in written.splitlines() if line.strip()]


def _json(written: str) -> Any:  # noqa: ANN401 - JSON
    """The value of a JSON text whose strings may run over lines, as the RFC prints descriptions."""
    return json.loads(written, strict=False)
