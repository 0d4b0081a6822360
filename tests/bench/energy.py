"""Saving and service: the default profiles beside every yardstick, on two sites, with three demands, ideal and real sensors."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kept import Kept

from lykta.scenarios import Scenario, Wish, assemble
from lykta.scenarios.model import with_ideal_sensors
from lykta.scenarios.yardsticks import least_service
from lykta.score.statistics import Interval
from lykta.sim.baselines import SCHEMES
from lykta.site.model import Site
from lykta.tune.contest import entrants
from lykta.tune.crew import Crew, crew
from lykta.tune.standing import Line, difference, lines, points

KUNGSHOLMS, PATH = "Kungsholms strand", "Valla torg, park path"
SITES = {KUNGSHOLMS: "kungsholms_strand", PATH: "valla_torg"}
RATES, SENSORS = (10, 30, 60), ("ideal", "real")
BRIEF = ("always-on", "group")
#: What the default profiles aim at: share of what is possible, by site, sensors and users an hour; service of every class by sensors.
SHARES = {
    (KUNGSHOLMS, "ideal"): {10: 0.97, 30: 0.94, 60: 0.90},
    (PATH, "ideal"): {10: 0.96, 30: 0.91, 60: 0.84},
    (KUNGSHOLMS, "real"): {10: 0.88, 30: 0.88, 60: 0.84},
    (PATH, "real"): {10: 0.88, 30: 0.88, 60: 0.84},
}
_WIDTHS = (4, 24, 22, 8, 24, 30, 9, 11, 12, 20, 9, 9)
_HEADS = (
    "",
    "scheme",
    "saving %",
    "net %",
    "of possible %",
    "service %",
    "strict %",
    "late s",
    "dark s",
    "ever dark",
    "changes",
    "utility",
)
_ENDS = ("C02", "park_south")


_LEGEND = (
    "Ideal sensors: 8 m circles, nobody missed, no frame lost. Real: the site's own; misses, false alarms, radio lossy in bursts.",
    "Saving: of lamp energy; net: less nodes and sensors. In brackets: 95 % of a bootstrap over nights.",
    "Of possible: the saving as a share of the clairvoyant bound's; *: it rests at other levels than ours, so that is another bound.",
    "Service: of the class served worst. Late, dark: seconds in all nights; dark without people who stand still for long.",
    "Ever dark: people, and in brackets at most so many in a million (95 %). Changes: of level, a lamp and hour.",
    "-: some class is served less than 99.9 % (ideal) or 99.5 % (real), so it is not ranked.",
)


@dataclass(frozen=True)
class Field:
    """Where, with whom and with which sensors schemes are compared."""

    place: str
    rate: int
    sensors: str

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.place}, {self.sensors} sensors, {self.rate} users an hour"

    def scenario(self, seeds: Sequence[int]) -> Scenario:
        """The scenario of these nights."""
        real = self.sensors == "real"
        wish = Wish(SITES[self.place], {"traffic": f"kungsholms@{self.rate}"}, radio="real" if real else "ideal")
        found = assemble(wish)
        site = path_of(found.site) if self.place == PATH else found.site
        return replace(
            found, name=self.place, site=site if real else with_ideal_sensors(site), seeds=tuple(seeds), sensors="site" if real else "ideal"
        )


def path_of(site: Site) -> Site:
    """The park path of Valla torg alone, from the crossing to its southern end: 22 posts in a row."""
    links = tuple(link for link in site.links if link.way == "park")
    points = {point for link in links for point in (link.a, link.b)}
    lamps = tuple(lamp for lamp in site.lamps if lamp.id in points and lamp.id not in _ENDS)
    # The crossing's post is not of the path: where it stands, the path ends.
    ends = tuple(point for point in site.points if point.id in _ENDS)
    junctions = tuple(type(site.junctions[0])(point.id, point.x_cm, point.y_cm) for point in ends)
    first = replace(lamps[0], floors=next(lamp.floors for lamp in site.lamps if lamp.id == "P22"))
    ways, doors = tuple(way for way in site.ways if way.id == "park"), tuple(point.id for point in ends)
    short = replace(site, name=PATH, lamps=(first, *lamps[1:]), junctions=junctions, links=links, ways=ways)
    return replace(short, entrances=doors, zones=("path",), positions={})


@dataclass(frozen=True)
class Result:
    """What one field came to: all schemes, ranked; `ours` is the default profile; `least`: the service to be reached."""

    field: Field
    ranked: list[Line]
    ours: Line
    least: float


def fields_of(rates: Sequence[int], places: Sequence[str]) -> list[Field]:
    """Every one of them, ideal sensors first."""
    return [Field(place, rate, sensors) for sensors in SENSORS for place in places for rate in rates]


def results(fields: Sequence[Field], seeds: Sequence[int], training: Sequence[int], words: Sequence[str], many: Crew) -> Iterator[Result]:
    """Field by field. `training`: nights on which every scheme is tuned as well; none: as published only."""
    tuned = [f"{word}: tuned" for word in words if training and SCHEMES[word].settings]
    for field in fields:
        scenario = field.scenario(seeds)
        least = least_service(scenario)
        kept = Kept(field.name)
        found = kept.tuned(scenario, entrants(scenario, [*words, *tuned]), training, least, many)
        rows = kept.nights(scenario, found, seeds, many)
        ranked = lines([(one.short, one.said) for one in found], rows, least)
        yield Result(field, ranked, next(one for one in ranked if one.name == found[0].short), least)


def report(
    seeds: Sequence[int], training: Sequence[int], rates: Sequence[int], places: Sequence[str], words: Sequence[str], workers: int
) -> Iterator[str]:
    """The lines of this part; see `results`."""
    yield f"Nights of seeds {seeds[0]}-{seeds[-1]}, 14 December 2026, default profiles, all with the same people, misses and losses."
    if training:
        yield f"Each scheme as published, and tuned on seeds {training[0]}-{training[-1]} to save most while it serves."
    yield from _LEGEND
    with crew(workers) as many:
        for result in results(fields_of(rates, places), seeds, training, words, many):
            yield from _said(result)


def _said(result: Result) -> Iterator[str]:
    ours, ranked = result.ours, result.ranked
    yield ""
    yield f"{result.field.name}: {ours.people.users:,} people"
    yield f"  possible: {points(ours.possible)} % with full light for everyone and these idle levels; {bare(ours.free)} % at floors alone"
    yield _columns(_HEADS)
    yield from (_grey(_columns(_cells(one)), one.met) for one in ranked)
    yield from (f"  {one.name} is {one.said}" for one in ranked if one.said != one.name)
    yield from (f"  {difference(one, ours.name)}" for one in ranked if one is not ours and one.name.startswith("group"))
    yield from _aims(result.field, ours, result.least)


def _grey(text: str, met: bool) -> str:
    """On a terminal, who serves too little is grey."""
    return text if met or not sys.stdout.isatty() else f"\x1b[90m{text}\x1b[0m"


def _columns(cells: Sequence[str]) -> str:
    names = "".join(cell.ljust(width) for cell, width in zip(cells[:2], _WIDTHS[:2], strict=True))
    return names + "".join(cell.rjust(width) for cell, width in zip(cells[2:], _WIDTHS[2:], strict=True))


def _cells(one: Line) -> tuple[str, ...]:
    who = one.people
    most = f"{1e6 * one.dark[1]:,.0f}" if who.users else "n/a"
    return (
        "   -" if one.rank is None else f"{one.rank:>4}", f" {one.name}", points(one.saving), bare(one.net),
        points(one.share) + ("" if one.same_bound else "*"), points(one.service, 3), bare(one.strict), f"{who.late_s:,.0f}",
        f"{who.dark_s:,.0f}", f"{who.ever_dark} ({most})", number(one.changes, 1), number(one.utility, 3),
    )  # fmt: skip


def bare(one: Interval) -> str:
    """Percent, without its interval."""
    return points(replace(one, low=None, high=None))


def number(one: Interval, digits: int) -> str:
    """The value alone."""
    return "n/a" if one.value is None else f"{one.value:.{digits}f}"


def _aims(field: Field, ours: Line, least: float) -> Iterator[str]:
    """Whether the default profile reaches what it aims at."""
    wanted, share, served = SHARES[field.place, field.sensors][field.rate], ours.share.value, ours.service.value
    if share is not None:
        yield f"  aim: {100 * wanted:g} % of what is possible   {verdict(share >= wanted)}: {points(ours.share)} %"
    if served is not None:
        yield f"  aim: service at least {100 * least:g} %    {verdict(served >= least)}: {points(ours.service, 3)} %"


def verdict(met: bool) -> str:
    """Plainly."""
    return "met" if met else "NOT MET"
