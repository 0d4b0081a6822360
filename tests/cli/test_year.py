"""`lykta year`: what it prints and writes, how its figures hang together, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli import street

MONEY = """\
economics:
  currency: EUR
  tariff: {22:00-06:00: 0.1, 06:00-22:00: 0.3}
  metered: METERED
  carbon: {kg_per_kwh: 0.2, source: a made-up mix}
  costs: {once: 1000, a_lamp: 100, a_lamp_a_year: 1}
  years: 15
  discount: 4 %
  today: part-night-50
"""


@pytest.fixture(autouse=True)
def folder(here: Path) -> Path:
    """A folder with a small street, one copy of it with economics, in which the commands run."""
    street.write(here)
    for name, metered in (("metered.yaml", "yes"), ("unmetered.yaml", "no")):
        (here / name).write_text(street.FILES["site.yaml"] + MONEY.replace("METERED", metered), encoding="utf-8")
    return here


@pytest.fixture
def ran(lykta):
    """Runs `lykta year ...` in pure Python, in this process; gives exit status, words printed, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        status, out, err = lykta("year", *arguments, "--engine", "python", "--workers", "1")
        return status, " ".join(out.split()), err

    return run


@pytest.mark.slow
def test_year__tells_energy_money_and_light(ran, folder: Path):
    """With economics: sentences for a council, every scheme, twelve months; the files say the same as each other."""
    status, out, err = ran("metered.yaml", "--seeds", "1", "--out", "found")
    assert (status, err) == (0, "")
    for said in (
        "less electricity than the same lamps always on; today's scheme",
        "is the most any controller could save",
        "Walkers had full",
    ):
        assert said in out
    for said in ("the light is never below 40 %", "part-night-50", "static", "December", "NPV", "0.2 kg a kWh, a made-up mix"):
        assert said in out
    picture = ET.parse(folder / "found" / "year.svg").getroot()
    drawn = " ".join("".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}title"))
    result = json.loads((folder / "found" / "year.json").read_text(encoding="utf-8"))
    with (folder / "found" / "load.csv").open(encoding="utf-8") as file:
        hours = list(csv.DictReader(file))
    assert len(hours) == 8760
    lines = {line["name"]: line for line in result["lines"]}
    assert sum(float(hour["lykta_lamps_kwh"]) for hour in hours) == pytest.approx(lines["lykta"]["lamps_kwh"]["value"], abs=0.01)
    assert sum(float(hour["always-on_kwh"]) for hour in hours) == pytest.approx(lines["always-on"]["all_kwh"]["value"], abs=0.01)
    assert sum(float(hour["lit"]) for hour in hours) == pytest.approx(result["dark_hours"], abs=0.5)
    # Six lamps of 20 W, always on: the arithmetic of the year.
    assert lines["always-on"]["all_kwh"]["value"] == pytest.approx(6 * 0.02 * result["dark_hours"], rel=1e-9)
    assert lines["static"]["lamps_kwh"]["value"] == pytest.approx(lines["lykta"]["lamps_kwh"]["value"], rel=0.01)
    assert sum(month["ours_kwh"] for month in result["months"]) == pytest.approx(lines["lykta"]["all_kwh"]["value"], rel=1e-7)
    for month in result["months"]:
        assert f"{month['name']}: lykta {month['ours_kwh']:,.4g} kWh, always-on {month['always_on_kwh']:,.4g} kWh, part-night-50 " in drawn
    midnight = [hour for hour in hours if hour["time"][11:13] == "00"]
    mean = sum(float(hour["lykta_lamps_kwh"]) + float(hour["lykta_nodes_kwh"]) for hour in midnight) / len(midnight)
    assert f"from 00:00: lykta {mean:,.4g} kW, always-on " in drawn
    bill = sum((float(hour["lykta_lamps_kwh"]) + float(hour["lykta_nodes_kwh"])) * float(hour["price_EUR_per_kwh"]) for hour in hours)
    assert bill == pytest.approx(lines["lykta"]["bill"]["value"], abs=0.01)
    assert lines["lykta"]["co2_kg"]["value"] == pytest.approx(0.2 * lines["lykta"]["all_kwh"]["value"])
    assert lines["always-on"]["worth"]["saved"] == pytest.approx(lines["always-on"]["bill"]["value"] - lines["lykta"]["bill"]["value"])


def test_year__of_an_unmetered_plant_saves_no_money(ran):
    """All schemes have the bill of today's, and that is said."""
    status, out, _ = ran("unmetered.yaml", "--seeds", "1", "--traffic", "nobody.yaml")
    assert status == 0
    assert "all schemes pay for the burning of part-night-50, so the saving in money is 0" in out


def test_year__without_economics_says_what_it_takes(ran):
    """kWh and light are told all the same; one seed gives no interval."""
    status, out, _ = ran("site.yaml", "--seeds", "1", "--traffic", "nobody.yaml")
    assert status == 0
    assert "the site has no `economics`" in out
    assert "no interval can be given" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scenario.yaml",), "is a scenario, and says of which night"),
        (("site.yaml", "--today", "part-nigth-50"), 'Did you mean "part-night-50"?'),
        (("nowhere.yaml",), "there is no such file"),
        (("site.yaml", "--out", "profile.yaml"), "profile.yaml"),
    ],
)
def test_year__refuses_what_makes_no_year(ran, arguments: tuple[str, ...], said: str):
    """One sentence, exit status 2."""
    status, _, err = ran(*arguments)
    assert status == 2
    assert said in err


def test_year__claims_no_kwh_of_lamps_that_nobody_knows(ran, folder: Path):
    """An imported inventory without wattage."""
    text = street.FILES["site.yaml"].replace("{post: park_20w}", "{post: unknown}")
    (folder / "unknown.yaml").write_text(text, encoding="utf-8")
    status, _, err = ran("unknown.yaml")
    assert status == 2
    assert "no kWh of a year can be claimed" in err
