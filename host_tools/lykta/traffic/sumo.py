"""Traffic by SUMO, run as a process and kept: the engine for streets where people and vehicles get in each other's way.

load_demand("sumo:busy")                     the people of `busy`, on a net made from the site
load_demand("sumo:busy,city.net.xml")        the same on a net of one's own

The tables that come out are those of the generator. What SUMO computed is kept in a cache of the user, under its version, the net, the
people and the step.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lykta.errors import Problem
from lykta.site.graph import CLASS_BITS, Graph
from lykta.site.projection import Projection
from lykta.traffic import generator, sumo_fit, sumo_net, sumo_routes, sumo_tools
from lykta.traffic.demand import Demand
from lykta.traffic.sumo_legs import legs
from lykta.traffic.sumo_tracks import Samples, joined

STEP_S = 0.5
#: Raised whenever what is kept changes its form.
_FORM = 1
_ATTRIBUTES = "id,x,y"
#: Of the ways of the site that a class may use, a net of one's own must have at least this share, or no figure means anything.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class MadeNet:
    """The source of a demand whose people SUMO moves on a net made from the site."""

    def check(self, graph: Graph) -> list[Problem]:
        """Nothing can be wrong with a net that is made of the site; SUMO itself must be there."""
        sumo_tools.home()
        return []

    def trajectories(self, graph: Graph, demand: Demand, seed: int, begin_ms: int, end_ms: int, origin_utc_ms: int) -> pa.Table:
        """The generator's people as SUMO moves them."""
        with tempfile.TemporaryDirectory(prefix="lykta-sumo-") as name:
            folder = Path(name)
            net = sumo_net.make(graph, folder)
            key = (folder / sumo_net.NODES).read_bytes() + (folder / sumo_net.EDGES).read_bytes()
            night = _Night(graph, demand, seed, begin_ms, end_ms, origin_utc_ms)
            return night.moved(folder, net, key, sumo_routes.on_made_net(graph), None)


@dataclass(frozen=True)
class OwnNet:
    """The source of a demand whose people SUMO moves on a net that the user has. Who finds no way in it moves as the generator has him."""

    net: Path

    def check(self, graph: Graph) -> list[Problem]:
        """A net that has not the streets of the site is refused; what it lacks of them is said."""
        found = sumo_fit.fit(graph, self.net)
        problems = []
        for name, bit in CLASS_BITS.items():
            covered, usable = found.covered_cm(graph, bit)
            if not usable or covered == usable:
                continue
            share = covered / usable
            missing = f"of {usable / 1e5:.2f} km for {name}s on {graph.site.name} the net has {covered / 1e5:.2f} km"
            if share < LEAST_SHARE:
                whole = (
                    "" if found.projected else " It does not say where on earth it is, so its metres are taken from the place of the site."
                )
                remedy = "Take a net of this part of the town, or `--traffic sumo`, which makes one of the site."
                problems.append(Problem(str(self.net), 0, 0, "net", f"{missing}: these are not its streets.{whole} {remedy}"))
            else:
                problems.append(Problem(str(self.net), 0, 0, "net", f"{missing}; elsewhere they move without SUMO.", True))
        wrong = [problem for problem in problems if not problem.warning]
        # A street net without pavements can still move the cars.
        return problems if len(wrong) == len(problems) else [replace(problem, warning=True) for problem in problems]

    def trajectories(self, graph: Graph, demand: Demand, seed: int, begin_ms: int, end_ms: int, origin_utc_ms: int) -> pa.Table:
        """The generator's people as SUMO moves them."""
        found = sumo_fit.fit(graph, self.net)
        with tempfile.TemporaryDirectory(prefix="lykta-sumo-") as name:
            night = _Night(graph, demand, seed, begin_ms, end_ms, origin_utc_ms)
            site = graph.site
            plane = Projection(site.latitude, site.longitude) if found.projected else None
            return night.moved(Path(name), self.net, self.net.read_bytes(), sumo_routes.on_own_net(graph, found), plane)


@dataclass(frozen=True)
class _Night:
    """A night to be moved."""

    graph: Graph
    demand: Demand
    seed: int
    begin_ms: int
    end_ms: int
    origin_utc_ms: int

    def moved(self, folder: Path, net: Path, key: bytes, router: sumo_routes.Router, plane: Projection | None) -> pa.Table:
        """The trajectories. `key`: what the net is known by; `plane`: of the site, where the net is projected."""
        graph = self.graph
        wish = replace(self.demand, source=None)
        asked = generator.generate(graph.site, graph, wish, self.seed, self.begin_ms, self.end_ms, self.origin_utc_ms)
        length_cm = graph.length_cm.tolist()
        wanted = legs(asked, length_cm)
        people = folder / "people.rou.xml"
        placed = sumo_routes.write(people, wanted, router, length_cm, self.begin_ms)
        if not placed:
            return asked
        seconds = (self.end_ms - self.begin_ms) / 1000
        geo = ["--fcd-output.geo", "true"] if plane else []
        seen = observed(net, people, key, self.seed, seconds, geo)
        return joined(graph, asked, wanted, _samples(seen, plane), self.begin_ms, self.end_ms)


def observed(net: Path, people: Path, key: bytes, seed: int, seconds: float, more: Sequence[str] = ()) -> pa.Table:
    """Where SUMO has everybody every STEP_S (`time` in s, `id`, `x`, `y`): from the cache, or run now."""
    head = f"{_FORM} {sumo_tools.version()} {seed} {STEP_S} {seconds} {' '.join(more)}".encode()
    kept = cache_folder() / f"{hashlib.sha256(b'|'.join((head, key, people.read_bytes()))).hexdigest()[:32]}.parquet"
    if not kept.exists():
        out = people.with_name("seen.parquet")
        run(["--net-file", net, "--route-files", people, "--seed", seed, "--end", f"{seconds:.1f}", *more], out)
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        pq.write_table(pq.read_table(out), part, compression="zstd")
        part.replace(kept)
    return pq.read_table(kept)


def run(options: Sequence[object], out: Path) -> None:
    """Run SUMO with options, writing where everybody is into a Parquet file."""
    fixed: list[object] = [
        "--fcd-output", out, "--fcd-output.attributes", _ATTRIBUTES, "--fcd-output.skip-empty", "--output.compression", "zstd",
        "--output.column-header", "plain", "--lateral-resolution", "0.4", "--step-length", STEP_S, "--no-step-log", "--no-warnings",
        # Nobody blocks a junction for a whole night, and who has no way (a net with gaps) stays away.
        "--time-to-teleport", "30", "--ignore-junction-blocker", "2", "--pedestrian.striping.jamtime", "10", "--ignore-route-errors",
    ]  # fmt: skip
    sumo_tools.run("sumo", [str(word) for word in (*options, *fixed)], "moving people")


def cache_folder() -> Path:
    """Where what SUMO computed is kept."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "lykta" / "sumo"


def _samples(seen: pa.Table, plane: Projection | None) -> dict[str, Samples]:
    """The samples of each person and vehicle, in the order of time, on the plane of the site."""
    who = seen["id"].to_numpy(zero_copy_only=False).astype(str)
    time, x, y = (seen[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in ("time", "x", "y"))
    if plane is not None:
        x, y = plane.to_metres(y, x)
    order = np.lexsort((time, who))
    who, time, x, y = who[order], time[order], x[order], y[order]
    first = np.flatnonzero(np.concatenate(([True], who[1:] != who[:-1]))) if len(who) else np.array([], dtype=np.int64)
    last = [*first[1:].tolist(), len(who)]
    return {str(who[a]): Samples(1000 * time[a:b], 100 * x[a:b], 100 * y[a:b]) for a, b in zip(first.tolist(), last, strict=False)}
