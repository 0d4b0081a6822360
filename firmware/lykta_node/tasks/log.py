"""What happened, for the cable and for later: an outage is told once when it begins and once when it ends."""

from micropython import const

from . import ticks

_KEPT = const(24)


class Log:
    """Prints lines on the console and keeps the last ones. Seconds count from the start."""

    def __init__(self) -> None:
        self._ticks = ticks.now()
        self._seconds = 0
        self._lines: list[str] = []

    def seconds(self) -> int:
        """How long ago the log began. To be asked at least once in six days: see `ticks`."""
        whole = ticks.since(self._ticks, ticks.now()) // 1000
        if whole > 0:
            self._seconds += whole
            self._ticks = ticks.later(self._ticks, whole * 1000)
        return self._seconds

    def say(self, text: str) -> None:
        """One line."""
        line = f"{self.seconds():>7} s  {text}"
        print(line)
        self._lines.append(line)
        if len(self._lines) > _KEPT:
            self._lines.pop(0)

    def forget(self) -> None:
        """Give back the memory of the lines that are kept."""
        self._lines.clear()

    def lines(self) -> list[str]:
        """The last lines, oldest first."""
        return self._lines
