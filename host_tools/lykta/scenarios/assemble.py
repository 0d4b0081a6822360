"""Puts a scenario together from names: of files, or of what comes with Lykta. What is not named is taken from the site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from lykta import profiles
from lykta import site as sites
from lykta.document import Node
from lykta.errors import InputError, Problem
from lykta.profiles import NightTimes, night_times
from lykta.scenarios.model import DATE, Broken, Scenario, with_ideal_sensors
from lykta.score.requirements import Condition
from lykta.site import Site
from lykta.site.loader import find
from lykta.traffic import load_demand
from lykta.traffic.reader import SUMO, is_sumo, name_of_sumo, parts_of_sumo

T = TypeVar("T")
#: What a scenario is made of besides its site, which may name each of them.
PARTS = ("profile", "requirement", "traffic")


@dataclass(frozen=True)
class Wish:
    """A scenario as somebody asks for it, by names; "" is what the site names. `nodes`: where each name stands, if in a file."""

    site: str
    parts: Mapping[str, str] = field(default_factory=dict)
    date: dt.date = DATE
    seeds: Sequence[int] = (1,)
    sensors: str = "site"
    radio: str = "ideal"
    require: Sequence[Condition] = ()
    name: str = ""
    engine: str = "auto"
    nodes: Mapping[str, Node] = field(default_factory=dict)


class _Loader:
    """Loads one part after the other and keeps every problem, so that all of them can be told at once."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self.problems: list[Problem] = []

    def load(self, key: str, read: Callable[[], T]) -> T | None:
        """What `read` reads; None after a problem. That there is no such file is a problem of the place that names it."""
        try:
            return read()
        except InputError as error:
            for problem in error.problems:
                node = self.nodes.get(key)
                if node is not None and node.present and not problem.line and not problem.path:
                    link = "" if problem.message.startswith(("is ", "cannot ")) else ":"
                    node.problem(f'"{problem.file}"{link} {problem.message}')
                else:
                    self.problems.append(problem)
        return None

    def finish(self) -> None:
        """Raise InputError with all problems, those of the document that names the files included."""
        documents = {id(node.document): node.document for node in self.nodes.values()}
        found = [*self.problems, *(problem for document in documents.values() for problem in document.errors)]
        if found:
            raise InputError(list(dict.fromkeys(found)))


def assemble(wish: Wish, breaks: Callable[[Site, NightTimes], Broken] | None = None) -> Scenario:
    """The scenario that somebody asks for. Raises InputError with every problem of every file.

    `breaks` says what breaks at the site in the night; it notes problems in the document of the wish.
    """
    loader = _Loader(wish.nodes)
    site = loader.load("site", lambda: sites.load(wish.site))
    names = dict(wish.parts) if site is None else _named_by(site, find(wish.site), wish.parts, loader)
    profile, requirement, traffic = (names.get(part, "") for part in PARTS)
    wanted = loader.load("profile", lambda: profiles.load_profile(profile)) if profile else None
    owed = loader.load("requirement", lambda: profiles.load_requirement(requirement)) if requirement else None
    demand = loader.load("traffic", lambda: load_demand(traffic, wish.date)) if traffic else None
    broken = breaks(site, night_times(site.latitude, site.longitude, site.timezone, wish.date)) if site and breaks else Broken()
    loader.finish()
    if site is None or wanted is None or owed is None or demand is None:
        raise InputError.of(wish.site, "this scenario cannot be read.")  # not reached: something was noted
    if wish.sensors == "ideal":
        site = with_ideal_sensors(site)
    return Scenario(
        wish.name or site.name, site, wanted, owed, demand, wish.date, tuple(wish.seeds), wish.sensors, wish.radio, broken,
        tuple(wish.require), wish.engine,
    )  # fmt: skip


def beside(name: str, folder: Path) -> str:
    """A file beside another one, else the name as it stands: a packaged one, or a path from here."""
    if is_sumo(name):
        return name if name == SUMO else name_of_sumo(*(beside(part, folder) for part in parts_of_sumo(name)))
    path, _, rate = name.partition("@")
    near = folder / path
    return f"{near}{'@' if rate else ''}{rate}" if path and near.is_file() else name


def _named_by(site: Site, file: Path, parts: Mapping[str, str], loader: _Loader) -> dict[str, str]:
    """The name of every part: as asked for, else as the site has it; a problem where neither names one."""
    names = {part: parts.get(part) or beside(getattr(site, part), file.parent) for part in PARTS}
    if is_sumo(names["traffic"]) and not (asked := parts_of_sumo(names["traffic"]))[0] and site.traffic:
        names["traffic"] = name_of_sumo(beside(site.traffic, file.parent), asked[1])
    missing = [part for part, name in names.items() if not name]
    if missing:
        instead = "name it in the scenario" if loader.nodes else "give " + " ".join(f"--{part} FILE" for part in missing)
        message = f"the site names no {', no '.join(missing)}. Write it into the site, or {instead}."
        loader.problems.append(Problem(site.file or str(file), 0, 0, "", message))
    return names
