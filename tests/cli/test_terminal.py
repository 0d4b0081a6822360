"""What verbs print with draws no pictures, and there is one place that makes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.table import Table

from lykta import cli as cli_package
from lykta.cli.terminal import make_console


def test_console__prints_words_between_colons_as_they_stand(capsys: pytest.CaptureFixture[str]):
    """A MAC in a sentence, a MAC in a table."""
    table = Table.grid()
    table.add_row("02:cd:m:59")
    make_console().print("the board 02:cd:m:59")
    make_console().print(table)
    assert capsys.readouterr().out.splitlines() == ["the board 02:cd:m:59", "02:cd:m:59"]


def test_verbs__have_their_consoles_from_one_place():
    """None makes a console of rich itself."""
    files = sorted(Path(cli_package.__file__).parent.glob("*.py"))
    found = [file.name for file in files if re.search(r"\bConsole\(", file.read_text())]
    assert found == ["terminal.py"]
