"""What it costs to keep the light for those who rest: Kungsholms strand with the default profile and other `linger`s."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import energy
import numpy as np

import lykta
from lykta.profiles import load_profile
from lykta.scenarios.run import fit, run

_PROFILE = Path(lykta.__file__).parent / "data" / "profiles" / "kungsholms_strand.yaml"
#: `linger` of walkers and of cyclists, `linger_once` [min]; the last as the profile has it.
_LINGERS = ((3, 3, 3), (6, 6, 3), (6, 9, 9), (6, 9, 3))
_CLASSES = ("pedestrian", "cyclist")
_Night = tuple[float, ...]


def report(seeds: Sequence[int], rates: Sequence[int], workers: int) -> Iterator[str]:
    """The lines of this part."""
    yield f"Nights of seeds {seeds[0]}-{seeds[-1]}. `linger` of walkers, of cyclists, `linger_once` in minutes."
    yield "Rest: the part of the time owed in which somebody stood still for longer than that, in the dark."
    yield f"{'sensors':8} {'users/h':>8} {'linger':>8} {'saving %':>9} {'possible %':>11}  full light, rest: of walkers, of cyclists [%]"
    with ProcessPoolExecutor(workers) as many:
        for sensors in energy.SENSORS:
            for rate in rates:
                for linger in _LINGERS:
                    jobs = [(sensors, rate, linger, seed) for seed in seeds]
                    always, ours, bound, *people = np.array(list(many.map(_night, *zip(*jobs, strict=True)))).sum(axis=0)
                    said = [f"{100 * lit / owed:.2f} {100 * rest / owed:.2f}" for owed, lit, rest in batched(people, 3)]
                    saving, share = 100 * (1 - ours / always), 100 * (always - ours) / (always - bound)
                    words = ", ".join(map(str, linger))
                    yield f"{sensors:8} {rate:8} {words:>8} {saving:9.2f} {share:11.1f}  {said[0]:>12} {said[1]:>12}"


def batched(values: Sequence[float], size: int) -> Iterator[Sequence[float]]:
    """So many of them at a time."""
    return (values[at : at + size] for at in range(0, len(values), size))


def _night(sensors: str, rate: int, linger: tuple[int, int, int], seed: int) -> _Night:
    """Always on, ours and the bound [Wh]; of each class: owed, fully lit, resting in the dark [s]."""
    scenario = energy.Field(energy.KUNGSHOLMS, rate, sensors).scenario((seed,))
    text = _PROFILE.read_text(encoding="utf-8")
    for shipped, tried in zip(("linger: 6", "linger: 9", "linger_once: 3"), linger, strict=True):
        assert text.count(shipped) == 1
        text = text.replace(shipped, f"{shipped.partition(':')[0]}: {tried}", 1)
    with tempfile.TemporaryDirectory(prefix="lykta-") as folder:
        file = Path(folder) / _PROFILE.name
        file.write_text(text, encoding="utf-8")
        scenario = replace(scenario, profile=load_profile(file))
    (outcome,) = run(scenario, fit(scenario)[0])
    score = outcome.score
    assert score.bounds is not None
    found = [score.energy.always_on_wh, score.energy.lamps_wh, score.bounds.bound_wh]
    for name in _CLASSES:
        of = score.classes[name]
        found += [of.duty_s, of.duty_s - of.late_s - of.dark_s, of.stationary_s]
    return tuple(found)
