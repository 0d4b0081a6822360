"""What the sensors can do, and what may go wrong with them: the numbers of every twin, in one place.

Sources of the numbers are named at each; where none was found, the value is a cautious guess and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lykta.document import Node
from lykta.errors import Problem
from lykta.site.model import Site
from lykta.units import near_miss

IDEAL, PIR, LD2410, LD2451 = "ideal", "pir", "ld2410", "ld2451"
KINDS = (IDEAL, PIR, LD2410, LD2451)

_20, _55 = 0.36397, 1.42815  # tangents


@dataclass(frozen=True)
class Model:
    """A kind of sensor. Ranges are the site's, by class; times in ms; chances in permille.

    `hold_ms`: how long the output stays on after the last motion or presence; `blind_ms`: how long it sees nothing after it went
    off; `warm_up_ms`: how long it sees nothing after it got power. `still`: whether it sees who stands still.
    """

    latency_ms: int
    detects: int = 1000
    false_per_hour: float = 0.0
    hold_ms: int = 0
    blind_ms: int = 0
    warm_up_ms: int = 0
    still: bool = False
    animals: bool = True
    slopes: tuple[float, ...] = ()  # tangent of half the opening angle by code of road user, animals the last; none: sees all round
    report_ms: int = 0  # how often a followed target is reported again


#: definitions.md section 4 (ideal; PIR 8 m, blind 2.5 s, 5 % missed, 0.2 false alarms an hour); AM312: 2.5 s output, retriggered;
#: HC-SR501: 60 s warm-up; LD2410: state kept 5 s after the last echo (factory setting). LD2451: +-20 degrees for vehicles (data sheet),
#: +-55 for walkers, whom it sees near it alone (95 % of the 167 reports of walkers in a field log; 63 % were beyond 20:
#: github.com/JeromeChignola/ESP32_Doppler-Radar-LD2451, docs/passes.csv); 10 Hz, here told once a second, since a driver has nothing to
#: add before its target has moved on. Latencies and the detection of radars: guesses.
MODELS: Mapping[str, Model] = {
    IDEAL: Model(latency_ms=50, still=True, animals=False),
    PIR: Model(latency_ms=100, detects=950, false_per_hour=0.2, hold_ms=2500, blind_ms=2500, warm_up_ms=60_000),
    LD2410: Model(latency_ms=200, detects=970, false_per_hour=0.2, hold_ms=5000, warm_up_ms=2000, still=True),
    LD2451: Model(latency_ms=150, detects=970, false_per_hour=0.1, warm_up_ms=2000, slopes=(_55, _20, _20, _20, _55), report_ms=1000),
}

# Faults.
STUCK_HIGH, STUCK_LOW, SILENT, HOT, RAIN, FOLIAGE = FAULT_KINDS = ("stuck_high", "stuck_low", "silent", "hot", "rain", "foliage")


@dataclass(frozen=True)
class Effect:
    """What weather does to a kind of sensor: its detection is multiplied (permille), false alarms are added (an hour)."""

    detects: int = 1000
    false_per_hour: float = 0.0


#: Hot air: Zhaga PIR at 36-37 C "significantly weakened" (facts); the rates of rain and leaves are guesses, to be set from the field.
EFFECTS: Mapping[str, Mapping[str, Effect]] = {
    HOT: {PIR: Effect(detects=400)},
    RAIN: {PIR: Effect(900, 0.5), LD2410: Effect(1000, 6.0), LD2451: Effect(900, 12.0)},
    FOLIAGE: {PIR: Effect(1000, 4.0), LD2410: Effect(1000, 12.0), LD2451: Effect(1000, 12.0)},
}


@dataclass(frozen=True)
class Fault:
    """Something wrong with sensors from a time until another [ms since the night's origin].

    `lamps`: ids of the lamps concerned, empty for all; `sensors`: the kinds concerned (or the place in the lamp's list, as a number),
    empty for all. `stuck_high`: reports somebody all the time; `stuck_low`: nobody; `silent`: has lost power or its cable, and
    warms up afterwards; `hot`, `rain`, `foliage`: see EFFECTS.
    """

    kind: str
    from_ms: int
    until_ms: int
    lamps: frozenset[str] = frozenset()
    sensors: frozenset[str | int] = frozenset()

    def concerns(self, lamp: str, sensor: int, kind: str) -> bool:
        """Whether a sensor of a lamp has this fault."""
        return (not self.lamps or lamp in self.lamps) and (not self.sensors or sensor in self.sensors or kind in self.sensors)


def check(site: Site, faults: Sequence[Fault], where: str = "faults") -> list[Problem]:
    """What does not fit between a site and faults: unknown kinds and lamps, empty times, faults that concern no sensor."""
    lamps = {lamp.id for lamp in site.lamps}
    found = []
    for number, fault in enumerate(faults):
        path = f"{where}[{number}]"
        if fault.kind not in FAULT_KINDS:
            hint = near_miss(fault.kind, FAULT_KINDS)
            found.append(Problem(site.name, 0, 0, path, f'"{fault.kind}" is no fault.{hint} Known: {", ".join(FAULT_KINDS)}.'))
        if fault.until_ms <= fault.from_ms:
            found.append(Problem(site.name, 0, 0, path, "the fault ends before it begins. Check `from` and `until`."))
        unknown = sorted(fault.lamps - lamps)
        found.extend(Problem(site.name, 0, 0, path, f'there is no lamp "{name}".{near_miss(name, lamps)}') for name in unknown)
        if not unknown and not _concerned(site, fault):
            found.append(Problem(site.name, 0, 0, path, "no sensor of the site is concerned by this fault.", True))
    return found


def _concerned(site: Site, fault: Fault) -> bool:
    return any(fault.concerns(lamp.id, number, sensor.kind) for lamp in site.lamps for number, sensor in enumerate(lamp.sensors))


def read_fault(node: Node, begin_ms: int, end_ms: int, ms_of: Callable[[int], int]) -> Fault:
    """A fault from a scenario: `{fault: stuck_high, lamps: [P7], sensors: [pir], from: "22:00", until: "02:00"}`.

    Without `from` or `until` it lasts from `begin_ms` or until `end_ms`; `ms_of` turns minutes after local midnight into the night's ms.
    """
    node.unknown_keys(("fault", "lamps", "sensors", "from", "until"))
    begin, end = node.get("from").clock(default=None), node.get("until").clock(default=None)
    return Fault(
        kind=node.get("fault").text(choices=FAULT_KINDS),
        from_ms=begin_ms if begin is None else ms_of(begin),
        until_ms=end_ms if end is None else ms_of(end),
        lamps=frozenset(item.text() for item in node.get("lamps").list()),
        sensors=frozenset(item.text(choices=KINDS) for item in node.get("sensors").list()),
    )
