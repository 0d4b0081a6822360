"""The node makes tonight's settings itself: what it does with a bad program, and that nothing of it needs memory."""

from array import array

from micropython import heap_lock, heap_unlock

from lykta_node.core import almanac, lamp, program, repair, schema, settings

_SUMMER = (9948, 3600, 120)  # 2027-03-28 01:00 UTC
_WINTER = (10165, 3600, 60)  # 2027-10-31


def good():
    """Stockholm in two settings, a longer night on Fridays of summer, a floor in the morning."""
    counts = (2, 4, 2, 1, 1, 1, 1, 2)
    head = (almanac.FORMAT_NOW, schema.ROW, 9800, 10_500, 593_000, 180_500, 60, 100)
    items = (
        _SUMMER
        + _WINTER
        + (1, 0, 0, 0, 1380, 1, 0, 300, 0, 1, -15, 1)
        + (0, 3, 2, 0, 3, 1, 2, 10)
        + (1, 16, 0, 1, 0, -1)
        + (601, 831)
        + (9999,)
    )
    rows = [0] * (2 * schema.ROW)
    row = [0] * schema.ROW
    schema.defaults(row)
    rows[: schema.ROW] = row
    rows[schema.ROW :] = row
    rows[schema.ROW] = 200
    return array("i", head + counts + items + (800, 31, 390, 510) + tuple(rows))


def entry(block, number):
    """Begin, floor and idle level of an entry."""
    at = settings.HEADER + number * settings.ENTRY_LENGTH
    return block[at], block[at + settings.FLOOR], block[at + settings.IDLE]


def test_make__needs_no_memory():
    """Mending, finding the night and making its block, with the heap locked."""
    numbers = good()
    work = program.Work()
    block = array("i", [0] * settings.length(program.entries(numbers)))
    heap_lock()
    try:
        faults = repair.check(numbers, work)
        night = almanac.night_of(numbers, 9844, 39_599)  # 2026-12-14 10:59:59 UTC
        now = almanac.now_ms(numbers, night, 9844, 39_599)
        made = program.make(numbers, night, block, work)
    finally:
        heap_unlock()
    assert (faults, night, now, made) == (0, 9843, 86_399_000, 0)
    assert block[settings.ENTRIES] == 7
    assert entry(block, 2) == (39_600_000, 0, 200)  # 23:00
    assert entry(block, 4) == (66_600_000, 800, 500)  # 06:30


def test_check__mends_without_memory():
    """Every field of every section bad at once: still a block, and all of it is told."""
    numbers = good()
    for at in range(almanac.HEADER, len(numbers)):
        numbers[at] = 999_999
    numbers[almanac.LATITUDE] = numbers[almanac.OFFSET] = numbers[almanac.LOWEST] = 999_999
    work = program.Work()
    block = array("i", [0] * settings.length(program.entries(numbers)))
    heap_lock()
    try:
        faults = repair.check(numbers, work)
        program.make(numbers, 9844, block, work)
    finally:
        heap_unlock()
    assert faults == repair.PLACE | repair.CLOCK | repair.NIGHT | repair.CALENDAR_ENTRY | repair.FLOOR | repair.ROW | repair.FIXTURE
    assert numbers[almanac.LATITUDE] == lamp.NEVER
    assert entry(block, 0) == (0, 1000, 500)


def test_make__of_no_program_is_full_light():
    """An empty file, or that of another version."""
    work = program.Work()
    other = good()
    other[almanac.FORMAT] = 2
    for numbers in (array("i"), other):
        block = array("i", [0] * settings.length(program.entries(numbers)))
        assert repair.check(numbers, work) == repair.UNREADABLE
        assert program.make(numbers, 0, block, work) == repair.UNREADABLE
        assert entry(block, 0) == (0, 0, 1000)
        assert (block[settings.ENTRIES], block[settings.SAFE]) == (1, 1000)
