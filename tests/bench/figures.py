"""Prints the published figures in one run: energy and service beside the yardsticks, and how long a night takes.

make bench
python tests/bench/figures.py [--quick] [--only energy|schemes|resting|tune|night|city|radio|node|flash|fleet|broker|studio|transport]
                              [--seeds 1001-1100] [--training 1-20]
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import energy
import flashing
import fleet
import handshakes
import hostile
import node
import resting
import searching
import speed
import studio
import transport

from lykta import __version__

PARTS = ("energy", "schemes", "resting", "tune", "night", "city", "radio", "node", "flash", "fleet", "broker", "studio", "transport")


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


def lines(parts: tuple[str, ...], quick: bool, seeds: range, training: range | None) -> Iterator[str]:
    """All that is printed."""
    workers = os.cpu_count() or 1
    yield machine()
    yield speed.machine_code()
    if "energy" in parts:
        yield "\n1. Energy and service " + busy()
        yield from energy.report(seeds, (), (10,) if quick else energy.RATES, (energy.KUNGSHOLMS,), energy.BRIEF, workers)
    if "schemes" in parts:
        yield "\n2. All schemes " + busy()
        rates, places = ((10,), (energy.KUNGSHOLMS,)) if quick else (energy.RATES, tuple(energy.SITES))
        yield from energy.report(seeds, training or (), rates, places, tuple(energy.SCHEMES), workers)
    if "resting" in parts:
        yield "\n3. Light for those who rest " + busy()
        yield from resting.report(seeds, (10,) if quick else energy.RATES, workers)
    if "tune" in parts:
        yield "\n4. Searching for a profile " + busy()
        yield from searching.report(1 if quick else 4, workers)
    if "night" in parts:
        yield "\n5. One night of one street " + busy()
        yield from speed.one_night(3 if quick else 9)
    if "city" in parts:
        yield "\n6. A city " + busy()
        yield from speed.a_city((1, 10, 40) if quick else (1, 100, 2500), workers)
    if "radio" in parts:
        yield "\n7. Hostile radio " + busy()
        yield from hostile.report(100_000 if quick else hostile.COUNT)
    if "node" in parts:
        yield "\n8. The node, by whole firmwares " + busy()
        yield from node.report(quick)
    if "flash" in parts:
        yield "\n9. Flashing virtual boards " + busy()
        yield from flashing.report(quick)
    if "fleet" in parts:
        yield "\n10. A fleet on a network " + busy()
        yield from fleet.report(quick)
    if "broker" in parts:
        yield "\n11. A broker to which all nodes come back " + busy()
        yield from handshakes.report(quick)
    if "studio" in parts:
        yield "\n12. The studio " + busy()
        yield from studio.report(quick)
    if "transport" in parts:
        yield "\n13. Letters by radio, by whole firmwares " + busy()
        yield from transport.report(quick)


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer nights, smaller cities")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--seeds", type=seeds_of, help="nights of the first parts (1-20; quick: 1-4)")
    parser.add_argument("--training", type=seeds_of, help="nights on which schemes are tuned besides (none: as published only)")
    options = parser.parse_args()
    begin = perf_counter()
    seeds = options.seeds or seeds_of("1-4" if options.quick else "1-20")
    for line in lines((options.only,) if options.only else PARTS, options.quick, seeds, options.training):
        print(line, flush=True)
    print(f"\nAll this took {perf_counter() - begin:.0f} s. {busy()}")


if __name__ == "__main__":
    main()
