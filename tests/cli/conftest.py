"""What tests of commands share: a folder in which they run, and how they are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lykta.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which commands run, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def lykta(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `lykta ...` in this process; gives exit status, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, printed.out, printed.err

    return run
