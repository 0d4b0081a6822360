"""A net of one's own: which of its edges lie along which links of the site, and where on them somebody sets out and arrives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from lykta.errors import InputError
from lykta.site.graph import CLASS_BITS, Graph
from lykta.site.projection import Projection
from lykta.traffic import sumo_tools
from lykta.traffic.sumo_net import VCLASS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: An edge goes along a link where it is as near as this, and as parallel: pavements lie beside the line of the posts.
NEAR_CM = 1200.0
_PARALLEL = 0.8  # cosine
_STEP_CM = 200.0
#: Somebody sets out on an edge no farther than this from where he is on the site.
_ASIDE_CM = 4000
_CELL_CM = 10_000.0  # links are looked for among those of a cell


@dataclass(frozen=True)
class Lane:
    """An edge of the net: its name, who may use it (mask of classes), its length [m]."""

    name: str
    classes: int
    length_m: float


@dataclass(frozen=True)
class Fit:
    """How a net lies on a site: for places along edges every two metres, the edge, how far along it [m], the directed link, the chainage in
    the direction of travel [cm]. `projected`: whether the net says where on earth it is (else metres from the place of the site)."""

    lanes: tuple[Lane, ...]
    edge: Ints
    pos_m: Floats
    directed: Ints
    along_cm: Floats
    projected: bool

    @cached_property
    def _classes(self) -> Ints:
        return np.array([lane.classes for lane in self.lanes], dtype=np.int64)

    @cached_property
    def _at_link(self) -> dict[int, Ints]:
        """The places along each directed link."""
        order = np.argsort(self.directed, kind="stable")
        found, first = np.unique(self.directed[order], return_index=True)
        return dict(zip(found.tolist(), np.split(order, first[1:]), strict=True)) if len(found) else {}

    def place(self, directed: int, along_cm: float, class_bit: int) -> tuple[str, float] | None:
        """The edge and position [m] nearest to a place on a directed link, for a class; None where none is near."""
        here = self._at_link.get(directed, self.edge[:0])
        here = here[self._classes[self.edge[here]] & class_bit > 0]
        if not len(here):
            return None
        nearest = here[np.argmin(np.abs(self.along_cm[here] - along_cm))]
        if abs(self.along_cm[nearest] - along_cm) > _ASIDE_CM:
            return None
        return self.lanes[self.edge[nearest]].name, float(self.pos_m[nearest])

    def covered_cm(self, graph: Graph, class_bit: int) -> tuple[int, int]:
        """(length of links along which an edge for a class goes, length of all its links) [cm]."""
        usable = np.flatnonzero(graph.classes & class_bit)
        known = set((self.directed[self._classes[self.edge] & class_bit > 0] >> 1).tolist())
        return sum(int(graph.length_cm[link]) for link in usable if int(link) in known), int(graph.length_cm[usable].sum())


@lru_cache(maxsize=4)
def fit(graph: Graph, net: Path) -> Fit:
    """How a net lies on a site. InputError where the file is no net."""
    lanes, projected = _read_net(net)
    with TemporaryDirectory(prefix="lykta-sumo-") as name:
        options = ["--sumo-net-file", str(net), "--plain-output-prefix", str(Path(name) / "plain"), "--no-warnings", "true"]
        sumo_tools.run("netconvert", [*options, *(["--proj.plain-geo", "true"] if projected else [])], f"reading {net}")
        shapes = dict(_shapes(Path(name), graph, projected))
    kept = [lane for lane in lanes if lane.name in shapes]
    parts = [_along(shapes[lane.name], lane.length_m) for lane in kept]
    if not parts:
        none, nowhere = np.array([], dtype=np.int64), np.array([], dtype=np.float64)
        return Fit((), none, nowhere, none, nowhere, projected)
    edge = np.concatenate([np.full(len(part[0]), number) for number, part in enumerate(parts)])
    pos, x, y, dx, dy = (np.concatenate([part[number] for part in parts]) for number in range(5))
    directed, along = _match(graph, x, y, dx, dy)
    on = directed >= 0
    return Fit(tuple(kept), edge[on], pos[on], directed[on], along[on], projected)


def _read_net(net: Path) -> tuple[list[Lane], bool]:
    """The edges of a net with who may use them, and whether the net is projected. InputError where it is none."""
    lanes, projected, is_net = [], False, False
    try:
        for _, item in ET.iterparse(net, events=("end",)):
            if item.tag == "location":
                is_net, projected = True, item.get("projParameter", "!") != "!"
            elif item.tag == "edge":
                if item.get("function", "normal") == "normal":
                    own = item.findall("lane")
                    mask = sum(bit for name, bit in CLASS_BITS.items() if any(_admits(lane, VCLASS[name]) for lane in own))
                    lanes.append(Lane(item.get("id", ""), mask, max((float(lane.get("length", "0")) for lane in own), default=0.0)))
                item.clear()
    except FileNotFoundError:
        raise InputError.of(str(net), "there is no such file.") from None
    except (ET.ParseError, OSError, ValueError) as error:
        raise InputError.of(str(net), f"cannot be read as a net of SUMO: {error}.") from None
    if not is_net:
        raise InputError.of(
            str(net), "is no net of SUMO. Make one with SUMO's netconvert: `netconvert --osm-files map.osm -o map.net.xml`."
        )
    return lanes, projected


def _admits(lane: ET.Element, vclass: str) -> bool:
    allow, disallow = lane.get("allow"), lane.get("disallow", "")
    if allow is not None:
        return vclass in allow.split() or allow == "all"
    return vclass not in disallow.split() and disallow != "all"


def _shapes(folder: Path, graph: Graph, projected: bool) -> Iterator[tuple[str, Floats]]:
    """Edges with their shape on the plane of the site [cm], (points, 2)."""
    site = graph.site
    projection = Projection(site.latitude, site.longitude)

    def plane(points: Sequence[tuple[float, float]]) -> Floats:
        x, y = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
        if projected:
            x, y = projection.to_metres(y, x)
        return np.stack((100 * x, 100 * y), axis=1)

    nodes = {
        item.get("id"): (float(item.get("x", "0")), float(item.get("y", "0"))) for item in ET.parse(folder / "plain.nod.xml").iter("node")
    }
    for item in ET.parse(folder / "plain.edg.xml").iter("edge"):
        shape = [tuple(map(float, pair.split(",")[:2])) for pair in item.get("shape", "").split()]
        points = shape if len(shape) > 1 else [nodes[item.get("from")], nodes[item.get("to")]]
        yield item.get("id", ""), plane(points)  # type: ignore[arg-type]  # pairs


def _along(shape: Floats, length_m: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Places every two metres along a shape: (position on the edge [m], x, y [cm], direction as a unit vector)."""
    steps = np.hypot(*np.diff(shape, axis=0).T)
    total = float(steps.sum())
    if total < 1:
        return tuple(np.array([]) for _ in range(5))  # type: ignore[return-value]  # five of them
    far = np.concatenate(([0.0], np.cumsum(steps)))
    at = np.arange(min(_STEP_CM / 2, total / 2), total, _STEP_CM)
    x, y = (np.interp(at, far, shape[:, axis]) for axis in (0, 1))
    part = np.clip(np.searchsorted(far, at, side="right") - 1, 0, len(steps) - 1)
    unit = np.diff(shape, axis=0) / np.maximum(steps, 1e-9)[:, None]
    return at / total * length_m, x, y, unit[part, 0], unit[part, 1]


def _match(graph: Graph, x: Floats, y: Floats, dx: Floats, dy: Floats) -> tuple[Ints, Floats]:
    """For places with directions the nearest parallel directed link (-1: none is near) and the chainage along it [cm]."""
    ax, ay = graph.x_cm[graph.a].astype(np.float64), graph.y_cm[graph.a].astype(np.float64)
    bx, by = graph.x_cm[graph.b] - ax, graph.y_cm[graph.b] - ay
    drawn = np.maximum(np.hypot(bx, by), 1.0)
    directed, along = np.full(len(x), -1, dtype=np.int64), np.zeros(len(x))
    west, east = np.minimum(ax, ax + bx) - NEAR_CM, np.maximum(ax, ax + bx) + NEAR_CM
    south, north = np.minimum(ay, ay + by) - NEAR_CM, np.maximum(ay, ay + by) + NEAR_CM
    cells, of_cell = np.unique(np.stack((x // _CELL_CM, y // _CELL_CM), axis=1), axis=0, return_inverse=True)
    of_cell = of_cell.ravel()
    order = np.argsort(of_cell, kind="stable")
    bounds = np.searchsorted(of_cell[order], np.arange(len(cells) + 1))
    for number, (left, low) in enumerate((cells * _CELL_CM).tolist()):
        here = (west <= left + _CELL_CM) & (east >= left) & (south <= low + _CELL_CM) & (north >= low)
        links = np.flatnonzero(here)
        if not len(links):
            continue
        some = order[bounds[number] : bounds[number + 1]]
        share = np.clip(((x[some, None] - ax[links]) * bx[links] + (y[some, None] - ay[links]) * by[links]) / drawn[links] ** 2, 0, 1)
        apart = np.hypot(x[some, None] - ax[links] - share * bx[links], y[some, None] - ay[links] - share * by[links])
        turn = (dx[some, None] * bx[links] + dy[some, None] * by[links]) / drawn[links]
        apart[np.abs(turn) < _PARALLEL] = np.inf
        nearest = np.argmin(apart, axis=1)
        each, best = np.arange(len(some)), links[nearest]
        back = (turn[each, nearest] < 0).astype(np.int64)
        length = graph.length_cm[best]
        gone = share[each, nearest] * length
        directed[some] = np.where(apart[each, nearest] <= NEAR_CM, 2 * best + back, -1)
        along[some] = np.where(back == 1, length - gone, gone)
    return directed, along
