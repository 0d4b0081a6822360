"""What a node tells of itself: telemetry that is right and never finer than a quarter of an hour, events that are few, answers."""

import asyncio
import json

import post

from lykta_node import app, online
from lykta_node.core import bundle, letter  # noqa: F401 - the app could not find it later
from lykta_node.tasks import changes, mailbox, reports, update  # noqa: F401

DRAWS = [[0, 500], [100, 4_000], [1_000, 30_000]]
UNIX = 946_684_800


def node_of(number=0, lamps=1, **board_parts):
    """A node with its letters and no carrier: (node, mailbox). It has no neighbours, whose silence would make it bright."""
    parts = post.files(number, lamps, **board_parts)
    about = json.loads(parts["board"])
    about["fixture"]["draws"] = DRAWS
    parts["board"] = json.dumps(about).encode()
    post.write(parts)
    post.set_clock()
    node = app.Node()
    box, _ = online.correspond(node, 1)
    return node, box


def told(box, kind):
    """What waits of a kind, read, and taken out."""
    found = []
    for waiting in list(box._waiting):
        if waiting.kind == kind:
            found.append(json.loads(waiting.data))
            box.done(waiting)
    return found


def words(box):
    """The events that wait, as (kind, what, count)."""
    return [(event["kind"], event["what"], event["count"]) for event in told(box, letter.EVENT)]


def test_telemetry__has_the_mean_and_the_energy_of_a_quarter_of_an_hour():
    """Resting at half light: its level, what the table says of it, marked as estimated; the first one comes at a time of its own."""
    node, box = node_of()
    found = []

    async def script(node):
        await asyncio.sleep_ms(60_000)
        assert [] == told(box, letter.TELEMETRY)
        await asyncio.sleep_ms(844_000)
        first = told(box, letter.TELEMETRY)
        await asyncio.sleep_ms(904_000)
        found.extend(first + told(box, letter.TELEMETRY))

    post.live(node, script)
    first, second = found
    assert 1 == first["v"]
    assert 900 <= first["seconds"] <= 903
    assert 900 <= second["seconds"] <= 903
    assert first["to"] == second["from"]
    assert second["to"] - second["from"] == second["seconds"]
    assert 0 <= first["from"] - (post.DAY * 86_400 + post.EVENING_S + UNIX) <= 2
    assert 500 == second["level"]
    assert 500 < first["level"] < 600  # full at the start
    expected = 4_000 + 26_000 * 400 // 900
    assert abs(second["energy_mwh"] - expected * second["seconds"] / 3_600) < 2
    assert True is second["estimated"]
    assert 0 == second["detections"]
    assert [] == second["faults"]
    assert {} == second["refused"]
    assert False is second["doubt"]
    assert second["heap"] > 8_192
    assert 31_744 == second["block"]
