"""Reads the ways of a site: who may use them, how fast, and how the light on them was designed."""

from __future__ import annotations

from lykta.document import Node
from lykta.site.model import Design, Way

#: Who uses a way of a kind where the site does not say otherwise.
CLASSES_BY_KIND = {
    "path": ("pedestrian", "cyclist"),
    "street": ("pedestrian", "cyclist", "car"),
    "crossing": ("pedestrian", "cyclist"),
    "square": ("pedestrian", "cyclist"),
}
CLASSES = ("pedestrian", "cyclist", "car")
KEYS = ("id", "kind", "name", "classes", "speed_limit", "design")
DESIGN_KEYS = ("class", "average", "minimum", "uo", "ul", "fti", "maintenance_factor", "tool", "date")
LIGHTING_CLASSES = tuple(
    f"{letter}{number}" for letter, last in (("M", 6), ("C", 5), ("P", 6)) for number in range(letter != "C", last + 1)
)


def read_ways(node: Node, positions: dict[str, tuple[int, int]]) -> list[Way]:
    """The ways listed in a site; their places in the file go to `positions`."""
    ways: list[Way] = []
    seen: dict[str, Node] = {}
    for item in node.list():
        item.unknown_keys(KEYS)
        way = _read_way(item)
        if way.id in seen:
            item.get("id").problem(f'"{way.id}" is already the id of the way in line {seen[way.id].where[0]}. Give this one another.')
        seen.setdefault(way.id, item)
        positions[f"ways.{way.id}"] = item.where
        ways.append(way)
    return ways


def _read_way(node: Node) -> Way:
    kind = node.get("kind").text(choices=tuple(CLASSES_BY_KIND))
    listed = node.get("classes")
    classes = [child.text(choices=CLASSES) for child in listed.list()] if listed.present else CLASSES_BY_KIND.get(kind, ())
    if listed.present and not classes:
        listed.problem("a way that nobody may use lights nobody. Name at least one of: pedestrian, cyclist, car.")
    limit = _speed_limit(node.get("speed_limit"))
    if "car" in classes and not node.get("speed_limit").present and kind in CLASSES_BY_KIND:
        node.problem('cars may go here, so `speed_limit` is needed, for example "speed_limit: 30 km/h".')
    return Way(node.get("id").text(), kind, frozenset(classes), limit, _read_design(node.get("design")), node.get("name").text(default=""))


def _speed_limit(node: Node) -> int:
    """The limit of cars [cm/s]; a bare number was meant as on the sign."""
    if node.written.isdecimal():
        node.problem(f'{node.written} has no unit. Did you mean "{node.written} km/h"?')
        return 0
    return node.quantity("speed", lowest=100, highest=4_000, default=0)


def _read_design(node: Node) -> Design | None:
    """Lighting design values at full level, as the designer's tool printed them."""
    if not node.present:
        return None
    node.unknown_keys(DESIGN_KEYS)
    return Design(
        lighting_class=node.get("class").text(choices=LIGHTING_CLASSES),
        average=node.get("average").number(lowest=0.01, highest=500),
        minimum=node.get("minimum").number(lowest=0, highest=500, default=None),
        uo=node.get("uo").number(lowest=0, highest=1, default=None),
        ul=node.get("ul").number(lowest=0, highest=1, default=None),
        fti=node.get("fti").number(lowest=0, highest=100, default=None),
        maintenance_factor=node.get("maintenance_factor").number(lowest=0.3, highest=1, default=None),
        tool=node.get("tool").text(default=""),
        date=node.get("date").text(default=""),
    )
