"""The real `lykta studio` and a real browser, for stories from end to end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from lykta.studio.reporting import BROWSERS

#: Long enough for a busy machine; nobody waits for it when all is well.
PATIENCE_MS = 90_000


def chromium() -> str:
    """The browser of the system; without it the test is skipped on a desk, and fails in CI."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        said = "no Chromium: install it with `make services` (or `sudo apt install chromium`)"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return found


@dataclass
class Served:
    """A studio that runs. `address`: what it printed."""

    process: subprocess.Popen[str]
    address: str


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(folder: Path, *words: str, token: str = "") -> Served:
    """Start `lykta studio` in a folder, and wait until it has printed its address."""
    environment = {**os.environ, "LYKTA_STUDIO_TOKEN": token, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "lykta", "studio", *words, "--no-browser"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = re.search(r"http://\S+", said)
    assert found is not None, said + process.stdout.read()
    return Served(process, found[0])


def stop(served: Served) -> None:
    """End a studio as somebody at its terminal would; its helpers with it."""
    if served.process.poll() is None:
        served.process.send_signal(signal.SIGINT)
    served.process.communicate(timeout=30)


@contextmanager
def studio(folder: Path, *words: str, token: str = "") -> Iterator[Served]:
    """A studio that runs as long as it is needed."""
    served = start(folder, *words, token=token)
    try:
        yield served
    finally:
        stop(served)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, which can reach this machine alone: every other name leads nowhere."""
    program = chromium()
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
        found = playwright.chromium.launch(
            executable_path=program, args=[*words, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        try:
            yield found
        finally:
            found.close()


def page_of(opened: Browser, address: str, attempts: list[str] | None = None, **wishes: str) -> Page:
    """A page in a context of its own, opened on an address. `attempts` gathers what it asks of anybody else."""
    context = opened.new_context(viewport={"width": 1280, "height": 900}, **wishes)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)

    def note(request: Request) -> None:
        if attempts is not None and not request.url.startswith((address.split("?")[0], "data:", "blob:")):
            attempts.append(request.url)

    page.on("request", note)
    page.goto(address)
    return page


def lit(page: Page) -> None:
    """Wait until the first night is drawn."""
    page.wait_for_selector(".diagram .light[src^='data:image/png']")
