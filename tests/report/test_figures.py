"""Cards, tables and bars that claim no more than was counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lykta.report.figures import view
from tests.report import nights

NIGHT = nights.night(nights.street(8), 30)


def test_figures__without_known_power_name_no_energy() -> None:
    """No kWh, and no share on the map."""
    score = replace(NIGHT.score, energy=replace(NIGHT.score.energy, saving=None, net_saving=None, power_known=False))
    page = view(score, nights.CLOCK)
    assert not any("kWh" in cell for sheet in page.sheets for row in sheet.rows for cell in row)
    assert all(lamp.share_permille is None for lamp in page.lamps.values())


def test_losses__add_up_to_the_time_lost() -> None:
    """The bars hold all late and dark time, most first."""
    everyone = NIGHT.score.everyone
    bars = view(NIGHT.score, nights.CLOCK).losses
    assert sum(bar.hatched + bar.plain for bar in bars) == pytest.approx(everyone.dark_s + everyone.late_s)
    assert [bar.hatched + bar.plain for bar in bars] == sorted((bar.hatched + bar.plain for bar in bars), reverse=True)
