"""What wrong scenarios are told: every message of every golden file, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.scenarios import find_scenario, load_scenario

GOLDEN = Path(__file__).parent / "golden"


def said_about(name: str) -> str:
    """Everything that is said about a file of the golden folder, as somebody reads it who stands there."""
    with pytest.raises(InputError) as error:
        load_scenario(Path(name))
    return f"{error.value}\n"


@pytest.mark.parametrize("name", sorted(file.stem for file in GOLDEN.glob("*.yaml")))
def test_messages__are_the_golden_ones(name: str, monkeypatch: pytest.MonkeyPatch):
    """All problems of the scenario and of all that it names at once, each with where, what, and what to do."""
    monkeypatch.chdir(GOLDEN)
    assert said_about(f"{name}.yaml") == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_messages__propose_what_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A name that is no file and nothing packaged: the nearest of both is proposed."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        find_scenario("quiet_nigth")
    assert str(error.value) == (
        "quiet_nigth  is neither a file, nor a packaged site (kungsholms_strand, valla_torg) nor a packaged scenario (quiet_night). "
        'Did you mean "quiet_night"?'
    )
