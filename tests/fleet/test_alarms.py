"""Alarms: opened once, closed once, and not for what a person has asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from lykta.fleet.alarms import OFFLINE_S, SILENT_S, Alarms
from lykta.fleet.expected import Expectation, Expected
from lykta.fleet.model import DAY_BURNING, ENERGY_OFF, LAMP_OUT, SILENT_NODE, STUCK_SENSOR, Alarm
from lykta.node.street import load_street
from tests.fleet.post import NIGHT, NOON

DARK = Expected(2600, 5000, 5000, 125, 900, 900, True)
DAY = Expected(125, 125, 5000, 125, 0, 900, True)


@dataclass(frozen=True)
class Told:
    """A report."""

    level: int = 600
    energy_mwh: int | None = 3100
    estimated: bool = False
    faults: tuple[str, ...] = ()


def opened(found: list[Alarm]) -> list[str]:
    """The kinds of alarms that were opened; closed ones with a minus."""
    return [alarm.kind if alarm.closed is None else f"-{alarm.kind}" for alarm in found]


@pytest.mark.parametrize(
    ("bad", "good", "expected", "kind"),
    [
        (Told(faults=("lamp",)), Told(), DARK, LAMP_OUT),
        (Told(energy_mwh=1500), Told(), DARK, LAMP_OUT),
        (Told(faults=("blind", "clock")), Told(), DARK, STUCK_SENSOR),
        (Told(level=900, energy_mwh=4500), Told(level=0, energy_mwh=125), DAY, DAY_BURNING),
    ],
)
def test_alarm__is_opened_once_and_closed_once(bad: Told, good: Told, expected: Expected, kind: str):
    """However often it is told."""
    alarms = Alarms()
    heard = [opened(list(alarms.judge("n", 1000 + step, told, expected, 3100))) for step, told in enumerate((bad, bad, good, good))]
    assert [[kind], [], [f"-{kind}"], []] == heard


def test_energy_off__takes_two_reports_to_open_and_two_to_close():
    """One report may have a reason that nobody knows."""
    alarms = Alarms()
    odd, good = Told(level=100, energy_mwh=700, estimated=True), Told(estimated=True)
    heard = [opened(list(alarms.judge("n", step, told, DARK, None))) for step, told in enumerate((odd, good, odd, odd, good, good, good))]
    assert [[], [], [], [ENERGY_OFF], [], [f"-{ENERGY_OFF}"], []] == heard


def test_energy_that_nobody_knows__is_no_alarm():
    """A lamp without a meter, of whose fixture nobody has said what it takes."""
    alarms = Alarms()
    told = Told(energy_mwh=None, estimated=True)
    assert [opened(list(alarms.judge("n", step, told, DARK, 3100))) for step in range(3)] == [[], [], []]


def test_full_light__is_no_alarm_while_the_node_has_a_fault():
    """In doubt it is bright: that is as it shall be."""
    alarms = Alarms()
    dimmed = replace(DARK, highest_mwh=3500)
    told = Told(level=1000, energy_mwh=5000, faults=("clock",))
    assert [opened(list(alarms.judge("n", step, told, dimmed, 5000))) for step in range(2)] == [[], []]


def test_override__explains_light_by_day():
    """Whoever asked for it need not be told; when it is over, light is an alarm again."""
    alarms = Alarms()
    alarms.override("n", 10_000, 0)
    told = Told(level=1000, energy_mwh=5000)
    assert opened(list(alarms.judge("n", 9_000, told, DAY, 5000))) == []
    assert opened(list(alarms.judge("n", 10_500, told, DAY, 5000))) == []
    assert opened(list(alarms.judge("n", 11_000, told, DAY, 5000))) == [DAY_BURNING]


def test_silent_node__is_missed_though_it_never_spoke():
    """From when on it was expected."""
    alarms = Alarms()
    alarms.expect(["n"], 0)
    assert [opened(list(alarms.tick(now))) for now in (SILENT_S - 1, SILENT_S, SILENT_S + 60)] == [[], [SILENT_NODE], []]
    assert [f"-{SILENT_NODE}"] == opened(list(alarms.heard("n", SILENT_S + 70)))


def test_node_offline__is_missed_sooner():
    """The broker knows it; a restart takes less."""
    alarms = Alarms()
    assert list(alarms.heard("n", 0, online=False)) == []
    assert list(alarms.tick(OFFLINE_S - 1)) == []
    assert list(alarms.heard("n", OFFLINE_S - 1, online=True)) == []
    assert list(alarms.tick(OFFLINE_S + 100)) == []
    assert list(alarms.heard("n", 1000, online=False)) == []
    assert opened(list(alarms.tick(1000 + OFFLINE_S))) == [SILENT_NODE]


def test_alarm__open_before_a_restart_is_not_opened_again():
    """What the database had open is open, and is closed by the first good report."""
    was = Alarm("n", LAMP_OUT, 500, "dark")
    alarms = Alarms([was])
    assert list(alarms.judge("n", 1000, Told(faults=("lamp",)), DARK, 3100)) == []
    assert [replace(was, closed=1100)] == list(alarms.judge("n", 1100, Told(), DARK, 3100))


def test_expectation__follows_profile_floor_and_sun():
    """At night between half and full, at an entrance full; by day nothing."""
    street = load_street("kungsholms_strand")
    expectation = Expectation(street)
    night, entrance, day = (expectation.of(lamp, at, at + 900) for lamp, at in (("K05", NIGHT), ("K01", NIGHT), ("K05", NOON)))
    assert (expectation.power_mw("K05", 500) / 4, 5000, 900) == (night.lowest_mwh, night.highest_mwh, night.lit_s)
    assert entrance.lowest_mwh == 5000
    assert (day.lowest_mwh, day.highest_mwh, day.lit_s) == (125, 125, 0)


def test_expectation__over_a_day_is_the_sum_of_its_hours():
    """However the time is cut into pieces."""
    expectation = Expectation(load_street("kungsholms_strand"))
    whole = expectation.of("K05", NIGHT, NIGHT + 86_400)
    parts = [expectation.of("K05", at, at + 3600) for at in range(NIGHT, NIGHT + 86_400, 3600)]
    assert round(whole.lowest_mwh) == round(sum(part.lowest_mwh for part in parts))
    assert round(whole.lit_s) == round(sum(part.lit_s for part in parts))
