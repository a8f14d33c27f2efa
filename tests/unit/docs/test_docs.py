"""The documentation says what is there, all of it, and nothing else."""

import ast
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
import typer.main

import muster.model
from muster.audit import Action, Result
from muster.bootstrap import Installed, MusterSettings
from muster.cli.acting import Exit
from muster.cli.root import root
from muster.db.tables import metadata
from muster.kit.contract import Power
from muster.kit.manifest import AttributeManifest, CallLimits, KindManifest, Manifest
from muster.kit.settings import Setting
from muster.model import Limits, Removal
from muster.scim.dialects import TOLERANCES

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "src" / "muster"
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"

MADE = {"__pycache__", "_build", "build", "dist", "htmlcov", "node_modules", "results"}
CODE = re.compile(r"MUSTER-[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
VARIABLE = re.compile(r"\bMUSTER_[A-Z_]*[A-Z]\b")
IN_CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+)\)")
FUNCTION = re.compile(r"[a-z_/0-9]+\.py:[A-Za-z_.0-9]+")
OPTION = re.compile(r"--[a-z][a-z-]*")


@cache
def text(path: Path) -> str:
    """What a file says."""
    return path.read_text(encoding="utf-8")


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, without what can be made again."""
    found: list[Path] = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in MADE and (name[0] != "." or name == ".ci")]
        found += [Path(folder, name) for name in names]
    return tuple(sorted(found))


def pages() -> list[Path]:
    """Every Markdown page of the project, but the fragments of the change log."""
    return [path for path in files() if path.suffix == ".md" and path.parent.name != "changelog.d"]


def rows(page: str) -> set[str]:
    """What stands in code font at the beginning of table rows of a reference page."""
    return set(re.findall(r"^ *\| `([^`]+)`", text(REFERENCE / page), re.MULTILINE))


def section(page: Path, heading: str) -> str:
    """The part of a page under one heading, up to the next of the same rank."""
    found = re.search(
        rf"^({re.escape(heading)}\n.*?)(?=^{heading.split(maxsplit=1)[0]} |\Z)",
        text(page),
        re.DOTALL | re.MULTILINE,
    )
    return "" if found is None else found.group(1)


def settings() -> set[str]:
    """Every environment variable."""
    return {f"MUSTER_{name.upper()}" for name in MusterSettings.model_fields}


@cache
def codes_in_use() -> set[str]:
    """Every stable error code in the source."""
    return {code for path in SOURCE.rglob("*.py") for code in CODE.findall(text(path))}


def make_targets() -> set[str]:
    """Every target of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))


class Command:
    """One command of the tree, by its words."""

    def __init__(self, words: str, given: object) -> None:
        self.words = words
        parameters = getattr(given, "params", [])
        self.options = {
            name for parameter in parameters for name in parameter.opts if name.startswith("--")
        } - {"--help"}


def commands() -> dict[str, Command]:
    """Every command that can be given, and ``muster`` itself."""

    def walk(words: str, given: object) -> Iterator[Command]:
        below = getattr(given, "commands", None)
        if below is None:
            yield Command(words, given)
            return
        for name, inner in below.items():
            yield from walk(f"{words} {name}", inner)

    tree = typer.main.get_command(root)
    return {"muster": Command("muster", tree), **{one.words: one for one in walk("muster", tree)}}


COMMANDS = commands()


# -- what the program has stands in the reference ---------------------------------------------------------


def test_every_setting_is_described() -> None:
    """The settings page has a row for each environment variable and for no other."""
    assert rows("settings.md") == settings()


def test_every_setting_is_described_with_its_default() -> None:
    """The default that the settings page names is the one that holds."""
    wrong = {
        name: field.default
        for name, field in MusterSettings.model_fields.items()
        if f"| `MUSTER_{name.upper()}` | {f'`{field.default}`' if str(field.default) else 'empty'} |"
        not in text(REFERENCE / "settings.md")
    }

    assert {} == wrong


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_is_described_with_its_options(words: str) -> None:
    """A command has a section of its own, with a row for each of its options and for no other."""
    said = section(REFERENCE / "commands.md", f"## {words}")
    options = set(re.findall(r"^\| `(--[a-z-]+)`", said, re.MULTILINE)) - {"--help"}

    assert said
    assert options == COMMANDS[words].options


def test_every_described_command_is_one() -> None:
    """The commands page has no section for a command that is not there."""
    described = set(re.findall(r"^## (muster.*)$", text(REFERENCE / "commands.md"), re.MULTILINE))

    assert described == set(COMMANDS)


def test_every_exit_code_is_described() -> None:
    """Each exit code stands in the table with its name."""
    said = section(REFERENCE / "commands.md", "## Exit codes")
    described = re.findall(r"^\| (\d) \| `([A-Z_]+)`", said, re.MULTILINE)

    assert described == [(str(code.value), code.name) for code in Exit]


def test_every_error_code_is_described() -> None:
    """Each stable code in the source has a row, and no other has one."""
    assert rows("error-codes.md") == codes_in_use()


def test_every_action_and_result_of_the_log_is_described() -> None:
    """Each action and each result has a row on the page about the log."""
    page = REFERENCE / "log.md"
    actions = re.findall(r"^\| `([^`]+)`", section(page, "## Actions"), re.MULTILINE)
    results = re.findall(r"^\| `([^`]+)`", section(page, "## Results"), re.MULTILINE)

    assert actions == [action.value for action in Action]
    assert results == [result.value for result in Result]


def test_every_connector_and_power_is_described() -> None:
    """Each installed connector and each power has a row, and each connector a page."""
    installed = set(Installed())
    described = set(re.findall(r"^\| \[`([a-z-]+)`\]", text(REFERENCE / "connectors.md"), re.MULTILINE))
    powers = re.findall(r"^\| `([^`]+)`", section(REFERENCE / "connectors.md", "## Powers"), re.MULTILINE)

    assert described == installed
    assert {path.stem for path in REFERENCE.glob("connector-*.md")} == {
        f"connector-{name}" for name in installed
    }
    assert powers == [power.value for power in Power]


@pytest.mark.parametrize(
    ("heading", "described"),
    [
        ("## The manifest", Manifest),
        ("### A setting", Setting),
        ("### A kind", KindManifest),
        ("### An attribute", AttributeManifest),
        ("### Limits", CallLimits),
    ],
)
def test_every_key_of_a_manifest_is_described(heading: str, described: type) -> None:
    """Each key a manifest may hold has a row under its heading."""
    said = section(REFERENCE / "connectors.md", heading).partition("\n###")[0]
    keys = set(re.findall(r"^\| `([a-z_]+)`", said, re.MULTILINE))

    assert keys == {field.name for field in fields(described)}


def test_every_limit_and_removal_of_an_app_is_described() -> None:
    """The page about the configuration file knows each limit with its default, and each way of removal."""
    page = REFERENCE / "configuration-file.md"
    limits = dict(re.findall(r"^\| `([a-z_]+)` \| `([0-9.]+)`", section(page, "### `limits`"), re.MULTILINE))

    assert limits == {field.name: str(field.default) for field in fields(Limits)}
    assert [removal for removal in Removal if f"`{removal.value}`" not in text(page)] == []


def test_every_table_and_column_is_described() -> None:
    """Each table has a section that names its columns, and no others in front of the remarks."""
    page = REFERENCE / "tables.md"
    described = {
        name: {
            word
            for word in IN_CODE.findall(re.sub(r"\([^()]*\)", "", section(page, f"## `{name}`")))
            if word != name
        }
        for name in re.findall(r"^## `([a-z_]+)`$", text(page), re.MULTILINE)
    }
    described["audit"] -= {"alembic_version", "migration_turn"}

    assert described == {table.name: set(table.columns.keys()) for table in metadata.sorted_tables}


def test_every_tolerance_of_the_scim_endpoint_is_described() -> None:
    """The table of what is tolerated has a row for each, with what, by whom and whether it is a choice."""
    said = section(REFERENCE / "scim.md", "## Tolerated")
    accepted = {
        (True, True): "always",
        (False, True): "unless switched off",
        (False, False): "if switched on",
    }

    assert re.findall(r"^\| (`.*) \|$", said, re.MULTILINE) == [
        " | ".join(
            (
                f"`{tolerance.name}`",
                tolerance.what,
                ", ".join(tolerance.senders),
                accepted[tolerance.harmless, tolerance.usual],
            )
        )
        for tolerance in TOLERANCES
    ]


def test_every_noun_is_in_the_glossary() -> None:
    """Each public name of the model is explained, and the glossary explains no name that is gone."""
    terms = re.findall(r"^(.*)\n: ", text(DOCS / "glossary.md"), re.MULTILINE)
    explained = {word for term in terms for word in IN_CODE.findall(term) if word[0].isupper()}

    assert explained == set(muster.model.__all__)


# -- what the pages name is there --------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_there_is(page: Path) -> None:
    """Every command, option, variable, error code and make target on a page exists."""
    said = text(page)
    codes = set(CODE.findall(said)) - codes_in_use()
    variables = set(VARIABLE.findall(said)) - settings()
    targets = set(re.findall(r"`make ([a-z-]+)", said)) - make_targets()
    wrong = [line for line in command_lines(said) if not is_a_command(line)]

    assert (codes, variables, targets, wrong) == (set(), set(), set(), [])


def command_lines(said: str) -> Iterator[str]:
    """Every use of ``muster`` in code: lines of blocks, and words in code font."""
    for block in FENCED.findall(said):
        yield from (line.strip() for line in block.splitlines() if line.strip().startswith("muster "))
    prose = FENCED.sub("", said)
    yield from (words for words in IN_CODE.findall(prose) if words.startswith("muster "))


def is_a_command(line: str) -> bool:
    """Whether the line begins with a command there is, and gives it only options it has."""
    words = [word for word in shlex.split(line, comments=True) if word != "…"]
    options = {option for word in words if OPTION.fullmatch(option := word.partition("=")[0])} - {"--help"}
    named = [word for word in words if not word.startswith("-")]
    for length in (3, 2):
        command = COMMANDS.get(" ".join(named[:length]))
        if command is not None:
            return options <= command.options
    alone = len(named) == 1 or named[1] == "COMMAND"
    group = len(named) == 2 and any(words.startswith(f"{' '.join(named)} ") for words in COMMANDS)
    return (alone or group) and options <= COMMANDS["muster"].options


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_links_only_to_what_there_is(page: Path) -> None:
    """Every relative link leads to a file, and its fragment to a heading of it."""
    wrong = [
        target
        for target in LINK.findall(FENCED.sub("", text(page)))
        if "://" not in target and not target.startswith("mailto:") and not leads_somewhere(page, target)
    ]

    assert [] == wrong


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether a link from the page leads to a file and to one of its headings."""
    name, _, fragment = target.partition("#")
    path = page if not name else (page.parent / name).resolve()
    if not path.exists():
        return False
    return not fragment or (path.suffix == ".md" and fragment in headings(path))


def headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    found = re.findall(r"^#+ (.*)$", FENCED.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in found}


def test_every_page_is_in_the_contents() -> None:
    """Every page below ``docs`` stands in a table of contents, and every entry of one is a page."""
    listed = {DOCS / "index.md"}
    for page in DOCS.rglob("*.md"):
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE):
            entries = [line.strip() for line in block.splitlines() if line.strip() and line[0] != ":"]
            globbed = ":glob:" in block
            for entry in entries:
                listed |= set(page.parent.glob(f"{entry}.md")) if globbed else {page.parent / f"{entry}.md"}

    assert listed == {page for page in DOCS.rglob("*.md") if "_build" not in page.parts}


def test_every_path_in_the_architecture_is_there() -> None:
    """Each path that ARCHITECTURE.md names in code font is a file or a folder."""
    words = IN_CODE.findall(text(ROOT / "ARCHITECTURE.md"))
    named = {word for word in words if word.startswith(("src/", "docs/", "examples/", "tests/"))}

    assert [word for word in sorted(named) if not (ROOT / word).exists()] == []
    assert named


def test_every_package_is_in_the_architecture() -> None:
    """Each package has its line, and no line is about one that is gone."""
    packages = {f"src/muster/{path.parent.name}" for path in SOURCE.glob("*/__init__.py")}
    line = re.compile(r"^\| `(src/muster/[a-z]+)` \| .* \|$", re.MULTILINE)
    described = set(line.findall(text(ROOT / "ARCHITECTURE.md")))

    assert described == packages


def test_every_function_on_the_way_is_there() -> None:
    """Each ``file:function`` in the life of a change is defined in that file."""
    named = set(FUNCTION.findall(text(DOCS / "life-of-a-change.md")))

    assert [name for name in sorted(named) if not is_defined(name)] == []
    assert named


def is_defined(name: str) -> bool:
    """Whether ``path:Class.method`` or ``path:function`` is defined there."""
    file, _, qualified = name.partition(":")
    path = SOURCE / file
    if not path.is_file():
        return False
    body = ast.parse(text(path)).body
    for part in qualified.split("."):
        found = [
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == part
        ]
        if not found:
            return False
        body = found[0].body
    return True


def test_every_path_of_the_tests_that_is_explained_is_there() -> None:
    """Each path that the page about testing names is a file or a folder."""
    named = {word for word in IN_CODE.findall(text(DOCS / "explanation" / "testing.md")) if "/" in word}

    assert [word for word in sorted(named) if not (ROOT / word).exists()] == []
    assert named


def test_nothing_speaks_of_the_machine_it_was_made_on() -> None:
    """No file names a folder of somebody's machine, which nobody else has."""
    places = "work|tmp|root|home/[a-z]+|opt|mnt"
    machine = re.compile(rf"(?<![\w.-]){'/'}(?:{places})/", re.ASCII)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        for number, line in enumerate(lines_of(path), start=1)
        if machine.search(line)
    ]

    assert [] == found


def lines_of(path: Path) -> list[str]:
    """The lines of a text file; none of another file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
