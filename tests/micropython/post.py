"""A whole node on the virtual board, for tests: its files, its life for as long as the test wants, and what its light did.

`street` makes the files of a lamp in a straight street with a PIR on every post, 22 m apart; the flash is the folder the test runs in.
"""

import asyncio
import json
import os
import struct
from array import array

import hooks
import uos
from esp32 import NVS
from vboard import DUTY, PIN, RADIO_IN, RADIO_OUT, Reset, board

from lykta_node import app, online  # noqa: F401 - the app could not find what it imports late
from lykta_node.core import almanac, payload, phases, schema, telegram
from lykta_node.core import lamp as row
from lykta_node.core import neighbours as way
from lykta_node.drivers import lamp_check, ld2410, ld2451, light_sensor, meter, wifi  # noqa: F401
from lykta_node.drivers.store import seal
from lykta_node.tasks import ntp, selftest  # noqa: F401

LIGHT, PIR = 25, 27  # pins
PITCH_CM = 2_200
SEES_CM = 800
DAY = 9_820  # 2026-11-20 in days since 2000
EVENING_S = 19 * 3_600  # UTC: it is dark in Stockholm
SHARED = bytes(range(32))
OWN = bytes(range(100, 132))
WARM_UP_MS = 1_000


def program(idle=500):
    """A program of ten years: Stockholm, one phase from sunset to sunrise."""
    settings = array("i", [0] * schema.ROW)
    schema.defaults(settings)
    settings[schema.IDLE] = idle
    head = [0] * almanac.HEADER
    head[almanac.FORMAT] = almanac.FORMAT_NOW
    head[almanac.ROW_LENGTH] = schema.ROW
    head[almanac.FIRST] = DAY - 100
    head[almanac.LAST] = DAY + 3_600
    head[almanac.LATITUDE] = 593_300
    head[almanac.LONGITUDE] = 180_700
    head[almanac.OFFSET] = 60
    head[almanac.LOWEST] = 100
    for section in (almanac.PHASES, almanac.NIGHTS, almanac.ROWS):
        head[almanac.COUNTS + section] = 1
    return integers(head + [phases.SUNSET, 0, 0] + [0, 1, phases.SUNRISE, 0] + list(settings))


def table(number, lamps):
    """The neighbour table of lamp `number` of so many in a line: link 0 leads to smaller numbers, link 1 to larger ones."""
    header = [0] * way.HEADER
    header[way.ADMITS] = 3
    header[way.RANGE] = SEES_CM
    header[way.FACING] = header[way.OPPOSITE] = row.LINK_UNKNOWN
    header[way.NEIGHBOURS] = lamps - 1
    rows = []
    own = -1
    for origin in range(lamps):
        if origin == number:
            own = way.HEADER + len(rows)
            rows += _way(origin, origin, 0, lamps, 0) + _way(origin, origin, 1, lamps, 1)
        else:
            rows += _way(origin, number, int(number > origin), lamps, 1)
    return integers(header + rows + [own, len(rows) // way.ROW_LENGTH])


def _way(origin, number, link, lamps, last):
    """A row: the way from an origin over a link to a lamp, and the sensors along it."""
    step = 1 if link else -1
    gates = []
    lamp = origin + step
    while 0 <= lamp < lamps and len(gates) < way.GATE_LENGTH * way.MAX_GATES:
        distance = abs(lamp - origin) * PITCH_CM
        gates += [distance - SEES_CM, distance + SEES_CM, lamp, 0]
        lamp += step
    gates += [row.NEVER, row.NEVER, -1, 0] * (way.MAX_GATES - len(gates) // way.GATE_LENGTH)
    arrive = link if number == origin else 1 - link
    posts = abs(number - origin)
    return [origin, link, posts * PITCH_CM, arrive, last, max(0, 2 * posts - 3) * PITCH_CM // 2] + gates


def integers(values):
    """Integers as they lie in a file."""
    return struct.pack("<" + str(len(values)) + "i", *values)


def files(number=2, lamps=5, idle=500, **board_parts):
    """The files of a lamp; `board_parts` replace parts of its board."""
    about = {
        "chip": "esp32",
        "fixture": {"kind": "pwm", "pin": LIGHT, "freq": 1_000, "curve": [[0, 0], [1_000, 1_000]], "lowest": 100},
        "sensors": [{"kind": "pir", "pin": PIR, "warm_up_ms": WARM_UP_MS, "blind_ms": 2_500}],
        "led": None,
        "light_sensor": None,
        "meter": None,
        "radio": {"channel": 1, "hops": 0},
    }
    about.update(board_parts)
    return {
        "identity": json.dumps({"site": "test", "lamp": "L" + str(number), "number": number, "board": "test"}).encode(),
        "board": json.dumps(about).encode(),
        "program": program(idle),
        "table": table(number, lamps),
        "adjacent": integers([other for other in range(lamps) if other != number]),
        "keys": b"\x10" + SHARED + OWN,
    }


def write(found):
    """Make the folder of the test the flash of the node, and write files into it, sealed. All imports come before."""
    here = os.getcwd()
    os.jail += (uos.VfsPosix(), here)
    os.umount("/")
    os.mount(uos.VfsPosix(here), "/")
    os.chdir("/")
    os.mkdir("/data")
    for name, content in found.items():
        put(name, content)


def put(name, content):
    """Write a file sealed; None: there is none."""
    if content is not None:
        with open("/data/" + name, "wb") as file:
            file.write(seal(content, 1))


def set_clock(day=DAY, second=EVENING_S):
    """What the RTC shows."""
    board.rtc = (day * 86_400 + second) * 1_000 - board.now


class Trace:
    """A host's hook that only makes polling cheap: see `hooks.Pause`."""

    pause = hooks.Pause

    def _nothing(self, *about):
        pass

    start = renumber = advance = reading = frame = heartbeat = override = fault = target = _nothing


def street(number=2, lamps=5, idle=500, **board_parts):
    """A node with all its files and the right time, not yet alive."""
    write(files(number, lamps, idle, **board_parts))
    set_clock()
    return app.Node()


def live(node, script):
    """Let a node live while `script(node)` runs, then end it. Returns the cause of a reset, None without one."""

    async def both():
        life = asyncio.create_task(node.life())
        await script(node)
        for job in node.jobs:
            job.keeper.cancel()
        life.cancel()
        await asyncio.sleep_ms(1)

    asyncio.new_event_loop()  # what a life before this one left behind
    try:
        asyncio.run(both())
    except Reset as reset:
        return reset.args[0]
    return None


def light():
    """The duty that the lamp's output shows now [permille]."""
    found = [value for (_, kind, which, value, _) in board.out if kind == DUTY and which == LIGHT]
    return (found[-1] * 1_000 + 32_767) // 65_535 if found else -1


def dims():
    """All duties so far: [(t, permille)]."""
    return [(t, (value * 1_000 + 32_767) // 65_535) for (t, kind, which, value, _) in board.out if kind == DUTY and which == LIGHT]


def pir(in_ms, level):
    """The sensor's output changes in so many ms."""
    board.at(board.now + in_ms, PIN, PIR, level)


class Other:
    """Another lamp of the street, as far as the radio goes."""

    def __init__(self, number, epoch=1, secret=SHARED):
        import hashlib

        self.number = number
        self.epoch = epoch
        self.counter = 0
        self.key = telegram.Key(0x10, secret, hashlib.sha256)
        self.buffer = bytearray(telegram.LONGEST)

    def telegram(self, kind, values, fields, offset=0, age=0, hops=0, stamp=None):
        """A sealed telegram, bytes."""
        wire = payload.Wire(self.buffer)
        wire.open(telegram.HEADER, telegram.LONGEST - telegram.TAG)
        assert wire.put(values, offset, fields)
        self.counter += 1
        if stamp is None:
            stamp = 0 if board.rtc is None else (board.now + board.rtc) // 4_000
        telegram.head(self.buffer, kind, self.number, self.epoch, self.counter, stamp, 60, hops)
        return bytes(self.buffer[: telegram.seal(self.buffer, wire.at, age, self.key)])

    def heartbeat(self, share=0, lying=0):
        """A sign of life."""
        return self.telegram(telegram.HEARTBEAT, [share, lying], payload.HEARTBEAT)

    def detection(self, number=1, **about):
        """Somebody was seen, nothing is known of him."""
        frame = [0] * row.FRAME_LENGTH
        frame[row.DETECTION] = number
        frame[row.CLASSES] = 3
        frame[row.CAME] = row.LINK_UNKNOWN
        frame[row.PREVIOUS] = frame[row.ALSO] = -1
        frame[row.BACK] = frame[row.FRONT] = SEES_CM
        return self.telegram(telegram.DETECTION, frame, payload.FRAME, **about)


def air(message, in_ms=1, channel=1):
    """A message reaches the antenna in so many ms."""
    board.at(board.now + in_ms, RADIO_IN, channel, -60, b"\x24\x6f\x28\x00\x00\x02" + message)


def sent():
    """What the node has sent since the last look: [(t, bytes)]."""
    return [(t, data[6:]) for (t, _, _, data) in board.sent(RADIO_OUT)]


def count(name):
    """A counter in NVS, as the next start would find it."""
    try:
        return NVS("lykta").get_i32(name)
    except OSError:
        return 0
