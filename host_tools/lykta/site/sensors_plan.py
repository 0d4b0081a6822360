"""Proposes sensors for a site that has none, and writes them into its file without touching anything else.

`entrances`: a sensor at the first lamp of every entrance, the least that lets a wave begin. `every-2nd`: those, and along
every way each second lamp. `all`: every adaptive lamp. On ways of cars an LD2451 that faces the next point, elsewhere a PIR.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from lykta.errors import InputError
from lykta.site.graph import CLASS_BITS, Graph
from lykta.site.model import Sensor, Site
from lykta.site.sensors import DIRECTED, RANGES_CM, models_of, write_sensor

ENTRANCES, EVERY_2ND, ALL = "entrances", "every-2nd", "all"
CHOICES = (ENTRANCES, EVERY_2ND, ALL)
_SENSORS = re.compile(r"(,?\s*)\bsensors:\s*(\[[^\]]*\]|[^,}\]]*)")


def propose(site: Site, choice: str) -> Site:
    """The site with sensors on its adaptive, linked lamps: what is there stays, and lamps without get what `choice` says."""
    graph = Graph(site)
    chosen = _chosen(site, graph, choice)
    lamps = []
    for number, lamp in enumerate(site.lamps):
        wanted = number in chosen and lamp.adaptive and not lamp.sensors
        sensor = _sensor_for(graph, number) if wanted else None
        lamps.append(replace(lamp, sensors=(sensor,)) if sensor is not None else lamp)
    return replace(site, lamps=tuple(lamps))


def _chosen(site: Site, graph: Graph, choice: str) -> set[int]:
    if choice == ALL:
        return set(range(len(site.lamps)))
    first = {number for number, lamp in enumerate(site.lamps) if lamp.entrance}
    return first if choice == ENTRANCES else first | _alternate(graph, first)


def _alternate(graph: Graph, first: set[int]) -> set[int]:
    """Every second lamp, counted along the links from the entrances (and from the first lamp of what has none)."""
    steps: dict[int, int] = {}
    for start in [*sorted(first), *range(graph.lamp_count)]:
        if start in steps:
            continue
        steps[start] = 0
        waiting = deque([start])
        while waiting:
            point = waiting.popleft()
            for directed in graph.out_links(point):
                other = graph.head(directed)
                if other not in steps:
                    steps[other] = steps[point] + (other < graph.lamp_count)
                    waiting.append(other) if other < graph.lamp_count else waiting.appendleft(other)
    return {lamp for lamp in range(graph.lamp_count) if steps[lamp] % 2 == 0}


def _sensor_for(graph: Graph, lamp: int) -> Sensor | None:
    """A radar that faces the longest way of cars from the lamp, else a PIR; None for a lamp that no link reaches."""
    outgoing = [directed for point in graph.anchors[lamp] for directed in graph.out_links(point)]
    if not outgoing:
        return None
    own = graph.out_links(lamp)
    driven = [directed for directed in own if int(graph.classes[directed >> 1]) & CLASS_BITS["car"]]
    if not driven:
        return Sensor("pir", dict(RANGES_CM["pir"]))
    longest = max(driven, key=lambda directed: (int(graph.length_cm[directed >> 1]), -directed))
    return Sensor("ld2451", dict(RANGES_CM["ld2451"]), graph.site.points[graph.head(longest)].id)


def write_into(text: str, before: Site, after: Site) -> str:
    """The text of the site `before` with the sensors of `after` put in; comments and everything else stay as they are."""
    lines = text.split("\n")
    models = models_of([sensor for lamp in after.lamps for sensor in lamp.sensors])
    for old, new in zip(before.lamps, after.lamps, strict=True):
        if old.sensors != new.sensors:
            line, _ = before.positions[f"lamps.{old.id}"]
            names = ", ".join(write_sensor(sensor, models) for sensor in new.sensors)
            lines[line - 1] = _patched(lines[line - 1], f"sensors: [{names}]", before.file, line)
    return "\n".join(lines)


def _patched(line: str, sensors: str, file: str, number: int) -> str:
    """One lamp's line with its sensors: in braces before the last one, in a block as a line of its own."""
    if re.match(r"\s*- \{.*\}\s*(#.*)?$", line):
        bare = _SENSORS.sub("", line)
        end = bare.rindex("}")
        return f"{bare[:end].rstrip()}, {sensors}{bare[end:]}"
    block = re.match(r"(\s*)- \w+:", line)
    if block:
        return f"{line}\n{block[1]}  {sensors}"
    raise InputError.of(file, "this lamp is written over several lines in braces: put it in one line first.", line=number, column=1)


def tally(site: Site) -> Mapping[str, int]:
    """How many lamps are controlled, and by what: for the words of the command line."""
    counts = {"lamps": len(site.lamps), "with sensors": sum(bool(lamp.sensors) for lamp in site.lamps)}
    for kind in RANGES_CM:
        number = sum(sensor.kind == kind for lamp in site.lamps for sensor in lamp.sensors)
        if number:
            counts[kind + (" (directed)" if kind in DIRECTED else "")] = number
    return counts
