"""Live at 500 nodes a second: whether the page keeps up, and how long after a node has told something it is drawn.

    python tests/bench/studio_live.py [--nodes 500] [--seconds 20]

Real certificates and a real mosquitto; light nodes tell once a second what real ones tell once in a quarter of an hour. One lamp counts in
its level, so that what the page draws says when it was told. Needs mosquitto and Chromium (`make services`), and the extras studio, fleet.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from lykta.fleet import messages, topics
from lykta.fleet.simulate_light import Crowd, Planned, Where, broker_of
from lykta.fleet.simulate_mqtt import LightLink
from lykta.node.street import Street, load_street
from tests import services
from tests.cli import street as small
from tests.fleet import networks

#: A light node tells each second, as if time passed so many times as fast.
_SPEED, _PROBE_S = 900.0, 0.37
_WATCH = """() => {
  const board = getElement(parseInt(document.querySelector('.board').id.slice(1))), live = board.keep.live;
  const found = (window.found = { lamps: 0, drawn: [], frames: [] }), take = live.take.bind(live);
  let last = performance.now(), shown = live.level[0];
  live.take = (data) => {
    const before = live.level.slice(), bits = live.bits.slice();
    take(data);
    live.level.forEach((level, i) => (found.lamps += level !== before[i] || live.bits[i] !== bits[i]));
  };
  const frame = (now) => {
    found.frames.push(now - last);
    last = now;
    if (live.level[0] !== shown) found.drawn.push([(shown = live.level[0]), Date.now() / 1000]);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


@dataclass(frozen=True)
class Kept:
    """How a page kept up: lamps told of and lamps changed on the page each second, delays [s], frames [ms], work of the studio [s/s]."""

    told: float
    changed: float
    delays: list[float]
    frames: list[float]
    worked: float


def write(folder: Path, lamps: int) -> Path:
    """A straight path of so many lamps."""
    small.write(folder)
    ids = [f"L{number:04}" for number in range(lamps)]
    posts = "".join(f"  - {{id: {one}, at: [{20 * n} m, 0 m], zone: path, fixture: post, sensors: [pir]}}\n" for n, one in enumerate(ids))
    links = "".join(f"  - {{from: {a}, to: {b}, way: way}}\n" for a, b in pairwise(ids))
    text = f"name: Long path\nnote: made up\n{small.HEAD}lamps:\n{posts}links:\n{links}entrances: [{ids[0]}, {ids[-1]}]\n"
    (folder / "long.yaml").write_text(text, encoding="utf-8")
    return folder / "long.yaml"


def crowd(site: str, network: Path, own: Path, sent: Synchronized[int]) -> None:
    """All nodes but the first, in a process of their own, until it is ended."""
    asyncio.run(_crowd(load_street(site), network, own, sent))


async def _crowd(street: Street, network: Path, own: Path, sent: Synchronized[int]) -> None:
    where, names = broker_of(street, network, None, own)
    async with Crowd(names[1:], where, speed=_SPEED, lit=Planned(street)) as found:
        while True:
            await asyncio.sleep(0.2)
            sent.value = found.count.sent


async def count(name: str, where: Where, told: list[tuple[int, float]], ends: threading.Event) -> None:
    """One node tells its level, one more each time."""
    link = await LightLink.open(where.host, where.port, name, where.context(name))
    listening = asyncio.create_task(link.listen())
    link.publish(topics.topic_of(where.district, name, topics.STATE), messages.encode(_state()), retain=True)
    level = 0
    while not ends.is_set():
        level = level % 999 + 1
        told.append((level, time.time()))
        link.publish(topics.topic_of(where.district, name, topics.TELEMETRY), _report(level))
        await asyncio.sleep(_PROBE_S)
    listening.cancel()


def _state() -> messages.State:
    return messages.State(True, "light", "-", 0, 1, "light", 0, 1, int(time.time()), None)


def _report(level: int) -> bytes:
    until = int(time.time())
    return messages.encode(messages.Telemetry(until - 900, until, 900, 1, 900, level, 5 * level, True, 0, (), 60_000, 30_000, 0, {}, False))


def measure(folder: Path, nodes: int, seconds: float) -> Kept:
    """Serve, open, watch."""
    site = write(folder, nodes)
    street = load_street(str(site))
    made = networks.network(folder / "long.network", street.site)[0]
    broker = networks.broker_of(made, next(iter(made.districts))).start()
    own = folder / "own"
    own.mkdir()
    where, names = broker_of(street, made.folder, None, own)
    told: list[tuple[int, float]] = []
    ends = threading.Event()
    spawn = multiprocessing.get_context("spawn")
    sent: Synchronized[int] = spawn.Value("q", 0)
    others = spawn.Process(target=crowd, args=(str(site), made.folder, own, sent))
    others.start()
    counting = threading.Thread(target=lambda: asyncio.run(count(names[0], where, told, ends)))
    counting.start()
    command = [sys.executable, "-m", "lykta", "studio", "long.yaml", "--no-browser", "--port", str(services.free_port())]
    served = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert served.stdout is not None
        address = served.stdout.readline().split()[1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=services.program("chromium"), args=services.CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(300_000)
            page.goto(f"{address}?view=live")
            page.wait_for_function("(all) => document.querySelector('.live-counts .value')?.textContent === all", arg=f"{nodes} of {nodes}")
            return watch(page, served.pid, told, sent, seconds)
    finally:
        ends.set()
        counting.join()
        others.terminate()
        others.join()
        os.killpg(served.pid, signal.SIGKILL)
        served.wait()
        broker.close()


def watch(page: Page, pid: int, told: list[tuple[int, float]], sent: Synchronized[int], seconds: float) -> Kept:
    """What comes, and what is drawn, for some seconds."""
    page.wait_for_timeout(3000)
    page.evaluate(_WATCH)
    first, before, worked, began = len(told), sent.value, _work(pid), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    took = time.monotonic() - began
    found: dict[str, Any] = page.evaluate("() => window.found")
    at = dict(told[first:])
    delays = [when - at[level] for level, when in found["drawn"] if level in at]
    assert delays, "nothing was drawn"
    return Kept(
        (sent.value - before) / took, found["lamps"] / took, sorted(delays), sorted(found["frames"][2:]), (_work(pid) - worked) / took
    )


def _work(pid: int) -> float:
    """The work of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(quick: bool, nodes: int = 500, seconds: float = 20.0) -> Iterator[str]:
    """The figures in lines."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), nodes, 6.0 if quick else seconds)
    delays, frames = found.delays, found.frames
    yield f"  live: {nodes} nodes tell {found.told:.0f} reports a second; the page draws {found.changed:.0f} changes a second"
    yield f"    from told to drawn: median {_at(delays, 0.5):.2f} s, 95 % {_at(delays, 0.95):.2f} s, longest {delays[-1]:.2f} s"
    work = f"{1000 * found.worked / found.told:.2f} ms for each report"
    yield f"    frames: median {_at(frames, 0.5):.0f} ms, 95 % {_at(frames, 0.95):.0f} ms; processor {found.worked:.2f} s a second, {work}"


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    for line in report(False, asked.nodes, asked.seconds):
        print(line)


if __name__ == "__main__":
    main()
