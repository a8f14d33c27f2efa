"""Comparing names."""

import pytest

from muster.model.text import normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana.Ruiz", "ana.ruiz"),
        ("STRASSE", "straße"),
        ("Jose\N{COMBINING ACUTE ACCENT}", "jos\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}na", "ana"),
    ],
)
def test_names_that_read_alike_are_one_name(one: str, other: str) -> None:
    """Letter case, composition and width make no difference."""
    assert normalised(one) == normalised(other)


def test_different_names_stay_different() -> None:
    """Accents and blanks tell names apart."""
    assert len({normalised(name) for name in ("ana", "aná", "ana ", "an a")}) == 4
