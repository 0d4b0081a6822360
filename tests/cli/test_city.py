"""`lykta city`: many streets, and the totals of their lamps."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lykta.cli import main
from lykta.tables import LEVELS


def test_city__writes_the_totals_of_every_lamp(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A site of one street: a row for each of its lamps, levels of the one asked for, and the sum in a sentence."""
    assert main(["city", "kungsholms_strand", "--out", str(tmp_path), "--engine", "python", "--levels-of", "K05"]) == 0
    assert pq.read_table(tmp_path / "totals.parquet").num_rows == 34
    levels = pq.read_table(tmp_path / "levels.parquet")
    assert set(levels["lamp"].to_pylist()) == {"K05"}
    assert len(levels.schema.names) > len(LEVELS.names) - 1
    assert "34 lamps in 1 streets" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [(["--seed", "1-2"], "one seed"), (["--levels-of", "K99"], "no lamp K99")])
def test_city__says_what_is_wrong(words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Two seeds, or a lamp that is not there: one sentence, exit status 2."""
    assert main(["city", "kungsholms_strand", "--out", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err
