"""Serves the page: binds, prints the address, opens the browser, ends cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import multiprocessing
import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from lykta.errors import EnvironmentLacks, LyktaError
from lykta.studio.guard import LOOPBACK, Guard
from lykta.studio.studio import Studio

PORT = 8765
_TRIED = 20
#: How long a browser that was gone may come back to the same page, before its session is forgotten [s].
_PATIENCE_S = 60.0


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket; without a port the first free one from PORT on. LyktaError where there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [port] if port is not None else range(PORT, PORT + _TRIED):
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, number))
        except OSError as error:
            found.close()
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            raise LyktaError(_refused(host, number, error)) from None
        found.listen()
        return found
    raise LyktaError(f"The ports {PORT} to {PORT + _TRIED - 1} are all in use. Name another with --port.")


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use, perhaps by another studio. Leave out --port, or name another."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by you. Take one above 1023."
    return f'The address "{host}" cannot be used here: {error.strerror or error}. Take one of this computer, or leave out --host.'


def address(bound: socket.socket) -> str:
    """What to type into a browser."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def loopback(host: str) -> bool:
    """Whether a host is this computer alone."""
    return host in LOOPBACK or host.startswith("127.")


def application(studio: Studio) -> Guard:
    """The whole application, guarded. EnvironmentLacks without NiceGUI."""
    # Nothing is kept on disk for a browser, but NiceGUI asks where it might be.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(Path(os.devnull)))
    try:
        from fastapi import FastAPI
        from nicegui import app, ui
    except ImportError:
        raise EnvironmentLacks(
            'The studio needs NiceGUI: install it with `pip install "lykta[studio]"` (in a clone: `make env`).'
        ) from None
    from lykta.studio.page import STATIC, pages, static_files

    app.config.quasar_config["loadingBar"]["skipHijack"] = True  # it has no name, and views say themselves that they load
    fast = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    static_files()
    ui.run_with(
        fast,
        root=pages(studio),
        title="Lykta studio",
        favicon=STATIC / "lykta.svg",
        language="en-GB",
        tailwind=False,
        dark=True,
        reconnect_timeout=_PATIENCE_S,
        show_welcome_message=False,
    )
    return Guard(fast, studio.access, studio.hosts, studio.tiles)


def serve(studio: Studio, bound: socket.socket, browse: bool, ready: Callable[[str], object]) -> None:
    """Serve until somebody presses Ctrl-C. `ready` is called with the address as soon as the page can be opened."""
    import uvicorn

    guarded = application(studio)
    where = address(bound)
    config = uvicorn.Config(guarded, log_level="warning", lifespan="on", ws_max_size=2**24, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("nicegui").setLevel(logging.ERROR)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        if server.started:
            ready(where)
            if browse:
                threading.Thread(target=webbrowser.open, args=(where,), daemon=True).start()
        await serving

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
    studio.bench.close()
    for child in multiprocessing.active_children():  # in the middle of nights that nobody will look at
        child.terminate()
