"""What a lamp knows of the street: a table made by the plan, one row for each way from a neighbour to this lamp.

Rows of one origin stand together, the last of them is marked; a lamp's own rows (distance 0, one for each of its
links) are in the table too. Distances run along links [cm]. A *gate* is a sensor further along the way: nobody is
beyond it before it has reported; behind the last gate of a way that ends stands its exit.
"""

from micropython import const

# Header: the lamp's own sensors.
ADMITS = const(0)  # set of classes that its links admit
RANGE = const(1)  # cm
FACING = const(2)  # link that its radar faces; 255: none
OPPOSITE = const(3)  # the only other link; 255: none or several
NEIGHBOURS = const(4)  # how many other lamps it can hear
OPEN = const(5)  # set of its links by which somebody may come whom no sensor has seen
SEES = const(6)  # how far its radar sees each class [cm]
HEADER = const(9)

# Row.
FROM_LAMP = const(0)
LINK = const(1)  # link by which the way leaves the origin
DISTANCE = const(2)
ARRIVE = const(3)  # link by which it comes to this lamp
FLAGS = const(4)  # LAST and FORKS
NEAR_FROM = const(5)  # how far along the way a user is for whom this lamp is the nearest, or the next one ahead [cm]
GATES = const(6)  # NEAR, FAR, lamp and SURE of each gate
GATE_NEAR = const(0)  # where its coverage begins, from the origin; NEVER: no more gates
GATE_FAR = const(1)  # where it ends
GATE_LAMP = const(2)  # -1: the way ends here
GATE_SURE = const(3)  # 1: its sensor misses nobody
GATE_LENGTH = const(4)
MAX_GATES = const(4)
ROW_LENGTH = const(22)

# Flags of a row.
LAST = const(1)  # it is the last one of its origin
FORKS = const(2)  # somebody on the way may turn off, or leave, before he is here


def find(table, rows: int, origin: int) -> int:
    """Where the rows of an origin begin in a table of `rows` rows sorted by origin; -1 if it has none."""
    low = 0
    high = rows
    while low < high:
        middle = (low + high) // 2
        if table[HEADER + middle * ROW_LENGTH] < origin:
            low = middle + 1
        else:
            high = middle
    at = HEADER + low * ROW_LENGTH
    return at if low < rows and table[at] == origin else -1
