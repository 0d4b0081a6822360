"""What nodes tell in numbers is read in words."""

from __future__ import annotations

import datetime as dt

import pytest

from lykta.fleet.letters import stamp_of
from lykta.fleet.model import Event
from lykta.fleet.telling import told

STAMP = stamp_of(dt.datetime(2026, 12, 14, 22, 10, tzinfo=dt.UTC))

TOLD = (
    ("override", "begin", f"number 217717240: 1000, {STAMP}", "at least 100 % until 23:10"),
    ("override", "begin", "number 7: 505, 1800", "at least 50.5 % for 30 min"),
    ("override", "end", "number 8: 0, 0", "ended"),
    ("command", "window", "number 217717240: 3509, 0", "window for 58 min"),
    ("command", "walk-test", "number 9: 0, 0", "walk-test ended"),
    ("command", "identify", "number 9: 45, 0", "identify for 45 s"),
    ("command", "restart", "number 9: 0, 0", "restart"),
    ("window", "open", "for 14400 s", "open for 4 h"),
    ("window", "closed", "", "closed"),
    ("start", "power-on", "start 1, software in slot -", "power-on, start 1"),
    ("start", "watchdog", "start 12, 2.0 in slot b", "watchdog, start 12, 2.0 in slot b"),
    ("fault", "radio", "", "radio"),
    ("security", "command-forged", "whatever a later one says", "command-forged whatever a later one says"),
    ("override", "begin", "in words of another version", "begin in words of another version"),
)


@pytest.mark.parametrize(("kind", "what", "detail", "words"), TOLD, ids=[words for *_, words in TOLD])
def test_event__is_told_in_words(kind: str, what: str, detail: str, words: str):
    """Until when, on the clocks of the street; how long; what runs. What is not known is shown as it came."""
    assert words == told(Event("s.K05", 0, 0, kind, what, detail), "Europe/Stockholm")
