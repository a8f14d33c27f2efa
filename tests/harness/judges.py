"""Programs by other authors that judge a SCIM server, run as their authors meant: from the command line.

Each has an environment of its own, made from ``requirements/apps/NAME.txt`` when first needed.
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from muster.cli.demo.applications import CACHE, Application, install

WITHIN: Final = 240.0  # seconds; a judge takes a few on an idle machine

SCIM2_CLI: Final = Application(
    name="scim2-cli",
    title="scim2-cli 0.6 with scim2-tester 0.5",
    path="",
    command=("{bin}/scim2", "--url", "{url}", "test", "--verbose"),
    environment={"SCIM_CLI_HEADERS": "Authorization: Bearer {token}"},
)
SCIM_SANITY: Final = Application(
    name="scim-sanity",
    title="scim-sanity 0.7",
    path="",
    command=(
        *("{bin}/scim-sanity", "probe", "{url}", "--token={token}"),
        *("--strict", "--i-accept-side-effects", "--json-output"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a judge found in one check: its own word for the result, the check, and what it said about it."""

    result: str
    check: str
    said: str


def scim2_tester(url: str, token: str) -> list[Verdict]:
    """What scim2-tester finds at the SCIM endpoint, one verdict for each check it made."""
    said = _told(SCIM2_CLI, {"url": url, "token": token})
    return [
        Verdict(result=found["result"], check=found["check"], said=found["said"].strip())
        for found in re.finditer(
            r"^(?P<result>[A-Z]+) (?P<check>\S+)\n(?P<said>(?: .*\n)*)", said, re.MULTILINE
        )
    ]


def scim_sanity(url: str, token: str) -> list[Verdict]:
    """What scim-sanity finds at the SCIM endpoint by its strict rules, one verdict for each check."""
    said = _told(SCIM_SANITY, {"url": url, "token": token})
    return [
        Verdict(result=found["status"], check=found["name"], said=found.get("message") or "")
        for found in json.loads(said)["results"]
    ]


def _told(judge: Application, values: Mapping[str, str]) -> str:
    """What the judge writes to its standard output; how it ends depends on what it found."""
    programs = install(judge, CACHE)
    done = subprocess.run(
        [part.format(bin=programs, **values) for part in judge.command],
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            **{name: value.format(**values) for name, value in judge.environment.items()},
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    if not done.stdout.strip():
        raise AssertionError(done.stderr)
    return done.stdout
