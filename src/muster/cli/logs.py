"""Structured logs to standard error; standard output belongs to what a command gives."""

import logging
import sys

import structlog

from muster.model import BadInput, Problem

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str) -> None:
    """Log this and what is graver.

    Raises:
        BadInput: there is no such level.
    """
    if level.lower() not in _LEVELS:
        raise BadInput(
            Problem(
                code="MUSTER-SETTINGS",
                what="There is no such log level",
                where="MUSTER_LOG_LEVEL",
                why=f"Levels are: {', '.join(_LEVELS)}",
                next_step="correct the environment variable",
            )
        )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level.lower()]),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        # Asked for at every line: whoever redirects standard error later gets what is said later.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
