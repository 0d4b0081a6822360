"""Prints the published figures in one run: energy and service beside the yardsticks, and how long a night takes.

make bench
python tests/bench/figures.py [--quick] [--only PART] [--seeds 1001-1100] [--training 1-20]
python tests/bench/figures.py --list                   the parts
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from time import perf_counter

import energy
import flashing
import fleet
import handshakes
import hostile
import node
import outage
import resting
import searching
import speed
import studio
import studio_live
import transport
import updates

from lykta import __version__


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. `training`: nights on which yardsticks are tuned as well; none: as published only."""

    quick: bool
    seeds: range
    training: range | None
    workers: int

    @property
    def rates(self) -> tuple[int, ...]:
        """Users an hour."""
        return (10,) if self.quick else energy.RATES


@dataclass(frozen=True)
class Part:
    """One part of the figures."""

    name: str
    title: str
    report: Callable[[Asked], Iterable[str]]


def _energy(asked: Asked) -> Iterable[str]:
    return energy.report(asked.seeds, (), asked.rates, (energy.KUNGSHOLMS,), energy.BRIEF, asked.workers)


def _schemes(asked: Asked) -> Iterable[str]:
    places = (energy.KUNGSHOLMS,) if asked.quick else tuple(energy.SITES)
    return energy.report(asked.seeds, asked.training or (), asked.rates, places, tuple(energy.SCHEMES), asked.workers)


#: In the order in which they are printed.
PARTS = (
    Part("energy", "Energy and service", _energy),
    Part("schemes", "All schemes", _schemes),
    Part("resting", "Light for those who rest", lambda asked: resting.report(asked.seeds, asked.rates, asked.workers)),
    Part("tune", "Searching for a profile", lambda asked: searching.report(1 if asked.quick else 4, asked.workers)),
    Part("night", "One night of one street", lambda asked: speed.one_night(3 if asked.quick else 9)),
    Part("city", "A city", lambda asked: speed.a_city((1, 10, 40) if asked.quick else (1, 100, 2500), asked.workers)),
    Part("radio", "Hostile radio", lambda asked: hostile.report(100_000 if asked.quick else hostile.COUNT)),
    Part("node", "The node, by whole firmwares", lambda asked: node.report(asked.quick)),
    Part("flash", "Flashing virtual boards", lambda asked: flashing.report(asked.quick)),
    Part("fleet", "A fleet on a network", lambda asked: fleet.report(asked.quick)),
    Part("broker", "A broker to which all nodes come back", lambda asked: handshakes.report(asked.quick)),
    Part("studio", "The studio", lambda asked: chain(studio.report(asked.quick), studio_live.report(asked.quick))),
    Part("transport", "Letters by radio, by whole firmwares", lambda asked: transport.report(asked.quick)),
    Part("outage", "Hours without a broker, by whole firmwares", lambda asked: outage.report(*((4, 1) if asked.quick else ()))),
    Part("updates", "Updates, on the node", lambda _: updates.report()),
)


def machine() -> str:
    """What this runs on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")
        ]
        name = found[0] if found else name
    try:
        numba = f"Numba {version('numba')}"
    except PackageNotFoundError:
        numba = "no Numba"
    return (
        f"Lykta {__version__}, {platform.python_implementation()} {platform.python_version()}, {numba}; {name}, {os.cpu_count()} processors"
    )


def busy() -> str:
    """How busy the machine is."""
    return f"[load of the machine, mean of a minute: {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors]"


def seeds_of(text: str) -> range:
    """`1-20` as a range."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def lines(parts: Sequence[Part], asked: Asked) -> Iterator[str]:
    """All that is printed."""
    yield machine()
    yield speed.machine_code()
    for part in parts:
        begin = perf_counter()
        yield f"\n{PARTS.index(part) + 1}. {part.title} {busy()}"
        yield from part.report(asked)
        yield f"[{part.name}: {perf_counter() - begin:.0f} s]"


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer nights, smaller cities")
    parser.add_argument("--only", choices=[part.name for part in PARTS], help="one part", metavar="PART")
    parser.add_argument("--list", action="store_true", help="say which parts there are, and run none")
    parser.add_argument("--seeds", type=seeds_of, help="nights of the first parts (1-20; quick: 1-4)")
    parser.add_argument("--training", type=seeds_of, help="nights on which schemes are tuned besides (none: as published only)")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{part.name:12}{part.title}" for part in PARTS))
        return
    begin = perf_counter()
    asked = Asked(options.quick, options.seeds or seeds_of("1-4" if options.quick else "1-20"), options.training, os.cpu_count() or 1)
    for line in lines([part for part in PARTS if options.only in (None, part.name)], asked):
        print(line, flush=True)
    print(f"\nAll this took {perf_counter() - begin:.0f} s. {busy()}")


if __name__ == "__main__":
    main()
