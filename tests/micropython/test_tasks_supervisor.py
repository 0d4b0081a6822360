"""The supervisor: what ends is started again and bright meanwhile, what hangs is ended, and only a living control keeps the dog quiet."""

import asyncio

import post
from vboard import WATCHDOG, board

from lykta_node.core import health
from lykta_node.core import lamp as row
from lykta_node.tasks import reasons

WDT_RESET = 3
HARD_RESET = 2


class Failing:
    """A task that fails after so many ms, so often; then it lives."""

    def __init__(self, ms, times, error=ValueError):
        self.turns = 0
        self.starts = 0
        self.begun = []
        self._ms = ms
        self._times = times
        self._error = error

    async def run(self):
        self.starts += 1
        self.begun.append(board.now)
        while True:
            self.turns += 1
            await asyncio.sleep_ms(self._ms)
            if self.starts <= self._times:
                raise self._error("planted")


class Hanging:
    """A task that waits for ever, the first time."""

    def __init__(self):
        self.turns = 0
        self.starts = 0

    async def run(self):
        self.starts += 1
        while True:
            self.turns += 1
            await asyncio.sleep_ms(1_000 if self.starts > 1 else 100_000_000)


def job(node, name):
    return [job for job in node.jobs if job.name == name][0]


def test_task__that_raises_is_started_again_with_back_off():
    """1, 2, 4 s and so on up to a minute between the tries; bright until it has run for a minute."""
    node = post.street()
    task = Failing(100, 8, MemoryError)
    job(node, "sense").task = task

    async def script(node):
        await asyncio.sleep_ms(3_000)
        assert node.control.lamp[row.FAULTS] & health.SENSOR
        await asyncio.sleep_ms(220_000)
        assert 9 == task.starts
        assert node.control.reasons & reasons.SENSE
        await asyncio.sleep_ms(30_000)
        assert not node.control.reasons & reasons.SENSE
        assert not node.control.lamp[row.FAULTS] & health.SENSOR

    post.live(node, script)
    pauses = [after - before - 100 for before, after in zip(task.begun[:-1], task.begun[1:])]
    assert [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] == pauses, pauses


def test_task__that_hangs_is_ended_and_started_again():
    """Nothing comes round for 15 s: the task is ended, and what it fed is uncertain for a minute."""
    node = post.street()
    task = Hanging()
    job(node, "sense").task = task

    async def script(node):
        await asyncio.sleep_ms(14_000)
        assert (1, 0) == (task.starts, node.control.reasons)
        await asyncio.sleep_ms(6_000)
        assert (2, reasons.SENSE) == (task.starts, node.control.reasons)
        await asyncio.sleep_ms(65_000)
        assert (2, 0) == (task.starts, node.control.reasons)

    post.live(node, script)


# security: 17
def test_control__that_raises_leaves_full_light():
    """While it is down the light is full; it begins anew after a second."""
    node = post.street()

    async def script(node):
        await asyncio.sleep_ms(20_000)
        assert 500 == post.light()
        tick = node.control.tick
        node.control.tick = None
        node.control._alarm.ring()
        await asyncio.sleep_ms(200)
        assert 1000 == post.light()
        node.control.tick = tick
        await asyncio.sleep_ms(20_000)
        assert (500, reasons.TASK) == (post.light(), node.control.reasons)
        assert not node.control.lamp[row.FAULTS]
        assert 500 == node.control.lamp[row.TARGET]

    post.live(node, script)


# security: 17
def test_control__that_fails_again_and_again_starts_the_board_anew():
    """After the fifth time, with full light."""
    node = post.street()

    async def script(node):
        await asyncio.sleep_ms(2_000)
        node.control.tick = None
        node.control._alarm.ring()
        await asyncio.sleep_ms(120_000)

    assert HARD_RESET == post.live(node, script)
    assert board.now < 60_000, board.now
    assert 1000 == post.light()


# security: 18
def test_watchdog__starts_after_the_window_and_bites_when_control_stops():
    """Not in the first ten seconds, for whoever comes with a cable; then at most 10 s after control last came round."""
    node = post.street()

    class Dead:
        turns = 0

        async def run(self):
            await asyncio.sleep_ms(100_000_000)

    async def script(node):
        await asyncio.sleep_ms(9_000)
        assert not board.sent(WATCHDOG)
        await asyncio.sleep_ms(21_000)
        assert board.sent(WATCHDOG)
        node.stopped = board.now
        job(node, "control").keeper.cancel()
        await asyncio.sleep_ms(30_000)

    assert WDT_RESET == post.live(node, script)
    assert 8_000 <= board.now - node.stopped <= 12_000, board.now - node.stopped


def test_start__is_confirmed_after_a_minute_of_control():
    """The failed starts are forgotten then, not before."""
    post.write(post.files())
    post.set_clock()
    from esp32 import NVS

    nvs = NVS("lykta")
    nvs.set_i32("failed", 2)
    nvs.commit()
    from lykta_node import app

    node = app.Node()

    async def script(node):
        await asyncio.sleep_ms(58_000)
        assert 2 == post.count("failed")
        await asyncio.sleep_ms(8_000)
        assert 0 == post.count("failed")

    post.live(node, script)


# security: 12
def test_trial__must_hear_a_neighbour_within_ten_minutes():
    """A version on trial whose radio is deaf does not become the one in use: the board starts anew, and that start has failed."""
    post.write(post.files())
    post.set_clock()
    from lykta_node import app
    from lykta_node.tasks import slots

    slots.write("a", "b")
    node = app.Node()

    async def script(node):
        await asyncio.sleep_ms(700_000)

    assert HARD_RESET == post.live(node, script)
    assert ("a", "b") == slots.read()
    assert 600_000 <= board.now < 605_000


def test_trial__that_hears_a_neighbour_becomes_the_one_in_use():
    """A minute of control and one authentic telegram."""
    post.write(post.files())
    post.set_clock()
    from lykta_node import app
    from lykta_node.tasks import slots

    slots.write("a", "b")
    node = app.Node()

    async def script(node):
        await asyncio.sleep_ms(90_000)
        assert slots.on_trial()
        post.air(post.Other(1).heartbeat())
        await asyncio.sleep_ms(5_000)

    post.live(node, script)
    assert ("b", "-") == slots.read()


def test_record__of_the_slots_that_makes_no_sense_means_none():
    """Torn, foreign or empty: the software in the root runs."""
    post.write(post.files())
    from lykta_node.tasks import slots

    for text in ("", "a", "c -", "a b c", "x y", "a c"):
        with open("/slots", "w") as file:
            file.write(text)
        assert ("-", "-") == slots.read(), text


def test_report__tells_an_outage_once_when_it_begins_and_once_when_it_ends():
    """The node's own findings and the law's, by name, on the console and among the lines kept."""
    node = post.street()

    async def script(node):
        await asyncio.sleep_ms(10_000)
        node.control.fault(reasons.WIRE, 1)
        await asyncio.sleep_ms(10_000)
        node.control.fault(reasons.WIRE, 0)
        await asyncio.sleep_ms(180_000)
        post.air(post.Other(1).heartbeat())
        await asyncio.sleep_ms(5_000)

    post.live(node, script)
    found = [line.strip().split("  ", 1)[1] for line in node.log.lines() if "wrong:" in line or "again:" in line]
    assert ["wrong: wire", "right again: wire", "wrong: radio", "right again: radio"] == found, found


def without_memory(free):
    """From now on the supervisor is told that so many bytes are free."""
    from lykta_node.tasks import supervisor

    class Gc:
        @staticmethod
        def collect():
            pass

        @staticmethod
        def mem_free():
            return free

    supervisor.gc = Gc


# security: 17
def test_memory__that_is_gone_starts_the_board_anew_at_once_and_is_said():
    """Less than 1 kB free: the lines kept make room for the two that say so, and the same beat is the last."""
    node = post.street()

    async def script(node):
        await asyncio.sleep_ms(20_000)
        assert node.log.lines()
        without_memory(500)
        await asyncio.sleep_ms(60_000)

    assert HARD_RESET == post.live(node, script)
    assert board.now < 25_000, board.now
    said = node.log.lines()
    assert "memory" in said[0] and "starting anew" in said[1], said
    assert 2 == len(said), said
    assert 1000 == post.light()


def test_memory__that_runs_out_starts_the_board_anew():
    """Less than 8 kB free on every beat of a minute; it is reported at once."""
    node = post.street()
    without_memory(5_000)

    async def script(node):
        await asyncio.sleep_ms(3_000)
        assert node.control.reasons & reasons.MEMORY
        await asyncio.sleep_ms(100_000)

    assert HARD_RESET == post.live(node, script)
    assert board.now < 65_000
