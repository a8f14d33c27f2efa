"""The key of an installation."""

import base64
import os
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from muster.model import Secret, Unavailable
from muster.vault import KEY_FILE, SealKey, load_or_create_key


def refusal(home: Path, given: Secret | None = None) -> Unavailable:
    """The error when the key cannot be used."""
    with pytest.raises(Unavailable) as raised:
        load_or_create_key(home, given=given)

    return raised.value


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The first start makes the key, in a folder it makes too; every later start finds the same one."""
    home = tmp_path / "var" / "muster"

    first, again = load_or_create_key(home), load_or_create_key(home)

    assert first.material == again.material
    assert [path.name for path in home.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    """Keys are random."""
    assert load_or_create_key(tmp_path / "a").id != load_or_create_key(tmp_path / "b").id


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    """Whoever is first makes the key, the others use that one, and no draft is left behind."""
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_or_create_key, [tmp_path] * 16))

    assert len({key.material for key in keys}) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_given_key_comes_first(tmp_path: Path) -> None:
    """A key from the operator is used as it is, and no file is made."""
    given = Secret(base64.b64encode(bytes(range(32))).decode() + "\n")

    assert load_or_create_key(tmp_path, given=given).material == bytes(range(32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_key_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right of group or world makes the key unusable; the error says how to close it."""
    load_or_create_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)

    problem = refusal(tmp_path).problem

    assert problem.code == "MUSTER-VAULT-KEY-EXPOSED"
    assert f"chmod 600 {tmp_path / KEY_FILE}" in problem.next_step
    assert f"{mode:04o}" in problem.why


@pytest.mark.parametrize("content", ["", "hunter2", base64.b64encode(bytes(31)).decode(), "ключ", "A" * 44])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    """A malformed key is an error, never silently replaced, and its text stays out of the error."""
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(0o600)

    for error in (refusal(tmp_path), refusal(tmp_path, Secret(content))):
        assert error.problem.code == "MUSTER-VAULT-KEY-MALFORMED"
        assert not content or content not in str(error)
        assert error.__cause__ is None
        assert error.__context__ is None
    assert path.read_text() == content


def test_a_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    """If the key can be neither read nor made, the error names the place and the reason."""
    file = tmp_path / "muster"
    file.write_text("")

    problem = refusal(file).problem

    assert (problem.code, problem.where) == ("MUSTER-VAULT-KEY-UNREADABLE", str(file / KEY_FILE))
    assert problem.why


def test_a_crash_while_writing_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key appears whole or not at all: after a full disk the next start makes it."""

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full_disk)
        assert "No space left" in str(refusal(tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert load_or_create_key(tmp_path).material


def test_a_key_cannot_be_shown_by_accident() -> None:
    """Every way of printing a key shows three stars, and it is never pickled."""
    key = SealKey(bytes(32))

    assert f"{key} {key!r} {[key]}" == "*** *** [***]"
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(key)


def test_a_key_has_its_full_length() -> None:
    """A short key is refused."""
    with pytest.raises(ValueError, match="32 bytes"):
        SealKey(b"short")
