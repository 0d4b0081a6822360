"""A broker on this machine, in the foreground: mosquitto where it is installed, else one inside Lykta.

with Mosquitto(folder) as broker:      # listens when it is entered
    for line in broker.log():          # until it ends
        print(line)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lykta.errors import EnvironmentLacks, InputError, LyktaError
from lykta.fleet.broker.network import Place

_TRIES, _PATIENCE_S = 20, 0.5
#: Debian puts daemons where not everybody looks for programs, brew likewise.
_ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/opt/homebrew/bin")
_RUNNING = " running"


def find_mosquitto() -> str | None:
    """The path of mosquitto; None where it is not installed."""
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *_ELSEWHERE]))


class Mosquitto:
    """A mosquitto with the files of a broker. While it runs, `run.pid` beside them says so."""

    def __init__(self, folder: Path, place: Place) -> None:
        self._folder = folder
        self._place = place
        self._process: subprocess.Popen[str] | None = None
        self._held: IO[str] | None = None

    def __enter__(self) -> Mosquitto:
        """Start it, and return when it listens. LyktaError with what it said where it does not."""
        program = find_mosquitto()
        if program is None:
            raise EnvironmentLacks("mosquitto is not installed. Install it (`sudo apt install mosquitto`, `brew install mosquitto`).")
        self._held = hold(self._folder)
        words = [program, "-c", str(self._configuration())]
        # Ctrl-C at the terminal is for us: we end it, and say so.
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        said = []
        for line in self.log():
            said.append(line)
            if line.endswith(_RUNNING):
                self._held.write(f"{self._process.pid}\n")
                self._held.flush()
                return self
        self.__exit__()
        raise self._did_not_start("\n".join(said))

    def _configuration(self) -> Path:
        """As root it would become another user, who may not read these files: here it stays who we are."""
        given = self._folder / "mosquitto.conf"
        if os.geteuid() != 0:
            return given
        mine = self._folder / "run.conf"
        mine.write_text(given.read_text(encoding="utf-8") + "user root\n", encoding="utf-8")
        return mine

    def _did_not_start(self, said: str) -> LyktaError:
        if "Address already in use" in said:
            advice = "Another broker runs there: end it, or take another port: `lykta broker run SITE --port NUMBER`."
            return InputError.of(str(self._place), f"this port is taken. {advice}")
        return LyktaError(f"mosquitto did not start. It said:\n{said}")

    def log(self) -> Iterator[str]:
        """What it says, line by line, until it ends."""
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            yield line.rstrip()

    def __exit__(self, *error: object) -> None:
        """End it: it writes what it keeps."""
        if self._process is not None:
            # It forgets a signal that comes in the moment between saying that it runs and running.
            for _ in range(_TRIES):
                self._process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE_S)
                    break
            else:
                self._process.kill()
                self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
            self._process = None
        if self._held is not None:
            self._held.close()
            self._held = None


def hold(folder: Path) -> IO[str]:
    """The file `run.pid` of a broker, locked as long as it is open. InputError where it runs already."""
    held = (folder / "run.pid").open("a+", encoding="ascii")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise InputError.of(str(folder), "the broker of this folder runs already, in another terminal.") from None
    held.truncate(0)
    return held


def reload(folder: Path) -> bool:
    """Let the broker that was started here read its lists again; False where none runs."""
    try:
        with (folder / "run.pid").open("r+", encoding="ascii") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.kill(int(held.read()), signal.SIGHUP)
                return True
    except (OSError, ValueError):
        pass
    return False
