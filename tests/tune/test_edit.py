"""Writing values into a profile: nothing else of it changes."""

from __future__ import annotations

from difflib import ndiff

import pytest

from lykta.errors import InputError
from lykta.tune.edit import Change, put

PROFILE = """\
# A path.
zones:
  path:
    all:
      idle: 40 %   # of the design flux
      everyone: {hold: 12 s, linger: 6 min} # who stops

    # later
    night: {idle: "30 %"}
  square:
  street: &street
    all:
      idle: 60 %
  lane: *street
  yard: {}
"""


def changed(path: str, value: str) -> list[str]:
    """The lines that differ after a change: `- old`, `+ new`."""
    after = put(PROFILE, [Change(tuple(path.split("/")), value)], "my.yaml")
    return [line.rstrip("\n") for line in ndiff(PROFILE.splitlines(keepends=True), after.splitlines(keepends=True)) if line[0] in "-+"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("zones/path/all/idle", "25 %", ["-       idle: 40 %   # of the design flux", "+       idle: 25 %   # of the design flux"]),
        (
            "zones/path/all/everyone/hold",
            "8 s",
            ["-       everyone: {hold: 12 s, linger: 6 min} # who stops", "+       everyone: {hold: 8 s, linger: 6 min} # who stops"],
        ),
        (
            "zones/path/all/everyone/ahead",
            "70 m",
            [
                "-       everyone: {hold: 12 s, linger: 6 min} # who stops",
                "+       everyone: {ahead: 70 m, hold: 12 s, linger: 6 min} # who stops",
            ],
        ),
        ("zones/path/all/cyclist/hold", "8 s", ["+       cyclist: {hold: 8 s}"]),
        ("zones/path/night/idle", "25 %", ['-     night: {idle: "30 %"}', "+     night: {idle: 25 %}"]),
        ("zones/path/dawn/everyone/hold", "8 s", ["+     dawn: {everyone: {hold: 8 s}}"]),
        ("zones/square/all/idle", "50 %", ["-   square:", "+   square: {all: {idle: 50 %}}"]),
        ("zones/yard/all/idle", "50 %", ["-   yard: {}", "+   yard: {all: {idle: 50 %}}"]),
    ],
)
def test_put__changes_one_line(path: str, value: str, expected: list[str]):
    """Replaced where it stands, or added to its block; comments, blanks and all other lines stay."""
    assert changed(path, value) == expected


def test_put__of_two_changes_has_both():
    """The second finds its place in what the first left."""
    both = [Change(("zones", "path", "all", "idle"), "5 %"), Change(("zones", "path", "all", "everyone", "hold"), "120 s")]
    after = put(PROFILE, both, "my.yaml")
    assert "idle: 5 %   # of the design flux\n      everyone: {hold: 120 s, linger: 6 min} # who stops" in after


def test_put__leaves_a_block_alone_that_is_used_twice():
    """A value for the lane would change the street, too: said, with the line."""
    with pytest.raises(InputError, match=r"my.yaml:11:3  zones.street: this block is used in several places"):
        changed("zones/street/all/idle", "50 %")


def test_put__of_a_value_where_a_block_stands_is_refused():
    """`all` is no value."""
    with pytest.raises(InputError, match="this is no place for a single value"):
        changed("zones/path/all", "50 %")
