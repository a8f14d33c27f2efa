"""Every example that the RFCs print is here, and every one that is here is tried."""

from pathlib import Path
from typing import Final

from rfc.examples import MENDED, SHORTENED, example, filters, names, paths, text

# Made by reading the RFCs from the first page to the last: section → what it prints.
INDEX: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "rfc7643": {
        "8.1": ("minimal-user.json",),
        "8.2": ("full-user.json",),
        "8.3": ("enterprise-user.json",),
        "8.4": ("group.json",),
        "8.5": ("service-provider-config.json",),
        "8.6": ("resource-types.json",),
        "8.7.1": ("schemas.json",),
        "8.7.2": ("schemas.json",),
    },
    "rfc7644": {
        "3.3": ("create-request.http", "create-response.http"),
        "3.4.1": ("get-request.http", "get-response.http"),
        "3.4.2": ("user-names-request.http", "user-names-response.http"),
        "3.4.2.1": ("root.filters",),
        "3.4.2.2": ("figure-1.abnf", "figure-2.filters", "letter-case.filters"),
        "3.4.2.4": ("first-page-request.http", "first-page-response.json"),
        "3.4.3": ("search-request.http", "search-response.http"),
        "3.5.1": ("replace-request.http", "replace-response.http"),
        "3.5.2": ("figure-6.json", "figure-8.paths"),
        "3.5.2.1": ("add-attributes-request.http", "add-member-request.http", "add-member-response.http"),
        "3.5.2.2": (
            "exchange-member-request.http",
            "exchange-members-request.http",
            "remove-email.json",
            "remove-member-request.http",
            "remove-members-request.http",
        ),
        "3.5.2.3": (
            "replace-address-request.http",
            "replace-attributes-request.http",
            "replace-members-request.http",
            "replace-street-request.http",
        ),
        "3.6": (
            "delete-request.http",
            "delete-response.http",
            "get-deleted-request.http",
            "get-deleted-response.http",
        ),
        "3.7.1": ("circle-request.http", "circle-members-request.http", "circle-members-response.http"),
        "3.7.2": (
            "member-request.http",
            "member-response.http",
            "tour-guides-response.http",
            "manager-request.http",
        ),
        "3.7.3": (
            "changes-request.http",
            "changes-response.http",
            "stopped-response.http",
            "all-failed-response.http",
            "failed-status.json",
            "status.json",
        ),
        "3.7.4": ("too-large-request.http", "too-large-response.http"),
        "3.8": ("suffix-request.http",),
        "3.9": ("attributes-request.http", "attributes-response.http"),
        "3.12": ("mutability-response.http", "not-found-response.http"),
        "3.14": ("create-request.http", "create-response.http", "not-modified-request.http"),
        "4": ("resource-types.json",),
        "7.5.2": ("sensitive-response.http",),
    },
    "rfc9865": {
        "2": (
            "first-page-request.http",
            "first-page-response.http",
            "next-page-request.http",
            "next-page-response.http",
        ),
        "2.3": ("default-request.http", "default-response.http"),
        "3": ("search-request.http", "search-response.http"),
        "4": ("config-request.http", "config-response.http"),
    },
}
LISTED: Final = sorted(
    f"{rfc}/{section}-{name}"
    for rfc, sections in INDEX.items()
    for section, found in sections.items()
    for name in found
)


def test_every_example_is_here() -> None:
    """The files are those of the index."""
    assert LISTED == names()


def test_every_example_is_tried() -> None:
    """Each file is named in a test."""
    sources = [path for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_index.py"]
    tried = "\n".join(path.read_text() for path in sources)
    forgotten = [
        name
        for name in LISTED
        if name.split("/")[1].rpartition(".")[0].removesuffix("-request").removesuffix("-response")
        not in tried
    ]

    assert [] == forgotten


def test_every_example_can_be_read() -> None:
    """Each is a message, a JSON text, or lines of filters or paths, once it is mended."""
    readers = {".http": example, ".json": example, ".filters": filters, ".paths": paths, ".abnf": text}
    for name in LISTED:
        assert readers[Path(name).suffix](name), name


def test_only_what_is_wrong_is_mended() -> None:
    """What is to be replaced stands in the files; nothing is replaced that is not there."""
    printed = {name: (Path(__file__).parent / name).read_text() for name in LISTED}

    assert [] == [
        (name, written) for name in MENDED for written, _ in MENDED[name] if written not in printed[name]
    ]
    assert [] == [short for short in SHORTENED if not any(short in words for words in printed.values())]
