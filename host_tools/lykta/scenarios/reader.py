"""Reads scenarios: a YAML file, or the options of the command line; both end in `assemble`.

name: Valla Torg, a quiet night with a stuck sensor
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

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from lykta import profiles, sensing
from lykta import site as sites
from lykta.document import Document, Node
from lykta.errors import InputError
from lykta.profiles import NightTimes, night_times
from lykta.profiles.model import CLOCK, Start
from lykta.scenarios.model import DeadLamp, Scenario, with_ideal_sensors
from lykta.score import requirements
from lykta.score.requirements import Condition
from lykta.sensing import Fault
from lykta.sim.night import Breakdown
from lykta.sim.radio import IDEAL, REAL
from lykta.site import Site
from lykta.site.loader import find
from lykta.traffic import Demand, load_demand
from lykta.units import near_miss

#: The night of the demo.
DATE = dt.date(2026, 12, 14)
RADIOS = {"ideal": IDEAL, "real": REAL}
SENSORS = ("site", "ideal")
_KEYS = ("name", "site", "profile", "requirement", "traffic", "date", "seeds", "sensors", "radio", "faults", "require")
#: What may break besides sensors: kind in the file -> kind of `Breakdown`.
_BREAKDOWNS = {"dead_node": "node", "dead_radio": "radio", "broken_driver": "driver"}
_DEAD_LAMP = "dead_lamp"
_SEEDS = re.compile(r"(\d+)(?:\s*-\s*(\d+))?$")
_MOST_SEEDS = 10_000


def is_scenario(path: Path) -> bool:
    """Whether a YAML file is a scenario: it names a site, which a site itself does not."""
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        return False
    root = Document.load(path).root
    return root.is_mapping() and root.get("site").present


def parse_seeds(text: str) -> list[int]:
    """Seeds as people write them: `7`, `1-20`, `1, 5, 9-12`. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        match = _SEEDS.match(part.strip())
        if match is None:
            raise ValueError(f'"{text}" are no seeds. Write one number, or for example 1-20.')
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= _MOST_SEEDS or last > 0x7FFFFFFF:
            raise ValueError(f'"{part.strip()}" is no range of at most {_MOST_SEEDS} seeds below 2147483648.')
        found += range(first, last + 1)
    return found


def load_scenario(path: Path) -> Scenario:
    """The scenario in a file. Names of files in it are relative to it. Raises InputError with every problem found."""
    document = Document.load(path)
    root = document.root
    root.unknown_keys(_KEYS)
    here = path.parent
    try:
        seeds = parse_seeds(root.get("seeds").text(default="1"))
    except ValueError as error:
        root.get("seeds").problem(str(error))
        seeds = [1]
    require = requirements.read(root.get("require"))
    named = {key: _near(root.get(key).text(default=""), here) for key in ("profile", "requirement", "traffic")}
    where = _near(root.get("site").text(), here)
    sensors, radio = root.get("sensors").text(choices=SENSORS, default="site"), root.get("radio").text(choices=RADIOS, default="ideal")
    date, name = root.get("date").date(default=DATE), root.get("name").text(default=path.stem)
    document.finish()

    def broken(site: Site, times: NightTimes) -> tuple[list[Fault], list[Breakdown], list[DeadLamp]]:
        found = _read_faults(root.get("faults"), site, times)
        document.finish()
        return found

    return assemble(where, **named, date=date, seeds=seeds, sensors=sensors, radio=radio, require=require, name=name, broken=broken)


def _near(name: str, folder: Path) -> str:
    """A file beside the scenario, else the name as it stands (a packaged one, or a path)."""
    beside = folder / name
    return str(beside) if name and beside.is_file() else name


def assemble(
    site_name: str, *, profile: str = "", requirement: str = "", traffic: str = "", date: dt.date = DATE, seeds: Sequence[int] = (1,),
    sensors: str = "site", radio: str = "ideal", require: Sequence[Condition] = (), name: str = "",
    broken: Callable[[Site, NightTimes], tuple[list[Fault], list[Breakdown], list[DeadLamp]]] | None = None,
) -> Scenario:  # fmt: skip
    """The scenario of a site; what is not named is taken from the site. Raises InputError with every problem of a file."""
    file = find(site_name)
    site = sites.load(site_name)
    wanted = {
        "profile": profile or _near(site.profile, file.parent),
        "requirement": requirement or _near(site.requirement, file.parent),
        "traffic": traffic or _near(site.traffic, file.parent),
    }
    missing = [key for key, value in wanted.items() if not value]
    if missing:
        options = " ".join(f"--{key} ..." for key in missing)
        raise InputError.of(str(file), f"the site names no {' and no '.join(missing)}. Write it into the site, or give {options}.")
    if sensors == "ideal":
        site = with_ideal_sensors(site)
    times = night_times(site.latitude, site.longitude, site.timezone, date)
    faults, breakdowns, dead = broken(site, times) if broken else ([], [], [])
    demand = load_demand(wanted["traffic"], date)
    return Scenario(
        name=name or site.name,
        site=site,
        profile=profiles.load_profile(wanted["profile"]),
        requirement=profiles.load_requirement(wanted["requirement"]),
        demand=demand,
        date=date,
        seeds=tuple(seeds),
        radio=RADIOS[radio],
        faults=tuple(faults),
        breakdowns=tuple(breakdowns),
        dead_lamps=tuple(dead),
        require=tuple(require),
        notes=_notes(site, demand, sensors, times),
    )


def _notes(site: Site, demand: Demand, sensors: str, times: NightTimes) -> tuple[str, ...]:
    notes = [site.note] if site.note else []
    fixed = sum(not lamp.adaptive for lamp in site.lamps)
    if fixed:
        notes.append(f"{fixed} of {len(site.lamps)} lamps are not controlled: they burn at full all night, and are counted so.")
    blind = sum(lamp.adaptive and not lamp.sensors for lamp in site.lamps)
    if blind == len(site.lamps) - fixed and blind:
        notes.append("No lamp has a sensor: nobody can be noticed. `lykta site plan` proposes where to put some.")
    if sensors == "ideal":
        notes.append("Every sensor is ideal here: it sees everybody within 8 m, and who it is.")
    if times.never_sets:
        notes.append("The sun does not set in this night: no light is needed.")
    return (*notes, *demand.notes)


def _read_faults(node: Node, site: Site, times: NightTimes) -> tuple[list[Fault], list[Breakdown], list[DeadLamp]]:
    """The faults of sensors, of nodes and of lamps in a list; problems are noted in its document."""
    faults: list[Fault] = []
    breakdowns: list[Breakdown] = []
    dead: list[DeadLamp] = []
    index = {lamp.id: number for number, lamp in enumerate(site.lamps)}

    def ms_of(minutes: int) -> int:
        return times.begins_ms(Start(CLOCK, minutes))

    for item in node.list():
        kind = item.get("fault").text()
        if kind not in _BREAKDOWNS and kind != _DEAD_LAMP:
            if kind not in sensing.FAULT_KINDS:
                known = (*sensing.FAULT_KINDS, *_BREAKDOWNS, _DEAD_LAMP)
                item.get("fault").problem(f'"{kind}" is no fault.{near_miss(kind, known)} Known: {", ".join(known)}.')
                continue
            fault = sensing.read_fault(item, 0, times.length_ms, ms_of)
            faults.append(fault)
            for problem in sensing.check(site, [fault]):
                item.problem(problem.message)
            continue
        item.unknown_keys(("fault", "lamps", "from", "until"))
        begin, end = item.get("from").clock(default=None), item.get("until").clock(default=None)
        from_ms, until_ms = 0 if begin is None else ms_of(begin), times.length_ms if end is None else ms_of(end)
        if until_ms <= from_ms:
            item.problem("the fault ends before it begins; a night goes from noon to noon.")
        for lamp in item.get("lamps").list():
            if lamp.text() not in index:
                lamp.problem(f'there is no lamp "{lamp.text()}".{near_miss(lamp.text(), index)}')
            elif kind == _DEAD_LAMP:
                dead.append(DeadLamp(index[lamp.text()], from_ms, until_ms))
            else:
                breakdowns.append(Breakdown(index[lamp.text()], _BREAKDOWNS[kind], from_ms, until_ms))
    return faults, breakdowns, dead
