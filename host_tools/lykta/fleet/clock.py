"""What time it is for a fleet: real time, or that of a simulated street, which tells it in a file of its network's folder.

A street that is simulated lives at night, and may live faster than we do. Whoever watches or commands it must take its time: commands
have expiries, telemetry has times, and a lamp that burns is an alarm by day.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lykta import wholefile
from lykta.errors import LyktaError

FILE = "clock.json"
_LOOK_S = 1.0


@dataclass(frozen=True)
class StreetClock:
    """At `real_s` it is `street_s` in the street [s since 1970], and time passes `speed` times as fast, as long as process `pid` lives."""

    real_s: float
    street_s: float
    speed: float = 1.0
    pid: int = field(default_factory=os.getpid)

    def now(self) -> float:
        """What time it is in the street [s since 1970]."""
        return self.street_s + (time.time() - self.real_s) * self.speed

    def write(self, folder: Path) -> None:
        """Tell whoever uses this network. LyktaError where that is not possible."""
        try:
            wholefile.write(folder / FILE, json.dumps(asdict(self)))
        except OSError as error:
            raise LyktaError(f"{folder / FILE}  cannot be written: {error.strerror}.") from None


def clock_of(folder: Path) -> StreetClock | None:
    """The clock of a network's simulated street; None where there is none, or the file makes no sense.

    `folder`: of the network, of its people or of one of them.
    """
    for one in (folder, folder.parent, folder.parent.parent):
        try:
            told = json.loads((one / FILE).read_text(encoding="utf-8"))
            found = StreetClock(float(told["real_s"]), float(told["street_s"]), float(told["speed"]), int(told["pid"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return found if _lives(found.pid) else None
    return None


def _lives(pid: int) -> bool:
    """Whether there is such a process: a street whose machine was switched off could not take its clock away."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Clock:
    """What time it is for a network's fleet: looks now and then whether its street is simulated, and how fast."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: StreetClock | None = None
        self._looked = float("-inf")

    def now(self) -> float:
        """[s since 1970]."""
        moment = time.monotonic()
        if moment - self._looked > _LOOK_S:
            self._looked, self._found = moment, clock_of(self._folder)
        return time.time() if self._found is None else self._found.now()


def now_of(folder: Path) -> Callable[[], float]:
    """What says what time it is for a network's fleet [s since 1970]; a street that is simulated may begin and end meanwhile."""
    return _Clock(folder).now
