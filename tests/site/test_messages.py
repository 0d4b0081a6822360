"""What wrong sites, fixtures and lists of lamps are told: every message of every golden file, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.document import Document
from lykta.errors import InputError
from lykta.site import loader
from lykta.site.fixtures import load_fixture
from lykta.site.inventory import read_inventory

GOLDEN = Path(__file__).parent / "golden"
WRONG = sorted(file for file in GOLDEN.iterdir() if file.suffix != ".txt")


def said_about(file: Path) -> str:
    """Everything that is said about a file."""
    try:
        if file.name.startswith("fixture"):
            load_fixture(file)
        elif file.name.startswith("lamps"):
            read_inventory(file)
        else:
            loader.read(Document.load(file, file.name), file.parent)
    except InputError as error:
        return f"{error}\n"
    return ""


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_messages__are_the_golden_ones(file: Path):
    """All problems of a file at once, each with its place, what is wrong, and what to do."""
    assert said_about(file) == file.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("which", ["valla_tor", "kungsholm_strand", "nowhere.yaml"])
def test_find__proposes_the_packaged_site_that_was_meant(which: str):
    """A name that is nearly a packaged site's gets a proposal; a missing file is said to be missing."""
    with pytest.raises(InputError) as caught:
        loader.load(which)
    meant = {
        "valla_tor": 'Did you mean "valla_torg"?',
        "kungsholm_strand": 'Did you mean "kungsholms_strand"?',
        "nowhere.yaml": "no such file",
    }
    assert meant[which] in str(caught.value)
