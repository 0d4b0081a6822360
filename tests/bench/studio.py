"""The studio: from a change of the profile to its new picture, at 34, 60 and 500 lamps; to a usable page; memory of each page.

A change goes the whole way that it goes on the page: the text written, the order to the process beside it, the night lit, scored and drawn
(18 h, busy people, traffic and readings kept), figures made, picture back. What is not in it: the browser's own drawing.
"""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import speed
from playwright.sync_api import Browser, Page, sync_playwright

from lykta.profiles import load_requirement
from lykta.profiles.table import BY_KEY
from lykta.scenarios import Scenario, Wish, assemble
from lykta.sim import engines
from lykta.sim.night import engine_of
from lykta.studio import results
from lykta.studio.nights import Frame, Order, light
from lykta.studio.reporting import browser
from lykta.studio.scope import Scope
from lykta.studio.session import Session
from lykta.studio.simulator import SEEDS
from lykta.studio.studio import Studio
from lykta.traffic import load_demand

_AIM_MS = {"compiled": 300, "python": 1500}
_AIM_LAMPS, _TWENTY_S = 60, 3.0
_FRAME = (590, 902)
_PAGES = 4


@dataclass(frozen=True)
class Changes:
    """What changes took on one street: each [ms], and the work of the processor in it; 20 nights of one [s]."""

    lamps: int
    took_ms: list[float]
    worked_ms: list[float]
    twenty_s: float


def street_of(lamps: int) -> Scenario:
    """A street of so many lamps and busy people: Kungsholms strand itself, or a straight path with its profile."""
    like = assemble(Wish("kungsholms_strand", {"traffic": "busy"}))
    if lamps == len(like.site.lamps):
        return like
    site = speed.street(lamps).site
    demand, requirement = load_demand("busy", like.date), load_requirement("kungsholms_strand")
    return replace(like, name=site.name, site=replace(site, profile="kungsholms_strand"), demand=demand, requirement=requirement)


async def changes(scenario: Scenario, count: int) -> Changes:
    """Change the idle level again and again."""
    session = Session(Studio(scenario))
    session.simulator.frame = Frame(session.plan.begin_ms, session.plan.end_ms, *_FRAME)
    try:
        await session.simulator.go(session.draft.text, session.draft.name)  # people and readings of all nights are made here
        took, worked = [], []
        for number in range(count):
            began = perf_counter()
            session.draft.put(Scope("path").change(BY_KEY["idle"], 300 + 10 * (number % 20)))
            order = Order(session.ticket, session.draft.text, session.draft.name, SEEDS[0], session.simulator.frame)
            lit = await session.bench.now(light, order)
            results.readings({lit.seed: lit.row})
            took.append(1000 * (perf_counter() - began))
            worked.append(1000 * lit.worked_s)
        began = perf_counter()
        session.draft.put(Scope("path").change(BY_KEY["idle"], 555))
        await session.simulator.go(session.draft.text, session.draft.name)
        return Changes(len(scenario.site.lamps), took, worked, perf_counter() - began)
    finally:
        session.bench.close()


def changed(engine: str, quick: bool) -> Iterator[str]:
    """A line for each street."""
    for lamps in (34, _AIM_LAMPS) if quick or engine == "python" else (34, _AIM_LAMPS, 500):
        found = asyncio.run(changes(replace(street_of(lamps), engine=engine), 6 if quick else 20))
        median, high = np.percentile(found.took_ms, (50, 95))
        work = np.median(found.worked_ms)
        line = f"  {lamps:>4} lamps, {engine:<8}  median {median:5.0f} ms, 95th percentile {high:5.0f} ms (of the processor {work:.0f} ms)"
        line += f"; 20 nights {found.twenty_s:.1f} s"
        if lamps == _AIM_LAMPS:
            line += f"   aim {_AIM_MS[engine]} ms: {speed.verdict(median <= _AIM_MS[engine])}"
            line += f"; 20 nights in {_TWENTY_S:g} s: {speed.verdict(found.twenty_s <= _TWENTY_S)}"
        yield line


def resident_kb(pid: int) -> int:
    """Memory of a process and of those that it started."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    family = {pid}
    for _ in range(3):
        family |= {one for one, parent, _ in rows if parent in family}
    return sum(size for one, _, size in rows if one in family)


def served() -> Iterator[str]:
    """From the command to a page on which the first night stands, in a browser; memory of the studio with each further page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chrome = playwright.chromium.launch(executable_path=browser(), args=words)
        began = perf_counter()
        command = [sys.executable, "-m", "lykta", "studio", "valla_torg", "--no-browser"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            listening = perf_counter() - began
            first = _open(chrome, found[0])
            yield f"  from the command to the address {listening:.1f} s, to the first night on the page {perf_counter() - began:.1f} s"
            _whole(first)
            before = resident_kb(process.pid)
            for _ in range(_PAGES):
                _whole(_open(chrome, found[0]))
            each = (resident_kb(process.pid) - before) / _PAGES / 1024
            yield f"  memory with a page open: {before / 1024:.0f} MB, its processes included; {each:.1f} MB for each further page"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            chrome.close()


def _open(chrome: Browser, address: str) -> Page:
    page = chrome.new_context().new_page()
    page.goto(address)
    page.wait_for_selector(".diagram .light[src^='data:image/png']", timeout=180_000)
    return page


def _whole(page: Page) -> None:
    """Wait for all nights of a page: then its processes have grown as far as they do."""
    page.get_by_text(f"{len(SEEDS)} nights (").wait_for(timeout=300_000)


def report(quick: bool) -> Iterator[str]:
    """The figures of the studio."""
    yield from served()
    for engine in ("compiled", "python") if engines.available() else ("python",):
        yield from changed(engine_of(engine), quick)
    yield f"  memory of this process at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main() -> None:
    """Print them."""
    for line in report(quick="--quick" in sys.argv):
        print(line, flush=True)


if __name__ == "__main__":
    main()
