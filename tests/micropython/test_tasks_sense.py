"""The eyes: wires that fail, radars that fall silent, sensors that babble; what is uncertain is bright."""

import asyncio

import post

from lykta_node.core import health
from lykta_node.core import lamp as row
from lykta_node.tasks import reasons
from lykta_node.tasks.alarm import poll_pause
from lykta_node.tasks.sense import Sense


class Control:
    """Remembers readings and faults."""

    def __init__(self):
        self.readings = []
        self.faults = {}

    def reading(self, kind, road_user, distance, speed):
        self.readings.append((kind, road_user, distance, speed))

    def fault(self, reason, present):
        self.faults[reason] = bool(present)


class Switch:
    """A sensor that says one thing at each poll, or fails."""

    def __init__(self, says):
        self.says = says

    def poll(self, now):
        if self.says < 0:
            raise OSError(5)
        return self.says

    def next_due(self, now):
        return 700

    def warming(self):
        return False


class Radar:
    """A radar that has so many readings waiting; `there`: it answers."""

    def __init__(self, waiting):
        self.waiting = waiting
        self.there = True
        self.kind = 5
        self.distance_cm = 1_200
        self.speed_cms = -340

    def poll(self, now):
        self.waiting -= 1
        return self.waiting >= 0

    def alive(self, now):
        return self.there

    def next_due(self, now):
        return 600


def test_reading__is_handed_on_with_an_unknown_class():
    """A switch gives its edge, a radar its target; then they are asked again when they want it."""
    control = Control()
    sense = Sense(control, [Switch(1)], [Radar(2)], poll_pause)
    due = sense.poll(0)
    assert [(1, 3, 0, 0), (5, 3, 1_200, -340), (5, 3, 1_200, -340)] == control.readings
    assert 600 == due
    assert 700 == Sense(control, [Switch(0)], [], poll_pause).poll(0)


def test_radar__that_babbles_does_not_hold_up_the_lamp():
    """At most sixteen readings at a time."""
    control = Control()
    Sense(control, [], [Radar(1_000)], poll_pause).poll(0)
    assert 16 == len(control.readings)


def test_wire__that_fails_three_times_is_a_fault_until_it_works():
    """Two failures in a row are none; another sensor's health does not hide it."""
    control = Control()
    bad = Switch(-1)
    sense = Sense(control, [Switch(0), bad], [], poll_pause)
    sense.poll(0)
    sense.poll(20)
    assert reasons.WIRE not in control.faults
    sense.poll(40)
    assert control.faults[reasons.WIRE]
    bad.says = 0
    sense.poll(60)
    assert not control.faults[reasons.WIRE]


def test_radar__that_does_not_answer_is_a_fault_until_it_does():
    """One of two is enough."""
    control = Control()
    silent = Radar(0)
    sense = Sense(control, [], [Radar(0), silent], poll_pause)
    sense.poll(0)
    assert not control.faults[reasons.RADAR]
    silent.there = False
    sense.poll(20)
    assert control.faults[reasons.RADAR]
    silent.there = True
    sense.poll(40)
    assert not control.faults[reasons.RADAR]


def test_pir__that_warms_up_leaves_the_lamp_bright():
    """On the whole node: as long as the output means nothing, nobody may walk in the dark; then the light goes down."""
    node = post.street(sensors=[{"kind": "pir", "pin": post.PIR, "warm_up_ms": 60_000, "blind_ms": 2_500}])
    other = post.Other(1)

    async def script(node):
        post.air(other.heartbeat())
        await asyncio.sleep_ms(58_000)
        assert (reasons.WARM_UP, 1000) == (node.control.reasons, post.light())
        await asyncio.sleep_ms(22_000)
        assert (0, 500) == (node.control.reasons, post.light())

    post.live(node, script)


def test_radar__that_is_not_there_makes_the_lamp_bright():
    """On the whole node: nobody answers on the UART, so within seconds the lamp is at the fault level."""
    node = post.street(sensors=[{"kind": "ld2410", "uart": 1, "tx": 19, "rx": 18}])

    async def script(node):
        await asyncio.sleep_ms(30_000)
        assert reasons.RADAR == node.control.reasons
        assert health.SENSOR == node.control.lamp[row.FAULTS]
        assert 1000 == post.light()

    post.live(node, script)


def test_sensor__stuck_on_is_bright_after_ten_minutes_and_tells_nobody():
    """On the whole node: the output of the PIR never falls."""
    node = post.street()
    other = post.Other(1)

    async def script(node):
        post.pir(2_000, 1)
        for _ in range(21):
            post.air(other.heartbeat())
            await asyncio.sleep_ms(30_000)
        assert health.STUCK == node.control.lamp[row.FAULTS]
        post.sent()
        await asyncio.sleep_ms(60_000)
        kinds = [data[0] & 15 for _, data in post.sent()]
        assert 2 in kinds and 1 not in kinds, kinds

    post.live(node, script)
