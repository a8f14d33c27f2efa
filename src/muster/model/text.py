"""When two names are the same name."""

import unicodedata


def normalised(name: str) -> str:
    r"""Give the form in which names are compared: compatibility forms unified (NFKC), letter case folded.

    >>> normalised("\N{FULLWIDTH LATIN CAPITAL LETTER A}na.RUIZ") == normalised("ana.ruiz")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
