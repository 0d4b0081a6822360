"""What is doubtful about a site that can be loaded: things a person should look at before trusting a result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import dist

from lykta.errors import Message, Problem
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


def _link_warnings(
    site: Site, links: Iterable[tuple[int, Link]], each: Callable[[Link], Message], together: Callable[[int, str], Message]
) -> Iterator[Problem]:
    """One warning for each link, or one for all where there are many: `together` takes their number and their names."""
    found = list(links)
    if len(found) > _EACH:
        yield _warning(site, "links", together(len(found), listed([f"{link.a} to {link.b}" for _, link in found])))
        return
    for number, link in found:
        yield _warning(site, f"links.{number}", each(link))


def _metres(link: Link) -> str:
    return f"{link.length_cm / 100:.0f} m"


def _far_neighbours(site: Site) -> Iterator[Problem]:
    far = ((number, link) for number, link in enumerate(site.links) if link.length_cm > FAR_CM)
    return _link_warnings(
        site,
        far,
        lambda link: Message(
            "{a} is {metres} from its neighbour {b}: a wave takes long over it. Is a lamp missing between them?",
            a=link.a,
            b=link.b,
            metres=_metres(link),
        ),
        lambda count, names: Message("{count} links are longer than {metres} m: {names}.", count=count, metres=FAR_CM // 100, names=names),
    )


def _long_ways_round(site: Site) -> Iterator[Problem]:
    places = {point.id: (point.x_cm, point.y_cm) for point in site.points}
    found = (
        (number, link)
        for number, link in enumerate(site.links)
        if link.length_cm > 2000 and link.length_cm > _LONGER_THAN_STRAIGHT * dist(places[link.a], places[link.b])
    )
    return _link_warnings(
        site,
        found,
        lambda link: Message(
            "{metres} from {a} to {b} is more than three times the straight line. Is the length right?",
            a=link.a,
            b=link.b,
            metres=_metres(link),
        ),
        lambda count, names: Message(
            "{count} links are more than three times as long as the straight line: {names}.", count=count, names=names
        ),
    )


def _pieces(site: Site) -> Iterator[Problem]:
    loose = set(loose_lamps(site)) if len(site.lamps) > 1 else set()
    adaptive = [lamp.id for lamp in site.lamps if lamp.id in loose and lamp.adaptive]
    if adaptive:
        said = Message("{lamps} without any link (nobody comes there): {names}.", lamps=_lamps(len(adaptive)), names=listed(adaptive))
        yield _warning(site, f"lamps.{adaptive[0]}", said)
    apart = sum(not loose.issuperset(piece) for piece in pieces(site))
    if apart > 1 and not site.several_streets:
        yield _warning(site, "links", Message("the site is in {count} pieces. Join them, or write `several_streets: yes`.", count=apart))


def _guessed(site: Site) -> Iterator[Problem]:
    first = next((number for number, link in enumerate(site.links) if link.guessed), None)
    if first is not None:
        count = sum(link.guessed for link in site.links)
        links = Message("1 link") if count == 1 else Message("{count} links", count=count)
        message = Message(
            "{links} guessed between near neighbours: look at them on the map, and drop `guessed` where they are right.", links=links
        )
        yield _warning(site, f"links.{first}", message)


def _control(site: Site) -> Iterator[Problem]:
    still = [lamp for lamp in site.lamps if not lamp.adaptive]
    if still:
        said = Message("{lamps} not adaptive: always as bright as built.", lamps=_lamps(len(still)))
        yield _warning(site, f"lamps.{still[0].id}", said)
    if not any(lamp.sensors for lamp in site.lamps):
        message = Message("no lamp has a sensor, so none is controlled. `lykta site plan` proposes sensors.")
        yield _warning(site, "lamps", message)


def _power(site: Site) -> Iterator[Problem]:
    used = Counter(lamp.fixture for lamp in site.lamps)
    for name, fixture in site.fixtures.items():
        if name not in used:
            continue
        if not fixture.power_known:
            message = Message(
                "the power of {lamps} ({name}) is unknown: results use a stand-in, and no kWh may be claimed.",
                lamps=_lamps(used[name]),
                name=name,
            )
            yield _warning(site, "fixtures", message)
        elif fixture.estimated:
            message = Message("the power of {name} by level is estimated, not measured ({lamps}).", name=name, lamps=_lamps(used[name]))
            yield _warning(site, "fixtures", message)


def _crowded(site: Site) -> Iterator[Problem]:
    """Lamps at one place are more often a slip than a wish."""
    seen: dict[tuple[int, int], Lamp] = {}
    for lamp in site.lamps:
        place = lamp.post_cm or (lamp.x_cm, lamp.y_cm)
        other = seen.setdefault(place, lamp)
        if other is not lamp and lamp.adaptive == other.adaptive:
            said = Message("{lamp} is at the very place of {other}. If they share a post, write `heads: 2`.", lamp=lamp.id, other=other.id)
            yield _warning(site, f"lamps.{lamp.id}", said)


def _unused(site: Site) -> Iterator[Problem]:
    zones, fixtures = {lamp.zone for lamp in site.lamps}, {lamp.fixture for lamp in site.lamps}
    ways = {link.way for link in site.links}
    for zone in site.zones:
        if zone not in zones:
            yield _warning(site, "zones", Message('no lamp is in the zone "{zone}".', zone=zone))
    for name in site.fixtures:
        if name not in fixtures:
            yield _warning(site, "fixtures", Message('no lamp has the fixture "{name}".', name=name))
    for way in site.ways:
        if way.id not in ways:
            yield _warning(site, f"ways.{way.id}", Message('no link is on the way "{way}".', way=way.id))


def _entrances(site: Site) -> Iterator[Problem]:
    if site.links and not site.entrances:
        said = Message("no entrances are named, so nobody comes and goes. Name the points where ways leave the site.")
        yield _warning(site, "entrances", said)


def _lamps(count: int) -> Message:
    return Message("1 lamp") if count == 1 else Message("{count} lamps", count=count)
