"""Numbers of detections: none is used again soon, whatever restarts."""

import asyncio

import post
from esp32 import NVS

from lykta_node import app
from lykta_node.core import lamp as row
from lykta_node.tasks.numbers import Numbers

EARLY = 64


class Store:
    """Counts, and how often it was written."""

    def __init__(self):
        self.value = 0
        self.writes = 0

    def count(self, name):
        return self.value

    def set_count(self, name, value):
        self.value = value
        self.writes += 1
        return True


def test_numbers__begin_after_all_that_were_used():
    """Whenever the power is cut, the next start begins beyond what was told; flash is written once for a thousand."""
    store = Store()
    used = 0
    for start in range(100):
        numbers = Numbers(store)
        assert start == 0 or 0 < (numbers.last - used) % 65_535 <= 1_024 + EARLY, (start, numbers.last, used)
        used = numbers.last
        for _ in range(37 * start):
            used = used % 65_535 + 1
            numbers.used(used)
    assert store.writes <= 100 + sum(range(100)) * 37 // 900


def test_numbers__of_a_party_may_come_at_once():
    """Several are taken before anybody is told: they are set aside all the same."""
    store = Store()
    numbers = Numbers(store)
    for used in range(60, 70_000, 60):
        numbers.used(used % 65_535)
        assert 0 < (store.value - used) % 65_535 <= 1_024 + EARLY


def test_start__goes_on_with_other_numbers():
    """A node that restarts, or whose control restarts, never tells a number of before."""
    told = []

    async def script(node):
        await asyncio.sleep_ms(3_000)
        for _ in range(2):
            post.pir(1, 1)
            await asyncio.sleep_ms(3_000)
            post.pir(1, 0)
            await asyncio.sleep_ms(9_000)
            told.append(node.control.lamp[row.NUMBER])
        node.control.start(*node.clock.start())
        assert told[-1] == node.control.lamp[row.NUMBER]

    post.write(post.files())
    post.set_clock()
    for _ in range(2):
        post.live(app.Node(None, lambda: None), script)  # the watchdog of the first would bite the second
    assert [1, 2] == told[:2]
    assert 1_024 < told[2] < told[3], told
    assert NVS("lykta").get_i32("number") > told[3]
