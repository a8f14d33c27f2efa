"""The demo's own folder: made anew every time, and never one that holds anything else."""

import contextlib
import fcntl
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Final

from muster.model import BadInput, Problem

_MARK: Final = ".muster-demo"
_SAYS: Final = "`muster demo` made this folder and empties it whenever it runs.\n"


@contextlib.contextmanager
def emptied(folder: Path) -> Generator[Path]:
    """The folder is there, empty, and no other demo has it while the context lasts.

    Raises:
        BadInput: it holds something no demo put there, another demo runs in it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / _MARK).is_file():
            raise _refused(folder, "It holds files that are not the demo's, and the demo would remove them")
        mark = (folder / _MARK).open("a+", encoding="utf-8")
    except OSError as error:
        raise _refused(folder, error.strerror or str(error)) from error
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _refused(folder, "Another demo runs in it") from error
        mark.truncate(0)
        mark.write(_SAYS)
        mark.flush()
        for old in folder.iterdir():
            if old.name != _MARK:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        yield folder


def _refused(folder: Path, why: str) -> BadInput:
    return BadInput(
        Problem(
            code="MUSTER-DEMO-FOLDER",
            what="The demo cannot use this folder",
            where=str(folder),
            why=why,
            next_step="give one that is empty or not there yet: muster demo --folder FOLDER",
        )
    )
