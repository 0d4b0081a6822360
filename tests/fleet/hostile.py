"""Messages and topics as a node that is somebody else's could send them: random, cut off, spoilt in a bit, nested, endless, not ours."""

from __future__ import annotations

import gc
import json
import random
import sys
from array import array
from collections.abc import Callable, Mapping

from lykta.fleet import messages, topics

_TEXTS = ("a", "", "\x1b[2J", "x" * 5_000, "\ud800", "å", None, True, [], {}, 1e308, -1, 2**70, 0.5)
_KINDS = tuple(messages.CLASSES)


def _good(kind: topics.Kind, draw: random.Random) -> bytes:
    """A message that is right, or, with any luck, not quite."""
    told: dict[str, object] = {"v": 1}
    for field in messages.FIELDS[messages.CLASSES[kind]].values():
        told[field.name] = {"integer": field.lowest, "boolean": True, "string": "a", "names": ["a"], "counts": {"a": 1}}[field.form]
        if draw.randrange(40) == 0:
            told[field.name] = draw.choice(_TEXTS)
    return json.dumps(told).encode()


def _spoilt(data: bytes, draw: random.Random) -> bytes:
    spoilt = bytearray(data)
    spoilt[draw.randrange(len(spoilt))] ^= 1 << draw.randrange(8)
    return bytes(spoilt)


_WAYS: tuple[Callable[[topics.Kind, random.Random], bytes], ...] = (
    lambda kind, draw: draw.randbytes(draw.randrange(200)),
    lambda kind, draw: _good(kind, draw),
    lambda kind, draw: _spoilt(_good(kind, draw), draw),
    lambda kind, draw: _good(kind, draw)[: draw.randrange(200)],
    lambda kind, draw: b"[" * draw.randrange(5_000),
    lambda kind, draw: b'{"v":1,"at":' + b"9" * draw.randrange(4_400) + b"}",
)
_PARTS = (
    "lykta",
    "v1",
    "v2",
    "d",
    "n",
    "update",
    "site.L1",
    "state",
    "up",
    "down",
    "telemetry",
    "settings",
    "",
    "+",
    "#",
    "\x00",
    "0" * 40,
    "7",
)


def hostile(count: int, seed: int = 1) -> tuple[int, int, int]:
    """(topics that are none of ours, messages that were refused, blocks of memory that the second half of them left behind)."""
    draw = random.Random(seed)
    ways = {kind: [[way(kind, draw) for way in _WAYS] for _ in range(40)] for kind in _KINDS}
    # What is counted lies in arrays: a number in a variable is a block of memory itself, and would be counted too.
    counts, blocks = array("q", (0, 0)), array("q", (0, 0))
    for half in range(2):
        _send(range(count * half // 2, count * (half + 1) // 2), ways, draw, counts)
        gc.collect()
        blocks[half] = sys.getallocatedblocks()
    return counts[0], counts[1], blocks[1] - blocks[0]


def _send(numbers: range, ways: Mapping[topics.Kind, list[list[bytes]]], draw: random.Random, counts: array[int]) -> None:
    """Some of them; counts topics that are none of ours, and messages that were refused."""
    for number in numbers:
        topic = "/".join(draw.choices(_PARTS, k=draw.randrange(9)))
        found = topics.read(topic if number % 2 else f"lykta/v1/d/n/{draw.choice(_PARTS)}/{draw.choice(_KINDS).topic}")
        if not isinstance(found, topics.Topic):
            counts[0] += 1
            found = topics.Topic("d", "n", draw.choice(_KINDS))
        if found.kind in messages.CLASSES:
            data = ways[found.kind][draw.randrange(40)][draw.randrange(len(_WAYS))]
            try:
                messages.parse(found.kind, _spoilt(data, draw) if data and draw.randrange(2) else data)
            except messages.BadMessage:
                counts[1] += 1
