"""Control: no memory in a tick, no tick without need, the wrap of the ticks, and nothing lost over many nights."""

import asyncio
from array import array

import post
from doubles import Pwm
from micropython import heap_lock, heap_unlock
from vboard import board

from lykta_node import app
from lykta_node.core import control as law
from lykta_node.core import health, priority, settings
from lykta_node.core import lamp as row
from lykta_node.drivers.fixture import Fixture
from lykta_node.tasks import reasons

_MINUTE_MS = 60_000


def frame_from(origin, number=1):
    """A neighbour's detection of somebody of whom nothing is known."""
    frame = array("i", [0] * row.FRAME_LENGTH)
    frame[row.ORIGIN] = origin
    frame[row.DETECTION] = number
    frame[row.CLASSES] = 3
    frame[row.CAME] = row.LINK_UNKNOWN
    frame[row.PREVIOUS] = frame[row.ALSO] = -1
    frame[row.BACK] = frame[row.FRONT] = post.SEES_CM
    return frame


class Silent:
    """An outbox that remembers how much was told."""

    def __init__(self):
        self.told = 0

    def tell(self, lamp):
        self.told += 1


def alone():
    """A node whose control has begun but is not running: the test calls its ticks."""
    node = post.street()
    node.control._outbox = Silent()
    node.control.start(*node.clock.start())
    return node.control


def test_tick__needs_no_memory():
    """Minutes of ramps, own readings, frames, heartbeats, faults and overrides with the heap locked."""
    control = alone()
    pwm = Pwm()
    control._fixture = Fixture(pwm, [[0, 0], [400, 300], [1_000, 1_000]], 100)
    frame = frame_from(1)
    for step in range(1_200):
        kind = 1 + step // 20 % 2 if step % 200 in (0, 20) else 0
        heap_lock()
        try:
            control.tick()
            control.pause()
            if kind:
                control.reading(kind, 3, 0, 0)
            if step % 250 == 7:
                frame[row.DETECTION] = step
                control.frame(frame)
            if step % 50 == 9:
                control.heartbeat(3, 40, 5, 0)
            if step % 100 == 60:
                control.fault(reasons.RADAR, step % 200 == 60)
            if step == 333:
                control.override(900, 5_000)
        finally:
            heap_unlock()
        board.advance(240_000 if step % 200 == 100 else 50)
    assert control._outbox.told == 6
    assert pwm.writes > 100, pwm.writes


def test_control__sleeps_until_something_changes():
    """A lamp at rest comes round every two seconds, one on its way every 50 ms."""
    node = post.street()
    turns = []

    async def script(node):
        await asyncio.sleep_ms(20_000)
        for _ in range(2):
            before = node.control.turns
            await asyncio.sleep_ms(10_000)
            turns.append(node.control.turns - before)
        post.pir(1, 1)
        before = node.control.turns
        await asyncio.sleep_ms(400)
        turns.append(node.control.turns - before)

    post.live(node, script)
    assert turns[0] <= 6 and turns[1] <= 6, turns
    assert 8 <= turns[2] <= 10, turns


def test_ticks__turn_round_without_a_trace():
    """The same evening with the wrap of ticks_ms in its middle: the same light, to the ms."""

    def evening(control):
        light = []
        for second in range(40):
            if second == 10:
                control.reading(1, 3, 0, 0)
            if second == 13:
                control.reading(2, 3, 0, 0)
            control.tick()
            light.append((control.lamp[row.NOW], control.lamp[row.POSITION], control.lamp[row.TARGET]))
            board.advance(1_000)
        return light

    plain = evening(alone())
    board.shift = ((1 << 30) - 12_500 - board.now) & 0x3FFFFFFF
    control = app.Node().control
    post.set_clock()
    control._outbox = Silent()
    control.start(*control._clock.start())
    assert plain == evening(control)


def test_nights__may_be_many_without_anybody():
    """After 40 nights nobody came in, every time in the row is still one that fits, and the next walker has light."""
    control = alone()
    night_ms = 86_400_000
    for _ in range(40):
        for _ in range(4):
            board.advance(night_ms // 4)
            control.heartbeat(1, 0, 0, 0)
        block = control._settings
        control.adopt(block, night_ms)
        assert all([-(1 << 30) <= value < 1 << 30 for value in control.lamp])
    control.heartbeat(1, 0, 0, 0)
    control.reading(1, 3, 0, 0)
    assert (1000, priority.CAUSE_PRESENCE) == (control.lamp[row.TARGET], control.lamp[row.CAUSE])


def test_fault__of_the_node_is_bright_until_it_has_gone():
    """Each reason that makes presence or settings uncertain; the others are only told."""
    control = alone()
    control.heartbeat(1, 0, 0, 0)
    for bit in range(len(reasons.NAMES)):
        reason = 1 << bit
        control.fault(reason, True)
        bright = bool(reason & (reasons.PRESENCE | reasons.SETTINGS))
        assert bright == (control.lamp[row.CAUSE] == priority.CAUSE_FAULT), reasons.words(reason)
        control.fault(reason, False)
        assert control.lamp[row.FAULTS] == 0


def test_reasons__of_one_kind_add_up():
    """Two causes of the same fault: it has gone when both have."""
    control = alone()
    control.fault(reasons.RADAR, True)
    control.fault(reasons.FLOOD, True)
    control.fault(reasons.RADAR, False)
    assert control.lamp[row.FAULTS] == health.SENSOR
    control.fault(reasons.FLOOD, False)
    assert control.lamp[row.FAULTS] == 0


def test_frame__of_a_stranger_or_of_itself_is_nothing():
    """The table decides who is a neighbour."""
    control = alone()
    before = list(control.lamp)
    for origin in (2, 17, 65_535):
        assert not control.frame(frame_from(origin))
    assert before == list(control.lamp)
    assert control.frame(frame_from(1))


def test_start__again_is_full_and_keeps_what_is_wrong():
    """After control had to be started anew the light is full, and a fault of before is still there."""
    control = alone()
    board.advance(_MINUTE_MS)
    control.tick()
    control.fault(reasons.WIRE, True)
    control.bright()
    assert post.light() == 1000
    control.start(*control._clock.start())
    assert control.lamp[row.FAULTS] & health.SENSOR
    assert law.next_change_ms(control.lamp) > 0
    assert control._settings[settings.ENTRIES] > 1
