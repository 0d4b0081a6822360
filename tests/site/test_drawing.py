"""The map: what must be on it, and that it needs nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from lykta.site import check, load, packaged, picture
from lykta.site.labels import Spot, place
from lykta.site.model import Link
from lykta.site.page import page
from tests.site.streets import lamp, row, street

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", packaged())
def test_picture__shows_every_lamp_by_its_name(name: str):
    """Each with its own element and a title that says what it is."""
    site = load(name)
    drawn = ElementTree.fromstring(picture(site))
    assert {one.get("id") for one in drawn.iter(f"{SVG}g") if one.get("id")} == {f"lamp-{lamp.id}" for lamp in site.lamps}
    assert [text.text for text in drawn.iter(f"{SVG}text") if text.get("class") == "lk-id"] == [lamp.id for lamp in site.lamps]


def test_picture__of_two_posts_is_to_scale():
    """100 m on the bar are 100 m on the map."""
    drawn = picture(row(2, 100.0))
    xs = sorted(float(x) for x in re.findall(r'class="lk-lamp" cx="([\d.]+)"', drawn))
    bar, length = re.search(r'class="lk-scale" d="M[\d.]+ \d+v5h([\d.]+)v-5"', drawn), re.search(r">(\d+) m</text>", drawn)
    assert bar is not None and length is not None
    assert float(bar[1]) / float(length[1]) == pytest.approx((xs[-1] - xs[-2]) / 100, rel=0.01)


def test_picture__draws_guessed_links_dashed():
    """And only those."""
    lamps = [lamp("A", 0), lamp("B", 20), lamp("C", 40)]
    drawn = picture(street(lamps, [Link("A", "B", 2000, "path"), Link("B", "C", 2000, "path", guessed=True)]))
    assert drawn.count('<path class="lk-line lk-guessed" d="M') == 2  # the link and the legend
    assert "lk-guessed" not in re.sub(r"<style>.*?</style>", "", picture(row(3)), flags=re.DOTALL)


def test_picture__of_a_city_is_a_path_of_dots():
    """Thousands of lamps are no elements of their own."""
    many = [lamp(f"L{number}", 20.0 * (number % 80), 20.0 * (number // 80)) for number in range(4000)]
    drawn = picture(street(many, []))
    assert drawn.count("h0") == 4000
    assert drawn.count("<circle") < 10


def test_picture__of_one_lamp():
    """The smallest site has a map."""
    ElementTree.fromstring(picture(row(1)))


def test_page__needs_no_network_and_tells_names_safely():
    """Everything is in the file; a name cannot become markup; light and dark look."""
    site = replace(load("valla_torg"), name="<b>Torg & Co</b>")
    text = page(site, check(site))
    assert re.findall(r'(?:src|href)="', text) == []
    assert "<b>Torg" not in text
    assert text.count("prefers-color-scheme:dark") == 2
    assert "estimated, not measured" in text


def test_labels__do_not_lie_on_each_other_or_on_lamps():
    """Four lamps close together, four names apart."""
    spots = [Spot(f"L{number}", 30.0 * (number % 2), 30.0 * (number // 2), 8.0, [(15.0, 15.0)]) for number in range(4)]
    places = [(label.x, label.y) for label in place(spots).values()]
    assert all(abs(a[0] - b[0]) > 10 or abs(a[1] - b[1]) > 9 for number, a in enumerate(places) for b in places[:number])
