"""Makes the blocks of recorded nights from recorded programs: the integers that CPython made, and not one allocation.

Not a test by itself: run by tests/plan/test_program_on_vm.py with the file that it wrote. Integers of 4 bytes: how many programs; of
each its length, the program, how many nights; of each the night, a day and second of UTC in it, the length of its block, the block.
"""

import sys
from array import array

from micropython import heap_lock, heap_unlock

from lykta_node.core import almanac, program, repair, settings


def read(file, count):
    """So many integers."""
    numbers = array("i", [0] * count)
    assert file.readinto(numbers) == 4 * count
    return numbers


def nights(file):
    """Make the nights of one program; returns how many."""
    numbers = read(file, read(file, 1)[0])
    work = program.Work()
    assert repair.check(numbers, work) == 0
    block = array("i", [0] * settings.length(program.entries(numbers)))
    count = read(file, 1)[0]
    for _ in range(count):
        night, day, second, length = read(file, 4)
        wanted = read(file, length)
        heap_lock()
        try:
            found = almanac.night_of(numbers, day, second)
            now = almanac.now_ms(numbers, found, day, second)
            fault = program.make(numbers, found, block, work)
        finally:
            heap_unlock()
        assert (found, fault) == (night, 0), (found, fault, night)
        assert 0 <= now < almanac.night_ms(numbers, night), now
        assert list(block)[:length] == list(wanted), night
    return count


def main(path):
    """Every program of a file; returns how many nights there were."""
    with open(path, "rb") as file:
        return sum([nights(file) for _ in range(read(file, 1)[0])])


if __name__ == "__main__":
    print(main(sys.argv[1]))
