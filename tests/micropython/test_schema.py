"""The settings table on the node: its defaults are valid, and repair makes any row valid."""

from array import array

from micropython import const, heap_lock, heap_unlock

from lykta_node.core import schema

_ROWS = const(300)
# Values far outside of any limit, at the edges of the integers that fit, and ordinary ones.
_VALUES = (-(2**30), -1, 0, 1, 199, 200, 350, 500, 1000, 1001, 30000, 180000, 900001, 2**30 - 1)


def _faults(row):
    """How many values of a row are out of their limits, or break a rule."""
    found = 0
    for index in range(len(schema.SETTINGS)):
        setting = schema.SETTINGS[index]
        for road_user in range(len(setting[3])):
            value = row[schema.position(index, road_user)]
            if value < setting[4] or value > setting[5]:
                found += 1
    for rule in range(schema.RULES):
        for road_user in range(schema.CLASSES):
            if schema.broken(row, rule, road_user):
                found += 1
    return found


def _scramble(row, seed):
    """Fill a row with values drawn from _VALUES by a small generator that stays below 2^30; returns its next state."""
    for at in range(schema.ROW):
        seed = (seed * 1103 + 12345) % 1000003
        row[at] = _VALUES[seed % len(_VALUES)]
    return seed


def test_defaults__are_valid():
    """A node without settings has a valid row, and nothing to repair."""
    row = array("i", [0] * schema.ROW)
    schema.defaults(row)
    assert _faults(row) == 0
    assert schema.repair(row) == 0


def test_table__fills_the_row():
    """Every position of a row belongs to exactly one setting, and a class setting has a default for each class."""
    seen = []
    for index in range(len(schema.SETTINGS)):
        values = schema.SETTINGS[index][3]
        assert len(values) == (1 if schema.SETTINGS[index][1] == schema.PHASE else schema.CLASSES)
        for road_user in range(len(values)):
            seen.append(schema.position(index, road_user))
    assert sorted(seen) == list(range(schema.ROW))


def test_repair__makes_any_row_valid():
    """Whatever stands in a row, one repair leaves a valid one, and says that it changed something if it did."""
    row = array("i", [0] * schema.ROW)
    seed = 1
    for number in range(_ROWS):
        seed = _scramble(row, seed)
        before = _faults(row)
        changed = schema.repair(row)
        assert _faults(row) == 0, (number, list(row))
        assert (changed > 0) == (before > 0)


def test_repair__needs_no_memory():
    """Defaults, rules and repair run with the heap locked."""
    row = array("i", [0] * schema.ROW)
    seed = 7
    for _ in range(20):
        seed = _scramble(row, seed)
        heap_lock()
        try:
            schema.repair(row)
            faults = _faults(row)
            schema.defaults(row)
        finally:
            heap_unlock()
        assert faults == 0
