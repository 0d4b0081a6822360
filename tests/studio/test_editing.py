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
