"""Floors: the levels below which lamps never go, written in the site for zones, entrances or single lamps.

floors:
  - {level: 100 %, for: entrances, reason: first post at each entrance}
  - {level: 100 %, for: zone crossing, reason: pedestrian crossing}
  - {level: 80 %, for: [P03, P04], hours: 06:30-08:30, weekdays: mon-fri, reason: school road}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lykta.document import Node
from lykta.site.model import Floor
from lykta.units import near_miss

KEYS = ("level", "for", "hours", "weekdays", "reason")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENTRANCES = "entrances"
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class FloorRule:
    """A floor and where it holds: at entrances, in zones, at lamps, or everywhere."""

    floor: Floor
    zones: frozenset[str] = frozenset()
    lamps: frozenset[str] = frozenset()
    entrances: bool = False
    everywhere: bool = False

    def holds_at(self, lamp: str, zone: str, entrance: bool) -> bool:
        """Whether a lamp has this floor."""
        return self.everywhere or lamp in self.lamps or zone in self.zones or (self.entrances and entrance)


def read_floors(node: Node, zones: Sequence[str], lamps: Mapping[str, object]) -> list[FloorRule]:
    """The floors of a site; `zones` and `lamps` are those that it has."""
    return [_read_rule(child, zones, lamps) for child in node.list()]


def _read_rule(node: Node, zones: Sequence[str], lamps: Mapping[str, object]) -> FloorRule:
    node.unknown_keys(KEYS)
    reason = node.get("reason").text()
    if node.get("reason").present and not reason:
        node.get("reason").problem("a floor needs a reason: who looks at it later must know what it is for.")
    floor = Floor(node.get("level").quantity("level", lowest=1, highest=1000), reason, _hours(node), _weekdays(node.get("weekdays")))
    target = node.get("for")
    if target.is_list():
        return FloorRule(floor, lamps=frozenset(_lamp(child, lamps) for child in target.list()))
    return _one_target(floor, target, zones, lamps)


def _one_target(floor: Floor, target: Node, zones: Sequence[str], lamps: Mapping[str, object]) -> FloorRule:
    text = target.text()
    if text in (ENTRANCES, EVERYWHERE):
        return FloorRule(floor, entrances=text == ENTRANCES, everywhere=text == EVERYWHERE)
    if text.startswith("zone "):
        zone = text.removeprefix("zone ").strip()
        if zone not in zones:
            target.problem(f'the site has no zone "{zone}".{near_miss(zone, zones)}')
        return FloorRule(floor, zones=frozenset({zone}))
    return FloorRule(floor, lamps=frozenset({_lamp(target, lamps)}))


def _lamp(node: Node, lamps: Mapping[str, object]) -> str:
    name = node.text()
    if name and name not in lamps:
        node.problem(f'"{name}" is no lamp of this site.{near_miss(name, lamps)} (Or: entrances, everywhere, `zone NAME`.)')
    return name


def _hours(node: Node) -> tuple[int, int] | None:
    return node.get("hours").clock_range() if node.get("hours").present else None


def _weekdays(node: Node) -> frozenset[int]:
    """`mon-fri`, `sat`, or a list of such; every day where nothing is written."""
    items = node.list() if node.is_list() else [node] if node.present else []
    days: set[int] = set()
    for item in items:
        names = [name.lower() for name in re.split(r"\s*[-–]\s*", item.text())]
        wrong = [name for name in names if name not in WEEKDAYS]
        if wrong or len(names) > 2:
            item.problem(
                f'"{item.written}" is no weekday or range of them.{near_miss((wrong or names)[0], WEEKDAYS)} Write for example "mon-fri".'
            )
            continue
        first, last = WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days) if days else frozenset(range(7))
