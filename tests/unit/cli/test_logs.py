"""Where the log goes."""

import io
import sys

import pytest
import structlog

from muster.cli import logs


def test_the_log_goes_where_standard_error_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that was standard error once, and is closed, ends nothing."""
    monkeypatch.setattr(sys, "stderr", first := io.StringIO())
    logs.configure("warning")
    log = structlog.get_logger("muster.test")
    log.warning("said first")
    told = first.getvalue()
    first.close()
    monkeypatch.setattr(sys, "stderr", second := io.StringIO())
    log.warning("said later")

    assert "said first" in told
    assert "said later" in second.getvalue()
