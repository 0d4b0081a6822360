"""Who shares which key: the segments of a site's radio, and the key files of its nodes.

A segment is at most 64 lamps near each other that sign with one key; who opens one post learns no more than that. A lamp
holds the keys of every segment it can hear. The id of a key is one byte: its segment in the high half, its generation in
the low half; segments that a lamp could confuse have different numbers.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lykta.errors import InputError
from lykta.plan.tables import Tables
from lykta.site.graph import Graph

SEGMENT_LAMPS = 64
_FARTHEST_CM = 250_000  # along the ways, from the first lamp of a segment: 64 lamps in one line
_SEGMENTS = 16  # numbers of a half byte
KEY_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """The keys of a site. `segments`: by segment its keys [(id, key)], the one to sign with first, then the one before
    or after it while they are changed; `nodes`: by the id of a lamp its own key."""

    segments: Sequence[Sequence[tuple[int, bytes]]]
    nodes: Mapping[str, bytes]


@dataclass(frozen=True)
class Segments:
    """`of[lamp]`: the segment of a lamp; `heard[lamp]`: those whose keys it holds, its own first; `number`: of each segment."""

    of: list[int]
    heard: list[list[int]]
    number: list[int]


def segments_of(graph: Graph, tables: Tables, hearers: Iterable[tuple[int, int]] = ()) -> Segments:
    """The lamps of a site in segments: the nearest along the ways together. InputError where sixteen numbers do not do.

    `hearers`: (lamp, another one that must be able to read it), besides those that the tables tell of: see `routes.hearers`.
    """
    lamps = [number for number, lamp in enumerate(graph.site.lamps) if lamp.adaptive]
    of = [-1] * len(graph.site.lamps)
    count = 0
    for first in lamps:
        if of[first] < 0:
            near = [lamp for lamp, _ in graph.lamps_around(first, _FARTHEST_CM) if of[lamp] < 0 and graph.site.lamps[lamp].adaptive]
            for lamp in near[:SEGMENT_LAMPS]:
                of[lamp] = count
            count += 1
    around: list[set[int]] = [set() for _ in of]
    for origin, receivers in enumerate(tables.receivers):
        for lamp, _ in receivers:
            around[lamp].add(origin)
    for origin, lamp in hearers:
        around[lamp].add(origin)
    heard = [
        [own, *sorted({of[other] for other in around[lamp] | set(tables.adjacent[lamp])} - {own, -1})] if own >= 0 else []
        for lamp, own in enumerate(of)
    ]
    return Segments(of, heard, _numbered(graph, heard, count))


def _numbered(graph: Graph, heard: Sequence[Sequence[int]], count: int) -> list[int]:
    """A number for each segment, the lowest that no segment has which the same lamp hears."""
    together: list[set[int]] = [set() for _ in range(count)]
    for segments in heard:
        for segment in segments:
            together[segment].update(segments)
    number: list[int] = []
    for segment in range(count):
        taken = {number[other] for other in together[segment] if other < segment}
        number.append(min(set(range(len(taken) + 1)) - taken))
    if max(number, default=0) >= _SEGMENTS:
        message = f"a lamp would hear more than {_SEGMENTS} segments of the radio. Divide the site: it is too dense for one."
        raise InputError.of(graph.site.file or graph.site.name, message)
    return number


def simulated_keys(graph: Graph, segments: Segments, seed: int) -> Keys:
    """Keys that anybody can work out from a seed: for simulation, never for a post."""
    make = _derived(graph.site.name, seed)
    shared = [[(number << 4, make(f"segment {segment}"))] for segment, number in enumerate(segments.number)]
    return Keys(shared, {lamp.id: make(f"node {lamp.id}") for lamp in graph.site.lamps})


def _derived(site: str, seed: int) -> Callable[[str], bytes]:
    def make(what: str) -> bytes:
        return hmac.new(f"simulation {seed}".encode(), f"{site}: {what}".encode(), hashlib.sha256).digest()

    return make


def key_file(lamp: str, number: int, segments: Segments, keys: Keys) -> bytes:
    """The file `keys` of a lamp: id (1 byte) and key (32 bytes) of every shared one, then its own key (32 bytes).

    The first of the shared ones is the one to sign with. Raises InputError for a key that is missing or has another length.
    """
    shared = [pair for segment in segments.heard[number] for pair in keys.segments[segment]]
    own = keys.nodes.get(lamp, b"")
    if len(own) != KEY_BYTES or not shared or any(len(key) != KEY_BYTES for _, key in shared):
        raise InputError.of(lamp, f"its own key and those of its segments must be there, with {KEY_BYTES} bytes each. Make them anew.")
    return b"".join(bytes([identity]) + key for identity, key in shared) + own
