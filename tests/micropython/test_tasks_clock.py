"""The clock: unset, jumping, turning night into day, and the blocks that go with it. Whatever is uncertain is bright."""

import asyncio

import post
from vboard import LUX, board

from lykta_node import app
from lykta_node.core import health, priority
from lykta_node.core import lamp as row
from lykta_node.tasks import clock as clocks

_HOUR_MS = 3_600_000
LIGHT_SENSOR = {"i2c": 0, "sda": 21, "scl": 22}


_NEIGHBOUR = post.Other(1)


async def hours(node, count):
    """Let hours pass, with the heartbeats of a neighbour."""
    for _ in range(int(count * 60)):
        post.air(_NEIGHBOUR.heartbeat())
        await asyncio.sleep_ms(60_000)


def target(node):
    return node.control.lamp[row.TARGET]


def watch(second, *steps):
    """A node with a light sensor that begins in daylight, the clock at a second of the day (None: not set): then (lux, target) in turn."""
    post.write(post.files(light_sensor=LIGHT_SENSOR))
    board.at(board.now, LUX, 0, 5_000)
    board.advance(1)
    if second is not None:
        post.set_clock(second=second)
    node = app.Node()

    async def script(node):
        for lux, wanted in steps:
            board.at(board.now + 1, LUX, 0, lux)
            await hours(node, 0.1)
            assert wanted == target(node), (lux, target(node))

    post.live(node, script)


def test_clock__never_set_is_bright():
    """A lamp that does not know the time is at the fault level, and says why."""
    post.write(post.files())
    node = app.Node()

    async def script(node):
        await hours(node, 0.1)
        assert (1000, health.CLOCK) == (target(node), node.control.lamp[row.FAULTS])
        assert 0 == node.clock.stamp()

    post.live(node, script)


def test_clock__never_set_is_off_in_daylight():
    """Where a light sensor sees the day; as soon as it gets dark the light is at the fault level."""
    watch(None, (5_000, 0), (50, 0), (2, 1000))


def test_clock__of_1970_and_of_2000_are_not_set():
    """What a wrong time server or an empty battery gives is no time."""
    for day in (-10_957, 0, 9_496, 36_525):
        post.set_clock(day)
        clock = clocks.Clock(post.array("i"), None, None)
        clock.start()
        assert clocks.UNSET == clock.state, day


def _from(second, count):
    """A node that starts at a second of UTC, and what its light aims at, every six minutes for so many hours."""
    post.set_clock(second=second)
    node = app.Node(post.Trace(), lambda: None)  # a watchdog would not let one life follow another
    seen = []

    async def script(node):
        for _ in range(count * 10):
            await hours(node, 0.1)
            seen.append(target(node))
            assert 0 <= node.control.now() < 25 * _HOUR_MS
            assert not node.control.lamp[row.FAULTS]

    post.live(node, script)
    return seen


def test_night__ends_at_sunrise_and_begins_at_sunset():
    """Stockholm, 20 November: the sun rises at 06:54 UTC and sets at 14:12; the block changes at noon, and nobody sees it."""
    post.write(post.files())
    seen = _from(6 * 3_600 + 1_800, 1)
    assert [500] * 3 + [0] * 7 == seen, seen
    seen = _from(10 * 3_600 + 1_800, 1)
    assert [0] * 10 == seen
    seen = _from(13 * 3_600 + 1_800, 1)
    assert [0] * 7 + [500] * 3 == seen, seen


def test_nights__follow_each_other__soak():
    """Two days on end: off by day, on by night, each with a block of its own."""
    post.write(post.files())
    seen = _from(post.EVENING_S, 48)
    on = [1 if level else 0 for level in seen]
    changes = [at for at in range(1, len(on)) if on[at] != on[at - 1]]
    assert 4 == len(changes), changes
    assert abs(changes[2] - changes[0] - 240) <= 1, changes


def test_jump__of_half_a_day_is_bright_until_it_has_lasted_an_hour():
    """The time server says it is noon: at night that is not believed at once; after an hour it is."""
    node = post.street()

    async def script(node):
        await hours(node, 0.1)
        assert 500 == target(node)
        post.set_clock(second=11 * 3_600)
        await hours(node, 0.2)
        assert (1000, clocks.DOUBT) == (target(node), node.clock.state)
        await hours(node, 0.6)
        assert 1000 == target(node)
        await hours(node, 0.4)
        assert (0, clocks.SET) == (target(node), node.clock.state)

    post.live(node, script)


def test_jump__there_and_back_is_over_at_once():
    """A glitch: the clock is right again before anybody believed the wrong one."""
    node = post.street()

    async def script(node):
        await hours(node, 0.1)
        right = board.rtc
        board.rtc = right + 86_400_000
        await hours(node, 0.1)
        assert clocks.DOUBT == node.clock.state
        board.rtc = right
        await hours(node, 0.1)
        assert (500, clocks.SET) == (target(node), node.clock.state)

    post.live(node, script)


def test_jump__again_and_again_is_never_believed():
    """A clock that jumps every half hour stays doubted, and the light bright."""
    node = post.street()

    async def script(node):
        await hours(node, 0.1)
        for step in range(1, 6):
            board.rtc += _HOUR_MS * 3 * step
            await hours(node, 0.5)
            assert (1000, clocks.DOUBT) == (target(node), node.clock.state), step

    post.live(node, script)


def test_drift__of_seconds_moves_the_clock_and_keeps_what_was_seen():
    """Corrected by half a minute: no doubt, no fault, and a walker of ten seconds ago is still one of ten seconds ago."""
    node = post.street()

    async def script(node):
        await hours(node, 0.1)
        post.pir(1, 1)
        post.pir(3_000, 0)
        await asyncio.sleep_ms(10_000)
        ago = node.control.now() - node.control.lamp[row.EVIDENCE]
        for shift in (30_000, -60_000):
            board.rtc += shift
            await hours(node, 0.02)
            assert (clocks.SET, 1, 1000) == (node.clock.state, node.control.lamp[row.TRACKS], target(node))
        assert priority.CAUSE_PRESENCE == node.control.lamp[row.CAUSE]
        assert 120_000 == node.control.now() - node.control.lamp[row.EVIDENCE] - ago

    post.live(node, script)


def test_day__in_the_dark_is_doubted():
    """The clock says noon, the light sensor sees night: bright, whichever of them is right."""
    watch(11 * 3_600, (5_000, 0), (0, 1000))


def test_program__missing_is_full_light_around_the_clock():
    """Without settings there is no idle level to go down to."""
    found = post.files()
    found["program"] = None
    post.write(found)
    post.set_clock(second=11 * 3_600)
    node = app.Node()

    async def script(node):
        await hours(node, 0.1)
        assert (1000, 1000) == (target(node), post.light())
        assert node.control.lamp[row.FAULTS] & health.SETTINGS

    post.live(node, script)
