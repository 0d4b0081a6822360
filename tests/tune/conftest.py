"""Every test of this folder runs in a folder of its own with the small street."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tune import nights


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, in which the test runs."""
    nights.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
