"""What wrong files are told: every message of every golden file, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta import profiles
from lykta.document import Document
from lykta.errors import InputError

GOLDEN = Path(__file__).parent / "golden"


def said_about(file: Path) -> str:
    """Everything that is said about a file: its warnings, then its errors."""
    read = profiles.read_profile if file.name.startswith("profile") else profiles.read_requirement
    lines: list[str] = []
    try:
        document = Document.load(file, file.name)
    except InputError as error:
        return f"{error}\n"
    try:
        read(document)
    except InputError as error:
        lines = [str(error)]
    return "".join(f"{line}\n" for line in [*map(str, document.warnings), *lines])


@pytest.mark.parametrize("name", sorted(file.stem for file in GOLDEN.glob("*.yaml")))
def test_messages__are_the_golden_ones(name: str):
    """All problems of a file at once, each with line, column, path, what, and what to do."""
    assert said_about(GOLDEN / f"{name}.yaml") == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_messages__say_where_in_every_line():
    """No message leaves out the file, and only a file that cannot be read as a whole has no line."""
    for file in GOLDEN.glob("*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert line.startswith(f"{file.stem}.yaml:"), line
