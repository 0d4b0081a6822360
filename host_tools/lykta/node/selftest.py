"""The self-test of a node, as the person at its foot sees it: what the node finds by itself, then what only a person can see.

    findings = [*own(board, show), *asked(board, description, ask)]

The node's own lines are those of the firmware's `tasks/selftest`. What nobody answers for is NOT CHECKED.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lykta.node import programs
from lykta.node.device import Device
from lykta.node.programs import Happened
from lykta.node.session import perform
from lykta.node.verdicts import FAIL, NOT_CHECKED, PASS, Finding

_LINE = re.compile(r"(ok|FAIL|look)\s+(\S+(?: \d+)?)\s+(.*)$")
_VERDICTS = {"ok": PASS, "FAIL": FAIL, "look": NOT_CHECKED}
#: Half a minute of light and listening, and a minute for a broker or gateway that does not answer.
_SELF_TEST_S = 120.0
#: Levels at which the curve of the dimmer is measured [permille].
LEVELS = (1000, 750, 500, 250, 100)
#: How far from the level what is measured may be [permille of full].
_OFF_THE_CURVE = 100
_WATCH_S = 30
#: A PIR means nothing for its first minute.
_WARM_UP_S = 60
_WARMS_UP = "a PIR sees nothing for its first minute: wait"
_SEES_NOW = "now: walk past"
#: Asks a person: a question, and what may be answered; None: no answer.
Ask = Callable[[str, Sequence[str]], str | None]


def own(board: Device, show: Callable[[Finding], None]) -> list[Finding]:
    """What the node finds by itself; each is shown as it comes."""
    found: list[Finding] = []

    def take(line: str) -> None:
        match = _LINE.match(line)
        if match:
            found.append(Finding(match[2], _VERDICTS[match[1]], match[3]))
            show(found[-1])

    perform(board, programs.SELF_TEST, _SELF_TEST_S, lambda _: None, take)
    return found


def light(ask: Ask) -> Finding:
    """Whether the lamp went full, half, full: only a person can say."""
    answer = ask("Did the lamp go full, half, full?", ("yes", "no", "skip"))
    if answer == "yes":
        return Finding("light seen", PASS, "full, half, full")
    if answer == "no":
        return Finding("light seen", FAIL, "it did not go full, half, full: check the dimming wires, the lamp and the board file")
    return Finding("light seen", NOT_CHECKED, "nobody looked")


def sensors(described: Mapping[str, Any]) -> list[str]:
    """What the sensors of a node are called, in their order: PIR 1, LD2451 1. `described`: its file `board`."""
    names: list[str] = []
    for wanted in (("pir",), ("ld2410", "ld2451")):  # switches first, as the node polls them
        for sensor in described.get("sensors", []):
            if sensor["kind"] in wanted:
                kind = sensor["kind"].upper()
                names.append(f"{kind} {sum(name.startswith(kind) for name in names) + 1}")
    return names


def walked_past(board: Device, names: Sequence[str], show: Callable[[str], None]) -> Watched:
    """Let a person walk past each sensor; what they noticed, and the neighbours heard meanwhile."""
    watched = Watched(names)

    def take(event: Happened) -> None:
        said = watched.take(event)
        if said:
            show(said)

    seconds = _WATCH_S + (_WARM_UP_S if any(name.startswith("PIR") for name in names) else 0)
    try:
        perform(board, programs.watch(seconds), seconds + 30.0, take, lambda _: None)
    except KeyboardInterrupt:
        board.interrupt()  # who has seen enough need not wait
    return watched


class Watched:
    """What was seen and heard while somebody walked about: by sensor, by neighbour."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.seen: dict[int, int] = {}
        self.speeds: dict[int, list[int]] = {}
        self.farthest: dict[int, int] = {}
        self.heard: dict[int, list[int]] = {}
        self._warming = False

    def take(self, event: Happened) -> str:
        """Count an event; what to say of it to the person, "" for nothing new."""
        if event.kind == "S" and len(event.numbers) == 4:
            return self._sensor(*event.numbers)
        if event.kind == "F":
            was, self._warming = self._warming, "warm-up" in event.text
            return _WARMS_UP if self._warming and not was else _SEES_NOW if was and not self._warming else ""
        if event.kind == "H" and len(event.numbers) == 2:
            number, dbm = event.numbers
            new = number not in self.heard
            self.heard.setdefault(number, []).append(dbm)
            return f"neighbour {number} heard, {dbm} dBm" if new else ""
        return ""

    def _sensor(self, number: int, result: int, distance: int, speed: int) -> str:
        name = self.names[number] if number < len(self.names) else f"sensor {number + 1}"
        if result == programs.EDGE_OFF:
            return ""
        self.seen[number] = self.seen.get(number, 0) + 1
        self.farthest[number] = max(distance, self.farthest.get(number, 0))
        if speed:
            self.speeds.setdefault(number, []).append(speed)
        far = f" at {distance / 100:.1f} m" if distance else ""
        way = f", {'coming' if speed > 0 else 'going'} {abs(speed) / 100:.1f} m/s" if speed else ""
        return f"{name} sees somebody{far}{way}"

    def findings(self) -> list[Finding]:
        """One for each sensor: one that saw nobody was not passed, or does not work; who knows is the person."""
        found = []
        for number, name in enumerate(self.names):
            count = self.seen.get(number, 0)
            far = f", as far as {self.farthest[number] / 100:.1f} m" if self.farthest.get(number) else ""
            text = f"{count} passes{far}" if count else "it saw nobody: was it passed? Then check its wire, its power and where it looks"
            found.append(Finding(name, PASS if count else FAIL, text))
        return found

    def neighbours(self) -> dict[str, int]:
        """How strongly each neighbour was heard: {number: dBm, the median}."""
        return {str(number): sorted(levels)[len(levels) // 2] for number, levels in sorted(self.heard.items())}


def curve(board: Device, ask: Ask, show: Callable[[str], None]) -> tuple[Finding, list[dict[str, Any]]]:
    """The curve of the dimmer at five points: by the meter where there is one, else by what a person reads off an instrument.

    Returns the finding and the points: [{"level" permille, "measured" (W or lx), "unit"}]. The lamp is full afterwards.
    """
    happened: list[Happened] = []
    perform(board, programs.CURVE, 20.0, happened.append, lambda _: None)
    points: list[dict[str, Any]] = []
    try:
        for level in LEVELS:
            perform(board, f"q_f.show({level})\nq_p()", 20.0, happened.append, lambda _: None)
            milliwatts = happened[-1].numbers[0] if happened and happened[-1].kind == "P" else -1
            if milliwatts >= 0:
                points.append({"level": level, "measured": milliwatts / 1000, "unit": "W"})
                show(f"{level // 10:>3} %  {milliwatts / 1000:.1f} W")
                continue
            seen = _read_off(ask, level)
            if seen is None:
                break
            points.append({"level": level, "measured": seen, "unit": "lx"})
    finally:
        board.run("q_f.full()")
    return judged(points), points


def _read_off(ask: Ask, level: int) -> float | None:
    """What the luxmeter shows [lx]; None without one. What is no number is asked for again."""
    question = f"{level // 10} %: what does the luxmeter under the lamp show? (lx, as in 12.5; Enter: no instrument)"
    while answer := ask(question, ()):
        match = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*(?:lx|lux)?\s*", answer)
        if match:
            return float(match[1].replace(",", "."))
    return None


def judged(points: Sequence[Mapping[str, Any]]) -> Finding:
    """Whether what was measured follows the level: light in proportion, power always falling."""
    if len(points) < len(LEVELS):
        return Finding("dim curve", NOT_CHECKED, f"measured at {len(points)} of {len(LEVELS)} points")
    values = [float(point["measured"]) for point in points]
    unit = points[0]["unit"]
    text = ", ".join(f"{point['level'] // 10} %: {point['measured']:g} {unit}" for point in points)
    falls = all(high > low for high, low in pairwise(values)) and values[0] > 0
    if not falls:
        return Finding(
            "dim curve", FAIL, f"{text}: it does not fall with the level. Check the dimming wires and `dimming` in the board file"
        )
    shares = [value / values[0] * 1000 for value in values]
    if unit == "lx" and any(abs(share - point["level"]) > _OFF_THE_CURVE for share, point in zip(shares, points, strict=True)):
        advice = "Give the fixture a `driver` table, or look whether other light reaches the luxmeter"
        return Finding("dim curve", FAIL, f"{text}: far from the level. {advice}")
    return Finding("dim curve", PASS, text)


def tally(findings: Iterable[Finding]) -> str:
    """All in one line."""
    counts = {verdict: sum(one.verdict == verdict for one in findings) for verdict in (PASS, FAIL, NOT_CHECKED)}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
