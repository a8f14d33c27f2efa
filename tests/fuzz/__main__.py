"""Fuzz with atheris: ``make fuzz``, or ``python -m tests.fuzz filter --seconds 600``.

Finds are written to ``.cache/fuzz``; put them into the corpus when they are mended.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

FOLDER: Final = Path(__file__).parent
FINDS: Final = FOLDER.parents[1] / ".cache/fuzz"


def main() -> int:
    """0 when no target found anything."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Make input up and look who breaks."
    )
    parser.add_argument("targets", nargs="*", help="filter, path, body; without any, one after the other")
    parser.add_argument("--runs", type=int, default=-1, help="of each target")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.in_this_process:
        fuzz(asked.targets[0], runs=asked.runs, seconds=asked.seconds)
    ended = [_apart(name, asked.runs, asked.seconds) for name in asked.targets or ("filter", "path", "body")]
    return max(ended)


def _apart(name: str, runs: int, seconds: int) -> int:
    """Fuzz in a process of its own, because libFuzzer ends the one it runs in."""
    limits = [f"--runs={runs}", f"--seconds={seconds}"]
    command = [sys.executable, "-m", "tests.fuzz", name, *limits, "--in-this-process"]
    return subprocess.run(command, check=False).returncode


def fuzz(name: str, *, runs: int, seconds: int) -> None:
    """Fuzz the target within these limits, and end the process."""
    import atheris  # noqa: PLC0415 - only here: the corpus is tried without it

    with atheris.instrument_imports(include=["muster"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented while it is imported

    with tempfile.TemporaryDirectory(prefix="muster-fuzz-") as grown:
        options = [
            f"-runs={runs}",
            f"-max_total_time={seconds}",
            "-max_len=4096",
            "-timeout=20",
            "-rss_limit_mb=2048",
        ]
        places = [grown, str(FOLDER / "corpus" / name)]
        words = f"-dict={FOLDER / 'scim.dict'}"
        FINDS.mkdir(parents=True, exist_ok=True)
        prefix = f"-artifact_prefix={FINDS}/{name}-"
        atheris.Setup([sys.argv[0], *options, words, prefix, *places], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
