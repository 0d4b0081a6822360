"""How smoothly a city moves on the studio's map: frames a second while it is dragged, in headless Chromium.

    python -m tests.bench.studio_map [LIST.csv] [--seconds 10]

The list is by default Montpellier's 29,969 heads of the shared data. Needs Chromium (`make services`) and the extra `studio`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import services

LIST = Path(os.environ.get("LYKTA_SHARED") or services.ROOT.parent / "shared" / "data") / "montpellier_street_lights.csv"
COUNT = """() => { window.frames = []; let last = performance.now();
  const frame = (now) => { window.frames.push(now - last); last = now; if (window.frames) requestAnimationFrame(frame); };
  requestAnimationFrame(frame); }"""


def main() -> None:
    """Import, serve, open, drag, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("list", nargs="?", type=Path, default=LIST)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), asked.list, asked.seconds)


def measure(folder: Path, heads: Path, seconds: float) -> None:
    """Open the import's preview, which is the same map, and drag it at three distances."""
    command = [sys.executable, "-m", "lykta", "studio", "--no-browser", "--port", str(services.free_port())]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=services.program("chromium"), args=services.CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(300_000)
            page.goto(f"{address}?view=street")
            page.get_by_role("button", name="Import").click()
            page.locator("input[type=file]").first.set_input_files(heads)
            page.get_by_role("button", name="See what will be matched").click()
            page.get_by_text("Guessed links (dashed)").wait_for()
            print(page.locator(".wizard .facts").inner_text().replace("\n", " "))
            page.wait_for_timeout(2000)
            for said, closer in (("the whole city", 0), ("a quarter of it", 2), ("a few streets", 4)):
                for _ in range(closer and 2):
                    page.locator(".wizard .board-map").press("+")
                page.wait_for_timeout(1000)
                report(said, drag(page, seconds))
            browser.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def drag(page: Page, seconds: float) -> list[float]:
    """The times between frames [ms] while the map is dragged to and fro."""
    place = page.locator(".wizard .board-map").bounding_box()
    assert place is not None
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT)
    began, step = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        step += 1
        way = step % 160 if step % 320 < 160 else 160 - step % 160
        page.mouse.move(x - 240 + 3 * way, y - 120 + 1.5 * way)
    found: list[float] = page.evaluate("() => { const frames = window.frames; window.frames = null; return frames; }")
    page.mouse.up()
    return found[2:]


def report(said: str, frames: list[float]) -> None:
    """One line: frames a second over all, and how long the slower ones took."""
    ordered = sorted(frames)
    rate = 1000 * len(frames) / sum(frames)
    slow = sum(one > 1000 / 30 + 1 for one in frames) / len(frames)
    median, high = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    print(f"{said:<16} {rate:5.1f} frames/s   median {median:5.1f} ms   95 % {high:5.1f} ms   longest {ordered[-1]:6.1f} ms   ", end="")
    print(f"slower than 30 a second: {100 * slow:.1f} %")


if __name__ == "__main__":
    main()
