"""Settings on the node: whatever arrives becomes valid, and never darker than it was or than the defaults."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from lykta.corehost import dimmer, neighbours, schema, settings

_NAMES = [(index, setting, road_user) for index, setting in enumerate(schema.SETTINGS) for road_user in range(len(setting[3]))]
_value = st.one_of(st.integers(-(2**30), 2**30 - 1), st.integers(-10, 1010), st.sampled_from((0, 199, 200, 1000, 30_000, 180_000)))


@st.composite
def rows(draw: st.DrawFn, garbage: bool) -> list[int]:
    """A settings row: any integers at all, or each within its limits."""
    row = [0] * schema.ROW
    for index, setting, road_user in _NAMES:
        value = _value if garbage else st.integers(setting[4], setting[5])
        row[schema.position(index, road_user)] = draw(value)
    return row


def wrong(row: list[int]) -> list[str]:
    """What is not valid in a row."""
    found = []
    for index, setting, road_user in _NAMES:
        value = row[schema.position(index, road_user)]
        if not setting[4] <= value <= setting[5]:
            found.append(f"{setting[0]} {road_user}: {value}")
    found += [
        f"rule {rule} {road_user}"
        for rule in range(schema.RULES)
        for road_user in range(schema.CLASSES)
        if schema.broken(row, rule, road_user)
    ]
    return found


@hypothesis_settings(max_examples=300)
@given(st.one_of(rows(True), rows(False)))
def test_repair__makes_any_row_valid(row: list[int]):
    """One repair is enough, and says whether it changed anything."""
    before = wrong(row)
    changed = schema.repair(row)
    assert wrong(row) == []
    assert (changed > 0) == bool(before)


@hypothesis_settings(max_examples=300)
@given(st.one_of(rows(True), rows(False)))
def test_repair__never_darkens(row: list[int]):
    """What was within its limits is never lowered; what was not, or made no sense, goes back to its default or above."""
    before = list(row)
    schema.repair(row)
    for index, setting, road_user in _NAMES:
        at = schema.position(index, road_user)
        within = setting[4] <= before[at] <= setting[5]
        if setting[0] in ("slowest", "fastest"):
            assert row[at] in (before[at], setting[3][road_user]), setting[0]
        else:
            assert row[at] >= (before[at] if within else setting[3][road_user]), setting[0]


def test_repair__of_one_rule_breaks_no_other():
    """A linger below a hold that is longer than a long ramp: all three hold afterwards."""
    row = [0] * schema.ROW
    schema.defaults(row)
    row[schema.RAMP_UP] = 30_000
    for road_user in range(schema.CLASSES):
        base = schema.PHASE_SETTINGS + road_user * schema.CLASS_SETTINGS
        row[base + schema.HOLD], row[base + schema.LINGER] = 40_000, 35_000
    assert schema.repair(row) == schema.CLASSES
    assert wrong(row) == []


@given(rows(True))
def test_repair__leaves_a_valid_row_alone(row: list[int]):
    """What a profile says within the limits is what the node does."""
    schema.repair(row)
    before = list(row)
    assert schema.repair(row) == 0
    assert row == before


@hypothesis_settings(max_examples=200)
@given(rows(True), st.integers(0, 1000), st.integers(0, 1000))
def test_fill__of_a_repaired_row_is_bright_in_a_fault(row: list[int], floor: int, lowest: int):
    """The fallback is at least the presence level of every class, and the floor; SAFE is the highest of them."""
    schema.repair(row)
    block = [0] * settings.length(1)
    settings.begin(block, 1, lowest, 1000)
    settings.fill(block, 0, 0, floor, row)
    entry = settings.HEADER
    presence = [row[schema.position(schema.PHASE_SETTINGS + schema.PRESENCE, road_user)] for road_user in range(schema.CLASSES)]
    assert block[entry + settings.FALLBACK] == max(row[schema.FAULT], floor, *presence)
    assert block[settings.SAFE] == block[entry + settings.FALLBACK]
    assert block[entry + settings.UP] > 0
    assert block[entry + settings.DOWN] > 0


@hypothesis_settings(max_examples=200)
@given(rows(True), st.integers(1, 7))
def test_fill__serves_a_set_of_classes_as_the_most_demanding(row: list[int], classes: int):
    """For every setting the largest of the values of the possible classes, for `slowest` the smallest."""
    schema.repair(row)
    block = [0] * settings.length(1)
    settings.begin(block, 1, 0, 1000)
    settings.fill(block, 0, 0, 0, row)
    at = settings.of(settings.HEADER, classes)
    for setting in range(schema.CLASS_SETTINGS):
        values = [row[schema.position(schema.PHASE_SETTINGS + setting, one)] for one in range(schema.CLASSES) if classes >> one & 1]
        assert block[at + setting] == (min(values) if setting == schema.SLOWEST else max(values))


@hypothesis_settings(max_examples=200)
@given(rows(True))
def test_fill__knows_how_long_full_light_takes(row: list[int]):
    """The lead covers the reaction and the whole ramp from idle to the highest presence level."""
    schema.repair(row)
    block = [0] * settings.length(1)
    settings.begin(block, 1, 0, 1000)
    settings.fill(block, 0, 0, 0, row)
    entry = settings.HEADER
    highest = block[settings.of(entry, 7) + schema.PRESENCE]
    way = dimmer.position_of(highest) - dimmer.position_of(row[schema.IDLE])
    ramp = block[entry + settings.LEAD] - row[schema.REACTION]
    assert ramp >= 0
    assert (ramp + 1) * block[entry + settings.UP] > way


@given(st.lists(st.integers(0, 40), max_size=25), st.integers(-1, 41))
def test_find__is_where_the_first_row_of_an_origin_stands(origins: list[int], wanted: int):
    """As a search from the front would find it; -1 where the origin has no row."""
    table = [0] * neighbours.HEADER
    for origin in sorted(origins):
        table += [origin, *([7] * (neighbours.ROW_LENGTH - 1))]
    starts = [neighbours.HEADER + number * neighbours.ROW_LENGTH for number, origin in enumerate(sorted(origins)) if origin == wanted]
    assert neighbours.find(table, len(origins), wanted) == (starts[0] if starts else -1)
