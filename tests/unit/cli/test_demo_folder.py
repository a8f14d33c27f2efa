"""The demo's folder: whose files it removes, and whose never; and the company its story needs."""

from pathlib import Path

import pytest

from muster.cli.demo import company
from muster.cli.demo.folder import emptied
from muster.model import BadInput, NotFound
from terminal import Terminal

ACME = Path(__file__).parents[3] / "examples" / "acme"


def test_what_a_demo_left_is_removed(tmp_path: Path) -> None:
    """A folder the demo made is empty for the next one, whatever the last one left."""
    folder = tmp_path / "new" / "demo"
    with emptied(folder):
        (folder / "apps").mkdir()
        (folder / "apps" / "studio.db").write_text("rows", encoding="utf-8")
        (folder / "link").symlink_to(tmp_path)
        (tmp_path / "precious").write_text("mine", encoding="utf-8")
    with emptied(folder):
        left = [path.name for path in folder.iterdir()]

    assert left == [".muster-demo"]
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"


def test_what_somebody_else_keeps_is_not(muster: Terminal) -> None:
    """A folder with anybody's files is refused, and every file in it is as it was."""
    kept = muster.folder / "documents"
    kept.mkdir()
    (kept / "thesis.txt").write_text("years of work", encoding="utf-8")
    told = muster("demo", "--folder", str(kept))

    assert (told.code, told.out) == (4, "")
    assert "MUSTER-DEMO-FOLDER" in told.err
    assert (kept / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert [path.name for path in kept.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Where a file stands in the way the demo says so."""
    (tmp_path / "demo").write_text("a file", encoding="utf-8")

    with pytest.raises(BadInput, match="MUSTER-DEMO-FOLDER"), emptied(tmp_path / "demo"):
        pass


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    """While one demo runs in a folder, another is refused and removes nothing."""
    with emptied(tmp_path / "demo") as folder:
        (folder / "apps").mkdir()
        with pytest.raises(BadInput, match="Another demo runs in it"), emptied(folder):
            pass
        kept = (folder / "apps").is_dir()

    assert kept


@pytest.mark.parametrize(
    ("people", "rules", "says"),
    [
        (None, "", "people.csv"),
        ("userName\nana\n", None, "muster.yaml"),
        ("userName\nana\n", "", "displayName"),
        ((ACME / "people.csv").read_text(encoding="utf-8").replace("jonas.keller", "x"), "", "jonas.keller"),
        ("\ud800", "", "people.csv"),
    ],
    ids=["no people", "no rules", "columns", "no leaver", "not text"],
)
def test_another_company_is_no_example(
    muster: Terminal, people: str | None, rules: str | None, says: str
) -> None:
    """A folder that is not the example company is told in one problem, with what it lacks."""
    if people is not None:
        (muster.folder / "people.csv").write_bytes(people.encode(errors="surrogatepass"))
    if rules is not None:
        (muster.folder / "muster.yaml").write_text(rules, encoding="utf-8")
    told = muster("demo", "--examples", str(muster.folder), "--folder", str(muster.folder / "demo"))

    assert told.code == 4
    assert "MUSTER-DEMO-EXAMPLES" in told.err
    assert says in told.err
    assert not (muster.folder / "demo").exists()


def test_a_change_of_the_company_leaves_the_rest() -> None:
    """The next file differs from the one before in the values named, and in nothing else."""
    before = company.read(ACME, who=())
    after = company.read(ACME, who=()).changed("ana.ruiz", name__familyName="Ruiz-Keller")
    differing = [row for row, was in zip(after.rows, before.rows, strict=True) if row != was]

    assert [("ana.ruiz", "Ruiz-Keller")] == [(row["userName"], row["name.familyName"]) for row in differing]
    with pytest.raises(NotFound):
        company.read(ACME, who=("nobody",))
