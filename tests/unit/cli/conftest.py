"""A terminal with a Muster of its own."""

import os
from pathlib import Path

import pytest

from muster.cli import showing
from terminal import Terminal


@pytest.fixture
def muster(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line, typed in this process."""
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    for console in (showing.out, showing.err):  # as where nobody watches, wherever the tests run
        monkeypatch.setattr(console, "width", 160)
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path / "home"))
    return Terminal(folder=tmp_path, capsys=capsys, monkeypatch=monkeypatch)
