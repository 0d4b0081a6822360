"""Takes the pictures of the studio for the README: the real pages in Chromium, as they look now, cut down to 250 colours.

`make pictures` runs it after the drawings. The pages are English; Tune comes in both looks, since a reader has one of them.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lykta.errors import EnvironmentLacks, LyktaError
from lykta.report.png import encode
from lykta.scenarios import Wish, assemble, fit, run
from lykta.site import loader

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).resolve().parent
COLOURS = 250
#: Colours that stay exactly as they are (grounds, letters), and how often the others are moved to the middle of what they stand for.
_EXACT, _ROUNDS = 24, 8
_EXAMPLE = "valla_torg"
_PATIENCE_MS, _SETTLED_MS = 60_000, 1500
#: Of the cyclist: how long he was followed at most, and how much later the picture is.
_CYCLIST, _RECENT_MS, _AFTER_MS = 1, 60_000, 5500
#: So long nodes tell before Live is opened, sixty times as fast as the clock.
_HOURS_PASS_S = 75.0
#: In the browser: the size of a PNG, and its pixels as one text.
_DECODE = """async (png) => {
  const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (one) => one.charCodeAt(0))]));
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  const drawn = canvas.getContext("2d");
  drawn.drawImage(picture, 0, 0);
  const { data } = drawn.getImageData(0, 0, picture.width, picture.height);
  let text = "";
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return [picture.width, picture.height, btoa(text)];
}"""
Pixels = NDArray[np.uint8]


def take() -> Iterator[Path]:
    """Take all of them, one after the other. EnvironmentLacks where something is not installed."""
    from lykta.studio.reporting import browser as find

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise EnvironmentLacks("They are taken with Playwright: `make env` installs it.") from None
    try:
        program = find()
    except EnvironmentLacks:
        raise EnvironmentLacks("They are taken with Chromium, and there is none on this computer: `make services` installs it.") from None
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
        chrome = playwright.chromium.launch(executable_path=program, args=words)
        for name, site, size, look, wanted in _PICTURES:
            context = chrome.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB", reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            with tempfile.TemporaryDirectory(prefix="lykta-pictures-") as folder, _ready(Path(folder), site, wanted is _live) as address:
                context.add_cookies([{"name": "lykta_look", "value": look, "url": address.partition("?")[0]}])
                page.goto(address)
                wanted(page)
                file = HERE / f"{name}.png"
                file.write_bytes(fewer_colours(_pixels(page, page.screenshot())))
            context.close()
            yield file
        chrome.close()


# --- what stands on each ----------------------------------------------------------------------------------------------


def _tune(page: Page) -> None:
    """Idle level set to 30 %, all nights simulated."""
    page.wait_for_selector(".diagram .light[src^='data:image/png']")
    field = page.locator("input.q-field__native").and_(page.get_by_label("Idle level", exact=True))
    field.fill("30 %")
    field.press("Tab")
    page.get_by_text("20 nights (seeds 1 to 20), Lykta").wait_for()
    page.evaluate("document.activeElement.blur()")


def _night(page: Page) -> None:
    """A cyclist on the path who was followed over five posts, and why a lamp ahead of him goes up."""
    _open(page, "night")
    page.wait_for_selector("#view-night .listing button")
    lamp, t_ms = _cyclist()
    _on_map(page, f"board.choose([{lamp}]); board.view.zoom(2.2); board.look(board.keep.street.atX[{lamp}], board.keep.street.atY[{lamp}])")
    _on_map(page, f"board.seek({t_ms})")
    page.get_by_text("Changes of this lamp").wait_for()
    page.wait_for_timeout(_SETTLED_MS)


def _street(page: Page) -> None:
    """The map, a lamp chosen, its night."""
    _open(page, "street")
    page.wait_for_selector("#view-street .board-map")
    page.wait_for_timeout(_SETTLED_MS)
    _on_map(page, f"board.choose([{_number('P07')}])")
    page.wait_for_selector("#view-street svg.day")
    page.wait_for_timeout(_SETTLED_MS)


def _live(page: Page) -> None:
    """Light that was ordered, and a lamp that it was ordered for."""
    _open(page, "live")
    page.wait_for_function("/^(\\d+) of \\1$/.test(document.querySelector('.live-counts .value')?.innerText || '')")
    page.wait_for_selector(".banner.lit")
    _on_map(page, f"board.choose([{_number('P07')}])")
    page.wait_for_selector("#live-lamp svg.day")
    page.wait_for_timeout(_SETTLED_MS)


_PICTURES: tuple[tuple[str, str, tuple[int, int], str, Callable[[Page], None]], ...] = (
    ("studio_light", "kungsholms_strand", (1280, 860), "light", _tune),
    ("studio_dark", "kungsholms_strand", (1280, 860), "dark", _tune),
    ("studio_night", _EXAMPLE, (1440, 900), "dark", _night),
    ("studio_street", _EXAMPLE, (1440, 900), "light", _street),
    ("studio_live", _EXAMPLE, (1400, 900), "dark", _live),
)


def _open(page: Page, view: str) -> None:
    page.locator(f"#tab-{view}").click()


def _on_map(page: Page, what: str) -> None:
    """Do something with the map that is seen."""
    shown = "[...document.querySelectorAll('.board')].find((one) => one.offsetParent)"
    page.evaluate(f"() => {{ const board = getElement(Number({shown}.id.slice(1))); {what} }}")


def _number(lamp: str) -> int:
    """The number of a lamp of the example."""
    return [one.id for one in loader.load(_EXAMPLE).lamps].index(lamp)


def _cyclist() -> tuple[int, int]:
    """(lamp, time [ms]): four posts ahead of a cyclist of the first night who was just seen at P07, having come from P03."""
    scenario = assemble(Wish(_EXAMPLE))
    night = next(run(scenario, fit(scenario)[0])).night
    ways = dict(zip(*(night.trajectories[name].to_pylist() for name in ("user", "road_user")), strict=True))
    posts = [_number(f"P{number:02}") for number in range(3, 8)]
    rows = night.detections.select(["t_ms", "lamp", "user"]).to_pylist()
    for last in (row for row in rows if row["lamp"] == posts[-1] and ways.get(row["user"]) == _CYCLIST):
        own = [row for row in rows if row["user"] == last["user"] and last["t_ms"] - _RECENT_MS < row["t_ms"] <= last["t_ms"]]
        if [row["lamp"] for row in own if row["lamp"] in posts] == posts:
            return _number("P11"), last["t_ms"] + _AFTER_MS
    raise LyktaError("No cyclist of the first night was seen at P03 to P07 one after the other: choose another moment.")


# --- what runs behind it ----------------------------------------------------------------------------------------------


@contextmanager
def _ready(folder: Path, site: str, lives: bool) -> Iterator[str]:
    """A studio on a packaged street; its address. `lives`: with a network, nodes that speak, and light that somebody has ordered."""
    own = {**os.environ, "PYTHONUNBUFFERED": "1", "LYKTA_KEYS": str(folder / "keys"), "LYKTA_WHO": "anna", "LYKTA_STUDIO_TOKEN": ""}
    with ExitStack() as held:
        if lives:
            own["LYKTA_STUDIO_TOKEN"] = secrets.token_urlsafe(16)
            with socket.socket() as found:
                found.bind(("127.0.0.1", 0))
                port = found.getsockname()[1]
            _done(folder, own, "site", "keys", site)
            held.enter_context(_running(folder, own, "listening on port", "broker", "run", site, "--port", str(port)))
            held.enter_context(_running(folder, own, "", "fleet", "record", site))
            nodes = ("fleet", "simulate", site, "--engine", "light", "--speed", "60")
            held.enter_context(_running(folder, own, "reports sent", *nodes))
            lamps = [word for lamp in ("P06", "P07", "P08") for word in ("--lamp", lamp)]
            until = f"{datetime.now(UTC) + timedelta(hours=6):%Y-%m-%d %H:%M}+00:00"
            given = ("--level", "80 %", "--until", until, "--why", "work on the path")
            _done(folder, own, "fleet", "override", site, *lamps, *given)
            time.sleep(_HOURS_PASS_S)
        said = held.enter_context(_running(folder, own, "http://", "studio", site, "--no-browser"))
        address = re.search(r"http://\S+", said)
        assert address is not None
        yield f"{address[0]}?token={own['LYKTA_STUDIO_TOKEN']}" if lives and "token=" not in address[0] else address[0]


def _done(folder: Path, own: dict[str, str], *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "lykta", *words], cwd=folder, env=own, check=False, capture_output=True, timeout=_PATIENCE_MS / 1000
    )


@contextmanager
def _running(folder: Path, own: dict[str, str], ready: str, *words: str) -> Iterator[str]:
    """A command of Lykta as long as it is needed; the line in which it says that it is ready. LyktaError where it ends before."""
    log = folder / f"{words[1]}.log"
    with log.open("w") as told:
        command = [sys.executable, "-m", "lykta", *words]
        running = subprocess.Popen(command, cwd=folder, env=own, stdout=told, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until = time.monotonic() + _PATIENCE_MS / 1000
        while (line := next((one for one in log.read_text().splitlines() if ready in one), None)) is None and ready:
            if running.poll() is not None or time.monotonic() > until:
                raise LyktaError(f"`lykta {' '.join(words)}` did not start. It said: {log.read_text().strip()[-400:] or 'nothing'}")
            time.sleep(0.2)
        yield line or ""
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


# --- 250 colours ------------------------------------------------------------------------------------------------------


def _pixels(page: Page, png: bytes) -> Pixels:
    """The pixels of a picture, (rows, columns, 4), which the browser reads for us."""
    wide, high, coded = page.evaluate(_DECODE, base64.b64encode(png).decode("ascii"))
    return np.frombuffer(base64.b64decode(coded), dtype=np.uint8).reshape(high, wide, 4)


def fewer_colours(pixels: Pixels) -> bytes:
    """A picture as PNG with COLOURS colours at most, which takes a fifth of the room: the frequent ones stay as they are."""
    numbers = pixels[..., 0].astype(np.int64) << 16 | pixels[..., 1].astype(np.int64) << 8 | pixels[..., 2]
    colours, at, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    known = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.int64)
    kept = _chosen(known, counts)
    nearest = _nearest(known, kept).astype(np.uint8)
    palette = tuple((int(red), int(green), int(blue)) for red, green, blue in kept)
    return encode(nearest[at.reshape(numbers.shape)], palette)


def _chosen(known: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The colours that stay: the most frequent, then always the one farthest from those; all but the first then move between theirs."""
    order = np.argsort(-counts, kind="stable")
    chosen = list(order[: COLOURS // 2])
    far = np.full(len(known), np.inf)
    for one in chosen:
        far = np.minimum(far, ((known - known[one]) ** 2).sum(axis=1))
    while len(chosen) < min(COLOURS, len(known)):
        one = int(np.argmax(far * np.sqrt(counts)))
        if not far[one]:
            break
        chosen.append(one)
        far = np.minimum(far, ((known - known[one]) ** 2).sum(axis=1))
    kept = known[np.array(chosen)].astype(np.float64)
    for _ in range(_ROUNDS):
        nearest = _nearest(known, kept)
        weights = np.bincount(nearest, weights=counts, minlength=len(kept))
        for channel in range(3):
            means = np.bincount(nearest, weights=counts * known[:, channel], minlength=len(kept)) / np.maximum(weights, 1)
            kept[_EXACT:, channel] = np.where(weights > 0, means, kept[:, channel])[_EXACT:]
    return np.asarray(kept.round(), dtype=np.int64)


def _nearest(known: NDArray[np.int64], kept: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Of each colour the nearest that is kept."""
    return np.concatenate(
        [((part[:, None] - kept) ** 2).sum(axis=2).argmin(axis=1) for part in np.array_split(known, 1 + len(known) // 4000)]
    )
