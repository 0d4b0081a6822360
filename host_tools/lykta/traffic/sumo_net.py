"""The net on which SUMO moves people: made from the site, so that its edges are the site's chains of links.

A chain goes from one junction, entrance or change of way to the next; it is one edge in each direction. Walkers have lanes of their own,
since SUMO's pedestrians block a path that they share with cyclists; where cars go, cyclists share their lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from lykta.site.graph import CLASS_BITS, Graph
from lykta.traffic import sumo_tools

#: Class of Lykta -> class of vehicle in SUMO.
VCLASS = {"pedestrian": "pedestrian", "cyclist": "bicycle", "car": "passenger"}
#: Widths of lanes [m]: two may walk abreast; where cars go, the pavement is about 3.5 m from the line of the posts.
WALKING_M, CYCLING_M, DRIVING_M = 1.5, 1.0, 2.75
#: No limit of the net slows anybody: everybody has a speed of his own.
FREE_MPS = 20.0
#: The files from which the net is made: what it is known by.
NODES, EDGES = "site.nod.xml", "site.edg.xml"


@dataclass(frozen=True)
class Edge:
    """An edge of the made net: `name`, and the directed links of the site that it is, in order."""

    name: str
    links: tuple[int, ...]


def chains(graph: Graph) -> Iterator[Edge]:
    """The chains of a site, each in both directions: `7`, and `-7` for the way back."""
    doors = {graph.index[name] for name in graph.site.entrances}
    way = graph.way.tolist()

    def ends(point: int) -> bool:
        out = graph.out_links(point)
        return point in doors or len(out) != 2 or way[out[0] >> 1] != way[out[1] >> 1]

    seen: set[int] = set()
    rings = range(graph.point_count)  # a ring without any end begins at its first point
    for point in [*filter(ends, range(graph.point_count)), *rings]:
        for directed in graph.out_links(point):
            if directed >> 1 in seen:
                continue
            links = [directed]
            while not ends(graph.head(links[-1])) and graph.head(links[-1]) != point:
                back = links[-1] ^ 1
                links.append(next(onward for onward in graph.out_links(graph.head(links[-1])) if onward != back))
            seen.update(link >> 1 for link in links)
            # netconvert knows no edge from a node to itself: a ring is two edges.
            middle = len(links) // 2 if graph.head(links[-1]) == point else 0
            for part in filter(None, (links[:middle], links[middle:])):
                yield Edge(str(part[0] >> 1), tuple(part))
                yield Edge(f"-{part[0] >> 1}", tuple(link ^ 1 for link in reversed(part)))


def make(graph: Graph, folder: Path) -> Path:
    """Write the net of a site into a folder, by netconvert; returns its file."""
    nodes, edges = ET.Element("nodes"), ET.Element("edges")
    used: set[int] = set()
    for edge in chains(graph):
        begin, end = graph.tail(edge.links[0]), graph.head(edge.links[-1])
        used |= {begin, end}
        points = [begin, *(graph.head(link) for link in edge.links)]
        length = sum(int(graph.length_cm[link >> 1]) for link in edge.links)
        at = {"from": f"p{begin}", "to": f"p{end}", "shape": " ".join(map(_place(graph), points)), "length": f"{length / 100:.2f}"}
        lanes = _lanes(graph, edge.links[0])
        item = ET.SubElement(edges, "edge", {"id": edge.name, **at, "spreadType": "right", "numLanes": str(len(lanes))})
        for number, (allow, width) in enumerate(lanes):
            ET.SubElement(item, "lane", {"index": str(number), "allow": allow, "width": f"{width}", "speed": f"{FREE_MPS}"})
    for point in sorted(used):
        x, y = _place(graph)(point).split(",")
        # Where no car comes nobody has right of way: cyclists and walkers see to it themselves.
        cars = any(int(graph.classes[directed >> 1]) & CLASS_BITS["car"] for directed in graph.out_links(point))
        ET.SubElement(nodes, "node", {"id": f"p{point}", "x": x, "y": y, "type": "priority" if cars else "unregulated"})
    files = {"--node-files": folder / NODES, "--edge-files": folder / EDGES, "--output-file": folder / "site.net.xml"}
    ET.ElementTree(nodes).write(files["--node-files"])
    ET.ElementTree(edges).write(files["--edge-files"])
    options = [word for name, file in files.items() for word in (name, str(file))]
    options += ["--offset.disable-normalization", "true", "--walkingareas", "true", "--no-warnings", "true", "--precision", "3"]
    sumo_tools.run("netconvert", options, "making a net of the site")
    return files["--output-file"]


def _place(graph: Graph) -> Callable[[int], str]:
    """Coordinates of points [m], as SUMO writes them."""
    return lambda point: f"{graph.x_cm[point] / 100:.2f},{graph.y_cm[point] / 100:.2f}"


def _lanes(graph: Graph, directed: int) -> list[tuple[str, float]]:
    """Lanes of an edge from the right: (who may use it, width in m)."""
    mask = int(graph.classes[directed >> 1])
    has = {name: bool(mask & bit) for name, bit in CLASS_BITS.items()}
    found = [(VCLASS["pedestrian"], WALKING_M)] if has["pedestrian"] else []
    if has["car"]:
        wheels = [name for name in ("car", "cyclist") if has[name]]
        found.append((" ".join(VCLASS[name] for name in wheels), DRIVING_M))
    elif has["cyclist"]:
        found.append((VCLASS["cyclist"], CYCLING_M))
    return found
