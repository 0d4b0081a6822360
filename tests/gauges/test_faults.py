"""Faults: what firmware/README.md says of them is what was measured, and what was measured is what happens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gauges import false_alarms, faults
from gauges.mishaps import MISHAPS, Mishap
from lykta.corehost import firmware_folder

FAULT_LEVEL = 1_000
IDLE = 500
#: Said, but no reason to doubt who comes: the light stays that of the law.
ONLY_TOLD = ("memory", "lamp")
QUICK = [mishap for mishap in MISHAPS if mishap.quick]


def faithful(mishap: Mishap) -> bool:
    """Whether a mishap goes as the record says."""
    return faults.measure(mishap) == faults.recorded()[mishap.name]


@pytest.mark.docs
def test_readme__has_the_tables_as_recorded():
    """Both tables, line by line."""
    text = faults.README.read_text(encoding="utf-8")
    assert text == faults.in_readme(text, list(faults.table(faults.recorded())), "faults")
    assert text == faults.in_readme(text, list(false_alarms.table(false_alarms.recorded())), "false alarms")


@pytest.mark.parametrize("mishap", MISHAPS, ids=lambda mishap: mishap.name)
def test_record__promises_what_a_fault_must_do(mishap: Mishap):
    """It is said; from then on the light is at the fault level; it is over again, or the board starts anew; nobody is darker for it."""
    found = faults.recorded()[mishap.name]
    assert found.darker == 0
    assert found.least >= (FAULT_LEVEL if mishap.says and mishap.says not in ONLY_TOLD else IDLE)
    if mishap.says:
        assert found.found_s is not None
        assert mishap.until_ms is None or found.over_s is not None or found.start_s is not None


def test_record__has_every_mishap_once():
    """No more and no less, in the order of the table."""
    assert [mishap.name for mishap in MISHAPS] == list(faults.recorded())


@pytest.mark.parametrize("mishap", [one for one in MISHAPS if one.patch], ids=lambda mishap: mishap.name)
def test_planted_fault__finds_its_place_in_the_firmware(mishap: Mishap):
    """Each text that it replaces is there once, so that a change of the firmware is not found out only when all of it is soaked."""
    for file, was, _ in mishap.patch:
        assert (firmware_folder() / file).read_text(encoding="utf-8").count(was) == 1, (file, was)


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.parametrize("mishap", QUICK, ids=lambda mishap: mishap.name)
def test_fault__goes_as_recorded(mishap: Mishap):
    """Played on whole firmwares: found, bright, over after the same time."""
    assert faithful(mishap)


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("mishap", [mishap for mishap in MISHAPS if not mishap.quick], ids=lambda mishap: mishap.name)
def test_fault__of_every_kind_goes_as_recorded(mishap: Mishap):
    """The others, which take longer."""
    assert faithful(mishap)


@pytest.mark.micropython
@pytest.mark.slow
@pytest.mark.soak
def test_measure__sees_a_firmware_that_does_not_notice():
    """A node whose radar is gone, by a firmware that never asks whether it is there: nothing is said, nothing gets brighter."""
    mishap = next(mishap for mishap in MISHAPS if mishap.name == "ld2410_absent")
    deaf = ("lykta_node/tasks/sense.py", "self._control.fault(reasons.RADAR, not answers)", "self._control.fault(reasons.RADAR, False)")
    found = faults.measure(replace(mishap, patch=[deaf]))
    assert (found.found_s, found.over_s, found.least) == (None, None, IDLE)


@pytest.mark.slow
@pytest.mark.soak
def test_false_alarms__cost_as_recorded_and_would_be_seen():
    """The five nights again; and a rule that calls a radio silent after a minute costs something."""
    assert false_alarms.recorded() == false_alarms.cost()
    assert false_alarms.cost((1,), RADIO_SILENT_MS=60_000)["radio"] > 1
