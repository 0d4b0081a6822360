"""How soon a node acts, and how fast streets of whole firmwares run: the real firmware on MicroPython VMs, in virtual time."""

from __future__ import annotations

import math
import os
import resource
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from energy import verdict

from gauges.posting import people, street
from gauges.size import compile_into
from lykta import site as sites
from lykta.corehost import lamp as row
from lykta.corehost import telegram
from lykta.plan import make_plan
from lykta.profiles import load_profile
from lykta.scenarios.model import DATE
from lykta.sensing import wire
from lykta.sim import loop, radio
from lykta.sim.breakdowns import Breakdown
from lykta.sim.radio import IDEAL, Radio
from lykta.site.graph import Graph
from lykta.site.model import Sensor
from lykta.vm import frames
from lykta.vm.frames import DUTY, PIN, PIN_OUT, PWRON_RESET, RADIO_OUT, TRACE_FRAME, Frame
from lykta.vm.node import Board, Node, prepare
from lykta.vm.street import Street

SEED = 1
_M = 60_000
_PIR = Sensor("pir", dict.fromkeys(("pedestrian", "cyclist", "car"), 800))
_FACTOR = (8, 20)  # how much slower an ESP32 is than this VM (facts: measured on an emulated one)
_LOSS = 0.3
_LIGHT, _PIR_PIN, _MAC = 25, 27, 6  # pins of the board that a street has; bytes before a telegram
_TOOK = "print('took', utime.ticks_diff(utime.ticks_us(), _begin))\n"
_AIM_LOCAL_MS, _AIM_THIRD_MS, _AIM_SPEED = 50, 500, 50


def report(quick: bool) -> Iterator[str]:
    """The lines of this part."""
    with tempfile.TemporaryDirectory(prefix="lykta-") as name:
        firmware = Path(name) / "firmware"
        compile_into(firmware)
        yield from _local(firmware, 60 if quick else 240)
        yield from _third(firmware, 10 if quick else 60)
        yield from _start(firmware, Path(name))
        yield from _speed(firmware, (34, 100) if quick else (10, 34, 100, 250, 500))
        yield from _night(firmware, 0.5 if quick else math.inf)


def _local(firmware: Path, minutes: int) -> Iterator[str]:
    """From a change on the sensor's wire to the next change of the PWM, of lamps at rest."""
    plan = street(9, 2_500)
    told = people(plan, 10, minutes)
    lit = loop.run(plan, told, SEED, IDEAL.row(SEED), end_ms=plan.begin_ms + minutes * _M, firmware=firmware)
    found = []
    for lamp, duties in lit.duties.items():
        times = [t_ms for t_ms, _ in duties]
        edges = wire.signals(told, lamp, [wire.Wiring("pir", 27)], plan.begin_ms, plan.begin_ms + minutes * _M, [()])
        for edge in edges:
            at = bisect_right(times, edge.t_ms)
            rests = 0 < at < len(times) and edge.t_ms - times[at - 1] > 2_000 and duties[at - 1][1] < 60_000
            if edge.value and rests and times[at] - edge.t_ms < 2_000:
                found.append(times[at] - edge.t_ms)
    yield _latency("sensor to light", found, _AIM_LOCAL_MS, 100)


def _latency(what: str, found: Sequence[int], aim: int, percentile: float) -> str:
    reached = float(np.percentile(found, percentile))
    spread = f"median {np.median(found):.0f} ms, 99 % {np.percentile(found, 99):.0f} ms, most {max(found):.0f} ms"
    name = "at most" if percentile == 100 else f"{percentile:g} % within"
    return f"   {what}: {spread} of {len(found):,}; aim: {name} {aim} ms   {verdict(reached <= aim)}"


def _third(firmware: Path, minutes: int) -> Iterator[str]:
    """From a detection to the first copy that the third neighbour takes, with a dead node between, directly and over a relay."""
    yield f"   third neighbour, {100 * _LOSS:g} % of telegrams lost at each receiver in bursts, the node between is dead:"
    for pitch_cm, way in ((2_500, "directly"), (7_000, "over a relay")):
        for burst_ms in (300, 100):
            plan = street(12, pitch_cm)
            dead = [Breakdown(lamp, "node", 0, plan.end_ms) for lamp in (2, 6, 10)]
            link = Radio(delay_ms=10, jitter_ms=20, loss=_LOSS, burst_ms=burst_ms, copies=3, spacing_ms=150).row(SEED)
            end_ms = plan.begin_ms + minutes * _M
            lit = loop.run(plan, people(plan, 60, minutes), SEED, link, (), dead, end_ms=end_ms, trace="all", firmware=firmware)
            told, found, could = _heard(lit, link, way == "directly")
            within = sum(ms <= _AIM_THIRD_MS for ms in found) / max(1, told)
            got = f"{len(found) / max(1, told):.1%} of {told:,} detections get there, {within:.1%} within {_AIM_THIRD_MS} ms"
            yield f"     {way}, bursts of {burst_ms} ms: {got} (median {np.median(found):.0f} ms); aim 99 %   {verdict(within >= 0.99)}"
            yield f"       (with copies without a pause {could / max(1, told):.1%} could: some on the way is deaf for too long)"


def _heard(lit: loop.Lit, link: Sequence[int], direct: bool) -> tuple[int, list[int], int]:
    """Over pairs (origin, third neighbour) with a dead post between: how many detections were told, the ms until each was taken, and how
    many could have been in time, had all sent without a pause."""
    dead = (2, 6, 10)
    pairs = [(lamp, lamp + 3) for lamp in (0, 1, 4, 5, 8)] + [(lamp + 3, lamp) for lamp in (0, 1, 4, 5, 8)]
    told, found, could = 0, [], 0
    columns = np.array(lit.detections).reshape(-1, 9)
    for origin, receiver in pairs:
        if origin in dead or receiver in dead:
            continue
        between = range(min(origin, receiver) + 1, max(origin, receiver))
        ways = [(receiver,)] if direct else [(relay, receiver) for relay in between if relay not in dead]
        first: dict[int, int] = {}
        for frame in lit.traces[receiver]:
            if frame.which == TRACE_FRAME:
                values = np.frombuffer(frame.data, dtype="<i4")[1:]
                if values[int(row.ORIGIN)] == origin:
                    first.setdefault(int(values[int(row.DETECTION)]), frame.t_ms)
        for values in columns[columns[:, 0] == origin]:
            told += 1
            could += min(_soonest(link, way, int(values[1])) for way in ways) - int(values[1]) <= _AIM_THIRD_MS
            if int(values[2]) in first:
                found.append(first[int(values[2])] - int(values[1]))
    return told, found, could


def _soonest(link: Sequence[int], way: Sequence[int], t_ms: int) -> int:
    """When something could be at the end of a way, over one listener after the other, if copies were sent without a pause."""
    for listener in way:
        t_ms += link[radio.DELAY] + 1
        while radio.deaf(link, listener, t_ms):
            t_ms += 1
    return t_ms


def _start(firmware: Path, folder: Path) -> Iterator[str]:
    """From power to light, until the first sensor is polled, and until somebody is told of: in virtual time, and in time of this VM."""
    timed = folder / "timed"
    shutil.copytree(firmware, timed)
    boot = (timed / "boot.py").read_text(encoding="utf-8")
    (timed / "boot.py").write_text(f"import utime\n_begin = utime.ticks_us()\n{boot}\n{_TOOK}", encoding="utf-8")
    (folder / "nothing").mkdir()
    nothing, node = _node(folder / "none", folder / "nothing"), _node(folder / "start", timed)
    spent: dict[Node, list[float]] = {nothing: [], node: []}
    for _ in range(25):
        for each, times in spent.items():
            begin = _processor()
            each.start(0, PWRON_RESET)
            each.collect()
            each.stop()
            times.append(_processor() - begin)
    light = min(int(line.split()[1]) for line in node.console().splitlines() if line.startswith("took ")) / 1000
    ready = 1000 * (min(spent[node]) - min(spent[nothing]))
    slow = " to ".join(f"{light * factor:.1f}" for factor in _FACTOR)
    lit_ms, least, told_ms = _first(_node(folder / "first", firmware))
    met = verdict(light * _FACTOR[1] < 1000)
    yield f"   from power to light: {lit_ms} ms of virtual time after the loader; {light:.2f} ms of this VM until boot.py is over (an ESP32"
    yield f"     computes that in {slow} ms; aim 1 s   {met}); until all sensors are polled: {ready:.0f} ms of this VM, reading 52 kB of"
    yield f"     flash not counted. Somebody who moves there from the start is told of after {told_ms / 1000:.1f} s, when the PIR has"
    yield f"     warmed up; until then the light is at {least:.0%}"


def _node(folder: Path, firmware: Path) -> Node:
    """A post with a PIR, its clock set, that has never had power."""
    plan = street(3, 2_500)
    files = loop.node_files(plan.site, plan.graph, plan.profile, plan.date, SEED)[plan.site.lamps[1].id]
    prepare(folder, firmware, {file: loop.sealed(content) for file, content in files.items()})
    (folder / "root" / "light").write_text(str(_LIGHT))
    rtc_ms = plan.agenda.times.origin_utc_ms + plan.begin_ms - loop.EPOCH_MS
    return Node(Board(folder, loop.mac_of(1), rtc_ms, heap="1m"))


def _first(node: Node) -> tuple[int, float, int]:
    """When the output is full after power-on, its least duty until somebody is told of, and when that is; somebody moves all the while."""
    with Street([node], _Alone(), 10) as running:
        running.feed(0, [Frame(PIN, _PIR_PIN, 1, 1_000)])
        running.start(0, 0, PWRON_RESET)
        running.run(90_000)
        sent = list(frames.unpack(b"".join(running.logs[0])))
    full = [frame.t_ms for frame in sent if frame.kind == PIN_OUT and (frame.which, frame.value) == (_LIGHT, 1)]
    told = [frame.t_ms for frame in sent if frame.kind == RADIO_OUT and frame.data[_MAC] & 15 == telegram.DETECTION]
    least = min(frame.value for frame in sent if frame.kind == DUTY and frame.which == _LIGHT and frame.t_ms <= told[0])
    return full[0], least / 65_535, told[0]


class _Alone:
    """The world of a node that nobody hears."""

    def radio(self, node: int, frame: Frame) -> Iterator[tuple[int, Frame]]:
        return iter(())

    def uart(self, node: int, frame: Frame) -> Iterator[Frame]:
        return iter(())

    def fell(self, node: int, t_ms: int, cause: int) -> None:
        raise RuntimeError(f"the node restarted:\n{node}")


def _processor() -> float:
    """Seconds of the processor that processes of ours that have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _speed(firmware: Path, counts: Sequence[int]) -> Iterator[str]:
    """Nodes against speed."""
    yield f"   nodes against speed, 20 users an hour, {os.cpu_count()} processors (their starts left out):"
    for count in counts:
        plan = street(count, 2_200)
        minutes = max(2.0, 400 / count)
        told = people(plan, 20, minutes)
        spent = []
        for part in (0.5, minutes):
            begin = perf_counter()
            loop.run(plan, told, SEED, IDEAL.row(SEED), end_ms=plan.begin_ms + round(part * _M), firmware=firmware)
            spent.append(perf_counter() - begin)
        factor = (minutes - 0.5) * 60 / (spent[1] - spent[0])
        yield f"     {count:4} nodes: {factor:7.0f} times real time ({count * factor:8,.0f} node seconds a second)"


def _night(firmware: Path, hours: float) -> Iterator[str]:
    """A whole night of Kungsholms strand, or its first hours."""
    like = sites.load("kungsholms_strand")
    plan = make_plan(like, Graph(like), load_profile("kungsholms_strand"), DATE)
    end_ms = min(plan.end_ms, plan.begin_ms + round(min(hours, 24) * 60 * _M))
    told = people(plan, 10, (end_ms - plan.begin_ms) / _M)
    begin = perf_counter()
    loop.run(plan, told, SEED, IDEAL.row(SEED), end_ms=end_ms, firmware=firmware)
    factor = (end_ms - plan.begin_ms) / 1000 / (perf_counter() - begin)
    much = "the whole night" if end_ms == plan.end_ms else f"{hours:g} hours of the night"
    yield f"   {much} of Kungsholms strand, 34 nodes: {factor:.0f} times real time; aim {_AIM_SPEED}   {verdict(factor >= _AIM_SPEED)}"
