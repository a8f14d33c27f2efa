"""The plugin as people meet it: pytest in a process of its own, with Muster installed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from muster.pytest.dialects import Dialects
from muster.pytest.server import ScimServer, serving

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "test-your-scim-application.md"
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on a folder, without what this project configures."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_examples_of_the_page_pass(tmp_path: Path) -> None:
    """Each example on the how-to page is a test file that passes as it stands."""
    examples = PYTHON.findall(PAGE.read_text(encoding="utf-8"))
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example, encoding="utf-8")
    ran = run(tmp_path)

    assert len(examples) == 2
    assert (0, "3 passed") == (ran.returncode, ran.stdout.splitlines()[-1].partition(" in ")[0]), ran.stdout


def test_the_plugin_costs_nothing_where_it_is_not_used(tmp_path: Path) -> None:
    """The fixtures are offered, and no part of Muster has been imported beside the plugin itself."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_nothing_is_there(pytestconfig):\n"
        "    assert pytestconfig.pluginmanager.has_plugin('muster')\n"
        "    ours = [name for name in sys.modules if name.partition('.')[0] == 'muster']\n"
        "    assert sorted(ours) == ['muster', 'muster.pytest']\n",
        encoding="utf-8",
    )
    ran = run(tmp_path)

    assert 0 == ran.returncode, ran.stdout
    assert "scim_server" in run(tmp_path, "--fixtures").stdout


def test_the_plugin_can_be_left_out(tmp_path: Path) -> None:
    """``-p no:muster`` takes the fixtures away."""
    (tmp_path / "test_it.py").write_text("def test_it(scim_server): pass\n", encoding="utf-8")
    ran = run(tmp_path, "-p", "no:muster")

    assert 1 == ran.returncode
    assert "fixture 'scim_server' not found" in ran.stdout


def test_servers_are_apart(scim_server: ScimServer, dialect: Dialects, tmp_path: Path) -> None:
    """Two servers at one time have addresses, tokens and people of their own."""
    with serving(tmp_path) as other:
        dialect.google(scim_server.url, scim_server.token).create_user("ada")
        found = [user["userName"] for user in scim_server.users()]

        assert scim_server.url != other.url
        assert scim_server.token != other.token
        assert (["ada"], []) == (found, other.users())
        assert scim_server.token not in repr(scim_server)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """What keeps the server from starting is raised in the test, not swallowed in the thread."""
    (tmp_path / "seal.key").write_bytes(b"no key")
    with pytest.raises(Exception, match=r"seal\.key|key"), serving(tmp_path):
        pass
