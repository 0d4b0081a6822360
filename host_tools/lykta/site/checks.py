"""What is doubtful about a site that can be loaded: things a person should look at before trusting a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import dist

from lykta.errors import Problem
from lykta.site.loader import FAR_CM
from lykta.site.model import Lamp, Link, Site
from lykta.site.topology import listed, loose_lamps, pieces

_LONGER_THAN_STRAIGHT = 3.0
_EACH = 5  # so many of a kind are told one by one; more are told as one


def check(site: Site) -> list[Problem]:
    """The warnings of a site, in the order of its file."""
    found = [
        *_far_neighbours(site),
        *_long_ways_round(site),
        *_pieces(site),
        *_guessed(site),
        *_control(site),
        *_power(site),
        *_crowded(site),
        *_unused(site),
        *_entrances(site),
    ]
    return sorted(found)


def _warning(site: Site, path: str, message: str) -> Problem:
    line, column = site.positions.get(path, (0, 0))
    return Problem(site.file or site.name, line, column, path, message, warning=True)


def _link_warnings(site: Site, links: Iterable[tuple[int, Link]], message: str, together: str) -> Iterator[Problem]:
    """One warning for each link, or one for all where there are many. `message` takes {a}, {b} and {metres}."""
    found = list(links)
    if len(found) > _EACH:
        names = listed([f"{link.a} to {link.b}" for _, link in found])
        yield _warning(site, "links", f"{len(found)} links {together}: {names}.")
        return
    for number, link in found:
        text = message.format(a=link.a, b=link.b, metres=f"{link.length_cm / 100:.0f} m")
        yield _warning(site, f"links.{number}", text)


def _far_neighbours(site: Site) -> Iterator[Problem]:
    far = ((number, link) for number, link in enumerate(site.links) if link.length_cm > FAR_CM)
    message = "{a} is {metres} from its neighbour {b}: a wave takes long over it. Is a lamp missing between them?"
    return _link_warnings(site, far, message, f"are longer than {FAR_CM // 100} m")


def _long_ways_round(site: Site) -> Iterator[Problem]:
    places = {point.id: (point.x_cm, point.y_cm) for point in site.points}
    found = (
        (number, link)
        for number, link in enumerate(site.links)
        if link.length_cm > 2000 and link.length_cm > _LONGER_THAN_STRAIGHT * dist(places[link.a], places[link.b])
    )
    message = "{metres} from {a} to {b} is more than three times the straight line. Is the length right?"
    return _link_warnings(site, found, message, "are more than three times as long as the straight line")


def _pieces(site: Site) -> Iterator[Problem]:
    loose = set(loose_lamps(site)) if len(site.lamps) > 1 else set()
    adaptive = [lamp.id for lamp in site.lamps if lamp.id in loose and lamp.adaptive]
    if adaptive:
        names = listed(adaptive)
        yield _warning(site, f"lamps.{adaptive[0]}", f"{_count(len(adaptive), 'lamp')} without any link (nobody comes there): {names}.")
    apart = sum(not loose.issuperset(piece) for piece in pieces(site))
    if apart > 1 and not site.several_streets:
        yield _warning(site, "links", f"the site is in {apart} pieces. Join them, or write `several_streets: yes`.")


def _guessed(site: Site) -> Iterator[Problem]:
    first = next((number for number, link in enumerate(site.links) if link.guessed), None)
    if first is not None:
        count = sum(link.guessed for link in site.links)
        message = (
            f"{_count(count, 'link')} guessed between near neighbours: look at them on the map, and drop `guessed` where they are right."
        )
        yield _warning(site, f"links.{first}", message)


def _control(site: Site) -> Iterator[Problem]:
    still = [lamp for lamp in site.lamps if not lamp.adaptive]
    if still:
        yield _warning(site, f"lamps.{still[0].id}", f"{_count(len(still), 'lamp')} not adaptive: always as bright as built.")
    if not any(lamp.sensors for lamp in site.lamps):
        message = "no lamp has a sensor, so none is controlled. `lykta site plan` proposes sensors."
        yield _warning(site, "lamps", message)


def _power(site: Site) -> Iterator[Problem]:
    used = Counter(lamp.fixture for lamp in site.lamps)
    for name, fixture in site.fixtures.items():
        if name not in used:
            continue
        if not fixture.power_known:
            message = f"the power of {_count(used[name], 'lamp')} ({name}) is unknown: results use a stand-in, and no kWh may be claimed."
            yield _warning(site, "fixtures", message)
        elif fixture.estimated:
            yield _warning(site, "fixtures", f"the power of {name} by level is estimated, not measured ({_count(used[name], 'lamp')}).")


def _crowded(site: Site) -> Iterator[Problem]:
    """Lamps at one place are more often a slip than a wish."""
    seen: dict[tuple[int, int], Lamp] = {}
    for lamp in site.lamps:
        place = lamp.post_cm or (lamp.x_cm, lamp.y_cm)
        other = seen.setdefault(place, lamp)
        if other is not lamp and lamp.adaptive == other.adaptive:
            yield _warning(
                site, f"lamps.{lamp.id}", f"{lamp.id} is at the very place of {other.id}. If they share a post, write `heads: 2`."
            )


def _unused(site: Site) -> Iterator[Problem]:
    zones, fixtures = {lamp.zone for lamp in site.lamps}, {lamp.fixture for lamp in site.lamps}
    ways = {link.way for link in site.links}
    for zone in site.zones:
        if zone not in zones:
            yield _warning(site, "zones", f'no lamp is in the zone "{zone}".')
    for name in site.fixtures:
        if name not in fixtures:
            yield _warning(site, "fixtures", f'no lamp has the fixture "{name}".')
    for way in site.ways:
        if way.id not in ways:
            yield _warning(site, f"ways.{way.id}", f'no link is on the way "{way.id}".')


def _entrances(site: Site) -> Iterator[Problem]:
    if site.links and not site.entrances:
        yield _warning(site, "entrances", "no entrances are named, so nobody comes and goes. Name the points where ways leave the site.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
