"""Edits of a street: undone and done again, saved with every comment, never over what somebody else wrote."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from lykta.errors import InputError, LyktaError
from lykta.site import loader
from lykta.site.model import Lamp
from lykta.studio.editing import SiteDraft, doubts, guessed_between, read


@pytest.fixture
def draft(tmp_path: Path) -> SiteDraft:
    """The example in a file of one's own."""
    path = tmp_path / "street.yaml"
    shutil.copyfile(loader.find("valla_torg"), path)
    return SiteDraft.open(loader.load(path))


def lamp(draft: SiteDraft, name: str) -> Lamp:
    """A lamp of the draft."""
    return next(one for one in draft.site.lamps if one.id == name)


def test_zone__is_changed_for_many_lamps_and_undone_in_one_step(draft: SiteDraft) -> None:
    """Undo gives the very text that was there, redo the other."""
    before = draft.text
    draft.replace(draft.with_zone(["P01", "P02"], "square"))
    assert tuple(lamp(draft, name).zone for name in ("P01", "P02", "P03")) == ("square", "square", "path")
    after = draft.text
    draft.step(read(before, draft.name, draft.folder), back=True)
    assert (before, "path", False) == (draft.text, lamp(draft, "P01").zone, draft.changed)
    draft.step(read(after, draft.name, draft.folder), back=False)
    assert after == draft.text


def test_new_zone__is_named_in_the_list_of_zones(draft: SiteDraft) -> None:
    """A zone with a name that YAML would misread is quoted."""
    draft.replace(draft.with_zone(["P22"], "no"))
    assert lamp(draft, "P22").zone == "no"
    assert "no" in draft.site.zones


def test_entrance__moves_its_first_lamps_with_it(draft: SiteDraft) -> None:
    """Whoever comes in at P30 now meets that lamp first."""
    draft.replace(draft.with_entrance("park_east", False))
    assert not lamp(draft, "P30").entrance
    draft.replace(draft.with_entrance("park_east", True))
    assert lamp(draft, "P30").entrance
    assert draft.text == draft.with_entrance("park_east", True)


def test_sensors__are_put_on_taken_off_and_turned(draft: SiteDraft) -> None:
    """By kind, by proposal, or a radar towards a neighbour."""
    draft.replace(draft.with_sensors(["S02", "S03"], "pir_still"))
    assert [sensor.kind for sensor in lamp(draft, "S03").sensors] == ["pir", "ld2410"]
    draft.replace(draft.with_sensors(["S02", "P03"], "proposed"))
    assert (lamp(draft, "S02").sensors[0].kind, lamp(draft, "P03").sensors[0].kind) == ("ld2451", "pir")
    draft.replace(draft.with_radar("S02", "S03"))
    assert lamp(draft, "S02").sensors[0].facing == "S03"
    draft.replace(draft.with_sensors(["S02"], "none"))
    assert lamp(draft, "S02").sensors == ()


def test_lamp_that_is_not_to_be_dimmed__is_marked_so(draft: SiteDraft) -> None:
    """And back again, to the text as it was."""
    before = draft.text
    draft.replace(draft.with_control(["Q01"], False))
    assert not lamp(draft, "Q01").adaptive
    draft.replace(draft.with_control(["Q01"], True))
    assert before == draft.text


def test_edit_that_makes_no_site__changes_nothing(draft: SiteDraft) -> None:
    """A radar cannot face a point that is not linked with its own."""
    before = draft.text
    with pytest.raises(InputError, match="cannot face"):
        draft.replace(draft.with_radar("S02", "P22"))
    assert (before, 0) == (draft.text, len(draft.history.done))


def test_save__keeps_every_comment(draft: SiteDraft) -> None:
    """The file on disk is the text, and is no change any more."""
    comments = re.findall("#.*", draft.text)
    draft.replace(draft.with_zone(["S05"], "square"))
    changed = draft.changed
    path = draft.save()
    assert comments == re.findall("#.*", path.read_text(encoding="utf-8"))
    assert (changed, draft.changed) == (True, False)
    assert next(one for one in loader.load(path).lamps if one.id == "S05").zone == "square"


def test_file_that_somebody_else_changed__is_not_written_over(draft: SiteDraft) -> None:
    """What he wrote stays; a copy can be saved."""
    assert draft.path is not None
    draft.path.write_text("# mine\n" + draft.text, encoding="utf-8")
    draft.replace(draft.with_zone(["S05"], "square"))
    with pytest.raises(LyktaError, match="somebody else"):
        draft.save()
    assert draft.path.read_text(encoding="utf-8").startswith("# mine")
    copy = draft.path.with_name("copy.yaml")
    assert copy == draft.save(copy)
    with pytest.raises(LyktaError, match="there already"):
        draft.save(copy.with_name("street.yaml"))


def test_packaged_site__is_saved_only_under_a_name_of_ones_own(tmp_path: Path) -> None:
    """What comes with Lykta stays as it is."""
    draft = SiteDraft.open(loader.load("kungsholms_strand"))
    draft.replace(draft.with_zone([draft.site.lamps[0].id], "water"))
    with pytest.raises(LyktaError, match="comes with Lykta"):
        draft.save()
    draft.save(tmp_path / "mine.yaml")
    assert "water" in loader.load(tmp_path / "mine.yaml").zones


def test_place_that_cannot_be_written__is_said(draft: SiteDraft, tmp_path: Path) -> None:
    """No traceback, and the draft is still there."""
    with pytest.raises(LyktaError, match="cannot be written"):
        draft.save(tmp_path / "nowhere" / "street.yaml")
    assert [one for one in tmp_path.iterdir() if one.name != "street.yaml"] == []


def test_guessed_links__are_confirmed_or_taken_out(draft: SiteDraft) -> None:
    """Those at the points that were chosen."""
    text = draft.text.replace("{from: P01, to: P02, way: park}", "{from: P01, to: P02, way: park, guessed: yes}")
    draft.replace(text)
    found = guessed_between(draft.site, ["P02"])
    assert len(found) == 1
    draft.replace(draft.with_links(found, keep=True))
    assert guessed_between(draft.site, ["P02"]) == []
    assert "{from: P01, to: P02, way: park}" in draft.text


def test_check__names_the_points_that_it_is_about(draft: SiteDraft) -> None:
    """A lamp at the very place of another is found on the map."""
    draft.replace(draft.text.replace("at: [-62.83 m, -84.87 m]", "at: [-44.78 m, -66.16 m]"))
    found = next(one for one in doubts(draft.site) if "very place" in one.message)
    assert [draft.site.points[number].id for number in found.points] == ["P02"]


def test_lamp_that_is_moved__takes_its_links_with_it(draft: SiteDraft) -> None:
    """Its place is written as it was, in metres; a link without a length is as long as it is now."""
    before = {(link.a, link.b): link.length_cm for link in draft.site.links}
    old = lamp(draft, "S05")
    draft.replace(draft.with_moved(["S05"], 1000, -250))
    assert (lamp(draft, "S05").x_cm, lamp(draft, "S05").y_cm) == (old.x_cm + 1000, old.y_cm - 250)
    assert "{id: S05, at: [10 m, -42.5 m], zone: street, fixture: street}" in draft.text
    changed = {ends for ends, now in ((((link.a, link.b), link.length_cm)) for link in draft.site.links) if now != before[ends]}
    assert changed == {ends for ends in before if "S05" in ends}


def test_link_whose_length_was_written__keeps_its_bend(draft: SiteDraft) -> None:
    """A way 20 % longer than the straight line stays so; a link between two lamps that move together stays as it is."""
    link = "{from: P01, to: P02, way: park"
    draft.replace(draft.text.replace(f"{link}}}", f"{link}, length: 31.2 m}}"))
    straight = 31.2 / next(one.length_cm for one in draft.site.links if (one.a, one.b) == ("P01", "P02")) * 100
    assert straight == 1.0
    first, second = lamp(draft, "P01"), lamp(draft, "P02")
    before = ((first.x_cm - second.x_cm) ** 2 + (first.y_cm - second.y_cm) ** 2) ** 0.5
    draft.replace(draft.with_moved(["P01"], first.x_cm - second.x_cm, first.y_cm - second.y_cm))  # twice as far away
    after = next(one.length_cm for one in draft.site.links if (one.a, one.b) == ("P01", "P02"))
    assert after == pytest.approx(6240, abs=1)
    draft.replace(draft.with_moved(["P01", "P02"], 300, 300))
    assert after == next(one.length_cm for one in draft.site.links if (one.a, one.b) == ("P01", "P02"))
    assert before > 0


def test_place_in_degrees__is_written_in_degrees_again(draft: SiteDraft) -> None:
    """To the cm, and undone to the very text."""
    draft.replace(draft.text.replace("{id: S05, at: [0 m, -40 m]", "{id: S05, lat: 59.29464, lon: 18.0484"))
    before, old = draft.text, lamp(draft, "S05")
    draft.replace(draft.with_moved(["S05"], 123, 45))
    assert (lamp(draft, "S05").x_cm, lamp(draft, "S05").y_cm) == (old.x_cm + 123, old.y_cm + 45)
    assert "at: [1.23 m" not in draft.text
    draft.step(read(before, draft.name, draft.folder), back=True)
    assert draft.text == before


def test_entrance_that_is_moved__is_a_place_without_a_lamp(draft: SiteDraft) -> None:
    """A junction goes as a lamp does."""
    old = next(one for one in draft.site.junctions if one.id == "park_east")
    draft.replace(draft.with_moved(["park_east"], -500, 0))
    assert next(one for one in draft.site.junctions if one.id == "park_east").x_cm == old.x_cm - 500


def test_lamp_that_is_moved_too_far__is_refused_with_the_reason(draft: SiteDraft) -> None:
    """Neighbours are not half a kilometre apart: the check of the site says so, and nothing has changed."""
    before = draft.text
    with pytest.raises(InputError, match="too far for neighbours"):
        draft.replace(draft.with_moved(["S05"], 50_000, 0))
    assert draft.text == before
