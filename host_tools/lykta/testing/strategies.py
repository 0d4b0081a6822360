"""Hypothesis strategies for streets, people, faults and whole nights.

They shrink to the smallest that breaks a claim: two posts 20 m apart, one walker, nothing broken. Needs the extra `testing`.

    @strategies.SETTINGS
    @given(night=strategies.nights())
    def test_nobody_walks_in_the_dark(night):
        assert night.dark_seconds("pedestrian").max() <= 1
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st

from lykta import site as sites
from lykta.scenarios.reader import BREAKDOWNS, DEAD_LAMP
from lykta.sensing import EFFECTS, FAULT_KINDS
from lykta.site import Site
from lykta.site.sensors import DIRECTED
from lykta.testing.night import PROFILE, REQUIREMENT, SimulatedNight, night_of
from lykta.testing.street import Broke, Person, Street

#: A night takes some hundredths of a second: no deadline, fewer examples than usual; nothing that traces lines, which takes minutes.
SETTINGS = settings(deadline=None, max_examples=50, phases=[phase for phase in Phase if phase is not Phase.explain])
#: The speeds of each class that the rules of the light wave allow for [cm/s], and the usual one, to which examples shrink.
SPEEDS_CMS = {"pedestrian": (50, 350, 140), "cyclist": (150, 1000, 450), "car": (200, 1250, 830)}
#: Faults of a sensor alone; with those of the weather, and with what breaks besides the sensor.
SENSOR_FAULTS = tuple(kind for kind in FAULT_KINDS if kind not in EFFECTS)
ALL_FAULTS = (*FAULT_KINDS, *BREAKDOWNS, DEAD_LAMP)
_HOUR_S = 3600


def streets(
    *, least_posts: int = 2, most_posts: int = 8, sensors: Sequence[str] = ("ideal", "pir"), branches: bool = True, cars: bool = False,
    zone: str = "path",
) -> st.SearchStrategy[Street]:  # fmt: skip
    """Rows of posts 15 to 40 m apart, some with a side way. They shrink to the fewest posts, 20 m apart, without a side way.

    `sensors`: the kinds that may hang on the posts, the simplest first; all that look all round. `zone`: that of the profile.
    """
    if directed := DIRECTED & set(sensors):
        raise ValueError(f"{', '.join(sorted(directed))} looks one way, and these streets do not say where to")
    pitch = _near(20, 15, 40)
    rows = st.lists(pitch, min_size=max(0, least_posts - 1), max_size=max(0, most_posts - 1)).map(tuple)
    return st.builds(_street, rows, st.integers(0, most_posts if branches else 0), st.lists(pitch, max_size=3).map(tuple),
                     st.sampled_from(tuple(sensors)), st.just(cars), st.just(zone))  # fmt: skip


def _street(pitches_m: tuple[int, ...], side_at: int, side_m: tuple[int, ...], sensor: str, cars: bool, zone: str) -> Street:
    """A street whose side way, if it has one, leaves at one of its posts."""
    at = side_at if 0 < side_at <= len(pitches_m) + 1 else 0
    return Street(pitches_m, at, side_m if at else (), sensor, cars, zone)


def people(
    street: Street | str | Path, *, most: int = 4, classes: Sequence[str] = (), within_s: int = _HOUR_S, turning: bool = True,
    stopping_s: int = 120,
) -> st.SearchStrategy[list[Person]]:  # fmt: skip
    """Who comes by on a street, or on a site by its file or name: up to `most`, in the first `within_s` from ten minutes after sunset.

    `classes`: of whom; default: all who may use it. `turning`: some turn round on the way. `stopping_s`: some rest once, so long at most
    (0: nobody). They shrink to one walker at 1.4 m/s who neither turns nor rests.
    """
    site = _site(street)
    allowed = tuple(classes) or tuple(name for name in SPEEDS_CMS if any(name in way.classes for way in site.ways))
    doors = {name: _doors(site, name) for name in allowed}
    posts = [lamp.id for lamp in site.lamps]
    metres = sum(link.length_cm for link in site.links) // 100

    def person(name: str, enters_s: int, hurry: int, doors_at: tuple[int, int], back_at: int, rest: tuple[int, int]) -> Person:
        slowest, fastest, usual = SPEEDS_CMS[name]
        speed = usual + hurry * ((fastest - usual) if hurry > 0 else (usual - slowest)) // 100
        way = _way(doors[name], doors_at, posts[back_at - 1] if back_at else "")
        return Person(name, enters_s, speed, way, (rest,) if rest[1] else ())

    # Every person draws the same number of choices, so that Hypothesis can leave any of them out.
    one = st.builds(
        person,
        st.sampled_from(allowed),
        st.integers(600, 600 + within_s),
        st.integers(-100, 100),
        st.tuples(st.integers(0, 9), st.integers(0, 9)),
        st.integers(0, len(posts) if turning else 0),
        st.tuples(st.integers(1, max(1, metres - 1)), st.integers(0, stopping_s)),
    )
    return st.lists(one, min_size=1, max_size=most)


def _doors(site: Site, road_user: str) -> list[str]:
    """The entrances that lie on a way for a class; ValueError where there is none."""
    usable = {way.id for way in site.ways if road_user in way.classes}
    ends = {end for link in site.links if link.way in usable for end in (link.a, link.b)}
    doors = [name for name in site.entrances if name in ends]
    if not doors:
        raise ValueError(f"no entrance of {site.name} lies on a way for a {road_user}")
    return doors


def _way(doors: Sequence[str], at: tuple[int, int], back_at: str) -> tuple[str, ...]:
    """In at one door and out at another, or back to the same from a post where somebody turns round (or where there is one door only)."""
    begin = at[0] % len(doors)
    if back_at or len(doors) == 1:
        return (doors[begin], back_at or doors[begin], doors[begin])
    return (doors[begin], doors[(begin + 1 + at[1] % (len(doors) - 1)) % len(doors)])


def faults(
    street: Street | str | Path, *, kinds: Sequence[str] = SENSOR_FAULTS, most: int = 2, lamps_at_once: int = 2
) -> st.SearchStrategy[list[Broke]]:
    """What breaks: up to `most` faults of some `kinds`, each of up to `lamps_at_once` lamps, all night or for a time.

    They shrink to none.
    """
    site = _site(street)
    sensed = [lamp.id for lamp in site.lamps if lamp.sensors]
    every = [lamp.id for lamp in site.lamps]

    def fault(kind: str, at: tuple[int, ...], from_s: int, lasts_s: int) -> Broke:
        names = sensed if kind in FAULT_KINDS else every
        lamps = tuple(dict.fromkeys(names[(number - 1) % len(names)] for number in at if number))
        return Broke(kind, lamps, from_s, from_s + lasts_s if lasts_s else None)

    usable = [kind for kind in kinds if sensed or kind not in FAULT_KINDS]
    if not usable:
        return st.just([])
    lamps = st.tuples(st.integers(1, len(every)), *[st.integers(0, len(every))] * (lamps_at_once - 1))
    one = st.builds(fault, st.sampled_from(usable), lamps, st.integers(0, _HOUR_S), st.integers(0, _HOUR_S))
    return st.lists(one, max_size=most)


@st.composite
def nights(
    draw: st.DrawFn,
    street: st.SearchStrategy[Street] | Street | str | Path | None = None,
    *,
    kinds: Sequence[str] = (),
    most_people: int = 4,
    most_faults: int = 2,
    classes: Sequence[str] = (),
    turning: bool = True,
    stopping_s: int = 120,
    profile: str | Path = PROFILE,
    requirement: str | Path = REQUIREMENT,
    radio: str = "ideal",
    scheme: str = "",
) -> SimulatedNight:
    """Simulated nights: on streets of a strategy (default: `streets()`), on one street, or on a site by its file or packaged name.

    `kinds`: what may break (`SENSOR_FAULTS`, `ALL_FAULTS`, or some of them); default: nothing. The rest as in `people` and `night_of`.
    """
    where = draw(streets() if street is None else street if isinstance(street, st.SearchStrategy) else st.just(street))
    who = draw(people(where, most=most_people, classes=classes, turning=turning, stopping_s=stopping_s))
    broke = draw(faults(where, kinds=kinds, most=most_faults)) if kinds else []
    seed = draw(st.integers(1, 1000))
    return night_of(where, who, broke, profile=profile, requirement=requirement, seed=seed, radio=radio, scheme=scheme)


def _near(usual: int, lowest: int, highest: int) -> st.SearchStrategy[int]:
    """Whole numbers of a range, which shrink to the usual one."""
    return st.integers(lowest - usual, highest - usual).map(lambda more: usual + more)


def _site(street: Street | str | Path) -> Site:
    return street.site() if isinstance(street, Street) else _loaded(str(street))


@cache
def _loaded(which: str) -> Site:
    return sites.load(which)
