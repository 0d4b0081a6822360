"""Hostile letters from a broker that lies: under any topic, with anything in them. Nothing is obeyed, nothing raises, nothing grows."""

import gc
import hashlib

import post
from test_tasks_changes import sealed
from test_tasks_reports import Desk, node_of, told
from test_telegram import draws

from lykta_node.core import letter, payload, telegram
from lykta_node.tasks.alarm import Alarm
from lykta_node.tasks.courier import Courier

FOREIGN = telegram.Key(0, bytes(range(1, 33)), hashlib.sha256)
NODE = "lykta/v1/d/n/s.L0/"
TOPICS = (
    NODE + "down/settings", NODE + "down/command", NODE + "down/update", NODE + "up/telemetry", NODE, NODE + "down/settings/more",
    "lykta/v1/d/n/s.L1/down/command", "lykta/v2/d/n/s.L0/down/command", "lykta/v1/d/update/0011223344556677/1", "$SYS/broker", "", "/" * 90,
)  # fmt: skip


class Packet:
    """As the codec of MQTT hands one on."""

    topic = ""
    begin = 3
    end = 3
    retained = False


def fill(buffer, length, random):
    for at in range(length):
        buffer[at] = next(random)


def models():
    """Letters that are nearly good: of another's key, of before, good themselves (to be spoilt)."""
    desk = Desk()
    program = post.program(300)
    return (
        sealed(9, program=program),
        sealed(9, FOREIGN, program=program),
        sealed(4, program=program),
        desk.order(9, payload.OVERRIDE, 900, 60),
        Desk(bytes(32)).order(9, payload.RESTART),
        desk.order(4, payload.RESTART),
    )


def hostile(count):
    """So many letters, then a good one; returns how many of them were for nobody, and how many were refused."""
    node, box = node_of()
    node.control.start(*node.clock.start())
    changes = [job.task for job in node.jobs if job.name == "changes"][0]
    courier = Courier("d", Alarm(), node.log)
    courier.carry("s.L0", box)
    packet = Packet()
    buffer = bytearray(letter.LONGEST + 64)
    node.store.set_count("order", 5)
    node.store.write("program", post.program(500), 5)
    node.store.set_count("settings", 5)
    nearly = models()
    random = draws(7)
    before = None
    for number in range(count):
        pick = next(random)
        model = nearly[pick % len(nearly)]
        size = len(model)
        buffer[3 : 3 + size] = model
        kind = number % 4
        if kind == 0:
            size = next(random) * (next(random) & 15) % letter.LONGEST
            fill(buffer, min(size, 64) + 3, random)
        elif kind == 1:
            size = next(random) * size // 256
        elif kind == 2 or pick % 3 == 0:
            at = 3 + (next(random) << 8 | next(random)) % size
            buffer[at] ^= 1 << (next(random) & 7)
        packet.topic = TOPICS[next(random) % len(TOPICS)] if pick & 64 else TOPICS[0 if len(model) > 100 else 1]
        packet.retained = pick & 32 == 0
        packet.end = 3 + size
        courier.take(packet, buffer)
        changes.look()
        if number % 10_000 == 999:
            gc.collect()
            before = before or gc.mem_alloc()
            assert gc.mem_alloc() < before + 4_096, (number, gc.mem_alloc() - before)
    assert (5, 5, 5) == (node.store.count("order"), node.store.count("settings"), node.store.version("program"))
    assert 8 == len(told(box, letter.ANSWER))  # the mailbox keeps no more
    buffer[: len(nearly[0])] = nearly[0]
    packet.topic, packet.begin, packet.end, packet.retained = TOPICS[0], 0, len(nearly[0]), True
    ignored = courier.ignored
    courier.take(packet, buffer)
    changes.look()
    (answer,) = told(box, letter.ANSWER)
    assert (9, True) == (answer["number"], answer["ok"])
    return ignored, count - ignored


# security: 21
def test_hostile__letters_are_never_obeyed():
    """Six thousand of them; the bench does a million."""
    assert min(hostile(6_000)) > 500
