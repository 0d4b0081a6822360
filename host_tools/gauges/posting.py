"""Streets of whole firmwares whose gateway has a script in the place of a network: what it got from its lamps, what it gives them.

Each node runs the firmware as it ships; beside the app a script watches mailboxes and prints. Lamps may want pieces of an update.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from lykta import sensing
from lykta import site as sites
from lykta.corehost import firmware_folder, letter
from lykta.plan import Plan, make_plan
from lykta.profiles import load_profile
from lykta.scenarios.model import DATE
from lykta.sim import loop
from lykta.sim.breakdowns import Breakdown, Oddity
from lykta.sim.radio import Radio
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Link, Point, Sensor
from lykta.traffic import generate, load_demand

SEED = 1
_PIR = Sensor("pir", dict.fromkeys(("pedestrian", "cyclist", "car"), 800))

#: What main.py does besides: `GIVEN` are letters for lamps at times, `PIECES` what the network has of a bundle, `WANTED` pieces to want.
_MAIN = """
import asyncio, binascii, time
from lykta_node import app
from lykta_node.tasks import ticks

GIVEN = {given!r}
BUNDLE = {bundle!r}
PIECES = {pieces!r}
WANTED = {wanted!r}
SETTINGS, UPDATE, PIECE, WANT = {kinds!r}
began = ticks.now()
life = app.Node.life

def say(*words):
    print("POST", ticks.since(began, ticks.now()), *words)

def text(data):
    return binascii.hexlify(data).decode()

def fetched(box):
    found = box.first()
    while found is not None:
        if found.kind == WANT:
            number = found.data[8] << 8 | found.data[9]
            say("fetched", number)
            box.take(PIECE, found.data + bytes([(number + at) & 255 for at in range(PIECES)]))
        else:
            say("up", box.lamp, found.kind, text(found.data))
        box.done(found)
        found = box.first()

async def watch(node):
    mail = node.mesh.airmail
    given = list(GIVEN)
    while True:
        for box in mail.boxes.of.values():
            fetched(box)
        while given and given[0][0] <= ticks.since(began, ticks.now()):
            _, lamp, kind, data = given.pop(0)
            say("given", lamp, kind, mail.boxes.of[lamp].take(kind, binascii.unhexlify(data)))
        await asyncio.sleep_ms(500)

async def want(node):
    mail = node.mesh.airmail
    box = mail._mailbox
    got = []
    def taken(data):
        right = data[:8] == BUNDLE and data[10:] == bytes([(data[9] + at) & 255 for at in range(PIECES)])
        say("piece", data[8] << 8 | data[9], right)
        got.append(data[9])
    for kind in (SETTINGS, UPDATE):
        old = box._takers[kind]
        box.on(kind, lambda data, kind=kind, old=old: (say("down", kind, text(data)), old and old(data)))
    if WANTED:
        box.on(PIECE, taken)
    await asyncio.sleep_ms(20_000)
    for piece in range(WANTED):
        while piece not in got:
            box.want(BUNDLE, piece)
            for _ in range(30):
                if piece in got:
                    break
                await asyncio.sleep_ms(1_000)

async def both(node):
    script = None
    if node.mesh.airmail is not None:
        script = watch if hasattr(node.mesh.airmail, "boxes") else want
        asyncio.create_task(script(node))
    await life(node)

app.Node.life = both
app.run()
"""


class Line(NamedTuple):
    """What a script printed: ms since the start of its node, which node, and the words."""

    t_ms: int
    lamp: int
    words: list[str]


@dataclass(frozen=True)
class Post:
    """What is to be carried. `given`: (ms, lamp, kind, data) for the lamps; `pieces`: how many every lamp wants, of `size` bytes each."""

    given: Sequence[tuple[int, int, int, bytes]] = ()
    pieces: int = 0
    size: int = 1_000
    bundle: bytes = field(default=b"\x11\x22bundle", repr=False)


def street(lamps: int, pitch_cm: int, gateway: int = -1) -> Plan:
    """A straight path with a PIR on every post, one of which may be a gateway; settings of Kungsholms strand."""
    like = sites.load("kungsholms_strand")
    posts = tuple(
        Lamp(f"L{n:03}", n * pitch_cm, 0, "path", like.lamps[0].fixture, (_PIR,), board="esp32_poe" if n == gateway else "")
        for n in range(lamps)
    )
    ends = (Point("west", -1_200, 0), Point("east", (lamps - 1) * pitch_cm + 1_200, 0))
    names = ("west", *(lamp.id for lamp in posts), "east")
    lengths = (1_200, *[pitch_cm] * (lamps - 1), 1_200)
    links = tuple(Link(a, b, length, like.ways[0].id) for a, b, length in zip(names, names[1:], lengths, strict=False))
    site = replace(like, name="straight path", lamps=posts, junctions=ends, links=links, entrances=("west", "east"))
    return make_plan(site, Graph(site), load_profile("kungsholms_strand"), DATE)


def people(plan: Plan, users: float, minutes: float) -> pa.Table:
    """Readings of the first minutes of a night; nobody comes where there are 0 users an hour."""
    span = (plan.begin_ms, plan.begin_ms + round(minutes * 60_000))
    demand = load_demand(f"kungsholms@{users or 1:g}")
    moves = generate(plan.site, plan.graph, demand, SEED, *span, plan.agenda.times.origin_utc_ms)
    told = sensing.readings(plan.site, plan.graph, moves, SEED, (), *span)
    return told if users else told.slice(0, 0)


def played(
    plan: Plan, post: Post, minutes: float, radio: Radio, folder: Path, users: float = 0, breakdowns: Sequence[Breakdown] = (),
    trace: str = "targets", source: Path | None = None, clocks: Iterable[tuple[int, int | None]] = (), files: Sequence[Oddity] = (),
) -> loop.Lit:  # fmt: skip
    """Let a street live for some minutes of a night. `clocks`: (lamp, how far its clock is ahead, None: not set) of those that differ."""
    firmware = folder / "firmware"
    shutil.copytree(source or firmware_folder(), firmware, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    given = [(t_ms, lamp, kind, data.hex()) for t_ms, lamp, kind, data in sorted(post.given)]
    # As numbers: a firmware that ships has its constants folded.
    kinds = (int(letter.SETTINGS), int(letter.UPDATE), int(letter.PIECE), int(letter.WANT))
    text = _MAIN.format(given=given, bundle=post.bundle, pieces=post.size, wanted=post.pieces, kinds=kinds)
    (firmware / "main.py").write_text(text, encoding="utf-8")
    odd = [*files, *(Oddity(lamp, clock_ms=ahead) for lamp, ahead in clocks)]
    end_ms = plan.begin_ms + round(minutes * 60_000)
    told = people(plan, users, minutes)
    return loop.run(plan, told, SEED, radio.row(SEED), (), breakdowns, end_ms=end_ms, trace=trace, firmware=firmware, oddities=odd)


def lines(lit: loop.Lit, *words: str) -> list[Line]:
    """What scripts printed that begins with these words, in the order of time."""
    found = []
    for lamp, console in lit.consoles.items():
        for line in console.splitlines():
            parts = line.split()
            if parts[:1] == ["POST"] and tuple(parts[2 : 2 + len(words)]) == words:
                found.append(Line(int(parts[1]), lamp, parts[2:]))
    return sorted(found)


def letters(lit: loop.Lit) -> list[tuple[int, int, bytes]]:
    """What came up: (lamp, kind, data)."""
    return [(int(line.words[1]), int(line.words[2]), bytes.fromhex(line.words[3])) for line in lines(lit, "up")]
