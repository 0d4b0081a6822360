"""A whole node in virtual time: light first, then what the law asks for, whatever is missing."""

import asyncio

import post
from vboard import board


def test_light__is_full_at_once_and_goes_down_by_a_ramp():
    """The first thing the output shows is full; only then it dims, in small steps, to the idle level."""
    node = post.street()

    async def script(node):
        await asyncio.sleep_ms(20_000)

    assert post.dims()[0] == (0, 1000)
    post.live(node, script)
    levels = [level for _, level in post.dims()]
    assert levels[-2] == 500, levels[-5:]
    steps = [before - after for before, after in zip(levels[:-2], levels[1:-1])]
    assert max(steps) <= 20 and min(steps) >= 0, (max(steps), min(steps))
    assert levels[-1] == 1000  # who ends leaves full light behind


def test_walker__has_light_within_50_ms():
    """From the edge of the sensor to the first change of the output: at most 50 ms."""
    node = post.street()
    begun = []

    async def script(node):
        await asyncio.sleep_ms(30_000)
        post.pir(7, 1)
        begun.append(board.now + 7)
        await asyncio.sleep_ms(5_000)
        assert post.light() == 1000, post.light()

    post.live(node, script)
    first = [t for t, level in post.dims() if t >= begun[0]][0]
    assert first - begun[0] <= 50, first - begun[0]
