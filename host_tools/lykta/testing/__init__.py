"""For the tests of users: a pytest plugin with the fixture `night`, worlds that one writes down, and Hypothesis strategies.

def test_nobody_walks_in_the_dark(night):                        nights of a scenario: `plugin`
    assert night.dark_seconds("pedestrian").max() <= 1

night_of(Street((20, 20)), [Person("pedestrian")])               a world of one's own: `street`, `night`
strategies.nights()                                              worlds that shrink: `strategies`

pytest imports this package in every run, so what it holds is loaded on demand.
"""

from __future__ import annotations

from importlib import import_module

_WHERE = {
    "Broke": "street", "Person": "street", "Seconds": "night", "SimulatedNight": "night", "Street": "street", "night_of": "night",
}  # fmt: skip
__all__ = ["Broke", "Person", "Seconds", "SimulatedNight", "Street", "night_of", "strategies"]


def __getattr__(name: str) -> object:
    if name == "strategies":
        return import_module("lykta.testing.strategies")
    if name in _WHERE:
        return getattr(import_module(f"lykta.testing.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
