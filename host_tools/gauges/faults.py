"""What the firmware does when something goes wrong: measured on a street of five whole nodes, kept in `faults.json`.

    python -m gauges.faults            play all of it, say what differs from the record
    python -m gauges.faults --write    play all of it, write the record and the tables of firmware/README.md anew
    python -m gauges.faults radio_silent garbage     only these

For each mishap (`mishaps`): after how long the node says so, by which word; how dark its lamp was from then until it said that all is
right again; how long that took after the end of the mishap; and whether any lamp was ever darker than in the street without it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pyarrow as pa

from gauges.mishaps import MISHAPS, Mishap, World
from lykta import profiles, sensing, traffic
from lykta import site as sites
from lykta.plan import Plan, make_plan
from lykta.plan.nodefiles import node_files
from lykta.sensing import wire
from lykta.sim import loop
from lykta.sim.loop import LEAD_MS, Lit
from lykta.sim.radio import IDEAL
from lykta.site.graph import Graph
from lykta.site.model import Lamp, Link, Point, Sensor
from lykta.vm.street import BOOT_MS

RECORD = Path(__file__).with_name("faults.json")
README = Path(__file__).parents[2] / "firmware" / "README.md"
DATE = dt.date(2026, 12, 14)
SEED = 11
_PITCH_CM = 2_500
_SEES = {"pir": 800, "ld2410": 600}
_RAMP_MS = 3_000  # from dark to full takes 2 s, and control looks at a new fault within 50 ms
_BEAT_MS = 2_000  # what is right again is said so much later at the most
_SLACK_MS = 1_000  # how far apart the same light may be in two streets
_LINE = re.compile(r"^\s*(\d+) s  (wrong|right again|lamp)[: ]+(.*)$")


@dataclass(frozen=True)
class Found:
    """How a mishap went, in s, None: never. `found_s`: from its begin until the node said so, `over_s`: from its end until it took it back,
    `start_s`: from its begin until the board started anew.

    `least`: the lowest light [permille] from when it was found until it was over; from its begin, if it is nothing to find.
    `darker`: seconds in which some lamp was darker than in the street without the mishap, where that may be asked.
    """

    found_s: int | None
    least: int
    over_s: int | None
    start_s: int | None
    darker: int


@cache
def plan() -> Plan:
    """Five posts in a line, with a PIR, a presence radar, a PIR, a road radar, a PIR; settings of Kungsholms strand, idle 50 %."""
    like = sites.load("kungsholms_strand")
    kinds = ("pir", "ld2410", "pir", "ld2451", "pir")
    sees = {kind: dict.fromkeys(("pedestrian", "cyclist", "car"), cm) for kind, cm in _SEES.items()}
    radar = Sensor("ld2451", {"pedestrian": 800, "cyclist": 1_500, "car": 6_000}, "L4")
    lamps = tuple(
        Lamp(f"L{n}", n * _PITCH_CM, 0, "path", like.lamps[0].fixture, (radar if kind == "ld2451" else Sensor(kind, sees[kind]),))
        for n, kind in enumerate(kinds)
    )
    ends = (Point("west", -1_200, 0), Point("east", 4 * _PITCH_CM + 1_200, 0))
    names = ("west", *(lamp.id for lamp in lamps), "east")
    lengths = (1_200, *[_PITCH_CM] * 4, 1_200)
    links = tuple(Link(a, b, length, like.ways[0].id) for a, b, length in zip(names, names[1:], lengths, strict=False))
    site = replace(like, name="five lamps", lamps=lamps, junctions=ends, links=links, entrances=("west", "east"))
    return make_plan(site, Graph(site), profiles.load_profile("kungsholms_strand"), DATE)


def _readings(users: int, end_ms: int, faults: Sequence[sensing.Fault]) -> pa.Table:
    """What the sensors report, of so many people an hour; nobody for 0."""
    street = plan()
    span = (street.begin_ms, street.begin_ms + end_ms)
    demand = traffic.load_demand(f"kungsholms@{max(1, users)}")
    moves = traffic.generate(street.site, street.graph, demand, SEED, *span, street.agenda.times.origin_utc_ms)
    told = moves if users else moves.slice(0, 0)
    models = {kind: replace(model, false_per_hour=0.0) for kind, model in sensing.MODELS.items()}
    return sensing.readings(street.site, street.graph, told, SEED, faults, *span, models=models)


@cache
def healthy(users: int, end_ms: int) -> Lit:
    """The street with nothing wrong."""
    return loop.run(plan(), _readings(users, end_ms, ()), SEED, IDEAL.row(SEED), end_ms=plan().begin_ms + end_ms)


def play(mishap: Mishap) -> Lit:
    """The street with a mishap."""
    street = plan()
    files = node_files(street.site, street.graph, street.profile, street.date, SEED)
    numbered = {number: files[lamp.id] for number, lamp in enumerate(street.site.lamps)}
    utc_ms = street.agenda.times.origin_utc_ms - loop.EPOCH_MS
    faults = mishap.sensor_faults(street.begin_ms)
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        world = World(numbered, street.begin_ms, utc_ms, healthy, Path(folder))
        return loop.run(
            street, _readings(mishap.users, mishap.end_ms, faults), SEED, IDEAL.row(SEED), faults, mishap.breakdowns(street.begin_ms),
            end_ms=street.begin_ms + mishap.end_ms, oddities=mishap.oddities(world),
        )  # fmt: skip


class Light:
    """What a lamp gave: the duty on its output through the curve of its driver; full while nothing drives it."""

    def __init__(self, lit: Lit, lamp: int) -> None:
        """`lamp`: its number."""
        curve = lit.curves[lamp]
        idle = [(t_ms, 65_535) for number, t_ms, _ in lit.falls if number == lamp]
        steps = sorted([(plan().begin_ms - LEAD_MS, 65_535), *idle, *lit.duties[lamp]], key=lambda step: step[0])
        self._times = [t_ms for t_ms, _ in steps]
        self._levels = [wire.flux_of(curve, duty) for _, duty in steps]

    def least(self, from_ms: int, until_ms: int) -> int:
        """The lowest light of a stretch of time [permille]."""
        first, last = (max(0, bisect_right(self._times, t_ms) - 1) for t_ms in (from_ms, until_ms))
        return min(self._levels[first : last + 1])


def told(lit: Lit, lamp: int) -> list[tuple[int, str, str]]:
    """What a node said of its faults: (t_ms, "wrong" or "right again", words), by the clock of the street."""
    power = plan().begin_ms - LEAD_MS
    starts = [power, *(t_ms + BOOT_MS for number, t_ms, _ in lit.falls if number == lamp)]
    found, start = [], -1
    for line in lit.consoles[lamp].splitlines():
        match = _LINE.match(line)
        if match and match[2] == "lamp":
            start += 1
        elif match:
            found.append((starts[start] + int(match[1]) * 1_000, match[2], match[3]))
    return found


def measure(mishap: Mishap) -> Found:
    """Play a mishap, and see what came of it."""
    lit = play(mishap)
    begin = plan().begin_ms
    from_ms, end_ms = begin + mishap.from_ms, begin + mishap.end_ms
    until_ms = None if mishap.until_ms is None else begin + mishap.until_ms
    says = [(t_ms, kind) for t_ms, kind, words in told(lit, mishap.lamp) if mishap.says and mishap.says in words.split(", ")]
    found = next((t_ms for t_ms, kind in says if kind == "wrong" and t_ms >= from_ms), None)
    fell = next((t_ms for number, t_ms, cause in lit.falls if number == mishap.lamp and cause and t_ms >= from_ms), None)
    over = None
    if found is not None and until_ms is not None:
        over = next((t_ms for t_ms, kind in says if kind == "right again" and t_ms >= max(found, until_ms)), None)
    noticed = [t_ms for t_ms in (found, fell) if t_ms is not None]
    last = over - _BEAT_MS if over is not None else fell or end_ms if mishap.says else until_ms or end_ms
    first = max(begin, min(noticed, default=from_ms)) + _RAMP_MS  # before the night begins it is day
    least = Light(lit, mishap.lamp).least(first, max(first, min(end_ms, last) - 1))
    darker = _darker(mishap, lit) if mishap.same else 0
    return Found(_seconds(found, from_ms), least, _seconds(over, until_ms or 0), _seconds(fell, from_ms), darker)


def _seconds(t_ms: int | None, since_ms: int) -> int | None:
    return None if t_ms is None else round((t_ms - since_ms) / 1_000)


def _darker(mishap: Mishap, lit: Lit) -> int:
    """Seconds in which some lamp is darker than in the street without the mishap, a second sooner or later."""
    well = healthy(mishap.users, mishap.end_ms)
    count = 0
    for lamp in lit.duties:
        ours, theirs = Light(lit, lamp), Light(well, lamp)
        for t_ms in range(plan().begin_ms + _RAMP_MS, plan().begin_ms + mishap.end_ms - _SLACK_MS, 1_000):
            count += ours.least(t_ms, t_ms) < theirs.least(t_ms - _SLACK_MS, t_ms + _SLACK_MS) - 1
    return count


# --- the record and the table ---------------------------------------------------------------------------------------


def recorded() -> dict[str, Found]:
    """The record."""
    return {name: Found(**values) for name, values in json.loads(RECORD.read_text(encoding="ascii")).items()}


def _write(found: dict[str, Found]) -> None:
    text = json.dumps({name: dataclasses.asdict(one) for name, one in found.items()}, indent=1)
    RECORD.write_text(text + "\n", encoding="ascii")


def span(seconds: int | None) -> str:
    """A time for people."""
    if seconds is None:
        return "-"
    if seconds < 100:
        return f"{max(_BEAT_MS // 1_000, seconds)} s"  # what is said is said on a beat of 2 s
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds // 60} min {seconds % 60} s".removesuffix(" 0 s")


def table(found: dict[str, Found]) -> Iterator[str]:
    """The table of firmware/README.md, line by line."""
    yield "| fault | said as | after | light from then on, at least | right again after |"
    yield "|---|---|---|---|---|"
    for mishap in MISHAPS:
        one = found[mishap.name]
        stays = span(one.over_s) if one.start_s is None else f"a start, after {span(one.start_s)}"
        if mishap.until_ms is None:
            stays = "a start with a good file"
        yield f"| {mishap.text} | {mishap.says or '-'} | {span(one.found_s)} | {one.least / 10:g} % | {stays} |"


def in_readme(text: str, lines: Sequence[str], name: str) -> str:
    """A document with a table between two marks replaced."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, _, rest = text.partition(begin)
    _, found, tail = rest.partition(end)
    assert found, f"{name} has no place in the document"
    return head + begin + "\n".join(lines) + "\n" + end + tail


def main(arguments: Sequence[str]) -> int:
    """The command line: 1 where something differs from the record."""
    write = "--write" in arguments
    names = [name for name in arguments if name != "--write"]
    found = {}
    for mishap in MISHAPS:
        if not names or mishap.name in names:
            found[mishap.name] = measure(mishap)
            print(mishap.name, dataclasses.astuple(found[mishap.name]), flush=True)
    known = recorded() if RECORD.is_file() else {}
    if write:
        _write({mishap.name: {**known, **found}[mishap.name] for mishap in MISHAPS})
        README.write_text(in_readme(README.read_text(encoding="utf-8"), list(table(recorded())), "faults"), encoding="utf-8")
        return 0
    other = [name for name, one in found.items() if known.get(name) != one]
    print(f"as recorded: {len(found) - len(other)} of {len(found)}; otherwise: {', '.join(other) or 'none'}")
    return int(bool(other))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
