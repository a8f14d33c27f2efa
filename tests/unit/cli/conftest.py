"""A terminal with a Muster of its own."""

import os
from pathlib import Path

import pytest

from terminal import Terminal


@pytest.fixture
def muster(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line, typed in this process."""
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path / "home"))
    return Terminal(folder=tmp_path, capsys=capsys, monkeypatch=monkeypatch)
