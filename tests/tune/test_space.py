"""Search spaces: read as an engineer writes them, refused where they are empty or contradict the settings table."""

from __future__ import annotations

from pathlib import Path

import pytest

from lykta.errors import InputError
from lykta.profiles import load_profile
from lykta.tune.space import Space, read_space, source_of
from tests.tune.nights import DATE, PROFILE


def space(*texts: str) -> Space:
    """A space over the profile of the small street."""
    return read_space(texts, PROFILE, "profile.yaml", DATE)


@pytest.mark.parametrize(
    ("text", "low", "high", "step", "start"),
    [
        ("idle: 20..50 %", 200, 500, 10, 400),
        ("idle: 20 %..50 %", 200, 500, 10, 400),
        ("path.idle: 42 % .. 48 % step 2 %", 420, 480, 20, 420),
        ("hold: 2..20 s", 2000, 20_000, 500, 12_000),
        ("everyone.linger: 30 s..10 min", 30_000, 600_000, 500, 360_000),
        ("cyclist.ahead: 60..100 m step 10 m", 6000, 10_000, 1000, 8000),
        ("ramp_down: 5..15 s", 5000, 15_000, 500, 10_000),
        ("hold: 10..10.3 s", 10_000, 10_300, 100, 10_300),
    ],
)
def test_space__is_read_with_units_and_begins_at_the_profile(text: str, low: int, high: int, step: int, start: int):
    """Limits in the integers of the code; the profile as it stands, or the nearest point of the grid."""
    found = space(text)
    (one,) = found.dimensions
    assert (one.low, one.high, one.step, found.start[one.name]) == (low, high, step, start)


def test_space__writes_what_it_tries(folder: Path):
    """The profile of a point is the profile that is written for it, comments and all."""
    found = space("idle: 20..50 %", "pedestrian.hold: 5..20 s")
    text = found.written({"idle": 250, "pedestrian.hold": 7500})
    assert "      idle: 25 % # of the design flux\n" in text
    assert "      pedestrian: {hold: 7.5 s}\n" in text
    (folder / "written.yaml").write_text(text, encoding="utf-8")
    again = load_profile("written.yaml")
    assert again.ordinary == found.profile({"idle": 250, "pedestrian.hold": 7500}).ordinary
    assert found.said({"idle": 250, "pedestrian.hold": 7500}) == "idle 25 %, pedestrian.hold 7.5 s"


def test_space__may_stand_in_a_file(folder: Path):
    """One line for each setting; mistakes are told with line and column."""
    (folder / "space.yaml").write_text("idle: 20..50 %\nhold: 5..20 s\n", encoding="utf-8")
    assert [one.name for one in space("space.yaml").dimensions] == ["idle", "hold"]
    (folder / "space.yaml").write_text("idle: 20..50 %\nhodl: 5..20 s\n", encoding="utf-8")
    with pytest.raises(InputError, match=r'space.yaml:2:1  hodl: there is no setting "hodl". Did you mean "hold"\?'):
        space("space.yaml")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "nothing is to be searched. Name settings with limits: --search 'idle: 20..50 %'."),
        (["idle: 50..20 %"], "50..20 % is empty, since it runs backwards. Did you mean 20 %..50 %?"),
        (["idle: 20..20 %"], "20..20 % leaves nothing to search. Write it into the profile, and leave it out here."),
        (["idle: 20..120 %"], "20..120 % contradicts the limits of `idle`, 0 % to 100 %. Stay within them."),
        (["coast_lamps: 0..9"], "0..9 contradicts the limits of `coast_lamps`, 0 to 3."),
        (["idle: 20..50"], '20 has no unit. Did you mean "20 %"?'),
        (["idle: 20..50 m"], '"20 m": "m" is no unit of level'),
        (["idle: 20 %"], '"20 %" is no range. Write the lowest and the highest value: "0 %..100 %".'),
        (["hold: 5..20 s step 30 s"], "the step of 5..20 s step 30 s is longer than the range."),
        (["cyclist.idle: 20..50 %"], "`idle` is one for all classes: leave out `cyclist`."),
        (["garden.idle: 20..50 %"], '"garden" is no zone, phase or class of this profile (path, all, dusk, night, everyone,'),
        (["idle: 20..50 %", "path.idle: 30..40 %"], "path.idle: sets the same as idle. Keep one of them."),
    ],
)
def test_space__that_is_empty_or_contradicts_the_schema_is_refused(texts: list[str], said: str):
    """What is wrong, and what to write."""
    with pytest.raises(InputError) as error:
        space(*texts)
    assert said in str(error.value)


def test_space__that_breaks_a_rule_everywhere_is_refused():
    """Light would turn back on its way with any of these: the rule is told."""
    with pytest.raises(InputError, match=r"every corner of the space contradicts the rules: hold of .* is shorter than ramp_up"):
        space("hold: 200..900 ms", "ramp_up: 2..4 s")


def test_space__that_changes_nothing_is_refused():
    """The profile says it for each class: what is said for everyone has no effect."""
    classes = "".join(f"      {name}: {{hold: 9 s}}\n" for name in ("pedestrian", "car"))
    text = PROFILE.replace("      cyclist:\n", f"{classes}      cyclist:\n        hold: 9 s\n")
    with pytest.raises(InputError, match=f"hold: changes nothing in the night of {DATE}"):
        read_space(["hold: 5..20 s"], text, "profile.yaml", DATE)


def test_source__of_a_profile_is_its_file(folder: Path):
    """A packaged profile is found where it lies; a file of the same name that says something else is not taken for it."""
    assert source_of(load_profile("profile.yaml")) == Path("profile.yaml")
    (folder / "kungsholms_strand.yaml").write_text(PROFILE, encoding="utf-8")
    assert source_of(load_profile("valla_torg")).parent.name == "profiles"
