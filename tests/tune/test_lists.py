"""Entries of a list in a profile: added, raised, taken out; every other line and comment stays."""

from __future__ import annotations

import pytest

from lykta.errors import InputError
from lykta.tune.edit import Change, put
from lykta.tune.lists import add, entries, raised, take_out, without

HEAD = "name: a street # ours\n"
PROFILE = f"""{HEAD}
calendar: # the first that matches holds
  # of the town
  - event: a feast # every year
    from: 2026-12-31
    until: 2026-12-31
    reason: crowds
  # of the week
  - weekdays: [fri, sat] # late buses
    reason: closing time
"""
FEAST, WEEK = (
    "  - event: a feast # every year\n    from: 2026-12-31\n    until: 2026-12-31\n    reason: crowds\n",
    ("  - weekdays: [fri, sat] # late buses\n    reason: closing time\n"),
)


def test_entry__is_added_at_the_end():
    """Under the last one, as far in; where there is no list, one is begun."""
    new = ["holidays: SE", "reason: at home"]
    assert add(PROFILE, "calendar", new, "a.yaml") == PROFILE + "  - holidays: SE\n    reason: at home\n"
    assert f"{HEAD}\ncalendar:\n  - holidays: SE\n    reason: at home\n" == add(HEAD, "calendar", new, "a.yaml")


def test_entry__is_taken_out_with_its_own_lines_alone():
    """The comments around it stay; the list goes with its last entry."""
    once = take_out(PROFILE, "calendar", 0, "a.yaml")
    assert PROFILE.replace(FEAST, "") == once
    assert f"{HEAD}\n" == take_out(once, "calendar", 0, "a.yaml")


def test_entry__is_raised_over_the_one_before():
    """The two change about; the comment between them stays between them."""
    assert PROFILE.replace(FEAST, "@").replace(WEEK, FEAST).replace("@", WEEK) == raised(PROFILE, "calendar", 1, "a.yaml")


def test_value__is_written_into_an_entry():
    """A list of days gives way to a value; its comment stays."""
    expected = PROFILE.replace("[fri, sat] #", "fri-sun #")
    assert expected == put(PROFILE, [Change(("calendar", 1, "weekdays"), "fri-sun")], "a.yaml")


@pytest.mark.parametrize(
    ("number", "name", "gone"), [(0, "reason", "    reason: crowds\n"), (1, "weekdays", "weekdays: [fri, sat] # late buses\n    ")]
)
def test_value__is_taken_out_of_an_entry(number: int, name: str, gone: str):
    """Its line goes; the next one moves up behind the dash where it was the first."""
    assert PROFILE.replace(gone, "") == without(PROFILE, "calendar", number, name, "a.yaml")


def test_value__is_cut_out_of_braces():
    """First, last, and nothing else."""
    text = "calendar:\n  - {weekdays: fri, dates: 12-31, reason: late}\n"
    assert without(text, "calendar", 0, "weekdays", "a.yaml") == "calendar:\n  - {dates: 12-31, reason: late}\n"
    assert without(text, "calendar", 0, "reason", "a.yaml") == "calendar:\n  - {weekdays: fri, dates: 12-31}\n"


def test_list_in_brackets__is_refused():
    """Nobody could tell which blanks and comments are whose."""
    with pytest.raises(InputError, match="written in brackets"):
        add("calendar: [{weekdays: fri}]\n", "calendar", ["weekdays: sat"], "a.yaml")


def test_entries__are_read_in_the_words_of_the_file():
    """A list of days as it stands; a date as a word."""
    first, second = entries(PROFILE, "calendar")
    assert first == {"event": "a feast", "from": "2026-12-31", "until": "2026-12-31", "reason": "crowds"}
    assert second == {"weekdays": "[fri, sat]", "reason": "closing time"}
    assert entries(HEAD, "calendar") == []


def test_value_that_an_entry_lacks__goes_behind_its_dash():
    """A further key of an entry, and a block of settings in it."""
    expected = PROFILE.replace("- weekdays", "- holidays: SE\n    weekdays")
    assert expected == put(PROFILE, [Change(("calendar", 1, "holidays"), "SE")], "a.yaml")
    path = ("calendar", 1, "zones", "path", "all", "idle")
    expected = PROFILE.replace("- weekdays", "- zones: {path: {all: {idle: 70 %}}}\n    weekdays")
    assert expected == put(PROFILE, [Change(path, "70 %")], "a.yaml")
