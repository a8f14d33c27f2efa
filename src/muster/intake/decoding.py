"""Bytes of a people file become text, or the reader learns how to save the file so that they do."""

import codecs
from typing import Final

from muster.model import BadInput, Problem

LARGEST: Final = 200_000_000  # bytes
_HOW: Final = "save the file as UTF-8 (in Excel: Save As, type “CSV UTF-8”) and import it again"
_MARKS: Final = (  # UTF-32 first: its little-endian mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises:
        BadInput: it is too large, in another encoding, or cut inside a character.
    """
    if len(data) > LARGEST:
        raise unusable(
            "MUSTER-IMPORT-TOO-LARGE",
            f"it has {len(data):,} bytes; at most {LARGEST:,} are read",
            "split the file by department or country, one source each",
        )
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise unusable("MUSTER-IMPORT-ENCODING", f"it is written in {name}", _HOW)
    if b"\0" in data[:64]:
        raise unusable("MUSTER-IMPORT-ENCODING", "it looks like UTF-16, or is no text", _HOW)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason == "unexpected end of data":
            raise truncated("inside a character", where=f"byte {error.start}") from error
        why = f"the byte 0x{data[error.start]:02X} at offset {error.start:,} is not UTF-8"
        raise unusable("MUSTER-IMPORT-ENCODING", why, _HOW, where=f"byte {error.start}") from error


def truncated(how: str, *, where: str) -> BadInput:
    """The error that says that the end of the file is missing."""
    return unusable(
        "MUSTER-IMPORT-TRUNCATED",
        f"it ends {how}, so people may be missing",
        "fetch or export the file again and check its size",
        where=where,
    )


def unusable(code: str, why: str, next_step: str, *, where: str = "") -> BadInput:
    """The error that says why nothing of a file was used."""
    return BadInput(
        Problem(
            code=code,
            what="The people file cannot be used; nothing was imported",
            where=where,
            why=why,
            next_step=next_step,
        )
    )
