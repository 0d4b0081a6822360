"""A day without a broker: whole firmwares, in virtual time, that lose it and find it again. Tries, letters, and who comes back when.

    python tests/bench/outage.py                              about 7 minutes of a processor
    python tests/bench/outage.py --nodes 100 --hours 24       about 2 hours of it

A node costs 2.8 s of a processor for each of its hours. Within the first the pauses between tries are as long as they ever get, a quarter
of an hour, so that six hours show the same tries and the same return as a day. Streets of at most 34 posts are played one after the other;
what their nodes do to one broker is then put together.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.vm.towns import Town, town  # noqa: E402

NODES, HOURS = 20, 6
_STREET = 34
_BEFORE, _AFTER = 20, 30  # minutes with a broker
_SYNC_MS = 900_000


@dataclass
class Seen:
    """What the nodes of all streets did. Times in ms; `back` and `tries` count from the broker's return and its end."""

    nodes: int = 0
    tries: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    letters: int = 0  # of telemetry, since the outage began
    dropped: int = 0


def play(count: int, hours: int, number: int, seen: Seen) -> None:
    """One street, with draws of its own."""
    end = _BEFORE + hours * 60
    with tempfile.TemporaryDirectory() as folder:
        found = town(Path(folder), lamps=count, minutes=end + _AFTER, demand=None, keep=False)
        for node in found.player.street.nodes:
            node.board.mac = bytes([node.board.mac[0], number, *node.board.mac[2:]])
        with found.player.street:
            found.start()
            found.run(_BEFORE)
            found.mood = "dead"
            found.cut()
            begun, told = len(found.opened), len(found.broker.published)
            found.run(end)
            gone = len(found.opened)
            found.mood = "well"
            found.run(end + _AFTER)
        begin_ms = found.player.begin_ms
        seen.nodes += count
        seen.tries += [t_ms - begin_ms - _BEFORE * 60_000 for _, t_ms in found.opened[begun:gone]]
        first: dict[int, int] = {}
        for node, t_ms in found.opened[gone:]:
            first.setdefault(node, t_ms - begin_ms - end * 60_000)
        seen.back += [first.get(node, 1 << 40) for node in range(count)]
        _read(found, told, seen)


def _read(found: Town, told: int, seen: Seen) -> None:
    """What the nodes said of themselves, after so many letters before."""
    for name in found.names:
        letters = [json.loads(each[1]) for each in found.broker.published[told:] if each[0].endswith(f"{name}/up/telemetry")]
        seen.letters += len(letters)
        seen.dropped += letters[-1]["dropped"]


def report(nodes: int = NODES, hours: int = HOURS) -> Iterator[str]:
    """The lines of the figure."""
    seen, begin = Seen(), perf_counter()
    for number in range((nodes + _STREET - 1) // _STREET):
        play(min(_STREET, nodes - number * _STREET), hours, number, seen)
    spent = perf_counter() - begin
    yield f"   {seen.nodes} whole firmwares, {hours} h without a broker ({spent:.0f} s of this machine)"
    in_sync = sum(t_ms <= _SYNC_MS for t_ms in seen.back)
    yield f"   connected again within 15 min: {in_sync} of {seen.nodes} (aim: all); the last after {max(seen.back) / 60_000:.1f} min"
    peaks = Counter(t_ms // 1000 for t_ms in seen.back)
    even = seen.nodes / 900
    yield f"   at most {max(peaks.values())} in one second when it was back ({even:.3f} if they came evenly over 15 min)"
    late = [t_ms for t_ms in seen.tries if t_ms > 3_600_000]
    busiest = max(Counter(t_ms // 1000 for t_ms in late).values(), default=0)
    often = len(seen.tries) / seen.nodes / hours
    yield f"   tries in the outage: {often:.1f} an hour and node; after its first hour at most {busiest} in one second"
    letters = seen.letters / seen.nodes
    yield f"   letters of telemetry that told of it: {letters:.1f} a node (aim: at most 10); that gave way: {seen.dropped}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--nodes", type=int, default=NODES)
    options.add_argument("--hours", type=int, default=HOURS)
    chosen = options.parse_args()
    for line in report(chosen.nodes, chosen.hours):
        print(line)
