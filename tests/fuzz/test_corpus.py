"""The corpus of the fuzz targets, tried without the fuzzer in every run of the tests."""

from pathlib import Path
from typing import Final

import pytest

from fuzz.targets import TARGETS

CORPUS: Final = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_corpus_finds_nothing(name: str) -> None:
    """Every input that was ever of interest holds what its target says; finds that were mended are there."""
    inputs = sorted((CORPUS / name).iterdir())
    for place in inputs:
        TARGETS[name](place.read_bytes())

    assert len(inputs) > 20
