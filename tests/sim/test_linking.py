"""The kernel for CPython is the kernel: linked into one module without calls, it does what it did with them."""

from __future__ import annotations

import ast
import importlib.util
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lykta import corehost
from lykta.sim import engines, linking, night
from lykta.sim.linking import link
from lykta.sim.radio import IDEAL, REAL, Radio
from tests.core import variants
from tests.sim.nights import people, plan_of

#: Everything that the linker takes apart, in one module: `run` says what its functions do, and in which order they look at things.
DRIVER = """
SMALL_AND_NAMED = 7
_seen = []

def _look(value):
    _seen.append(value)
    return value

def _lowest(a, b, c):
    return min(_look(a), _look(b), _look(c))

def _highest(a, b):
    return max(a, b)

def _twice(value):
    return value + value

def _ignores(value):
    return SMALL_AND_NAMED

def _guarded(a, b):
    if a > b:
        a -= b
        return a * 2
    if a == b:
        return 0
    a += 1
    return -a

def _find(row, wanted):
    at = 0
    while at < len(row):
        if row[at] == wanted:
            return at
        at += 1
    return -1

def _find_pair(row, wanted):
    for first in range(len(row)):
        for second in range(first):
            if row[first] + row[second] == wanted:
                return first * 10 + second
    return -1

def _clear(row, from_at):
    while from_at < len(row):
        row[from_at] = 0
        from_at += 1

def _even(number):
    return True if number == 0 else _odd(number - 1)

def _odd(number):
    return False if number == 0 else _even(number - 1)

def _find_and_clear(row, wanted):
    at = _find(row, wanted)
    if at < 0:
        return
    _clear(row, at)

def run(a, b, c):
    _seen.clear()
    row = [a, b, c, a + b]
    at = 1
    found = [_lowest(a, b, c), _highest(a, _look(b)), _twice(_look(c)), _ignores(_look(a)), _guarded(a, b), _guarded(b, a)]
    at = _find(row, c)
    _look(b)
    _lowest(b, c, a)
    if not _find(row, a + 1):
        found.append(at)
    if a < b and _find_pair(row, c) < 0:
        found.append(_even(abs(c)))
    if a and _find(row, b):
        found.append(_highest(row[at], at))
    value = _guarded(at, _look(b))
    _find_and_clear(row, b)
    return found, value, row, list(_seen)
"""


def driver(folder: Path, source: str = DRIVER) -> ModuleType:
    """A module of the test's own."""
    file = folder / "driver.py"
    file.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("driver", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_linked__does_what_it_did(tmp_path: Path):
    """Values, rows that were changed, and the order in which things were looked at, for many inputs."""
    module = driver(tmp_path)
    linked = link([module], "run")
    for inputs in product(range(-2, 4), repeat=3):
        assert linked.run(*inputs) == module.run(*inputs), inputs


def test_linked__has_no_calls_where_a_statement_begins_with_one(tmp_path: Path):
    """Whether the function returns at its end, from a loop, or early; not where it returns from a loop in a loop, or calls itself."""
    linked = link([driver(tmp_path)], "run")
    called = set(linked.run.__code__.co_names)
    assert called.isdisjoint({"driver___find", "driver___clear", "driver___find_and_clear"})
    assert called.issuperset({"driver___find_pair", "driver___even"})


@pytest.mark.parametrize("broken", ["swapped", "dropped"])
def test_linked__wrongly_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str):
    """A linker that takes the second of two equal values for the first, or leaves a loop without its result, is seen here."""
    module = driver(tmp_path)
    if broken == "swapped":
        better = linking._Flatten._better
        monkeypatch.setattr(linking._Flatten, "_better", lambda self, one, other, how: better(self, other, one, how))
    else:
        monkeypatch.setattr(linking, "_leave_loop", lambda body, name: bool(body.append(ast.Break()) or True))
    try:
        linked = link([module], "run")
        assert any(linked.run(*inputs) != module.run(*inputs) for inputs in product(range(-2, 4), repeat=3))
    except SyntaxError:
        assert broken == "dropped"


@pytest.mark.parametrize(
    ("site", "demand", "hours", "radio"),
    [
        ("kungsholms_strand", "kungsholms@60", 0.3, IDEAL),
        ("kungsholms_strand", "kungsholms@60", 0.25, REAL),
        ("valla_torg", "busy", 0.1, REAL),
    ],
)
def test_kernel__linked_is_the_kernel(site: str, demand: str, hours: float, radio: Radio):
    """Every level and every detection is that of the kernel with the core as it is."""
    plan = plan_of(site)
    _, told = people(plan, demand, 5, hours)
    plain = variants.kernel_with(corehost.load(), "lykta_plain_kernel")
    found = []
    for kernel in (engines.load("python"), plain):
        inputs, _ = night.prepare(plan, told, radio.row(5), (), "python")
        found.append(kernel.run(*inputs, plan.begin_ms, plan.begin_ms + round(hours * 3_600_000)))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1].tolist() == found[1][1].tolist()
    assert len(found[0][1]) > 100
