"""What hangs together on a site: the pieces of its graph, and the first lamps from each entrance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lykta.site.model import Site

_NAMED = 6  # so many ids are named in a message


def neighbours(site: Site) -> dict[str, list[str]]:
    """The points linked with each point, by id."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for link in site.links:
        found[link.a].append(link.b)
        found[link.b].append(link.a)
    return found


def pieces(site: Site) -> list[list[str]]:
    """The ids of the points in each piece of the graph, the largest piece first, ties in the order of the site."""
    near = neighbours(site)
    for lamp in site.lamps:
        for anchor in lamp.anchors:  # a lamp is one with what it lights
            near.setdefault(lamp.id, []).append(anchor)
            near.setdefault(anchor, []).append(lamp.id)
    seen: set[str] = set()
    found: list[list[str]] = []
    for point in site.points:
        if point.id in seen:
            continue
        seen.add(point.id)
        piece = [point.id]
        for name in piece:  # grows while it is walked
            fresh = [other for other in near.get(name, ()) if other not in seen]
            seen.update(fresh)
            piece.extend(dict.fromkeys(fresh))
        found.append(piece)
    return sorted(found, key=len, reverse=True)


def problems_of_pieces(site: Site) -> Iterator[tuple[tuple[int, int], str, str]]:
    """(place, path, message) for every piece without link to the largest, where the site should be one street."""
    if site.several_streets or any(link.guessed for link in site.links):
        return
    found = pieces(site)
    order = {point.id: number for number, point in enumerate(site.points)}
    lamps = {lamp.id for lamp in site.lamps}
    for piece in found[1:]:
        first = min(piece, key=order.__getitem__)
        path = f"{'lamps' if first in lamps else 'junctions'}.{first}"
        if len(piece) == 1:
            message = f"{first} has no link, so nobody can come there."
        else:
            message = f"the street is in pieces: no link joins {listed(sorted(piece, key=order.__getitem__))} with {listed(found[0])}."
        remedy = "Add the link that is missing, or write `several_streets: yes` if these are streets apart."
        yield site.positions.get(path, (0, 0)), path, f"{message} {remedy}"


def listed(names: list[str]) -> str:
    """Some names for a message, cut short."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def entrance_lamps(site: Site) -> set[str]:
    """The lamps that people meet first when they come in: at an entrance, or the next ones along every way from it."""
    near = neighbours(site)
    lamps = {lamp.id for lamp in site.lamps}
    first: set[str] = set()
    for entrance in site.entrances:
        waiting, seen = [entrance], {entrance}
        while waiting:
            name = waiting.pop()
            if name in lamps:
                first.add(name)
                continue
            fresh = [other for other in near.get(name, ()) if other not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
    return first


def loose_lamps(site: Site) -> list[str]:
    """The ids of lamps that no link reaches."""
    linked = {name for link in site.links for name in (link.a, link.b)}
    return [lamp.id for lamp in site.lamps if lamp.id not in linked and not any(anchor in linked for anchor in lamp.anchors)]
