"""Changes of a site's text leave everything else as it is, letter by letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lykta.document import Document
from lykta.errors import InputError
from lykta.site import loader
from lykta.site.patch import Patch

BLOCK = """\
# A street by hand.
name: Test
zones: [path] # one for now
lamps:
  # the first one
  - id: A
    at: [0 m, 0 m]   # by the gate
    zone: path
    sensors:
      - pir
      - ld2410
  - {id: B, at: [20 m, 0 m], zone: path,
     fixture: park}  # over two lines
entrances:
  - A
  # the far end
  - B
links:
  - {from: A, to: B, way: w, guessed: yes} # look at it
  - {from: B, to: A, way: w}
"""


def changed(text: str, *changes: tuple[str | int | None, ...]) -> str:
    """A text after some changes."""
    patch = Patch(text, "test.yaml")
    for verb, *given_ in changes:
        getattr(patch, str(verb))(*given_)
    return patch.done()


def test_value_in_braces__is_replaced_where_it_stands() -> None:
    """Comments before and behind stay."""
    text = loader.find("valla_torg").read_text(encoding="utf-8")
    found = changed(text, ("put", "lamps", "S02", "zone", "square"))
    assert text.replace("{id: S02, at: [-120 m, -42.97 m], zone: street,", "{id: S02, at: [-120 m, -42.97 m], zone: square,") == found


def test_new_key__comes_last_in_its_braces() -> None:
    """A lamp without sensors gets some."""
    text = loader.find("valla_torg").read_text(encoding="utf-8")
    found = changed(text, ("put", "lamps", "S02", "sensors", "[pir, ld2410]"))
    assert "zone: street, fixture: street, sensors: [pir, ld2410]}" in found.split("\n")[[*text.split("\n")].index(_line(text, "S02"))]
    assert len(text.split("\n")) == len(found.split("\n"))


def _line(text: str, name: str) -> str:
    return next(line for line in text.split("\n") if f"id: {name}," in line)


def test_key_of_a_block__is_replaced_added_and_taken_away() -> None:
    """One key a line, lists in a block, an item over two lines."""
    found = changed(BLOCK, ("put", "lamps", "A", "sensors", "[pir]"), ("put", "lamps", "A", "board", "esp32"))
    assert "    sensors:\n      [pir]\n    board: esp32\n  - {id: B" in found
    found = changed(BLOCK, ("put", "lamps", "A", "sensors", None))
    assert "    zone: path\n  - {id: B" in found
    found = changed(BLOCK, ("put", "lamps", "B", "fixture", "street"), ("put", "lamps", "B", "zone", "wide"))
    assert "zone: wide,\n     fixture: street}  # over two lines" in found


def test_key_in_braces__is_taken_away_with_its_comma() -> None:
    """A guessed link is confirmed; its comment stays."""
    found = changed(BLOCK, ("put", "links", 0, "guessed", None))
    assert "  - {from: A, to: B, way: w} # look at it\n" in found


def test_item_of_a_list__comes_and_goes() -> None:
    """Flow lists, block lists, lists that are not there yet, the last of them."""
    assert "zones: [path, street] # one" in changed(BLOCK, ("add", "zones", "street"))
    assert "zones: [] # one" in changed(BLOCK, ("drop", "zones", "path"))
    assert "  - B\n  - C\nlinks:" in changed(BLOCK, ("add", "entrances", "C"))
    assert "entrances:\n  # the far end\n  - B\nlinks:" in changed(BLOCK, ("drop", "entrances", "A"))
    assert "entrances:\n  - A\n  # the far end\nlinks:" in changed(BLOCK, ("drop", "entrances", "B"))
    assert changed(BLOCK, ("add", "floors", "x")).endswith("way: w}\n\nfloors: [x]\n")
    assert "links:\n  - {from: B, to: A, way: w}\n" in changed(BLOCK, ("drop", "links", 0))


def test_what_is_not_there__is_said() -> None:
    """No guess is made."""
    for change in (
        ("put", "lamps", "Z", "zone", "path"),
        ("drop", "entrances", "Z"),
        ("drop", "links", 7),
        ("put", "links", 9, "way", "w"),
    ):
        with pytest.raises(InputError, match="not there any more"):
            changed(BLOCK, change)


NAMES = [lamp.id for lamp in loader.load("valla_torg").lamps]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["path", "square", "street"]), st.sampled_from(["[pir]", "ideal"])), max_size=6
    )
)
def test_any_changes_of_lamps__give_a_site_with_exactly_these(wishes: list[tuple[str, str, str]]) -> None:
    """Read again, the site differs in what was asked for and nowhere else; comments are all there."""
    text = loader.find("valla_torg").read_text(encoding="utf-8")
    wanted = {name: (zone, sensors) for name, zone, sensors in wishes}
    patch = Patch(text, "valla_torg.yaml")
    for name, (zone, sensors) in wanted.items():
        patch.put("lamps", name, "zone", zone)
        patch.put("lamps", name, "sensors", sensors)
    found = patch.done()
    assert re.findall(r"#.*", text) == re.findall(r"#.*", found)
    before, after = (loader.read(Document.read(one, "valla_torg.yaml"), loader.FOLDER) for one in (text, found))
    for old, new in zip(before.lamps, after.lamps, strict=True):
        if old.id in wanted:
            zone, sensors = wanted[old.id]
            assert (zone, sensors.strip("[]")) == (new.zone, new.sensors[0].kind)
        else:
            assert (old.zone, old.sensors) == (new.zone, new.sensors)
