"""Every test of this folder runs in a folder of its own, with three nights instead of twenty."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.studio import simulator


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(simulator, "SEEDS", (1, 2, 3))
    return tmp_path
