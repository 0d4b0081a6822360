"""Frames as the radars send them, for tests."""

from lykta_node.drivers.stream import command

THREE = bytes.fromhex("F4F3F2F1110003018A28003C158A1E013C0F765F003C0FF8F7F6F5")
STILL = bytes.fromhex("F4F3F2F10D0002AA025100000000 3B00005500F8F7F6F5".replace(" ", ""))
ENABLE = command(0xFF, b"\x01\x00")
END = command(0xFE)


def presence_report(state, moves_cm=0, energy=50, stands_cm=0, nearest_cm=0):
    """A basic report of an LD2410."""
    content = bytes((2, 0xAA, state)) + moves_cm.to_bytes(2, "little") + bytes((energy,))
    content += stands_cm.to_bytes(2, "little") + bytes((40,)) + nearest_cm.to_bytes(2, "little") + b"\x55\x00"
    return report(content)


def targets(*found):
    """A report of an LD2451 with targets (distance m, direction, km/h)."""
    content = bytes((len(found), 0))
    for distance, direction, speed in found:
        content += bytes((0x80, distance, direction, speed, 10))
    return report(content)


def report(content):
    """A report with any content."""
    return b"\xf4\xf3\xf2\xf1" + len(content).to_bytes(2, "little") + content + b"\xf8\xf7\xf6\xf5"


def answer(code, status=0, more=b""):
    """What a unit answers to a command."""
    return command(code | 0x100, bytes((status, 0)) + more)


def told(radar, now):
    """What it tells at a time: (kind, distance, speed) of every reading."""
    found = []
    while radar.poll(now):
        found.append((radar.kind, radar.distance_cm, radar.speed_cms))
    return found


class NoMemory:
    """Counts what is written instead of keeping it."""

    def __init__(self):
        self.count = 0

    def append(self, data):
        self.count += 1
