"""Replays what reached one lamp in a night, as CPython recorded it: the same levels, to the unit, and not one allocation in a step.

Not a test by itself: run by tests/sim/test_micropython_night.py with the file that it wrote. Lines of integers: the settings block, the
neighbour table, `own identity begin`, then `what POSITION TARGET RATE CAUSE SEND argument...`, what the row must say afterwards; the
last line is the whole row.
"""

import sys
from array import array

from micropython import heap_lock, heap_unlock

from lykta_node.core import control
from lykta_node.core import lamp as row

ADVANCE, READING, FRAME, HEARTBEAT = range(4)


def numbers(line):
    """The integers of a line."""
    return array("i", [int(word) for word in line.split()])


def step(lamp, settings, table, own, line, frame):
    """Hand one input to the core, with the heap locked."""
    what = line[0]
    if what == FRAME:
        for field in range(row.FRAME_LENGTH):
            frame[field] = line[7 + field]
    heap_lock()
    try:
        lamp[row.SEND] = 0
        if what == ADVANCE:
            control.advance(lamp, settings, table, own, line[6])
        elif what == READING:
            control.reading(lamp, settings, table, own, line[6], line[7], line[8], line[9])
        elif what == FRAME:
            control.frame(lamp, settings, table, own, line[6], frame, 0)
        else:
            control.heartbeat(lamp, settings, table, own, line[6], line[7], line[8], line[9])
    finally:
        heap_unlock()


def replay(path):
    """Run a record; returns how many inputs it had."""
    with open(path) as file:
        settings = numbers(file.readline())
        table = numbers(file.readline())
        own, identity, begin = numbers(file.readline())
        lamp = array("i", [0] * row.LAMP)
        frame = array("i", [0] * row.FRAME_LENGTH)
        control.start(lamp, settings, table, own, identity, begin)
        count = 0
        line = numbers(file.readline())
        while len(line) < row.LAMP:
            step(lamp, settings, table, own, line, frame)
            count += 1
            found = (lamp[row.POSITION], lamp[row.TARGET], lamp[row.RATE], lamp[row.CAUSE], lamp[row.SEND])
            assert found == tuple(line[1:6]), (count, lamp[row.NOW], found, tuple(line))
            line = numbers(file.readline())
        lamp[row.SEND] = line[row.SEND]
        assert lamp == line
    return count


if __name__ == "__main__":
    print(replay(sys.argv[1]))
