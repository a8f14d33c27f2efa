"""The key that seals stored secrets: 32 random bytes, from a file of ours or from the operator."""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from muster.model import Problem, Secret, Unavailable

KEY_FILE: Final = "seal.key"
ID_BYTES: Final = 8
_KEY_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES: Final = 4096  # of a file that claims to be a key


@final
class SealKey:
    """A key held in memory; every way of showing it shows ``***``. ``id`` names it in the envelopes it made.

    >>> SealKey(bytes(32))
    ***
    """

    __slots__ = ("_material", "id")

    def __init__(self, material: bytes) -> None:
        if len(material) != _KEY_BYTES:
            raise ValueError(f"a seal key has {_KEY_BYTES} bytes")
        self._material: Final = material
        # One way: 64 bits of a hash of 256 random bits tell keys apart and say nothing about them.
        self.id: Final = hashlib.sha256(b"muster seal key id\0" + material).digest()[:ID_BYTES]

    @property
    def material(self) -> bytes:
        """The key itself; only sealing and opening need it."""
        return self._material

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a seal key is never pickled")


def load_or_create_key(home: Path, *, given: Secret | None = None) -> SealKey:
    """Give the key of this installation: the given one, else that of ``home``, where one is made if need be.

    Of several processes that start at once, one makes the key and all use it.

    Args:
        home: the folder Muster keeps its files in; made if missing. The key is in ``seal.key``, readable by
            its owner alone.
        given: a key from the operator, 32 bytes in base64; ``home`` is then not looked at.

    Raises:
        Unavailable: the key is readable by others, is no key, or cannot be read or written.
    """
    if given is not None:
        return _decoded(given.reveal(), where="the seal key that was given")
    path = home / KEY_FILE
    try:
        if not path.exists():
            _create(path)
        return _decoded(_read(path), where=str(path))
    except OSError as error:
        raise _unusable(
            "MUSTER-VAULT-KEY-UNREADABLE",
            "The seal key can be neither read nor made",
            where=str(path),
            why=error.strerror or str(error),
            next_step="let Muster have a folder of its own on a local disk, or give it the key itself",
        ) from error


def _create(path: Path) -> None:
    """Make a new key appear under its name whole, on disk, and only if there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        with suppress(FileExistsError):  # another process was first, and its key counts
            os.link(draft, path)
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode  # of the very file that is read
        if mode & _OTHERS:
            raise _unusable(
                "MUSTER-VAULT-KEY-EXPOSED",
                "The seal key is open to other users of this machine",
                where=str(path),
                why=f"Its mode is {stat.S_IMODE(mode):04o}",
                next_step=f"run `chmod 600 {path}`, and give Muster new secrets if others may have read it",
            )
        return file.read(_MOST_BYTES).decode("ascii", "replace")


def _decoded(text: str, *, where: str) -> SealKey:
    try:
        return SealKey(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        pass  # what was read may be a secret in a wrong place: it does not go along with the error
    raise _unusable(
        "MUSTER-VAULT-KEY-MALFORMED",
        "The seal key is no key",
        where=where,
        why=f"It must be {_KEY_BYTES} bytes in base64",
        next_step="restore the key you saved; for a new start, `openssl rand -base64 32` makes one",
    )


def _unusable(code: str, what: str, *, where: str, why: str, next_step: str) -> Unavailable:
    return Unavailable(Problem(code=code, what=what, where=where, why=why, next_step=next_step))
