"""A bad program on the node: each field that cannot be is mended and told, and there is always a block."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from lykta.corehost import almanac, lamp, program, repair, schema, settings
from lykta.plan.blocks import entries_of, make_block
from lykta.plan.program import make_program
from lykta.profiles import night_times
from tests.core import checked
from tests.plan.streets import FIRST, PLACES, SPECIAL, VALID_MS, night, rich, street_at
from tests.plan.test_program import DAY, made, schema_defaults


def good() -> list[int]:
    """A program with something in every section."""
    site = street_at(*PLACES["35 S"])
    return make_program(site, rich(), site.lamps[2], FIRST)


def place_of(section: int, number: int, index: int) -> int:
    """Where a field of an item stands in `good`."""
    return int(almanac.at(good(), section, number)) + index


BAD = [
    (almanac.LATITUDE, 900_001, repair.PLACE),
    (almanac.LONGITUDE, -1_800_001, repair.PLACE),
    (almanac.OFFSET, 841, repair.CLOCK),
    (almanac.LOWEST, 1001, repair.FIXTURE),
    (place_of(almanac.TRANSITIONS, 1, 0), 0, repair.CLOCK),
    (place_of(almanac.TRANSITIONS, 1, 1), 86_400, repair.CLOCK),
    (place_of(almanac.TRANSITIONS, 1, 2), -721, repair.CLOCK),
    (place_of(almanac.PHASES, 0, 0), 3, repair.NIGHT),
    (place_of(almanac.PHASES, 1, 1), 1440, repair.NIGHT),
    (place_of(almanac.PHASES, 2, 2), 99, repair.NIGHT),
    (place_of(almanac.NIGHTS, 0, 0), 300, repair.NIGHT),
    (place_of(almanac.NIGHTS, 0, 1), 13, repair.NIGHT),
    (place_of(almanac.NIGHTS, 0, 1), 0, repair.NIGHT),
    (place_of(almanac.NIGHTS, 0, 2), -1, repair.NIGHT),
    (place_of(almanac.NIGHTS, 0, 3), 361, repair.NIGHT),
    (place_of(almanac.CALENDAR, 1, 0), 40, repair.CALENDAR_ENTRY),
    (place_of(almanac.CALENDAR, 1, 1), 128, repair.CALENDAR_ENTRY),
    (place_of(almanac.CALENDAR, 1, 2), -1, repair.CALENDAR_ENTRY),
    (place_of(almanac.CALENDAR, 1, 3), 77, repair.CALENDAR_ENTRY),
    (place_of(almanac.CALENDAR, 2, 4), 1999, repair.CALENDAR_ENTRY),
    (place_of(almanac.CALENDAR, 2, 5), -2, repair.CALENDAR_ENTRY),
    (place_of(almanac.RANGES, 0, 0), 20_271_301, repair.CALENDAR_ENTRY),
    (place_of(almanac.RANGES, 0, 1), 101, repair.CALENDAR_ENTRY),
    (place_of(almanac.FLOORS, 0, 0), 1001, repair.FLOOR),
    (place_of(almanac.FLOORS, 0, 1), 200, repair.FLOOR),
    (place_of(almanac.FLOORS, 0, 2), 1440, repair.FLOOR),
    (place_of(almanac.FLOORS, 0, 3), -5, repair.FLOOR),
    (place_of(almanac.ROWS, 0, schema.RAMP_UP), 0, repair.ROW),
]


@pytest.mark.parametrize(("place", "value", "fault"), BAD)
def test_repair__tells_each_bad_field_and_mends_it(place: int, value: int, fault: int):
    """The field is told by its kind; mending again changes nothing, and the nights can be made."""
    numbers = good()
    numbers[place] = value
    assert fault == repair.check(numbers, program.Work())
    mended = list(numbers)
    repair.check(numbers, program.Work())
    assert mended == numbers
    for date in SPECIAL:
        made(numbers, date)


def test_repair__leaves_a_good_program_as_it_is():
    """Nothing told, nothing changed."""
    numbers = good()
    assert (repair.check(numbers, program.Work()), numbers) == (0, good())


def test_repair__without_a_place_it_is_lit_by_the_clock_alone():
    """Where the node does not know where it is, no sunrise puts the light off."""
    numbers = good()
    numbers[almanac.LATITUDE] = lamp.NEVER
    repair.check(numbers, program.Work())
    block = made(numbers, dt.date(2027, 1, 13))
    entries = [settings.HEADER + number * settings.ENTRY_LENGTH for number in range(block[settings.ENTRIES])]
    assert all(block[entry + settings.FALLBACK] == 1000 for entry in entries[:-1])
    assert (block[entries[0]], block[entries[-1]]) == (0, 86_400_000)


def test_repair__a_bad_night_is_lit_from_sunset_to_sunrise():
    """With the default settings."""
    numbers = good()
    numbers[place_of(almanac.NIGHTS, 0, 1)] = 300
    numbers[place_of(almanac.NIGHTS, 0, 3)] = 999
    numbers[almanac.COUNTS + almanac.FLOORS] = 0
    del numbers[place_of(almanac.FLOORS, 0, 0) : place_of(almanac.ROWS, 0, 0)]
    repair.check(numbers, program.Work())
    date = dt.date(2027, 1, 13)
    assert almanac.kind_of(numbers, night(date)) == 0
    times = night_times(*PLACES["35 S"], date)
    phase = [(times.sunset_ms, tuple(schema_defaults()))]
    assert make_block(entries_of(phase, times.sunrise_ms, []), 100, VALID_MS) == made(numbers, date)


@pytest.mark.parametrize("numbers", [[], [1], [0] * 16, good()[:-1], [*good(), 0], [2, *good()[1:]], [1, schema.ROW + 1, *good()[2:]]])
def test_program__that_cannot_be_read_is_full_light(numbers: list[int]):
    """Empty, torn, of another format or with other settings rows: bright around the clock, and told."""
    assert repair.check(numbers, program.Work()) == repair.UNREADABLE
    block = [0] * settings.length(program.entries(numbers))
    assert program.make(numbers, 9_000, block, program.Work()) == repair.UNREADABLE
    entry = settings.HEADER
    assert (block[settings.ENTRIES], block[settings.SAFE], block[entry + settings.IDLE], block[entry]) == (1, 1000, 1000, 0)
    assert almanac.night_of(numbers, 9_000, 50_000) == 9_000
    assert almanac.now_ms(numbers, 9_000, 9_000, 43_201) == 1000


@pytest.mark.parametrize(("days", "expected"), [(-2, repair.EXPIRED), (-1, 0), (3652, 0), (3653, repair.EXPIRED)])
def test_program__tells_of_a_night_it_was_not_made_for(days: int, expected: int):
    """Its clocks and holidays are not known; the block is made all the same."""
    numbers = good()
    block = [0] * settings.length(program.entries(numbers))
    assert program.make(numbers, night(FIRST + days * DAY), block, program.Work()) == expected
    assert block[settings.ENTRIES] > 1


_GARBAGE = st.one_of(st.integers(-(2**30), 2**30 - 1), st.integers(-10, 1500), st.integers(0, 40))


@hypothesis_settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(good()) - 1), _GARBAGE), max_size=30), st.integers(-10, 40_000))
def test_repair__whatever_is_in_a_program_there_is_a_valid_block(changes: list[tuple[int, int]], when: int):
    """Any fields bad, any day: nothing fails or overflows, entries rise, and every level is one."""
    core: dict[str, Any] = checked.core()
    numbers = good()
    for place, value in changes:
        numbers[place] = value
    work = core["program"].Work()
    core["repair"].check(numbers, work)
    mended = list(numbers)
    core["repair"].check(numbers, work)
    assert mended == numbers
    block = [0] * settings.length(core["program"].entries(numbers))
    core["program"].make(numbers, core["almanac"].night_of(numbers, when, 1000), block, work)
    entries = [settings.HEADER + number * settings.ENTRY_LENGTH for number in range(block[settings.ENTRIES])]
    begins = [block[entry] for entry in entries]
    assert begins == sorted(set(begins))
    assert begins[0] == 0
    assert all(0 <= block[entry + at] <= 1000 for entry in entries for at in (settings.IDLE, settings.FLOOR, settings.FALLBACK))
    assert all(block[entry + settings.UP] > 0 and block[entry + settings.DOWN] > 0 for entry in entries)
