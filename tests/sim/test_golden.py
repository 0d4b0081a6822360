"""One seed gives one result: the same tables in Python and compiled, in one process and two, today and tomorrow."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from lykta.sim import engines
from tests.sim.nights import NIGHTS, digests, digests_of, lit

GOLDEN = Path(__file__).with_name("golden.json")
SEED = 7
RENEW = "LYKTA_RENEW_GOLDEN"
#: How much of each night Python and Numba are compared on by default [h].
HOURS = {"kungsholms": None, "kungsholms@60": 1.0, "quiet": 6.0, "busy": 0.4}


@pytest.mark.parametrize(("site", "demand"), NIGHTS)
def test_night__is_the_one_on_record(site: str, demand: str):
    """The tables of a whole night have the hashes in golden.json: the first that differs names the stage that changed."""
    found = digests(lit(site, demand, SEED, "auto"))
    name = f"{site} {demand}"
    if os.environ.get(RENEW):
        kept = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
        GOLDEN.write_text(json.dumps({**kept, name: found}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    assert found == expected, f"If the change is meant: {RENEW}=1 pytest {Path(__file__).name}"


needs_numba = pytest.mark.skipif(not engines.available(), reason="Numba is not installed on this platform")


@needs_numba
@pytest.mark.parametrize(("site", "demand"), NIGHTS)
def test_compiled__gives_the_tables_of_python(site: str, demand: str):
    """Every value of every table is equal."""
    hours = HOURS[demand]
    assert digests(lit(site, demand, SEED, "compiled", hours)) == digests(lit(site, demand, SEED, "python", hours))


@needs_numba
@pytest.mark.slow
@pytest.mark.parametrize(("site", "demand"), NIGHTS)
def test_compiled__gives_the_tables_of_python_from_dusk_to_dawn(site: str, demand: str):
    """The same for whole nights."""
    assert digests(lit(site, demand, SEED, "compiled")) == digests(lit(site, demand, SEED, "python"))


JOBS = [("kungsholms_strand", "kungsholms", seed, "auto", 3.0) for seed in (1, 2)] + [("valla_torg", "quiet", 1, "auto", 3.0)]


def test_two_threads__give_what_one_does():
    """Nights side by side in one process do not touch each other."""
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(digests_of, JOBS)) == [digests_of(job) for job in JOBS]


def test_two_processes__give_what_one_does():
    """Nights in fresh processes, in another order, are the same nights."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(digests_of, JOBS[::-1])) == [digests_of(job) for job in JOBS[::-1]]


def test_another_seed__is_another_night():
    """The hashes see what they should: with another seed every table differs."""
    one, other = digests_of(JOBS[0]), digests_of(JOBS[1])
    assert all(one[table] != other[table] for table in one)
