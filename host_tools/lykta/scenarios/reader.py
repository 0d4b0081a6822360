"""Reads a scenario from YAML: site, profile, people, what breaks and what must hold, in one file.

name: Valla torg, a quiet night with a stuck sensor
site: valla_torg
traffic: quiet
date: 2026-12-14
seeds: 1-3
radio: real
faults:
  - {fault: stuck_high, lamps: [P07], from: "22:00"}
  - {fault: dead_node, lamps: [P12]}
require:
  - dark seconds per pedestrian at most 0
"""

from __future__ import annotations

import re
from pathlib import Path

from lykta import sensing
from lykta.document import Document, Node
from lykta.errors import InputError
from lykta.profiles import NightTimes
from lykta.profiles.model import CLOCK, Start
from lykta.scenarios.assemble import PARTS, Wish, assemble, beside
from lykta.scenarios.model import DATE, RADIOS, SENSORS, Broken, DeadLamp, Scenario
from lykta.scenarios.seeds import parse_seeds
from lykta.score import requirements
from lykta.sensing import Fault
from lykta.sim.night import Breakdown
from lykta.site import Site
from lykta.site.loader import packaged as packaged_sites
from lykta.units import near_miss

FOLDER = Path(__file__).resolve().parents[1] / "data" / "scenarios"
KEYS = ("name", "site", *PARTS, "date", "seeds", "sensors", "radio", "faults", "require")
#: What may break besides sensors: kind in the file -> kind of `Breakdown`; and a lamp that gives no light.
BREAKDOWNS = {"dead_node": "node", "dead_radio": "radio", "broken_driver": "driver"}
DEAD_LAMP = "dead_lamp"
FAULTS = (*sensing.FAULT_KINDS, *BREAKDOWNS, DEAD_LAMP)
_INVENTORIES = (".csv", ".geojson", ".json", ".osm", ".pbf")
_NAMES_A_SITE = re.compile(r"^(site|['\"]site['\"])\s*:", re.MULTILINE)


def packaged() -> list[str]:
    """The names of the scenarios that come with Lykta."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_scenario(what: str) -> Path | None:
    """The file of a scenario, given by its path or packaged name; None where `what` is a site, which `lykta.site` finds.

    A scenario names a site, which a site does not. Raises InputError where there is nothing of this name.
    """
    path = Path(what)
    written = path.suffix in (".yaml", ".yml")
    if path.is_file():
        if path.suffix.lower() in _INVENTORIES:
            raise InputError.of(what, "is no site yet: make one of it with `lykta site import`.")
        return path if written and _NAMES_A_SITE.search(path.read_text(encoding="utf-8", errors="replace")) else None
    if what in packaged_sites() or written:
        return None
    if what in packaged():
        return FOLDER / f"{what}.yaml"
    sites, scenarios = packaged_sites(), packaged()
    near = near_miss(what, [*sites, *scenarios, *(entry.name for entry in Path().glob("*.yaml"))])
    known = f"a packaged site ({', '.join(sites)}) nor a packaged scenario ({', '.join(scenarios)})"
    raise InputError.of(what, f"is neither a file, nor {known}.{near}")


def load_scenario(path: Path) -> Scenario:
    """The scenario in a file. Files that it names may lie beside it. Raises InputError with every problem of every file."""
    document = Document.load(path, path.name if path.parent == FOLDER else "")
    root = document.root
    root.unknown_keys(KEYS)
    keys = ("site", *PARTS)
    names = {key: beside(root.get(key).text(default=""), path.parent) for key in keys}
    wish = Wish(
        site=names["site"],
        parts={part: names[part] for part in PARTS},
        date=root.get("date").date(default=DATE),
        seeds=_read_seeds(root.get("seeds")),
        sensors=root.get("sensors").text(choices=SENSORS, default="site"),
        radio=root.get("radio").text(choices=RADIOS, default="ideal"),
        require=requirements.read(root.get("require")),
        name=root.get("name").text(default=path.stem),
        nodes={key: root.get(key) for key in keys},
    )
    if not wish.site:
        if not root.get("site").present:
            root.get("site").problem("a scenario names a site: a file, or a packaged one.")
        document.finish()
    return assemble(wish, lambda site, times: _read_faults(root.get("faults"), site, times))


def _read_seeds(node: Node) -> list[int]:
    try:
        return parse_seeds(node.text(default="1"))
    except ValueError as error:
        node.problem(str(error))
        return [1]


def _read_faults(node: Node, site: Site, times: NightTimes) -> Broken:
    """What breaks, from a list; problems are noted in its document."""
    faults: list[Fault] = []
    breakdowns: list[Breakdown] = []
    dead: list[DeadLamp] = []
    said: list[str] = []
    index = {lamp.id: number for number, lamp in enumerate(site.lamps)}

    def ms_of(minutes: int) -> int:
        return times.begins_ms(Start(CLOCK, minutes))

    for item in node.list():
        kind = item.get("fault").text()
        if kind not in FAULTS:
            item.get("fault").problem(f'"{kind}" is no fault.{near_miss(kind, FAULTS)} Known: {", ".join(FAULTS)}.')
            continue
        of_sensor = kind in sensing.FAULT_KINDS
        item.unknown_keys(("fault", "lamps", *(("sensors",) if of_sensor else ()), "from", "until"))
        begin, end = item.get("from").clock(default=None), item.get("until").clock(default=None)
        from_ms, until_ms = 0 if begin is None else ms_of(begin), times.length_ms if end is None else ms_of(end)
        if until_ms <= from_ms:
            item.problem("the fault ends before it begins; a night goes from noon to noon. Check `from` and `until`.")
        lamps = [index[lamp.text()] for lamp in item.get("lamps").list() if _is_lamp(lamp, index)]
        said.append(_said(item, kind))
        if of_sensor:
            fault = sensing.read_fault(item, 0, times.length_ms, ms_of)
            faults.append(fault)
            if len(lamps) == len(fault.lamps) and any(problem.warning for problem in sensing.check(site, [fault])):
                item.problem("no sensor of the site is concerned by this fault: nothing would break.")
        elif not item.get("lamps").present:
            item.problem(f"which lamps? Write for example `lamps: [{site.lamps[0].id}]`.")
        elif kind == DEAD_LAMP:
            dead += [DeadLamp(lamp, from_ms, until_ms) for lamp in lamps]
        else:
            breakdowns += [Breakdown(lamp, BREAKDOWNS[kind], from_ms, until_ms) for lamp in lamps]
    return Broken(tuple(faults), tuple(breakdowns), tuple(dead), tuple(said))


def _is_lamp(node: Node, known: dict[str, int]) -> bool:
    """Whether a node names a lamp, noting a problem where it does not."""
    name = node.text()
    if name not in known:
        # `P7` is rather meant for `P07` than for `P37`.
        alike = [lamp for lamp in known if _bare(lamp) == _bare(name)]
        node.problem(f'there is no lamp "{name}".{near_miss(name, alike) or near_miss(name, known)}')
    return name in known


def _bare(name: str) -> str:
    """The name of a lamp in small letters, without the zeros before its numbers."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.lower())


def _said(item: Node, kind: str) -> str:
    """A fault in words: `stuck high: P07, from 22:00`."""
    parts = [f"{kind.replace('_', ' ')}: {', '.join(lamp.text() for lamp in item.get('lamps').list()) or 'everywhere'}"]
    if item.get("sensors").present:
        parts.append(f"only {', '.join(sensor.text() for sensor in item.get('sensors').list())}")
    parts += [f"{key} {item.get(key).text()}" for key in ("from", "until") if item.get(key).present]
    return ", ".join(parts)
