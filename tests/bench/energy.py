"""Saving and service at Kungsholms strand: the default profile beside always-on and the fixed group, night by night the same people."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from lykta import sensing
from lykta.corehost import schema
from lykta.plan import Plan, make_plan
from lykta.plan.rest import rests
from lykta.profiles import load_profile, load_requirement, resolve_requirement
from lykta.scenarios.model import DATE, RADIOS, with_ideal_sensors
from lykta.score import Rules, judge, prepare
from lykta.score.bound import bounds
from lykta.score.night import LEAST_BOUND
from lykta.sim import schemes
from lykta.sim.night import run
from lykta.site import load
from lykta.site.graph import Graph
from lykta.traffic import generate, load_demand

SITE = "kungsholms_strand"
OURS, ON, GROUP = SCHEMES = ("default profile", "always on", "fixed group")
_DRAWS = 4000
_LEAST_SERVICE, _LEAST_GAIN = 0.999, 7.0


@dataclass(frozen=True)
class Sums:
    """What one scheme came to in one night: energy [Wh], time [s], people."""

    full: float
    spent: float
    nodes: float
    duty: float
    late: float
    dark: float
    stationary: float  # of `dark`, that of people who stood still for longer than `linger`
    users: int
    users_dark: int  # with another dark second than those
    bound: float  # the clairvoyant bound
    free: float  # and the free one

    def row(self) -> tuple[float, ...]:
        """As numbers, in the order of COLUMNS."""
        return (
            self.full, self.spent, self.nodes, self.duty, self.late, self.dark, self.stationary, self.users, self.users_dark,
            self.bound, self.free,
        )  # fmt: skip


FULL, SPENT, NODES, DUTY, LATE, DARK, STATIONARY, USERS, USERS_DARK, BOUND, FREE = range(11)
Nights = NDArray[np.float64]  # by night and column
Share = Callable[[Nights], Nights]


@cache
def _plan(sensors: str) -> Plan:
    site = load(SITE)
    site = with_ideal_sensors(site) if sensors == "ideal" else site
    return make_plan(site, Graph(site), load_profile(SITE), DATE)


def night(job: tuple[str, float, int]) -> list[Sums]:
    """All schemes in the night of (sensors, users an hour, seed)."""
    sensors, an_hour, seed = job
    plan, radio = _plan(sensors), RADIOS[sensors]
    site, graph, span = plan.site, plan.graph, (plan.begin_ms, plan.end_ms)
    moves = generate(site, graph, load_demand(f"kungsholms@{an_hour:g}"), seed, *span, plan.agenda.times.origin_utc_ms)
    told = sensing.readings(site, graph, moves, seed, (), *span)
    ours = run(plan, moves, told, seed, radio)
    lit = [schemes.Lit(OURS, ours.levels, ours.detections), schemes.always_on(plan), schemes.group(plan, told, seed, radio)]
    needs = load_requirement(SITE)
    rules = Rules(needs.tau_ms, resolve_requirement(needs, plan.agenda.times))
    owed = prepare(site, graph, rules, moves, sensing.coverage(site, graph), *span, plan.floors)
    possible = bounds(owed, rests(plan))
    found = []
    for light in lit:
        score = judge(owed, light.levels, light.detections, linger_ms=_linger(plan))
        energy, people = score.energy, score.everyone
        dark = score.users["dark_ms"].to_numpy() > score.users["stationary_ms"].to_numpy()
        found.append(
            Sums(
                full=energy.always_on_wh,
                spent=energy.lamps_wh,
                nodes=energy.nodes_wh + energy.sensors_wh,
                duty=people.duty_s,
                late=people.late_s,
                dark=people.dark_s,
                stationary=people.stationary_s,
                users=people.users,
                users_dark=int(dark.sum()),
                bound=possible.bound_wh,
                free=possible.free_wh,
            )
        )
    return found


def _linger(plan: Plan) -> list[int]:
    rows = [row for _, phase in plan.agenda.phases for row in phase.rows.values()]
    at = [schema.position(schema.PHASE_SETTINGS + schema.LINGER, road_user) for road_user in range(schema.CLASSES)]
    return [max(row[position] for row in rows) for position in at]


def report(seeds: range, rates: tuple[float, ...], workers: int) -> Iterator[str]:
    """The lines of this part."""
    yield f"{SITE}, {DATE}, dusk to dawn, seeds {seeds[0]}-{seeds[-1]}, all schemes with the same people, misses and losses."
    yield "Ideal sensors: 8 m circles, nobody missed, no frame lost. Real: PIR, 5 % of passes missed, false alarms, radio lossy in bursts."
    yield "Saving: of lamp energy; net: less nodes and sensors. In brackets: 95 % of a bootstrap over nights. Dark: without stationary."
    yield "Of possible: the saving as a share of the clairvoyant bound's; the same idle level and floors, full light for everyone."
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for sensors in ("ideal", "real"):
            for rate in rates:
                nights = list(pool.map(night, [(sensors, rate, seed) for seed in seeds]))
                by_scheme = np.array([[scheme.row() for scheme in schemes_] for schemes_ in nights]).swapaxes(0, 1)
                yield ""
                yield f"{sensors} sensors, {rate:g} users an hour, {int(by_scheme[0][:, USERS].sum())} users in {len(seeds)} nights"
                yield from _most(by_scheme[0])
                yield from _table(dict(zip(SCHEMES, by_scheme, strict=True)))
                yield from _aims(dict(zip(SCHEMES, by_scheme, strict=True)), is_aim=(sensors, rate) == ("ideal", 10))


def _most(nights: Nights) -> Iterator[str]:
    """What nobody can exceed."""
    total = nights.sum(axis=0)
    free = 100 * (total[FULL] - total[FREE]) / total[FULL]
    yield (
        f"  possible: {100 * float(_bound(total)):.2f} {_interval(nights, _bound, 2)} % with full light for everyone and this idle level;"
        f" {free:.2f} % if lamps rested at their floors alone"
    )


def _table(nights: dict[str, Nights]) -> Iterator[str]:
    head = (("saving %", 22), ("net %", 8), ("of possible %", 24), ("service %", 28), ("late s", 10), ("dark s", 9), ("stationary s", 14))
    yield f"  {'':16}" + "".join(f"{name:>{width}}" for name, width in head) + "   users ever dark"
    for scheme, found in nights.items():
        total = found.sum(axis=0)
        service = f"{100 * _service(total):.3f} {_interval(found, _service, 3)}"
        saving = f"{100 * _saving(total):.2f} {_interval(found, _saving, 2)}"
        dark, users, users_dark = total[DARK] - total[STATIONARY], int(total[USERS]), int(total[USERS_DARK])
        most = 1e6 * clopper_pearson(users_dark, users)[1]
        yield (
            f"  {scheme:16}{saving:>22}{100 * _net(total):>8.2f}{_possible(found):>24}{service:>28}"
            f"{total[LATE]:>10.1f}{dark:>9.1f}{total[STATIONARY]:>14.1f}"
            f"   {users_dark} of {users} (at most {most:,.0f} in a million)"
        )


def _possible(nights: Nights) -> str:
    """The share of what is possible, with its interval; n/a where next to nothing can be saved."""
    if _bound(nights.sum(axis=0)) < LEAST_BOUND:
        return "n/a"
    return f"{100 * _share(nights.sum(axis=0)):.2f} {_interval(nights, _share, 2)}"


def _aims(nights: dict[str, Nights], is_aim: bool) -> Iterator[str]:
    ours, group = nights[OURS], nights[GROUP]
    gain = 100 * (_saving(ours.sum(axis=0)) - _saving(group.sum(axis=0)))
    low, high = np.percentile(100 * (_saving(_drawn(ours)) - _saving(_drawn(group))), (2.5, 97.5))
    yield f"  default profile saves {gain:+.2f} points [{low:+.2f}, {high:+.2f}] beside the fixed group, night by night"
    if not is_aim:
        return
    total = ours.sum(axis=0)
    dark = total[DARK] - total[STATIONARY]
    yield f"  aim: service at least 99.9 %             {verdict(_service(total) >= _LEAST_SERVICE)}: {100 * _service(total):.3f} %"
    yield f"  aim: no dark second in duty              {verdict(dark == 0)}: {dark:.1f} s, and {total[STATIONARY]:.1f} s stationary"
    yield f"  aim: 7 points more saving than the group {verdict(gain >= _LEAST_GAIN)}: {gain:.2f}"


def verdict(met: bool) -> str:
    """Plainly."""
    return "met" if met else "NOT MET"


def _saving(sums: Nights) -> Nights:
    return np.asarray((sums[..., FULL] - sums[..., SPENT]) / sums[..., FULL])


def _bound(sums: Nights) -> Nights:
    """g_bound."""
    return np.asarray((sums[..., FULL] - sums[..., BOUND]) / sums[..., FULL])


def _share(sums: Nights) -> Nights:
    """g_scheme / g_bound."""
    return np.asarray(_saving(sums) / _bound(sums))


def _net(sums: Nights) -> float:
    return float(_saving(sums) - sums[NODES] / sums[FULL])


def _service(sums: Nights) -> Nights:
    return np.asarray((sums[..., DUTY] - sums[..., LATE] - sums[..., DARK]) / sums[..., DUTY])


def _drawn(nights: Nights) -> Nights:
    """Sums over nights drawn with replacement: the same draws for every scheme, so that differences are paired."""
    chosen = np.random.default_rng(1).integers(0, len(nights), (_DRAWS, len(nights)))
    return np.asarray(nights[chosen].sum(axis=1))


def _interval(nights: Nights, share: Share, digits: int) -> str:
    low, high = np.percentile(100 * share(_drawn(nights)), (2.5, 97.5))
    return f"[{low:.{digits}f}, {high:.{digits}f}]"


def clopper_pearson(found: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share of which `found` of `of` were seen."""
    tail = (1 - confidence) / 2
    low = 0.0 if found == 0 else _root(lambda share: tail - (1 - _at_most(found - 1, of, share)))
    high = 1.0 if found == of else _root(lambda share: _at_most(found, of, share) - tail)
    return low, high


def _at_most(found: int, of: int, share: float) -> float:
    """The chance of at most `found` of `of`."""
    if share <= 0 or share >= 1:
        return float(share <= 0 or found >= of)
    rest, chance = math.log1p(-share), math.log(share)
    whole = math.lgamma(of + 1)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * chance + (of - k) * rest) for k in range(found + 1)
    )


def _root(falls: Callable[[float], float]) -> float:
    """Where a function that falls from above 0 to below it, between 0 and 1, is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return low
