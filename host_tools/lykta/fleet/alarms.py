"""What somebody should look after: opened once, closed once, whoever restarts in between.

alarm          opened                                                                    closed
lamp-out       the node says that power does not follow the level, or its meter shows    by telemetry without that
               less than half of what its level takes
day-burning    a whole report by day, mean level above 50 permille, no override          by a report that is not so, or by night
stuck-sensor   a sensor sticks, is restless, blind, unplugged or does not answer         by telemetry without that
silent-node    offline for 10 min, or nothing heard for 45 min                           as soon as anything is heard
energy-off     two reports in a row: 15 % and more outside of what the profile can take  by two reports in a row within it

Nothing here knows of time, network or database: reports and times go in, alarms that were opened or closed come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lykta.fleet.expected import Expected
from lykta.fleet.model import DAY_BURNING, ENERGY_OFF, LAMP_OUT, SILENT_NODE, STUCK_SENSOR, Alarm

#: Nothing heard for so long, though a node reports every quarter of an hour [s]; offline by the broker for so long [s].
SILENT_S, OFFLINE_S = 2700, 600
#: By day a lamp that starts is full for some seconds: a mean of so much is no burning [permille].
DAY_PERMILLE = 50
#: Fixtures and meters differ so much from their tables [share].
TOLERANCE = 0.15
#: Below this mean level the power of a lamp is not told from its standby [permille].
_TELLING_PERMILLE = 100
_SENSOR_FAULTS = frozenset(("stuck", "restless", "blind", "radar", "wire"))
_LAMP_FAULT = "lamp"


class Report(Protocol):
    """What alarms read of telemetry."""

    @property
    def level(self) -> int: ...  # mean [permille]
    @property
    def energy_mwh(self) -> int | None: ...  # None: nobody knows
    @property
    def estimated(self) -> bool: ...
    @property
    def faults(self) -> Sequence[str]: ...


@dataclass(slots=True)
class _Watched:
    """What is kept of a node between its reports."""

    heard: float
    offline_since: float | None = None
    outside: int = 0  # reports in a row outside of what the profile can take; negative: within
    overridden_until: float = float("-inf")


class Alarms:
    """The alarms of a fleet. `open`: those that are open, by node and kind."""

    def __init__(self, opened: Iterable[Alarm] = ()) -> None:
        """`opened`: those that were open when this was last known."""
        self.open = {(alarm.node, alarm.kind): alarm for alarm in opened}
        self._watched: dict[str, _Watched] = {}
        # An alarm that was open goes on counting where it stopped: it takes as much to close it as ever.
        self._was_off = {alarm.node for alarm in self.open.values() if alarm.kind == ENERGY_OFF}

    def of(self, node: str) -> tuple[str, ...]:
        """The kinds of alarms that are open for a node."""
        return tuple(kind for (whose, kind) in self.open if whose == node)

    def expect(self, nodes: Iterable[str], now: float) -> None:
        """These nodes are to be heard from now on: who never speaks will be missed too."""
        for node in nodes:
            self._watched.setdefault(node, _Watched(now))

    def heard(self, node: str, now: float, online: bool | None = None) -> Iterator[Alarm]:
        """A node was heard; `online` False: the broker says that it is gone, which is no hearing of it."""
        watched = self._watched.setdefault(node, _Watched(now))
        if online is False:
            if watched.offline_since is None:
                watched.offline_since = now
            return
        watched.offline_since, watched.heard = None, now
        yield from self._set(node, SILENT_NODE, False, now, "")

    def override(self, node: str, until: float, now: float) -> None:
        """A person has asked for light until then [s since 1970]."""
        self._watched.setdefault(node, _Watched(now)).overridden_until = until

    def jump(self, now: float) -> None:
        """The clock was set: silence is counted from now on."""
        for watched in self._watched.values():
            watched.heard = now
            watched.offline_since = None if watched.offline_since is None else now

    def tick(self, now: float) -> Iterator[Alarm]:
        """Time has passed: who has been silent for too long?"""
        for node, watched in self._watched.items():
            offline = watched.offline_since
            if offline is not None and now - offline >= OFFLINE_S:
                yield from self._set(node, SILENT_NODE, True, now, f"offline for {round((now - offline) / 60)} min")
            elif now - watched.heard >= SILENT_S:
                yield from self._set(node, SILENT_NODE, True, now, f"nothing heard for {round((now - watched.heard) / 60)} min")

    def judge(self, node: str, now: float, report: Report, expected: Expected | None, takes_mwh: float | None) -> Iterator[Alarm]:
        """What a report of a node opens or closes.

        `expected`: what the profile lets the lamp take in that time; `takes_mwh`: what it should take at the level that it reports.
        Both None where the site does not know the lamp.
        """
        faults = [fault for fault in report.faults if fault in _SENSOR_FAULTS]
        yield from self._set(node, STUCK_SENSOR, bool(faults), now, ", ".join(faults))
        out = self._why_out(report, takes_mwh)
        yield from self._set(node, LAMP_OUT, bool(out), now, out)
        if expected is None:
            return
        watched = self._watched.setdefault(node, _Watched(now))
        excused = now - expected.length_s < watched.overridden_until
        day = expected.lit_s == 0
        burning = day and report.level > DAY_PERMILLE and not excused
        said = f"mean level {report.level / 10:.0f} % by day" + (f" ({', '.join(report.faults)})" if report.faults else "")
        yield from self._set(node, DAY_BURNING, burning, now, said)
        yield from self._judge_energy(node, now, report, expected, watched, bool(out) or burning or excused)

    def _why_out(self, report: Report, takes_mwh: float | None) -> str:
        """Why a lamp is thought to be dark; "" where it is not."""
        if _LAMP_FAULT in report.faults:
            return "the node's meter: power does not follow the level"
        if report.energy_mwh is None or report.estimated or not takes_mwh or report.level < _TELLING_PERMILLE:
            return ""
        if report.energy_mwh < takes_mwh / 2:
            return f"{report.energy_mwh / 1000:.1f} Wh instead of {takes_mwh / 1000:.1f} Wh at {report.level / 10:.0f} %"
        return ""

    def _judge_energy(
        self, node: str, now: float, report: Report, expected: Expected, watched: _Watched, explained: bool
    ) -> Iterator[Alarm]:
        """Energy off its profile: twice in a row, unless another alarm, a fault or an override explains it."""
        if report.energy_mwh is None:
            return
        if node in self._was_off:
            self._was_off.discard(node)
            watched.outside = 2
        most = expected.full_mwh if report.faults else expected.highest_mwh
        slack = TOLERANCE * max(expected.full_mwh - expected.standby_mwh, 1)
        off = not explained and not expected.lowest_mwh - slack <= report.energy_mwh <= most + slack
        if off:
            watched.outside = max(watched.outside, 0) + 1
        else:
            watched.outside = min(watched.outside, 0) - 1
        if abs(watched.outside) >= 2 or (node, ENERGY_OFF) not in self.open:
            said = f"{report.energy_mwh / 1000:.1f} Wh, by the profile {expected.lowest_mwh / 1000:.1f} Wh to {most / 1000:.1f} Wh"
            yield from self._set(node, ENERGY_OFF, watched.outside >= 2, now, said)

    def _set(self, node: str, kind: str, on: bool, now: float, detail: str) -> Iterator[Alarm]:
        """Open or close an alarm, where that changes anything."""
        key = (node, kind)
        if on and key not in self.open:
            self.open[key] = Alarm(node, kind, int(now), detail[:300])
            yield self.open[key]
        elif not on and key in self.open:
            yield replace(self.open.pop(key), closed=int(now))
