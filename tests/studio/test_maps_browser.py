"""The maps in headless Chromium, against the real `lykta studio`: click, edit, undo, save, play, import real inventories."""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from lykta.report import png
from lykta.site import loader
from tests import services

pytestmark = [pytest.mark.services, pytest.mark.slow]
GREEN = (32, 96, 64)
#: Gathers what a map draws: addresses of pictures, and texts.
DRAWN = """window.drawn = []; window.said = new Set(); const { drawImage, fillText } = CanvasRenderingContext2D.prototype;
Object.assign(CanvasRenderingContext2D.prototype, {
  drawImage(image, ...at) { if (image.src) window.drawn.push(image.src); drawImage.call(this, image, ...at); },
  fillText(text, ...at) { window.said.add(text); fillText.call(this, text, ...at); },
});"""
LONG_MS = 240_000  # a process that simulates first compiles; the machine may be busy


@contextmanager
def running(folder: Path, site: str, *words: str) -> Iterator[str]:
    """The studio on a free port; its address."""
    command = [sys.executable, "-m", "lykta", "studio", site, *words, "--no-browser", "--port", str(services.free_port())]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        yield found[0]
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the processes that simulate may be in the middle of a night
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in a file of one's own."""
    folder = tmp_path_factory.mktemp("studio")
    shutil.copyfile(loader.find("valla_torg"), folder / "my_street.yaml")
    return folder


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """The studio on that street."""
    with running(home, "my_street.yaml") as found:
        yield found


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page on which no request may leave the machine and no script may fail."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(LONG_MS)
    expect.set_options(timeout=LONG_MS)
    found = context.new_page()
    asked: list[str] = []
    failed: list[str] = []
    found.on("request", lambda request: asked.append(request.url))
    found.on("pageerror", lambda error: failed.append(str(error)))
    yield found
    context.close()
    assert {urlsplit(url).hostname for url in asked if urlsplit(url).scheme not in ("data", "blob")} == {"127.0.0.1"}
    assert failed == []


def ready(page: Page) -> None:
    """Wait until the map stands and lamps can be chosen."""
    expect(page.locator(".board[data-lamps='64']")).to_be_visible()
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until what was asked for is on the canvas."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def choose_in_the_middle(page: Page) -> str:
    """Choose the lamp in the middle of the map by key; its name."""
    page.locator(".board-map").focus()
    page.keyboard.press("Enter")
    said = page.locator(".board-said")
    expect(said).to_be_visible()
    return (said.text_content() or "").split("·")[0].strip()


def under_the_pointer(page: Page) -> tuple[float, float]:
    """Put the pointer on what is chosen, which says so by its shape: where that is."""
    canvas = page.locator(".board-map")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2  # what was chosen in the middle is not far from it
    around = sorted(((across, down) for across in range(-150, 151, 10) for down in range(-150, 151, 10)), key=lambda way: math.hypot(*way))
    for across, down in around:
        page.mouse.move(x + across, y + down)
        if canvas.evaluate("canvas => canvas.style.cursor") == "move":
            return x + across, y + down
    raise AssertionError("what is chosen is nowhere on the map")


@contextmanager
def tiles(asked: list[str]) -> Iterator[str]:
    """A server of green tiles on this machine: its address as `--tiles` takes it; `asked` gathers the paths."""

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(png.encode(np.zeros((256, 256), dtype=np.uint8), [GREEN]))

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Tiles) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
        server.shutdown()


def pixels(page: Page) -> str:
    """A fingerprint of what the map shows."""
    found: str = page.locator(".board-map").evaluate("canvas => canvas.toDataURL()")
    return found


def test_lamp__is_edited_undone_and_saved(page: Page, address: str, home: Path):
    """The map changes with the edit, and back; the file has it after saving, comments and all."""
    page.goto(f"{address}?view=street")
    ready(page)
    name = choose_in_the_middle(page)
    before = pixels(page)
    comments = (home / "my_street.yaml").read_text(encoding="utf-8").count("#")
    page.get_by_label("New zone").fill("square")
    page.get_by_label("New zone").press("Enter")
    expect(page.get_by_text("my_street.yaml: changed, not saved")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    assert pixels(page) != before
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("my_street.yaml: saved")).to_be_visible()
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_text("my_street.yaml: changed, not saved")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("my_street.yaml: saved")).to_be_visible()
    saved = loader.load(home / "my_street.yaml")
    assert next(lamp for lamp in saved.lamps if lamp.id == name).zone == "square"
    assert (home / "my_street.yaml").read_text(encoding="utf-8").count("#") == comments


def test_lamp__is_moved_by_keys_and_by_the_pointer(page: Page, address: str):
    """M and arrows, Enter; Ctrl and Z takes it back; then it is dragged. A place that cannot be is refused; the keyboard stays there."""
    page.goto(f"{address}?view=street")
    ready(page)
    choose_in_the_middle(page)
    east = page.get_by_label("Metres to the east")
    stood = float(east.input_value().split()[0])
    for key in ("m", "ArrowRight", "ArrowRight", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(east).to_have_value(f"{stood + 1.9:.10g} m")
    page.locator(".board-map").press("Control+z")
    expect(east).to_have_value(f"{stood:.10g} m")
    place = under_the_pointer(page)
    page.mouse.down()
    page.mouse.move(place[0] + 40, place[1], steps=3)
    expect(page.locator(".board-said")).to_contain_text("→")
    page.mouse.up()
    expect(east).not_to_have_value(f"{stood:.10g} m")
    moved = east.input_value()
    assert float(moved.split()[0]) > stood
    east.fill("9000 m")
    east.press("Enter")
    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    expect(east).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(east).to_have_value(f"{stood:.10g} m")


def test_tiles__come_from_the_named_server_and_are_drawn_under_the_street(page: Page, home: Path):
    """A server of this machine is asked for the tile in which the street lies; it is drawn, and whose it is stands on the map."""
    asked: list[str] = []
    page.add_init_script(DRAWN)
    with tiles(asked) as url, running(home, "my_street.yaml", "--tiles", url, "--attribution", "© Nobody in particular") as address:
        page.goto(f"{address}?view=street")
        ready(page)
        page.wait_for_function("window.drawn.length && window.said.has('© Nobody in particular')")
        # Whatever zoom the map begins with, and goes on to when it knows its size.
        across = (18.0484 + 180) / 360
        down = 0.5 - math.asinh(math.tan(math.radians(59.2950))) / (2 * math.pi)
        page.wait_for_function(
            "([across, down]) => window.drawn.some(one => {"
            "  const [zoom, column, row] = one.match(/(\\d+)\\/(\\d+)\\/(\\d+)\\.png$/).slice(1).map(Number);"
            "  return column === Math.floor(across * 2 ** zoom) && row === Math.floor(down * 2 ** zoom) })",
            arg=[across, down],
        )
        drawn = page.evaluate("window.drawn")
    assert drawn and {urlsplit(one).path for one in drawn} <= set(asked)


def test_many_lamps__are_chosen_with_a_box(page: Page, address: str):
    """Shift and drag over everything chooses every lamp."""
    page.goto(f"{address}?view=street")
    ready(page)
    place = page.locator(".board-map").bounding_box()
    assert place is not None
    page.keyboard.down("Shift")
    page.mouse.move(place["x"] + 3, place["y"] + 3)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] - 3, place["y"] + place["height"] - 3, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.get_by_role("heading", name="64 lamps")).to_be_visible()


def test_map__moves_and_zooms_with_mouse_and_keys(page: Page, address: str):
    """Drag, wheel, plus and arrows change what is seen; Home shows all of it again."""
    page.goto(f"{address}?view=street")
    ready(page)
    whole = pixels(page)
    seen = {whole}
    canvas = page.locator(".board-map")
    canvas.focus()
    for key in ("+", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        drawn(page)
        seen.add(pixels(page))
    assert len(seen) == 4
    page.keyboard.press("Home")
    drawn(page)
    assert pixels(page) == whole


def test_night__is_played_scrubbed_and_explained(page: Page, address: str):
    """The clock runs and the picture changes; a worst moment is gone to; the lamp says why."""
    page.goto(f"{address}?view=night")
    clock = page.locator(".board-clock")
    expect(clock).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    stood, dark = clock.text_content(), pixels(page)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(clock).not_to_have_text(stood or "")
    page.get_by_role("button", name="Pause", exact=True).click()
    assert pixels(page) != dark
    page.locator(".board-scrub input").fill("40000000")
    expect(clock).to_have_text("23:06:40")
    page.locator(".listing button").first.click()
    expect(page.get_by_text("Changes of this lamp")).to_be_visible()
    page.get_by_role("button", name="The next change").click()
    expect(page.locator(".step-line, .listing button.now").first).to_be_visible()


def test_helsinki__is_imported_from_openstreetmap(page: Page, address: str, home: Path, shared_data: Path):
    """Upload, preview with what was not matched, take over: the file is a site."""
    page.goto(f"{address}?view=street")
    ready(page)
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").first.set_input_files(shared_data / "helsinki_kamppi.osm.pbf")
    page.get_by_role("button", name="See what will be matched").click()
    expect(page.get_by_text("Too far from any way (ringed)")).to_be_visible()
    counts = page.locator(".wizard .facts").inner_text().split("\n")
    assert (counts[counts.index("Heads in the file") + 1], counts[counts.index("Too far from any way (ringed)") + 1]) == ("586", "13")
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_text("helsinki_kamppi.yaml: saved")).to_be_visible()
    site = loader.load(home / "helsinki_kamppi.yaml")
    assert sum(lamp.heads for lamp in site.lamps) == 586
    assert any(lamp.sensors for lamp in site.lamps)
    assert (home / "helsinki_kamppi.unmatched.csv").read_text(encoding="utf-8").count("\n") == 14


def test_montpellier__is_imported_from_a_list_and_moved_about(page: Page, address: str, home: Path, shared_data: Path):
    """Columns are shown before anything is read; 29,969 heads become a city on the map."""
    page.goto(f"{address}?view=street")
    ready(page)
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").first.set_input_files(shared_data / "montpellier_street_lights.csv")
    expect(page.get_by_text("What the columns are")).to_be_visible()
    page.get_by_role("button", name="See what will be matched").click()
    expect(page.get_by_text("Guessed links (dashed)")).to_be_visible()
    assert "29,969" in page.locator(".wizard .facts").inner_text()
    page.get_by_label("File name").fill("city")
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_text("city.yaml: saved")).to_be_visible()
    assert (home / "city.yaml").stat().st_size > 3_000_000
    expect(page.locator(".board-map")).to_have_count(1)  # the wizard has gone
    expect(page.locator(".board[data-lamps='27019']")).to_be_visible()
    drawn(page)
    before = pixels(page)
    page.locator(".board-map").focus()
    page.keyboard.press("ArrowRight")
    drawn(page)
    assert pixels(page) != before


def test_file_that_is_none__is_said_and_nothing_breaks(page: Page, address: str, tmp_path: Path):
    """A table without places: the column is asked for, and the wizard is still there."""
    page.goto(f"{address}?view=street")
    ready(page)
    page.get_by_role("button", name="Import").click()
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("one,two\n1,2\n", encoding="utf-8")
    page.locator("input[type=file]").first.set_input_files(wrong)
    page.get_by_role("button", name="See what will be matched").click()
    expect(page.get_by_text("no column looks like the latitude")).to_be_visible()
    expect(page.get_by_role("button", name="See what will be matched")).to_be_enabled()
