"""A simulated street that the studio itself brings to life: a broker, light nodes and a recorder beside it, which end with it.

Its network lies in a temporary folder. It is ten o'clock at night in it when it begins, and time passes faster than ours. It needs no keys,
so it takes no orders: whole firmwares (`lykta fleet simulate`) do.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from nicegui import app

from lykta.errors import EnvironmentLacks, LyktaError, Message
from lykta.studio.session import Session

#: How fast its time passes, and at which hour it begins.
SPEED, BEGINS = 10, 22
_READY, _PATIENCE_S = "listening on port", 90.0
_END_S = 5.0


class Trial:
    """Three programs and a folder. `folder`: of the network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs: list[asyncio.subprocess.Process] = []

    @classmethod
    async def begin(cls, session: Session) -> Trial:
        """Bring the street of a page to life, and let all pages find it. LyktaError where that is not possible."""
        from lykta.studio.livewatch import site_of

        trial = cls(Path(tempfile.mkdtemp(prefix="lykta-trial-")))
        app.on_shutdown(trial.end)
        try:
            await trial._start(site_of(session), session.street.site.timezone)
        except LyktaError:
            await trial.end()
            raise
        session.studio.trials[session.street.site.name] = trial.folder
        return trial

    async def _start(self, site: str, timezone: str) -> None:
        from lykta.fleet.broker.run import find_mosquitto
        from lykta.fleet.clock import StreetClock

        if find_mosquitto() is None:
            raise EnvironmentLacks(
                Message("mosquitto is not installed. Install it (`sudo apt install mosquitto`, `brew install mosquitto`).")
            )
        broker = await self._program("broker", "run", site, "--out", str(self.folder), "--port", str(_free_port()))
        await _said(broker, _READY)
        StreetClock(time.time(), _tonight(timezone), SPEED).write(self.folder)
        network = ("--network", str(self.folder))
        await self._program("fleet", "record", site, *network)
        await self._program("fleet", "simulate", site, "--engine", "light", "--speed", str(SPEED), *network)

    async def _program(self, *words: str) -> asyncio.subprocess.Process:
        """A command of Lykta, which ends with the studio."""
        quiet = asyncio.subprocess.DEVNULL
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lykta", *words, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
        )  # fmt: skip
        self._programs.append(program)
        return program

    async def end(self) -> None:
        """End all of it, and leave nothing behind."""
        for program in reversed(self._programs):
            if program.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    program.send_signal(signal.SIGINT)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(program.wait(), _END_S)
            if program.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
        self._programs.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


async def _said(program: asyncio.subprocess.Process, words: str) -> None:
    """Wait until a program says something; LyktaError with its last lines where it ends, or takes too long."""
    assert program.stdout is not None
    told: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            async for line in program.stdout:
                told.append(line.decode(errors="replace").rstrip())
                if words in told[-1]:
                    return
    raise LyktaError(Message("The broker of the simulated street did not start. It said:\n{said}", said="\n".join(told[-4:])))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _tonight(timezone: str) -> float:
    """The next time that it is BEGINS o'clock there [s since 1970]."""
    now = dt.datetime.now(ZoneInfo(timezone))
    moment = now.replace(hour=BEGINS, minute=0, second=0, microsecond=0)
    return (moment if moment > now else moment + dt.timedelta(days=1)).timestamp()
