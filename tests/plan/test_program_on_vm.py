"""The program on a real MicroPython VM: the blocks of hundreds of nights, to the integer, with the heap locked."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from lykta.plan.program import make_program, to_bytes
from lykta.profiles import Profile, origin_utc_ms
from lykta.site.model import Lamp, Site
from lykta.vm import environment, find_vm
from tests.plan.streets import FIRST, PLACES, dates, night, packaged, planned, rich, street_at
from tests.test_micropython import HERE, ROOT

pytestmark = pytest.mark.micropython
_EPOCH_MS = 946_684_800_000


def recorded(site: Site, profile: Profile, lamp: Lamp, when: list[dt.date]) -> list[int]:
    """A program and the blocks of some nights, as tests/micropython/programs.py reads them."""
    numbers = make_program(site, profile, lamp, FIRST)
    found = [len(numbers), *numbers, len(when)]
    for number, date in enumerate(when):
        second = (origin_utc_ms(date, site.timezone) - _EPOCH_MS) // 1000 + number * 1013 % 82_000
        block = planned(site, profile, lamp, date)
        found += [night(date), *divmod(second, 86_400), len(block), *block]
    return found


def on_the_vm(programs: list[list[int]], folder: Path, firmware: Path = ROOT / "firmware") -> str:
    """What the VM prints: how many nights it made."""
    path = folder / "programs.bin"
    path.write_bytes(to_bytes([len(programs), *(value for numbers in programs for value in numbers)]))
    command = [find_vm(), "-X", "heapsize=1m", str(HERE / "programs.py"), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(firmware, HERE), timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.strip()


def test_blocks__of_the_packaged_sites_are_the_plans(tmp_path: Path):
    """Every lamp whose program is one of its own, on two hundred nights between them."""
    programs = []
    for name in ("kungsholms_strand", "valla_torg"):
        site, _, profile = packaged(name)
        different = {(lamp.zone, lamp.fixture, lamp.floors): lamp for lamp in site.lamps}
        programs += [recorded(site, profile, lamp, dates(103)) for lamp in different.values()]
    assert on_the_vm(programs, tmp_path) == str(len(programs) * len(dates(103)))


def test_blocks__at_any_place_are_the_plans(tmp_path: Path):
    """Far north, at the equator, far south, and where the clocks are odd, with floors by the hour."""
    programs = []
    for number, place in enumerate(PLACES):
        site = street_at(*PLACES[place])
        programs.append(recorded(site, rich(), site.lamps[number % len(site.lamps)], dates(61)))
    assert on_the_vm(programs, tmp_path) == str(len(PLACES) * len(dates(61)))
