"""`lykta site`, as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lykta.cli import main
from lykta.site import load


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The output of a command that must go well."""
    assert main(["site", *map(str, words)]) == 0
    return capsys.readouterr().out


def complaint(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What is said to a command that must end with status 2."""
    assert main(["site", *map(str, words)]) == 2
    return capsys.readouterr().err


def test_new__writes_a_site_without_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A row of lamps of either kind; the next step is said."""
    for kind in ("path", "street"):
        target = tmp_path / f"{kind}.yaml"
        assert "lykta site show" in said(capsys, "new", "harbour_walk", "--kind", kind, "--lamps", 5, "--pitch", "28 m", "-o", target)
        site = load(target)
        assert (site.name, len(site.lamps), {link.length_cm for link in site.links}) == ("Harbour walk", 5, {1400, 2800})
        assert "no mistakes, 1 warning" in said(capsys, "check", target)


def test_new__copies_a_packaged_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """To begin with something that works."""
    said(capsys, "new", "mine", "--from", "valla_torg", "-o", tmp_path / "mine.yaml")
    assert len(load(tmp_path / "mine.yaml").lamps) == 64


def test_new__does_not_write_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Unless it is told to."""
    target = tmp_path / "mine.yaml"
    target.write_text("work of weeks", encoding="utf-8")
    assert "is there already" in complaint(capsys, "new", "mine", "-o", target)
    assert target.read_text(encoding="utf-8") == "work of weeks"
    said(capsys, "new", "mine", "-o", target, "--force")


def test_new__wants_a_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """On the command line as in files."""
    assert 'Did you mean "28 m"' in complaint(capsys, "new", "mine", "--pitch", "28", "-o", tmp_path / "mine.yaml")


def test_check__prints_figures_and_ends_well(capsys: pytest.CaptureFixture[str]):
    """Warnings are no mistakes."""
    out = said(capsys, "check", "kungsholms_strand")
    assert "34" in out and "no mistakes, 1 warning." in out
    data = json.loads(said(capsys, "check", "kungsholms_strand", "--json"))
    assert (data["name"], len(data["warnings"])) == ("Kungsholms strand", 1)


def test_check__ends_with_2_and_says_every_mistake(capsys: pytest.CaptureFixture[str]):
    """No traceback."""
    err = complaint(capsys, "check", Path(__file__).parent / "golden" / "site_links.yaml")
    assert err.count("site_links.yaml:") == 13
    assert "Traceback" not in err


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_show__writes_the_map(tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str):
    """As a picture or as a page."""
    target = tmp_path / f"map.{ending}"
    assert f"the map is in {target}" in said(capsys, "show", "valla_torg", "-o", target)
    assert "Valla torg" in target.read_text(encoding="utf-8")


def test_show__refuses_an_ending_it_cannot_draw(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """And says which it can."""
    assert "an .svg or .html file" in complaint(capsys, "show", "valla_torg", "-o", tmp_path / "map.png")


def test_import_plan_check__go_hand_in_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A list becomes a site, the site gets sensors; what could not be read is listed in a file."""
    rows = "".join(f"{59.3 + number * 0.0002:.4f},18.0\n" for number in range(6))
    (tmp_path / "lamps.csv").write_text(f"lat,lon\n{rows}x,18.0\n", encoding="utf-8")
    site, equipped = tmp_path / "town.yaml", tmp_path / "town2.yaml"
    out = said(capsys, "import", tmp_path / "lamps.csv", "-o", site)
    assert "6 heads on 6 posts" in out and "guessed" in out and "town.unmatched.csv" in out
    assert "no lamp has a sensor" in said(capsys, "check", site)
    assert "6 lamps, 4 with sensors" in said(capsys, "plan", site, "--sensors", "every-2nd", "-o", equipped)
    assert sum(bool(lamp.sensors) for lamp in load(equipped).lamps) == 4


def test_import__asks_for_a_time_zone_that_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """With the nearest that does."""
    (tmp_path / "lamps.csv").write_text("lat,lon\n59.3,18.0\n", encoding="utf-8")
    err = complaint(capsys, "import", tmp_path / "lamps.csv", "-o", tmp_path / "a.yaml", "--timezone", "Europe/Stokholm")
    assert 'Did you mean "Europe/Stockholm"' in err


def test_schema__knows_every_key_of_the_packaged_sites(capsys: pytest.CaptureFixture[str]):
    """Two schemas: sites and fixtures."""
    schema = json.loads(said(capsys, "schema"))
    assert {"lamps", "links", "zones", "floors"} <= set(schema["properties"])
    assert "max_power" in json.loads(said(capsys, "schema", "--fixture"))["properties"]
