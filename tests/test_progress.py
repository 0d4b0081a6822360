"""Progress is for a person at a terminal: silent elsewhere, and it changes nothing of the work."""

from __future__ import annotations

import sys

import pytest

from lykta.progress import Progress, track, wanted


def terminal(monkeypatch: pytest.MonkeyPatch, is_one: bool, ci: str | None) -> None:
    """Pretend that stderr is a terminal or none, and that this is CI or not."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_one, raising=False)
    if ci is None:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", ci)


@pytest.mark.parametrize(("is_one", "ci", "expected"), [(True, None, True), (False, None, False), (True, "true", False), (True, "", True)])
def test_progress__is_for_a_terminal_outside_ci(monkeypatch: pytest.MonkeyPatch, is_one: bool, ci: str | None, expected: bool):
    """A bar is drawn only where somebody watches."""
    terminal(monkeypatch, is_one, ci)
    assert wanted() == expected


def test_track__gives_the_same_items(capsys: pytest.CaptureFixture[str]):
    """Nothing is lost or reordered, and nothing is printed in a pipe."""
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr() == ("", "")


def test_track__takes_what_has_no_length():
    """A generator can be watched too."""
    assert list(track((number * number for number in range(4)), "squaring")) == [0, 1, 4, 9]


def test_progress__draws_on_stderr_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What a command prints stays clean while the bar moves."""
    terminal(monkeypatch, True, None)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("reading lamps", total=3) as bar:
        bar.advance(2)
        bar.retitle("matching lamps")
        bar.advance()
    assert capsys.readouterr().out == ""


def test_progress__lets_a_line_stand_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What is said goes to stdout while the bar is away; the bar is there again afterwards."""
    terminal(monkeypatch, True, None)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("rolling out", total=3) as bar:
        before = len(capsys.readouterr().err)
        bar.say("K01: 2.0 is in use")
        told = capsys.readouterr()
        bar.advance()
    assert told.out == "K01: 2.0 is in use\n"
    assert (before > 0, "rolling out" in told.err) == (True, True)


def test_progress__ends_when_the_work_fails(monkeypatch: pytest.MonkeyPatch):
    """An error passes through the bar, and the bar is gone."""
    terminal(monkeypatch, True, None)
    bar = Progress("reading lamps", total=3)
    with pytest.raises(ValueError, match="broken"), bar:
        raise ValueError("broken")
    bar.advance()
