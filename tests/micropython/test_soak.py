"""A node for weeks: `make soak`. Across the wrap of its ticks, through noons and nights, it stays what it is and takes no more memory."""

import asyncio
import gc

import hooks
import post
from vboard import board

from lykta_node import app

DAY_MS = 86_400_000
WRAP_MS = 1 << 30


def weeks(days, early_ms):
    """A node that lives so many days from 10 s or so before the wrap; (bytes in use at each noon, light at each midnight and noon)."""
    board.shift = WRAP_MS - early_ms
    post.write(post.files())
    post.set_clock(second=12 * 3_600)
    hooks.collect_late()
    node = app.Node(post.Trace(), lambda: None)
    other = post.Other(1)
    used, nights, noons = [], [], []

    async def street():
        """A neighbour's sign of life every minute, a walker every ten."""
        minute = 0
        while True:
            post.air(other.heartbeat())
            if minute % 10 == 0:
                post.pir(1_000, 1)
                post.pir(4_000, 0)
            minute += 1
            await asyncio.sleep_ms(60_000)
            board.out.clear()

    async def script(node):
        walkers = asyncio.create_task(street())
        for _ in range(days):
            await asyncio.sleep_ms(DAY_MS // 2 + 555_000)
            nights.append(node.fixture.level)
            await asyncio.sleep_ms(DAY_MS // 2 - 555_000)
            noons.append(node.fixture.level)
            gc.collect()
            used.append(gc.mem_alloc())
        walkers.cancel()
        assert [] == [job.name for job in node.jobs if job.failures]
        assert 0 == node.control.reasons

    assert post.live(node, script) is None
    return used, nights, noons


def check(days, early_ms):
    used, nights, noons = weeks(days, early_ms)
    assert set(noons) == {0}, noons
    assert set(nights) <= {500, 1000}, nights
    assert 500 in nights
    # The lines that the log keeps are full after some days.
    assert max(used[2:]) - used[1] <= 4_096, used


def test_week__takes_no_more_memory_than_its_second_day__soak():
    """Seven days: at every noon the same heap, to some kB."""
    check(7, 10_000)


def test_month__across_the_wrap__soak():
    """Thirty days from 10 s before the first wrap: two more follow, and each night is lit, each noon dark."""
    check(30, 10_000)
